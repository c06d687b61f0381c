/** The event stream of a node, at `/events`, and one who reads it as an EventSource does. */

import type { IncomingMessage } from 'node:http';
import { until } from './helpers.js';
import { type Asked, openAnswer } from './http.js';
import type { RunningNode } from './program.js';
import type { Status } from './status.js';

export interface FeedMessage {
  readonly data: Partial<Status>;
  readonly atMs: number;
}

export class EventStream {
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly messages: FeedMessage[] = [];
  /** What came that is no message `status` with one line of data. */
  readonly odd: string[] = [];
  characters = 0;
  isOpen = true;
  readonly #response: IncomingMessage;
  #rest = '';

  private constructor(response: IncomingMessage) {
    this.headers = response.headers;
    this.#response = response;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#read(text));
    response.on('error', () => {});
    response.on('close', () => {
      this.isOpen = false;
    });
  }

  /** Opens an event stream, and waits for its first message. */
  static async open(node: RunningNode, asked?: Asked): Promise<EventStream> {
    const response = await openAnswer(node, '/events', asked);
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(`no event stream: ${response.statusCode}`);
    }
    const stream = new EventStream(response);
    await until('a first message', () => stream.messages.length > 0);
    return stream;
  }

  /** What is known by all messages together. */
  get status(): Status {
    return Object.assign({}, ...this.messages.map(({ data }) => data));
  }

  async closed(): Promise<void> {
    await until('the end of an event stream', () => !this.isOpen);
  }

  close(): void {
    this.#response.destroy();
  }

  #read(text: string): void {
    this.characters += text.length;
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const json = /^event: status\ndata: (.*)$/.exec(block)?.[1];
      if (json === undefined) this.odd.push(block);
      else this.messages.push({ data: JSON.parse(json), atMs: performance.now() });
    }
  }
}
