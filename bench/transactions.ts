/**
 * The transactions of the benchmarks: numbered, all of one length, and shaped like those of
 * add-transaction. The number is in the time stamp, where it is found without parsing.
 */

import { createHash } from 'node:crypto';

/** Length of the JSON text. */
export const TRANSACTION_BYTES = 250;
/** The text before the transaction in its message. After it comes one brace. */
export const MESSAGE_LEAD = '{"type":"TRANSACTION","data":';

/** Any time from which all time stamps have the same number of digits. */
const FIRST_TIME_STAMP = 1_795_000_000_000;
const TIME_STAMP_DIGITS = 13;
const TIME_STAMP_AT = transactionText(0).indexOf(String(FIRST_TIME_STAMP));
const ID_AT = '{"id":"'.length;
const ID_DIGITS = 64;

/** The JSON text of a transaction. */
export function transactionText(number: number): string {
  const id = createHash('sha256').update(`transaction ${number}`).digest('hex');
  return JSON.stringify({
    id,
    fromAddress: 'alice of Acre Lane',
    toAddress: 'bob of Box Hill',
    amount: 10,
    timeStamp: FIRST_TIME_STAMP + number,
    hash: id,
  });
}

/** The number of the transaction whose text begins at an offset in the bytes. */
export function numberAt(bytes: Buffer, offset: number): number {
  const start = offset + TIME_STAMP_AT;
  return Number(bytes.toString('latin1', start, start + TIME_STAMP_DIGITS)) - FIRST_TIME_STAMP;
}

/** The id of the transaction with this text. */
export function idOf(text: Uint8Array): Uint8Array {
  return text.subarray(ID_AT, ID_AT + ID_DIGITS);
}
