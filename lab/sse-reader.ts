/** Reads server-sent events of a node, one after the other, for as long as both want. */

import { type ClientRequest, get as getPlain, type IncomingMessage } from 'node:http';
import { get as getOverTls } from 'node:https';

/** Where a node answers requests. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** An event may not have more than this. */
const EVENT_CHARACTERS = 1024 * 1024;
const RETRY_MS = 250;
const ANSWER_LIMIT_MS = 5000;

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

/**
 * Reads what a node has at a path.
 *
 * @param isEnough whether no more is needed than what has come
 * @throws Error if it does not answer, or not with a 200
 */
export function read(
  door: Door,
  path: string,
  isEnough: (text: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = requestTo(door, path, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (!isEnough(text)) return;
        resolve(text);
        request.destroy();
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(text.trim() || `status ${response.statusCode}`));
      });
      response.on('error', reject);
    });
    request.setTimeout(ANSWER_LIMIT_MS, () => request.destroy(new Error('it does not answer')));
    request.on('error', reject);
  });
}

function requestTo(
  { host, port, isTls, headers }: Door,
  path: string,
  onResponse: (response: IncomingMessage) => void,
): ClientRequest {
  const options = { host, port, path, headers, agent: false };
  // It is our own node, on this machine.
  return isTls
    ? getOverTls({ ...options, rejectUnauthorized: false }, onResponse)
    : getPlain(options, onResponse);
}
