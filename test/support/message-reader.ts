/** One who reads the frames of a node, at /messages. */

import type { IncomingMessage } from 'node:http';
import { until } from './helpers.js';
import { openAnswer } from './http.js';
import type { RunningNode } from './program.js';

/** What is told of a frame. */
export type ShownMessage = Record<string, unknown> & { ids: unknown[] };

export class MessageReader {
  readonly messages: ShownMessage[] = [];
  leftOut = 0;
  readonly #response: IncomingMessage;
  #isBegun = false;
  #isOpen = true;
  #rest = '';

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    response.on('error', () => {});
    response.on('close', () => {
      this.#isOpen = false;
    });
  }

  /** Opens it, and waits until the node says that it shows all frames from now on. */
  static async open(node: RunningNode): Promise<MessageReader> {
    const reader = new MessageReader(await openAnswer(node, '/messages'));
    await until('the beginning', () => reader.#isBegun);
    return reader;
  }

  close(): void {
    this.#response.destroy();
  }

  async closed(): Promise<void> {
    await until('its end', () => !this.#isOpen);
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      this.#isBegun = true;
      const [, event, json = ''] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (event === 'message') this.messages.push(JSON.parse(json));
      if (event === 'left-out') this.leftOut += JSON.parse(json).frames;
    }
  }
}
