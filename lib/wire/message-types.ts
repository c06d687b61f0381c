/**
 * The types of messages that nodes and clients know, by number, so that a frame is counted at the
 * cost of an addition. Pure.
 */

import type { MessageType } from './messages.js';

/** RECEIPT goes to clients; no node reads it. */
const TYPES: Readonly<Record<MessageType | 'RECEIPT', true>> = {
  HANDSHAKE: true,
  TRANSACTION: true,
  RELAY: true,
  RECEIPT: true,
  GET_NODES: true,
  NODES: true,
  GET_KEYS: true,
  KEYS: true,
  GET_TRANSACTIONS: true,
  TRANSACTIONS: true,
  OFFER_KEYS: true,
  GET_LATEST_BLOCK: true,
  LATEST_BLOCK: true,
  GET_HEADERS: true,
  HEADERS: true,
  GET_BLOCKS: true,
  BLOCKS: true,
};

/** By number. The last one stands for all that a stranger may think of. */
export const TYPE_NAMES: readonly string[] = [...Object.keys(TYPES), 'other'];
const OTHER = TYPE_NAMES.length - 1;
const NUMBERS = new Map(TYPE_NAMES.map((name, number) => [name, number]));

/** The text before the type in a frame that we make. */
const HEAD = '{"type":"';
const QUOTE = 0x22;
const LONGEST = Math.max(...TYPE_NAMES.map((name) => name.length));
const NUMBERS_BY_SUM = new Map(
  TYPE_NAMES.map((name, number) => [sumOf(Buffer.from(`${HEAD}${name}"`)), number]),
);

/** The number of a type; that of `other` for one that no node reads. */
export function numberOfType(type: MessageType | undefined): number {
  return type === undefined ? OTHER : (NUMBERS.get(type) ?? OTHER);
}

/** The number of the type of a frame that we made. */
export function typeNumberIn(frame: string | Buffer): number {
  return NUMBERS_BY_SUM.get(sumOf(frame)) ?? OTHER;
}

/** A sum over the bytes of the type: to make a text of these would cost more than all the rest. */
function sumOf(frame: string | Buffer): number {
  let sum = 0;
  for (let at = HEAD.length; at <= HEAD.length + LONGEST; at++) {
    const code = typeof frame === 'string' ? frame.charCodeAt(at) : (frame[at] as number);
    if (code === QUOTE) break;
    sum = (31 * sum + code) | 0;
  }
  return sum;
}
