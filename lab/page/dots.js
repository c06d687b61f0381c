/** Messages on their way, as dots above the drawing. Nothing is drawn while none is on its way. */

import { groupOf } from './kinds.js';

/** @import { MessageEntry } from '../entries.js' */
/** @import { Size } from './size.js' */

/** A message takes less than a millisecond; so long it takes here, for it to be seen. */
const SEEN_MS = 450;
const STEPPED_MS = 700;
const LOST_MS = 900;
const MOST = 60;
/** The nodes need the processors too: on most screens this draws every second frame. */
const FRAME_MS = 25;
/** With more dots than this, they are drawn less often. */
const BUSY = 12;
const BUSY_FRAME_MS = 66;
/** In a flood, so many are a crowd: nobody can follow one of them, and no one waits for another. */
const CROWD = 30;
const FLOOD_MS = 1000;
/** They are drawn when all else is shown again, and if that does not come, after so long. */
const CROWD_FRAME_MS = 800;
/** A message waits until those before it have arrived where it starts, but no longer than this. */
const MAX_WAIT_MS = 1500;
const RADIUS = 5;

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ message: MessageEntry, start: number, ms: number }} Dot */

export class Dots {
  #canvas;
  #size;
  #placeOf;
  /** @type {Dot[]} */
  #dots = [];
  /** When the last dot arrives at each node. @type {Map<string, number>} */
  #arrivals = new Map();
  #lastStart = 0;
  /** The time of the dots, which stands still when the page is paused. */
  #now = 0;
  #passedAt = 0;
  #drawn = 0;
  #isRunning = true;
  #runsUntil = 0;
  #floodUntil = 0;
  /** @type {number | undefined} */
  #frame;
  /** @type {number | undefined} */
  #timer;
  /** @type {Map<string, string>} */
  #colours = new Map();

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Size} size of it
   * @param {(address: string | null, other: string | null) => Point | undefined} placeOf
   */
  constructor(canvas, size, placeOf) {
    this.#canvas = canvas;
    this.#size = size;
    this.#placeOf = placeOf;
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#colours.clear();
    });
  }

  /**
   * @param {MessageEntry} message
   * @param {object} how
   * @param {number} how.speed
   * @param {number} how.late how many ms ago it should have been started
   * @param {boolean} how.isStep
   */
  start(message, { speed, late, isStep }) {
    this.#pass(performance.now());
    if (this.#dots.length >= MOST) this.#forgetDone();
    if (this.#dots.length >= MOST) return this.flood();
    if (!this.#endsOf(message)) return;
    const { at, arrivedAt, from, to, isLost } = message;
    const least = isLost ? LOST_MS : isStep ? STEPPED_MS : SEEN_MS;
    const ms = Math.max(least, ((arrivedAt ?? at) - at) / speed);
    const after = Math.max(this.#lastStart, this.#arrivals.get(from ?? '') ?? 0);
    const [earliest, latest] = this.isCrowd
      ? [this.#now - late, this.#now]
      : [this.#now, this.#now + MAX_WAIT_MS];
    const start = isStep ? this.#now : Math.max(earliest, Math.min(after, latest));
    this.#lastStart = start;
    this.#dots.push({ message, start, ms });
    if (to !== null && !isLost) this.#arrivals.set(to, start + ms);
    if (isStep) this.#runsUntil = start + ms;
    this.#drawn += 1;
    this.#canvas.dataset.drawn = String(this.#drawn);
    if (this.#dots.length === 1 || isStep) this.#request();
  }

  /** Takes what comes for a flood, for a while: there is more than can be shown. */
  flood() {
    this.#floodUntil = performance.now() + FLOOD_MS;
  }

  get isCrowd() {
    return this.#dots.length > CROWD && performance.now() < this.#floodUntil;
  }

  clear() {
    if (this.#dots.length === 0) return;
    this.#dots = [];
    this.#arrivals.clear();
    this.#lastStart = 0;
    this.#request();
  }

  /**
   * Lets the dots move, or stand still where they are.
   *
   * @param {boolean} isRunning
   */
  run(isRunning) {
    if (this.#isRunning === isRunning) return;
    this.#pass(performance.now());
    this.#isRunning = isRunning;
    if (isRunning) this.#request();
  }

  /** Draws them again, where their nodes are now. */
  redraw() {
    if (this.#dots.length > 0) this.#request();
  }

  get #moves() {
    return this.#isRunning || this.#now < this.#runsUntil;
  }

  /**
   * Lets the time of the dots pass.
   *
   * @param {number} now a frame's is that of its beginning, which may be a little ago
   */
  #pass(now) {
    const elapsed = Math.max(0, now - this.#passedAt);
    if (this.#moves) this.#now += elapsed;
    this.#passedAt += elapsed;
  }

  #forgetDone() {
    this.#dots = this.#dots.filter(({ start, ms }) => start + ms > this.#now);
  }

  #request() {
    this.#frame ??= requestAnimationFrame((now) => this.#onFrame(now));
  }

  /** Goes on with a later frame: the browser paints for each that is asked for. */
  #goOn() {
    clearTimeout(this.#timer);
    const few = this.#dots.length > BUSY ? BUSY_FRAME_MS : FRAME_MS;
    const wait = this.isCrowd ? CROWD_FRAME_MS : few;
    this.#timer = setTimeout(() => this.#request(), wait);
  }

  /** @param {number} now */
  #onFrame(now) {
    this.#frame = undefined;
    this.#pass(now);
    this.#forgetDone();
    this.#draw();
    if (this.#moves && this.#dots.length > 0) this.#goOn();
  }

  #draw() {
    const { width, height } = this.#size;
    const scale = window.devicePixelRatio;
    if (this.#canvas.width !== Math.round(width * scale)) {
      this.#canvas.width = Math.round(width * scale);
    }
    if (this.#canvas.height !== Math.round(height * scale)) {
      this.#canvas.height = Math.round(height * scale);
    }
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    for (const dot of this.#dots) if (dot.start <= this.#now) this.#drawDot(context, dot);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Dot} dot
   */
  #drawDot(context, { message, start, ms }) {
    const ends = this.#endsOf(message);
    if (ends === undefined) return;
    const done = (this.#now - start) / ms;
    const way = message.isLost ? Math.min(done, 0.5) : done;
    const x = ends.from.x + (ends.to.x - ends.from.x) * way;
    const y = ends.from.y + (ends.to.y - ends.from.y) * way;
    context.fillStyle = this.#colourOf(message.type);
    context.strokeStyle = this.#colour('--card');
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(x, y, RADIUS, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    if (!message.isLost || done < 0.5) return;
    context.strokeStyle = this.#colour('--alarm');
    context.lineWidth = 2.5;
    context.beginPath();
    context.moveTo(x - 6, y - 6);
    context.lineTo(x + 6, y + 6);
    context.moveTo(x + 6, y - 6);
    context.lineTo(x - 6, y + 6);
    context.stroke();
  }

  /** @param {MessageEntry} message */
  #endsOf({ from: sender, to: receiver }) {
    const from = this.#placeOf(sender, receiver);
    const to = this.#placeOf(receiver, sender);
    return from && to ? { from, to } : undefined;
  }

  /** @param {string | null} type */
  #colourOf(type) {
    return this.#colour(`--${groupOf(type)}`);
  }

  /** @param {string} name */
  #colour(name) {
    const known = this.#colours.get(name);
    if (known !== undefined) return known;
    const found = getComputedStyle(document.body).getPropertyValue(name);
    this.#colours.set(name, found);
    return found;
  }
}
