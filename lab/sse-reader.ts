/** Reads server-sent events of a node, one after the other, for as long as both want. */

import { type Door, requestTo } from '../lib/commands/node-door.js';

/** An event may not have more than this. */
const EVENT_CHARACTERS = 1024 * 1024;
const RETRY_MS = 250;

/** Reads a path of a node, and again when that ends, until it is told to stop. */
export class SseReader {
  readonly #door: Door;
  readonly #path: string;
  readonly #onEvent: (event: string, json: string) => void;
  #end: () => void = () => {};
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(door: Door, path: string, onEvent: (event: string, json: string) => void) {
    this.#door = door;
    this.#path = path;
    this.#onEvent = onEvent;
    this.#open();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    this.#end();
  }

  #open(): void {
    // A request may fail after its answer has begun: it is made again once.
    let isOver = false;
    const again = () => {
      if (this.#isStopped || isOver) return;
      isOver = true;
      this.#retry = setTimeout(() => this.#open(), RETRY_MS);
    };
    let rest = '';
    const request = requestTo(this.#door, this.#path, (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop() ?? '';
        if (rest.length > EVENT_CHARACTERS) request.destroy();
        for (const block of blocks) {
          const [, event, json] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
          if (event !== undefined && json !== undefined) this.#onEvent(event, json);
        }
      });
      response.on('error', () => {});
      response.on('close', again);
    });
    request.on('error', again);
    this.#end = () => request.destroy();
  }
}
