/** A client that asks a node what becomes of its transactions. */

import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { connectTo, until } from './helpers.js';
import type { Named } from './network.js';

export interface Receipt {
  readonly id: string | number | null;
  readonly status: string;
  readonly reason?: string;
}

export class ReceiptClient {
  readonly receipts: Receipt[] = [];
  /** Whatever came that is no receipt. */
  readonly otherFrames: string[] = [];
  readonly socket: WebSocket;
  /** With the code. */
  readonly closed: Promise<number>;

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
    node: Named,
    onReceipt: (receipt: Receipt) => void = () => {},
  ): Promise<ReceiptClient> {
    const meshId = randomBytes(16).toString('hex');
    const headers = { 'mesh-version': '1', 'mesh-id': meshId, 'mesh-receipts': '1' };
    return new ReceiptClient(await connectTo(node.address, headers), onReceipt);
  }

  /** Sends values as if they were transactions. */
  send(...values: unknown[]): void {
    for (const data of values) this.socket.send(JSON.stringify({ type: 'TRANSACTION', data }));
  }

  /** Waits until so many receipts have come in all. */
  async received(count: number): Promise<Receipt[]> {
    await until(
      () => `${count} receipts; there are ${this.receipts.length}`,
      () => this.receipts.length >= count,
    );
    return this.receipts;
  }

  /** Sends until the connection ends, and never has more than so many without a receipt. */
  async flood(next: () => object, unanswered = 1000): Promise<void> {
    let sent = 0;
    while (this.socket.readyState === WebSocket.OPEN) {
      for (; sent < this.receipts.length + unanswered; sent++) this.send(next());
      const message = new Promise((done) => this.socket.once('message', done));
      await Promise.race([message, this.closed]);
    }
  }
}

/** Sends transactions to a node, waits for all receipts, and gives what they say. */
export async function ask(node: Named, ...transactions: unknown[]): Promise<Receipt[]> {
  const client = await ReceiptClient.open(node);
  client.send(...transactions);
  const receipts = await client.received(transactions.length);
  client.socket.terminate();
  return receipts;
}

/** As ask(), but for the status alone. */
export async function askStatus(node: Named, ...transactions: unknown[]): Promise<string[]> {
  return (await ask(node, ...transactions)).map(({ status }) => status);
}
