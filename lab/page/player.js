/** The moment that the page shows: it runs with the network, stands still, or goes through the past. */

/** @import { Entry, MessageEntry } from '../entries.js' */
/** @import { Recording } from './recording.js' */

/** So much later than it happens, everything is there and in order. */
const BEHIND_MS = 500;
const MIN_TICK_MS = 33;
const MAX_TICK_MS = 400;
/** When so many entries come within this time, they are taken together. */
const [MANY, MANY_TICK_MS] = [8, 100];
/** In slow motion, longer than this nobody waits for the next thing to happen. */
const MAX_WAIT_MS = 700;

/** @typedef {'live' | 'paused' | 'replay'} Mode */
/** @typedef {'play' | 'step' | 'jump'} Manner */

export class Player {
  /** @type {Mode} */
  mode = 'live';
  speed = 1;
  time = 0;
  /** The index in the recording that comes next. */
  index = 0;
  #recording;
  #onMove;
  /** The clock of the lab goes on when that of the machine is set, and so does ours. */
  #clockAhead = 0;
  #lastTick = 0;
  #isRestoring = false;
  #dueAt = 0;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {Recording} recording
   * @param {(passed: readonly Entry[], manner: Manner) => void} onMove
   */
  constructor(recording, onMove) {
    this.#recording = recording;
    this.#onMove = onMove;
  }

  /** The latest moment that can be shown. */
  get latest() {
    return performance.now() + this.#clockAhead - BEHIND_MS;
  }

  /**
   * Begins, or begins again, with an empty recording.
   *
   * @param {number} now by the clock of the lab
   */
  begin(now) {
    this.#clockAhead = now - performance.now();
    this.index = 0;
    // A moment in the past is found again once all that led to it has come again.
    this.#isRestoring = this.mode !== 'live';
    if (this.mode === 'live') this.time = this.latest;
    this.#tick();
  }

  /** Is called when the recording has grown. */
  grow() {
    this.index = Math.max(this.index, this.#recording.first);
    if (this.#isRestoring) {
      this.index = this.#recording.indexAt(this.time);
      this.#isRestoring = this.index === this.#recording.end;
      // Another lab may have been started, which knows nothing of that moment.
      if (this.time < (this.#recording.beginning ?? 0)) this.goLive();
      else this.#onMove([], 'play');
    } else if (this.mode === 'paused') this.#onMove([], 'play');
    else this.#schedule();
  }

  goLive() {
    this.#setMode('live');
    this.#jump(this.latest);
  }

  pause() {
    if (this.mode !== 'paused') this.#setMode('paused');
  }

  togglePause() {
    this.#setMode(this.mode === 'paused' ? 'replay' : 'paused');
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = speed;
    if (this.mode === 'live' && speed < 1) this.#setMode('replay');
    else this.#onMove([], 'play');
  }

  /** @param {number} time */
  seek(time) {
    this.pause();
    this.#jump(time);
  }

  /**
   * Shows the moment at which an entry happened.
   *
   * @param {Entry} entry
   */
  seekTo(entry) {
    this.pause();
    let index = this.#recording.indexAt(entry.at);
    while (index > this.#recording.first && this.#recording.at(index - 1) !== entry) index -= 1;
    // From just before it, so that it is seen on its way.
    this.#place(index - 1, entry.at, 'jump');
    this.#place(index, entry.at, 'step');
  }

  /**
   * Goes to the next message, or to the one before; also those of one moment come one by one.
   *
   * @param {1 | -1} direction
   * @param {(message: MessageEntry) => boolean} isWanted
   */
  step(direction, isWanted) {
    this.pause();
    const shown = this.#recording.at(this.index - 1);
    const isOnIt = shown?.kind === 'message' && shown.at === this.time;
    const here = direction === -1 && isOnIt ? this.index - 1 : this.index;
    const found = this.#recording.nearestMessage(here, direction, isWanted);
    const entry = found === undefined ? undefined : this.#recording.at(found);
    if (found === undefined || entry === undefined || entry.at > this.latest) return;
    this.#place(found + 1, entry.at, direction === 1 ? 'step' : 'jump');
  }

  /** @param {Mode} mode */
  #setMode(mode) {
    this.mode = mode;
    this.#lastTick = performance.now();
    this.#onMove([], 'play');
    this.#schedule();
  }

  /** @param {number} time */
  #jump(time) {
    this.#place(this.#recording.indexAt(time), time, 'jump');
  }

  /**
   * @param {number} index
   * @param {number} time
   * @param {Manner} manner
   */
  #place(index, time, manner) {
    const passed = manner === 'jump' ? [] : this.#recording.between(this.index, index);
    this.index = index;
    this.time = time;
    this.#onMove(passed, manner);
    this.#schedule();
  }

  #tick() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = performance.now();
    const elapsed = now - this.#lastTick;
    this.#lastTick = now;
    if (this.mode === 'paused') return;
    const latest = this.latest;
    const isBehind = this.mode === 'live' && latest - this.time > 4 * MAX_TICK_MS;
    const next = this.mode === 'live' ? latest : this.time + elapsed * this.speed;
    if (this.mode === 'replay' && next >= latest) this.mode = 'live';
    const time = Math.min(next, latest);
    this.#place(this.#recording.indexAt(time), time, isBehind ? 'jump' : 'play');
  }

  #schedule() {
    const wasDue = this.#timer === undefined ? Infinity : this.#dueAt;
    if (this.mode === 'paused') return;
    const next = this.#recording.at(this.index);
    const speed = this.mode === 'live' ? 1 : this.speed;
    if (next !== undefined && this.mode === 'replay' && speed < 1) {
      this.time = Math.max(this.time, next.at - MAX_WAIT_MS * speed);
    }
    const wait = next === undefined ? MAX_TICK_MS : (next.at - this.time) / speed;
    const many = this.#recording.at(this.index + MANY);
    const isMany = many !== undefined && (many.at - this.time) / speed < MANY_TICK_MS;
    const least = isMany ? MANY_TICK_MS : MIN_TICK_MS;
    const delay = Math.min(MAX_TICK_MS, Math.max(least, wait));
    const dueAt = performance.now() + delay;
    // Put off each time that something is told, it would never come.
    if (dueAt >= wasDue) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#tick(), delay);
  }
}
