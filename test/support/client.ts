/** A client that hands transactions to a node, and keeps the receipts. */

import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { connectTo, makeTransaction, until } from './helpers.js';

export interface Receipt {
  readonly id: string | number | null;
  readonly status: string;
  readonly reason?: string;
}

export class Client {
  readonly receipts: Receipt[] = [];
  /** Whatever came that is no receipt. */
  readonly otherFrames: string[] = [];
  readonly socket: WebSocket;
  /** With the code. */
  readonly closed: Promise<number>;
  #sent = 0;

  private constructor(socket: WebSocket, onReceipt: (receipt: Receipt) => void) {
    this.socket = socket;
    this.closed = new Promise((done) => socket.once('close', done));
    socket.on('message', (data) => {
      const { type, data: receipt } = JSON.parse(data.toString());
      if (type === 'RECEIPT') {
        this.receipts.push(receipt);
        onReceipt(receipt);
      } else {
        this.otherFrames.push(data.toString());
      }
    });
  }

  static async open(
    address: string,
    onReceipt: (receipt: Receipt) => void = () => {},
  ): Promise<Client> {
    const meshId = randomBytes(16).toString('hex');
    const headers = { 'mesh-version': '1', 'mesh-id': meshId, 'mesh-receipts': '1' };
    return new Client(await connectTo(address, headers), onReceipt);
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** Sends values as if they were transactions. */
  send(...values: unknown[]): void {
    for (const data of values) this.socket.send(JSON.stringify({ type: 'TRANSACTION', data }));
    this.#sent += values.length;
  }

  /** Waits for so many receipts in all; if not told otherwise, for one for each that was sent. */
  async received(count = this.#sent): Promise<Receipt[]> {
    await until(
      () => `${count} receipts; there are ${this.receipts.length}`,
      () => this.receipts.length >= count,
    );
    return this.receipts;
  }

  /** Sends until the connection ends, and never has more than so many without a receipt. */
  async flood(next: () => object, unanswered = 1000): Promise<void> {
    while (this.isOpen) {
      while (this.#sent < this.receipts.length + unanswered) this.send(next());
      const message = new Promise((done) => this.socket.once('message', done));
      await Promise.race([message, this.closed]);
    }
  }
}

/** Sends values as transactions to a node, waits for all receipts, and gives what they say. */
export async function ask(address: string, ...transactions: unknown[]): Promise<Receipt[]> {
  const client = await Client.open(address);
  client.send(...transactions);
  const receipts = await client.received();
  client.socket.terminate();
  return receipts;
}

/** As ask(), but for the status alone. */
export async function askStatus(address: string, ...transactions: unknown[]): Promise<string[]> {
  return (await ask(address, ...transactions)).map(({ status }) => status);
}

/** Hands transactions with these ids to a node, and waits until they are on its disk. */
export async function give(address: string, ids: readonly string[]): Promise<void> {
  await ask(address, ...ids.map(makeTransaction));
}

/** `prefix0`, `prefix1` … */
export function makeIds(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${prefix}${number}`);
}
