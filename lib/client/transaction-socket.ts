/** A connection over which transactions go to a node, and receipts come back. */

import type { RawData, WebSocket } from 'ws';
import { receiptHeaders } from '../peers/identity.js';
import { parseReceipt, type Receipt } from '../wire/receipt.js';
import { transactionFrame } from '../wire/transaction-messages.js';
import { dial } from './dial.js';
import type { Target } from './target.js';

/** Data that may wait in memory for the node to read it. */
const UNREAD_BYTES = 1024 * 1024;

/** How a connection ended. */
export interface Closing {
  /** As in RFC 6455, 7.4; 1006 if it broke. */
  readonly code: number;
  readonly reason: string;
}

export class TransactionSocket {
  /** Called for each receipt: they come in the order of the transactions. */
  onReceipt: (receipt: Receipt) => void = () => {};
  /** False for a node that is none of ours. */
  readonly givesReceipts: boolean;
  readonly closed: Promise<Closing>;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket, givesReceipts: boolean) {
    this.#socket = socket;
    this.givesReceipts = givesReceipts;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  /**
   * Dials a node.
   *
   * @param timeoutMs the longest wait for its answer
   * @throws NodeError if it is not reached, or does not let us in
   */
  static async open(target: Target, timeoutMs?: number): Promise<TransactionSocket> {
    let opened: TransactionSocket | undefined;
    const socketOnMessage = (data: RawData) => {
      const receipt = parseReceipt(data.toString());
      if (receipt !== undefined) opened?.onReceipt(receipt);
    };
    const { socket, isOurs } = await dial(target, receiptHeaders, socketOnMessage, timeoutMs);
    opened = new TransactionSocket(socket, isOurs);
    return opened;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /**
   * Sends a transaction.
   *
   * @param json its text
   * @returns undefined if another one may follow at once; else what to wait for before that, so that
   * nothing is sent faster than the node reads
   */
  send(json: string): Promise<void> | undefined {
    const written = new Promise<void>((resolve) =>
      this.#socket.send(transactionFrame(json), { binary: false }, () => resolve()),
    );
    return this.#socket.bufferedAmount > UNREAD_BYTES ? written : undefined;
  }

  /** Says that nothing more comes: the node closes the connection when it has read all before it. */
  close(): Promise<Closing> {
    this.#socket.close(1000);
    return this.closed;
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
