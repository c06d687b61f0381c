/** The connection to the node: its event stream, and the notice that is shown when it is lost. */

import { byId, setText } from './dom.js';

/** The node sends an event at least every two seconds. After this long, it counts as lost. */
const SILENCE_MS = 6000;
const RETRY_MS = 1000;

/**
 * Reads the event stream of the node, and opens it again whenever it is lost.
 *
 * The state is in `data-connection` of the body: `connecting`, `live` or `lost`. A page in the
 * background closes its stream: a browser opens at most six connections to one host.
 */
export class Connection {
  #onStatus;
  #readName;
  /** @type {EventSource | undefined} */
  #stream;
  /** @type {number | undefined} */
  #silenceTimer;
  /** @type {number | undefined} */
  #retryTimer;

  /**
   * @param {(json: string) => void} onStatus is called with each event
   * @param {() => string} readName returns the name of the node, empty until it is known
   */
  constructor(onStatus, readName) {
    this.#onStatus = onStatus;
    this.#readName = readName;
  }

  get isLost() {
    return document.body.dataset.connection === 'lost';
  }

  start() {
    document.addEventListener('visibilitychange', () => this.#open());
    this.#open();
  }

  #open() {
    this.#close();
    if (document.hidden) return;
    let hasSpoken = false;
    const onLoss = () => this.#lose(hasSpoken);
    this.#stream = new EventSource('events');
    this.#silenceTimer = setTimeout(onLoss, SILENCE_MS);
    this.#stream.addEventListener('error', onLoss);
    this.#stream.addEventListener('status', ({ data }) => {
      hasSpoken = true;
      clearTimeout(this.#silenceTimer);
      this.#silenceTimer = setTimeout(onLoss, SILENCE_MS);
      this.#setState('live');
      this.#onStatus(data);
    });
  }

  #close() {
    this.#stream?.close();
    clearTimeout(this.#silenceTimer);
    clearTimeout(this.#retryTimer);
  }

  /** @param {boolean} hasSpoken whether an event arrived over this stream */
  #lose(hasSpoken) {
    this.#close();
    this.#retryTimer = setTimeout(() => this.#open(), RETRY_MS);
    this.#setState('lost');
    if (!hasSpoken) this.#explain();
  }

  /** Finds out whether the node is gone, or only has no free event stream for this page. */
  #explain() {
    fetch('healthz', { signal: AbortSignal.timeout(SILENCE_MS) }).then(
      () => {
        if (!this.isLost) return;
        setText('notice', 'Too many pages of this node are open: close one. Trying again…');
      },
      () => this.#noticeLoss(),
    );
  }

  /** @param {'live' | 'lost'} state */
  #setState(state) {
    if (document.body.dataset.connection === state) return;
    document.body.dataset.connection = state;
    byId('notice').hidden = state === 'live';
    if (state === 'lost') this.#noticeLoss();
  }

  #noticeLoss() {
    const name = this.#readName();
    const stale = name ? ' You see its last known state.' : '';
    setText('notice', `${name || 'The node'} does not answer.${stale} Trying again…`);
  }
}
