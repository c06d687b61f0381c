/** A client that a node recognises, and that asks it about its chain. */

import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { Header } from '../../lib/wire/block.js';
import { getLatestBlockFrame, type Locator, locatorFrame } from '../../lib/wire/block-messages.js';
import { connectTo, until } from './helpers.js';

export class ChainClient {
  readonly socket: WebSocket;
  #isClosed = false;
  /** All that came, in order. */
  readonly heard: string[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.heard.push(data.toString()));
    socket.once('close', () => {
      this.#isClosed = true;
    });
  }

  static async open(address: string): Promise<ChainClient> {
    const meshId = randomBytes(16).toString('hex');
    return new ChainClient(await connectTo(address, { 'mesh-version': '1', 'mesh-id': meshId }));
  }

  /** Sends a frame, and gives the next one that comes. */
  async ask(frame: string): Promise<string> {
    const before = this.heard.length;
    this.socket.send(frame);
    await until(
      () => `an answer to ${frame.slice(0, 200)}`,
      () => this.#isClosed || this.heard.length > before,
    );
    const answer = this.heard[before];
    if (answer === undefined) throw new Error('the node has closed the connection');
    return answer;
  }

  async latest(): Promise<Header> {
    const { data } = JSON.parse(await this.ask(getLatestBlockFrame()));
    return data;
  }

  /** The answer to GET_BLOCKS. */
  blocks(locator: Locator): Promise<string> {
    return this.ask(locatorFrame('GET_BLOCKS', locator));
  }

  /** The answer to GET_HEADERS. */
  headers(locator: Locator): Promise<string> {
    return this.ask(locatorFrame('GET_HEADERS', locator));
  }

  close(): void {
    this.socket.terminate();
  }
}
