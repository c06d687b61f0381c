/** What a node tells a client about a transaction that the client sent. */

import { parseJson } from '../json-source.js';
import type { TransactionId } from './message.js';
import { isObject } from './transaction.js';

/** What became of a transaction, and the reason if it was rejected. */
export interface Outcome {
  readonly status: 'accepted' | 'known' | 'rejected';
  readonly reason?: string;
}

/** @param id null if the transaction has no usable id */
export function receiptFrame(id: TransactionId | null, outcome: Outcome): string {
  return JSON.stringify({ type: 'RECEIPT', data: { id, ...outcome } });
}

/** A receipt, as a client reads it. */
export interface Receipt extends Required<Outcome> {
  /** Null if the transaction had no usable id. */
  readonly id: TransactionId | null;
}

/** Reads a RECEIPT; undefined for any other frame. */
export function parseReceipt(text: string): Receipt | undefined {
  const message = parseJson(text);
  if (!isObject(message) || message.type !== 'RECEIPT' || !isObject(message.data)) return undefined;
  const { status, reason } = message.data;
  if (status !== 'accepted' && status !== 'known' && status !== 'rejected') return undefined;
  const id =
    typeof message.data.id === 'string' || typeof message.data.id === 'number'
      ? message.data.id
      : null;
  return { id, status, reason: typeof reason === 'string' ? reason : 'it gives no reason' };
}
