/**
 * Gives transactions to a node over one connection, and tells what became of each. Those whose
 * receipts did not come are sent again over the next connection.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../limits.js';
import { printable } from '../log.js';
import { explainClose } from '../peers/dialling.js';
import type { TransactionId } from '../wire/message.js';
import type { Receipt } from '../wire/receipt.js';
import { clientBackoffMs } from './client-backoff.js';
import { NodeError } from './node-error.js';
import type { Target } from './target.js';
import { TransactionSocket } from './transaction-socket.js';

/** A transaction, and who waits for its receipt. */
interface Waiting {
  readonly id: TransactionId;
  readonly json: string;
  resolve(receipt: Receipt): void;
  reject(error: NodeError): void;
}

export interface SenderOptions {
  /** For how long the node may give no receipt while one is due. */
  readonly patienceMs: number;
  /** Told why the node is not reached, once until it is. */
  readonly onLost: (error: Error) => void;
}

/** How many answered transactions may stay in the list before they are cut off. */
const ANSWERED_KEPT = 1024;

export class Sender {
  readonly #target: Target;
  readonly #options: SenderOptions;
  readonly #closing = new AbortController();
  /** In the order in which they are sent. The first ones are answered, the next ones are sent. */
  #list: Waiting[] = [];
  #answered = 0;
  #sent = 0;
  #socket: TransactionSocket | undefined;
  #isSending = false;
  /** Connections in a row that were not reached, or ended without a receipt. */
  #failures = 0;
  #isTold = false;
  #patience: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** Why the latest connection is no more. */
  #why = '';

  private constructor(target: Target, options: SenderOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** @throws NodeError if the node is not reached, does not let us in, or gives no receipts */
  static async open(target: Target, options: SenderOptions): Promise<Sender> {
    const sender = new Sender(target, options);
    await sender.#reach();
    sender.#beginIdling();
    return sender;
  }

  /**
   * Sends a transaction.
   *
   * @param json its text, which has this id
   * @returns its receipt
   * @throws NodeError if none came
   */
  add(id: TransactionId, json: string): Promise<Receipt> {
    if (this.#closing.signal.aborted) return Promise.reject(new NodeError('the client is closed'));
    return new Promise((resolve, reject) => {
      if (this.#list.length === this.#answered) this.#beginWaiting();
      this.#list.push({ id, json, resolve, reject });
      this.#send();
    });
  }

  /** Ends the connection. Those who wait for a receipt get an error. */
  close(): Promise<void> {
    this.#closing.abort();
    const socket = this.#socket;
    this.#giveUp(new NodeError('the client was closed before the receipt came'));
    clearTimeout(this.#idle);
    return socket === undefined ? Promise.resolve() : hangUp(socket);
  }

  /** Sends what is not sent yet, never faster than the node reads. */
  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#sent < this.#list.length) {
      if (this.#socket === undefined) {
        await this.#tryToReach();
        continue;
      }
      const next = this.#list[this.#sent] as Waiting;
      this.#sent += 1;
      const room = this.#socket.send(next.json);
      if (room !== undefined) await room;
    }
    this.#isSending = false;
  }

  /** Dials: at once after a connection has ended, and then after longer and longer waits. */
  async #tryToReach(): Promise<void> {
    const { signal } = this.#closing;
    const waitMs = this.#failures > 1 ? clientBackoffMs(this.#failures - 1) : 0;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {});
    try {
      if (this.#list.length > 0) await this.#reach();
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      this.#failures += 1;
      this.#why = error.message;
      if (error.isForGood) this.#giveUp(error);
      else if (!this.#isTold && this.#list.length > 0) this.#options.onLost(error);
      this.#isTold = true;
    }
  }

  async #reach(): Promise<void> {
    const timeoutMs = Math.min(LIMITS.dialTimeoutMs, this.#options.patienceMs);
    const socket = await TransactionSocket.open(this.#target, timeoutMs);
    if (!socket.givesReceipts) {
      socket.terminate();
      const why = `${this.#target.address} gives no receipts: it is a node of another kind`;
      throw new NodeError(why, true);
    }
    if (this.#closing.signal.aborted) return socket.terminate();
    this.#socket = socket;
    socket.onReceipt = (receipt) => this.#socketOnReceipt(socket, receipt);
    socket.closed.then(({ code }) => this.#socketOnClose(socket, code));
  }

  #socketOnReceipt(socket: TransactionSocket, receipt: Receipt): void {
    if (socket !== this.#socket) return;
    const first = this.#list[this.#answered];
    // A node does not repeat an id that it cannot use.
    const isForFirst = receipt.id === null || receipt.id === first?.id;
    if (first === undefined || this.#answered === this.#sent || !isForFirst) {
      const why = `${this.#target.address} gives a receipt for what it was not sent`;
      this.#giveUp(new NodeError(why, true));
      return;
    }
    this.#answered += 1;
    this.#failures = 0;
    this.#isTold = false;
    if (this.#answered === this.#list.length) this.#empty();
    else this.#patience?.refresh();
    if (this.#answered > ANSWERED_KEPT && this.#answered > this.#list.length / 2) this.#trim();
    first.resolve(receipt);
  }

  /** An idle connection may end. Whatever waits for a receipt is sent over the next one. */
  #socketOnClose(socket: TransactionSocket, code: number): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    this.#sent = this.#answered;
    if (this.#list.length === 0) return;
    this.#failures += 1;
    this.#why = explainClose(code);
    this.#send();
  }

  /** A node has room for few clients, and expects them to say something soon. */
  #beginIdling(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#socket !== undefined) hangUp(this.#socket);
      this.#socket = undefined;
    }, LIMITS.clientIdleMs);
  }

  #beginWaiting(): void {
    clearTimeout(this.#idle);
    this.#why = '';
    this.#patience = setTimeout(() => {
      const seconds = this.#options.patienceMs / 1000;
      const why = this.#why === '' ? '' : ` (${printable(this.#why)})`;
      const { address } = this.#target;
      this.#giveUp(new NodeError(`${address} has given no receipt for ${seconds} s${why}`));
    }, this.#options.patienceMs);
  }

  /** All that wait get an error. The connection may hold what would be answered later. */
  #giveUp(error: NodeError): void {
    const waiting = this.#list.slice(this.#answered);
    this.#empty();
    const socket = this.#socket;
    this.#socket = undefined;
    if (!this.#closing.signal.aborted) socket?.terminate();
    for (const each of waiting) each.reject(error);
  }

  #empty(): void {
    clearTimeout(this.#patience);
    this.#beginIdling();
    this.#list = [];
    this.#answered = 0;
    this.#sent = 0;
  }

  #trim(): void {
    this.#list.splice(0, this.#answered);
    this.#sent -= this.#answered;
    this.#answered = 0;
  }
}

/** Closes a connection, whatever the other end does. */
async function hangUp(socket: TransactionSocket): Promise<void> {
  const late = setTimeout(() => socket.terminate(), LIMITS.closeTimeoutMs);
  await socket.close();
  clearTimeout(late);
}
