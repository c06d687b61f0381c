/** Reads every frame that arrives. Outside this file, a message is typed and bounded. Pure. */

import { lastNamed, memberSource, parseJson, sourceParts } from '../json-source.js';
import { LIMITS } from '../limits.js';
import { type BlockMessageData, parseBlockMessage } from './block-messages.js';
import type { MessageOf, Unusable } from './message.js';
import {
  parseReconciliationMessage,
  type ReconciliationMessageData,
} from './reconciliation-messages.js';
import { isObject, TOO_LARGE } from './transaction.js';
import {
  parseTransactionMessage,
  parseUsualMany,
  parseUsualTransaction,
  type TransactionMessageData,
} from './transaction-messages.js';

/** The data of each type of message that we understand. */
export interface MessageData
  extends TransactionMessageData,
    ReconciliationMessageData,
    BlockMessageData {
  /** Addresses. */
  HANDSHAKE: string[];
}

export type MessageType = keyof MessageData;
export type Data<T extends MessageType> = MessageData[T];
export type Message<T extends MessageType = MessageType> = MessageOf<Pick<MessageData, T>>;

/** What to do with each type of message that comes over a connection of type `C`. */
export type Handlers<C> = { [T in MessageType]: (data: Data<T>, from: C) => void };

/** Members of a large message that are looked at. */
const LARGE_MEMBERS = 16;
/** The types that may be large between our own nodes. */
const LARGE_ANSWERS = new Set(['RELAY', 'TRANSACTIONS', 'LATEST_BLOCK', 'HEADERS', 'BLOCKS']);
const ANSWER_CHARACTERS = LIMITS.answerBytes + LIMITS.transactionBytes;
const USUAL_HEAD = /^\{"type":"(\w+)","data":/;

/**
 * Reads one text frame. Never throws, whatever the frame holds.
 *
 * @param frame in UTF-8, which `ws` has checked
 * @param isOurs whether it comes from a node that identified itself; from any other, only
 * HANDSHAKE and TRANSACTION have a meaning
 */
export function parseMessage(frame: Buffer, isOurs: boolean): Message | Unusable {
  const many = isOurs && frame.length <= ANSWER_CHARACTERS ? parseUsualMany(frame) : undefined;
  if (many !== undefined) return many;
  const text = frame.toString();
  const isLarge = frame.length > LIMITS.largeBytes;
  const read =
    (isLarge ? undefined : parseUsualTransaction(text, frame)) ??
    (isOurs && text.length <= ANSWER_CHARACTERS ? parseUsualAnswer(text) : undefined) ??
    (isLarge ? parseLarge(text, isOurs) : undefined);
  if (read !== undefined) return read;
  const message = parseJson(text);
  if (!isObject(message)) return { malformed: 'not a JSON object' };
  const { type, data } = message;
  if (typeof type !== 'string') return { malformed: 'type is not a string' };
  if (type === 'HANDSHAKE') return parseHandshake(data);
  if (!isOurs && type !== 'TRANSACTION') return { unknown: type };
  return parseOurs(type, data, memberSource(text, 'data'));
}

/** Passes a message to the handler of its type. */
export function dispatch<T extends MessageType, C>(
  handlers: Handlers<C>,
  { type, data }: Message<T>,
  from: C,
): void {
  handlers[type](data, from);
}

export function handshakeFrame(addresses: readonly string[]): string {
  return JSON.stringify({ type: 'HANDSHAKE', data: addresses });
}

function parseHandshake(data: unknown): Message | Unusable {
  if (!Array.isArray(data)) return { malformed: 'HANDSHAKE data is not an array' };
  const addresses = data.slice(0, LIMITS.handshakeAddresses);
  if (!addresses.every((address) => typeof address === 'string')) {
    return { malformed: 'HANDSHAKE data holds something other than addresses' };
  }
  return { type: 'HANDSHAKE', data: addresses };
}

/**
 * Reads an answer in the layout that our nodes write, so that a large one need not be searched for
 * its data.
 *
 * @returns undefined for any other frame
 */
function parseUsualAnswer(text: string): Message | Unusable | undefined {
  const [head = '', type = ''] = USUAL_HEAD.exec(text) ?? [];
  if (!LARGE_ANSWERS.has(type)) return undefined;
  const json = text.slice(head.length, -1);
  const data = text.endsWith('}') ? parseJson(json) : undefined;
  return data === undefined ? undefined : parseOurs(type, data, json);
}

/**
 * Reads a message that only our nodes send, or a TRANSACTION in an unusual layout.
 *
 * @param json the source text of the data
 */
function parseOurs(type: string, data: unknown, json: string): Message | Unusable {
  return (
    parseTransactionMessage(type, data, json) ??
    parseBlockMessage(type, data, json) ??
    parseReconciliationMessage(type, data) ?? { unknown: type }
  );
}

/**
 * Reads a large frame. A frame full of names or brackets would keep JSON.parse busy for much longer
 * than it takes to find that the frame is of no use.
 *
 * @returns undefined if the whole frame is to be parsed
 */
function parseLarge(text: string, isOurs: boolean): Message | Unusable | undefined {
  const { type, json } = outlineOf(text);
  const isFit = text.length <= ANSWER_CHARACTERS;
  if (type === 'HANDSHAKE' && isFit) return undefined;
  if (type === 'HANDSHAKE') {
    const first = sourceParts(json, LIMITS.handshakeAddresses);
    return parseHandshake(json.startsWith('[') ? parseJson(`[${first.join()}]`) : undefined);
  }
  if (isOurs && typeof type === 'string' && LARGE_ANSWERS.has(type)) {
    return isFit ? undefined : { malformed: `${type} data that is too long` };
  }
  if (type === 'TRANSACTION') return { malformed: TOO_LARGE, id: null };
  return typeof type === 'string' ? { unknown: type } : { malformed: 'not a JSON object' };
}

/** The type of a message, undefined if none is found, and the source text of its data. */
function outlineOf(text: string): { type?: unknown; json: string } {
  try {
    const members = sourceParts(text, LARGE_MEMBERS);
    return { type: JSON.parse(lastNamed(members, 'type')), json: lastNamed(members, 'data') };
  } catch {
    return { json: '' };
  }
}
