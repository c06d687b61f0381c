/** The node is not reached, refuses, falls silent, or answers with what does not fit. */
export class NodeError extends Error {
  /** Whether it is of no use to try again. */
  readonly isForGood: boolean;

  constructor(message: string, isForGood = false) {
    super(message);
    this.name = 'NodeError';
    this.isForGood = isForGood;
  }
}

/** @param silentMs for how long it has owed an answer */
export function silent(address: string, silentMs: number): NodeError {
  return new NodeError(`${address} has not answered for ${silentMs / 1000} s; is it stopped?`);
}

/** A transaction was given to the node, or was to be, and no receipt came: it may have arrived. */
export class NoReceiptError extends NodeError {
  /** As it was sent, with its id: when it is added again, it still counts once. */
  readonly transaction: Readonly<Record<string, unknown>>;

  constructor(message: string, transaction: Readonly<Record<string, unknown>>, isForGood = false) {
    super(message, isForGood);
    this.name = 'NoReceiptError';
    this.transaction = transaction;
  }
}
