/** A client that hands transactions to a node, and keeps the receipts. */

import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { receiptHeaders } from '../node-1/messages.js';
import { connectTo, transactionMessage, until } from './helpers.js';

export class Client {
  /** The ids that the node has said are on its disk. */
  readonly receipted = new Set<string>();
  readonly rejected: string[] = [];
  #sent = 0;
  #receipts = 0;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const { id, status } = JSON.parse(data.toString()).data;
      this.#receipts += 1;
      if (status === 'rejected') this.rejected.push(id);
      else this.receipted.add(id);
    });
  }

  static async connect(address: string): Promise<Client> {
    return new Client(await connectTo(address, receiptHeaders(randomBytes(16).toString('hex'))));
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends transactions with these ids. */
  send(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#socket.send(JSON.stringify(transactionMessage(id)));
      this.#sent += 1;
    }
  }

  /** Waits until the node has said what became of each. */
  async allReceipts(): Promise<void> {
    await until(
      () => `${this.#sent} receipts; there are ${this.#receipts}`,
      () => this.#receipts === this.#sent,
    );
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** `prefix0`, `prefix1` … */
export function makeIds(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${prefix}${number}`);
}

/** Hands transactions to a node, and waits until they are on its disk. */
export async function give(address: string, ids: readonly string[]): Promise<void> {
  const client = await Client.connect(address);
  client.send(ids);
  await client.allReceipts();
  client.close();
}
