/** The client: a program's hold on one node. */

import { LIMITS } from '../limits.js';
import { printable } from '../log.js';
import { explainNoAddress } from '../peers/address-mistakes.js';
import { parseAddress } from '../peers/addresses.js';
import { isObject, readTransaction } from '../wire/transaction.js';
import { type ChainBlock, readBlock, readBlocks } from './blocks.js';
import { follow, type PlacedTransaction } from './follow.js';
import type { Asking } from './http-answers.js';
import { withNewId } from './new-id.js';
import { NodeError, NoReceiptError } from './node-error.js';
import { Sender } from './sender.js';
import { type NodeStatus, readStatus } from './status.js';
import type { Target } from './target.js';

export interface ConnectOptions {
  /** The NETWORK_SECRET of the network. */
  readonly secret?: string;
  /** The certificate authorities that are trusted, PEM; those that Node.js trusts if it is not set. */
  readonly ca?: string | Uint8Array;
  /**
   * For how long, in ms, the node may owe an answer or a receipt before that is an error: 30,000 if it
   * is not set.
   */
  readonly patienceMs?: number;
  /**
   * Told why the node is not reached while a loop or a transaction waits for it; by each loop, and for
   * all transactions, once until it is back.
   */
  readonly onLost?: (error: Error) => void;
}

/** What became of a transaction. */
export type TransactionReceipt =
  | {
      /** `accepted`: it was new. `known`: the node had it already. It is on the node's disk. */
      readonly status: 'accepted' | 'known';
      readonly id: string | number;
    }
  | {
      /** The node does not take it. */
      readonly status: 'rejected';
      readonly id: string | number;
      readonly reason: string;
    };

/**
 * Connects to a node.
 *
 * @param address such as `ws://localhost:4001`
 * @throws TypeError if that is no address; NodeError if the node is not reached, does not let us in,
 * or is of another kind
 */
export function connect(address: string, options: ConnectOptions = {}): Promise<Client> {
  return Client.connect(address, options);
}

/** A program's hold on one node. `connect` makes it. */
export class Client {
  readonly #target: Target;
  readonly #patienceMs: number;
  readonly #onLost: (error: Error) => void;
  readonly #sender: Sender;
  readonly #closing = new AbortController();

  private constructor(
    target: Target,
    patienceMs: number,
    onLost: (error: Error) => void,
    sender: Sender,
  ) {
    this.#target = target;
    this.#patienceMs = patienceMs;
    this.#onLost = onLost;
    this.#sender = sender;
  }

  /** The same as the function `connect`. */
  static async connect(address: string, options: ConnectOptions = {}): Promise<Client> {
    if (parseAddress(address) === undefined) {
      const shown = printable(String(address));
      throw new TypeError(`${shown} ${explainNoAddress(address, 'ws://localhost:4001')}`);
    }
    const { secret, patienceMs = LIMITS.clientPatienceMs, onLost = () => {} } = options;
    if (!(patienceMs > 0)) throw new RangeError('patienceMs is not above 0');
    const ca = options.ca instanceof Uint8Array ? Buffer.from(options.ca) : options.ca;
    const target = { address, secret, ca };
    const sender = await Sender.open(target, { patienceMs, onLost });
    return new Client(target, patienceMs, onLost, sender);
  }

  /**
   * Gives a transaction to the node, which gives it to the network. One without `id` and `hash` gets
   * both. When the connection breaks before the receipt came, it is sent again; by its id it counts
   * once. Its receipt may then say `known`.
   *
   * @param transaction any object that JSON can hold
   * @returns the receipt: also of one that the node rejects
   * @throws TypeError or RangeError if it is no transaction, such as one of more than 65,536 bytes;
   * NoReceiptError if no receipt came in time, in which case it may have arrived all the same
   */
  async add(transaction: object): Promise<TransactionReceipt> {
    const { id, json } = textOf(transaction);
    try {
      const { status, reason } = await this.#sender.add(id, json);
      return status === 'rejected' ? { status, id, reason: printable(reason) } : { status, id };
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      throw new NoReceiptError(error.message, JSON.parse(json), error.isForGood);
    }
  }

  /**
   * Yields the transactions that the node takes, each once, and waits for those to come. When the
   * connection breaks, it goes on at the same place, as soon as the node is back. It reads no faster
   * than the loop takes them. `break`, `close()` and the signal end it.
   *
   * @param options.after the place after which it begins, 0 for the first; without it, those that come
   * from the first turn of the loop on
   * @param options.signal ends it with the reason of the signal, also while it waits
   * @throws RangeError if `after` is no place; NodeError if the node is not reached at first, refuses,
   * or answers with what does not fit
   */
  transactions(
    options: { readonly after?: number | undefined; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<PlacedTransaction, void, undefined> {
    const { after, signal } = options;
    if (after !== undefined) checkWhole('after', after);
    return this.#untilClosed(follow(this.#target, after, this.#asking(signal), this.#onLost));
  }

  /**
   * Yields the blocks of the chain up to the latest one.
   *
   * @param options.from the height to begin with, 0 for the genesis
   * @param options.signal ends it with the reason of the signal
   * @throws RangeError if `from` is no height; NodeError if the node is not reached, refuses, or answers
   * with what does not fit
   */
  blocks(
    options: { readonly from?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ChainBlock, void, undefined> {
    const { from = 0, signal } = options;
    checkWhole('from', from);
    return this.#untilClosed(readBlocks(this.#target, from, this.#asking(signal)));
  }

  /**
   * Reads one block.
   *
   * @returns undefined if the chain has none of this height
   * @throws RangeError if that is no height; NodeError as with `blocks`
   */
  async block(height: number): Promise<ChainBlock | undefined> {
    checkWhole('height', height);
    return readBlock(this.#target, height, this.#asking());
  }

  /**
   * Reads what the node says of itself.
   *
   * @throws NodeError as with `blocks`
   */
  async status(): Promise<NodeStatus> {
    return readStatus(this.#target, this.#asking());
  }

  /**
   * Ends the connection and all loops. Whatever else still waits gets an error.
   *
   * @returns resolves when the connection is closed, after a second at the latest
   */
  async close(): Promise<void> {
    this.#closing.abort(new NodeError('the client is closed', true));
    await this.#sender.close();
  }

  /** Ends a loop when the client is closed. */
  async *#untilClosed<T>(items: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void> {
    try {
      yield* items;
    } catch (error) {
      if (error !== this.#closing.signal.reason) throw error;
    }
  }

  #asking(signal?: AbortSignal): Asking {
    const { signal: closing } = this.#closing;
    return {
      patienceMs: this.#patienceMs,
      signal: signal === undefined ? closing : AbortSignal.any([closing, signal]),
    };
  }
}

/** The text of a transaction, with an id. */
function textOf(transaction: object): { id: string | number; json: string } {
  const text = JSON.stringify(transaction);
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isObject(value)) throw new TypeError('a transaction is an object');
  const { id, hash, ...content } = value;
  const needsId = id == null && hash == null;
  const json = needsId ? withNewId(JSON.stringify(content).slice(1, -1)).json : text;
  const bytes = Buffer.byteLength(json);
  if (bytes > LIMITS.transactionBytes) {
    throw new RangeError(
      `a transaction may have ${LIMITS.transactionBytes} bytes, this one has ${bytes}`,
    );
  }
  const read = readTransaction(needsId ? JSON.parse(json) : value, json, bytes);
  if ('malformed' in read) throw new TypeError(read.malformed);
  return { id: read.id, json };
}

function checkWhole(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} is not a whole number of 0 or more: ${value}`);
  }
}
