/** The connection to the lab: its stream of events, and the notice that is shown when it is lost. */

import { byId, setText } from './dom.js';

/** @import { Entry, Hello } from '../entries.js' */

/** The lab says something at least every two seconds. After this long, it counts as lost. */
const SILENCE_MS = 6000;
const RETRY_MS = 1000;

/**
 * Reads the recording, and opens it again whenever it is lost. The state is in `data-connection` of
 * the body: `connecting`, `live` or `lost`.
 */
export class Connection {
  #onHello;
  #onEntries;
  #onState;
  /** @type {EventSource | undefined} */
  #stream;
  /** @type {number | undefined} */
  #silenceTimer;

  /**
   * @param {(hello: Hello) => void} onHello is called each time that everything is told again
   * @param {(entries: Entry[]) => void} onEntries
   * @param {() => void} onState is called when it is lost, or found again
   */
  constructor(onHello, onEntries, onState) {
    this.#onHello = onHello;
    this.#onEntries = onEntries;
    this.#onState = onState;
  }

  open() {
    const stream = new EventSource('recording');
    this.#stream = stream;
    this.#waitForSign();
    stream.addEventListener('error', () => this.#lose());
    stream.addEventListener('beat', () => this.#waitForSign());
    stream.addEventListener('hello', ({ data }) => {
      this.#waitForSign();
      this.#setState('live');
      this.#onHello(JSON.parse(data));
    });
    stream.addEventListener('entries', ({ data }) => {
      this.#waitForSign();
      this.#onEntries(JSON.parse(data));
    });
  }

  #waitForSign() {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#lose(), SILENCE_MS);
  }

  #lose() {
    if (this.#stream === undefined) return;
    this.#stream.close();
    this.#stream = undefined;
    clearTimeout(this.#silenceTimer);
    setTimeout(() => this.open(), RETRY_MS);
    this.#setState('lost');
  }

  /** @param {'live' | 'lost'} state */
  #setState(state) {
    if (document.body.dataset.connection === state) return;
    document.body.dataset.connection = state;
    byId('notice').hidden = state === 'live';
    this.#onState();
    if (state === 'live') return;
    setText('notice', 'The lab does not answer. You see what it told last. Trying again…');
  }
}
