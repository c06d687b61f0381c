/** The controls of time: live, pause, steps, speed, the slider with its strip of activity, the clock. */

import { byId, setText } from './dom.js';
import { groupOf } from './kinds.js';
import { exactTimeOf } from './names.js';
import { Size } from './size.js';

/** @import { MessageEntry } from '../entries.js' */
/** @import { Player } from './player.js' */
/** @import { Recording } from './recording.js' */

const STRIP_INTERVAL_MS = 1000;
/** What a key means to these already. */
const TYPING = 'input:not([type="range"]), textarea, select, [contenteditable]';
const PRESSED = 'button, summary, a';

export class TimeControls {
  #player;
  #recording;
  #slider = /** @type {HTMLInputElement} */ (byId('slider'));
  #speed = /** @type {HTMLSelectElement} */ (byId('speed'));
  #strip = /** @type {HTMLCanvasElement} */ (byId('activity'));
  #stripSize = new Size(this.#strip, () => {});
  #stripAt = 0;
  #isWanted;

  /**
   * @param {Player} player
   * @param {Recording} recording
   * @param {(message: MessageEntry) => boolean} isWanted whether a step goes to a message
   */
  constructor(player, recording, isWanted) {
    this.#player = player;
    this.#isWanted = isWanted;
    this.#recording = recording;
    byId('live').addEventListener('click', () => this.#goLive());
    byId('pause').addEventListener('click', () => player.togglePause());
    byId('step').addEventListener('click', () => player.step(1, isWanted));
    byId('step-back').addEventListener('click', () => player.step(-1, isWanted));
    this.#speed.addEventListener('change', () => player.setSpeed(Number(this.#speed.value)));
    this.#slider.addEventListener('input', () => {
      const time = Number(this.#slider.value) + Number(this.#slider.dataset.origin);
      player.seek(time);
    });
    document.addEventListener('keydown', (event) => this.#onKey(event));
  }

  show() {
    const { mode, time, latest } = this.#player;
    document.body.dataset.mode = mode;
    const isLost = document.body.dataset.connection === 'lost';
    setText('state', isLost ? 'not connected' : mode === 'replay' ? 'replaying' : mode);
    setText('pause', mode === 'paused' ? 'Play' : 'Pause');
    byId('live').setAttribute('aria-pressed', String(mode === 'live'));
    setText('clock', exactTimeOf(time));
    const beginning = Math.min(this.#recording.beginning ?? time, time);
    // Relative to a whole number of ms, so that the slider need not hold fractions.
    const origin = Math.floor(beginning);
    this.#slider.dataset.origin = String(origin);
    this.#slider.max = String(Math.max(1, Math.ceil(latest - origin)));
    this.#slider.value = String(time - origin);
    this.#slider.setAttribute('aria-valuetext', exactTimeOf(time));
    this.#showStrip(origin, latest);
  }

  #goLive() {
    this.#speed.value = '1';
    this.#player.speed = 1;
    this.#player.goLive();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const target = /** @type {Element} */ (event.target);
    const isOther = event.ctrlKey || event.altKey || event.metaKey || target.closest('dialog');
    if (isOther || target.matches(TYPING)) return;
    if (event.key === ' ' && !target.matches(PRESSED)) this.#player.togglePause();
    else if (event.key === 'ArrowRight') this.#player.step(1, this.#isWanted);
    else if (event.key === 'ArrowLeft') this.#player.step(-1, this.#isWanted);
    else if (event.key === 'l' || event.key === 'L') this.#goLive();
    else return;
    event.preventDefault();
  }

  /**
   * Draws when messages were sent, so that one sees where to go back to.
   *
   * @param {number} from
   * @param {number} until
   */
  #showStrip(from, until) {
    const now = performance.now();
    if (now - this.#stripAt < STRIP_INTERVAL_MS) return;
    this.#stripAt = now;
    const { width, height } = this.#stripSize;
    const context = this.#strip.getContext('2d');
    if (context === null || width === 0) return;
    if (this.#strip.width !== width) this.#strip.width = width;
    if (this.#strip.height !== height) this.#strip.height = height;
    context.clearRect(0, 0, width, height);
    const columns = Math.floor(width / 3);
    const { counts, groups } = this.#countIn(columns, from, until);
    const most = Math.max(1, ...counts);
    const style = getComputedStyle(document.body);
    for (const [column, count] of counts.entries()) {
      if (count === 0) continue;
      const tall = Math.max(2, (height * Math.log1p(count)) / Math.log1p(most));
      context.fillStyle = style.getPropertyValue(`--${groups[column] ?? 'other'}`);
      context.fillRect(3 * column, height - tall, 2, tall);
    }
  }

  /**
   * @param {number} columns
   * @param {number} from
   * @param {number} until
   */
  #countIn(columns, from, until) {
    const counts = new Array(columns).fill(0);
    /** @type {string[]} */
    const groups = [];
    for (const entry of this.#recording.between(this.#recording.first, this.#recording.end)) {
      if (entry.kind !== 'message') continue;
      const column = Math.floor(((entry.at - from) / Math.max(1, until - from)) * columns);
      if (column < 0 || column >= columns) continue;
      counts[column] += 1;
      const group = groupOf(entry.type);
      // The rarer ones show.
      if (group === 'blocks' || groups[column] === undefined) groups[column] = group;
    }
    return { counts, groups };
  }
}
