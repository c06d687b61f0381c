/** Messages about blocks, as texts and as what one of our nodes reads from them. */

import { GENESIS } from '../../lib/chain/block.js';
import { parseMessage } from '../../lib/wire/messages.js';
import { makeTransaction } from './helpers.js';

export const REQUESTS = ['GET_LATEST_BLOCK', 'GET_HEADERS', 'GET_BLOCKS'] as const;
export const TYPES = [...REQUESTS, 'LATEST_BLOCK', 'HEADERS', 'BLOCKS'] as const;

export const parse = (text: string) => parseMessage(Buffer.from(text), true);
export const frame = (type: string, data: unknown) => JSON.stringify({ type, data });
export const isRead = (type: string, data: unknown) => 'type' in parse(frame(type, data));

export const goodName = { height: 0, hash: GENESIS.hash };
const { transactions: _, json: __, ...header } = GENESIS;
export const goodHeader = header;
export const goodBlock = {
  ...goodHeader,
  transactions: [makeTransaction('a'), makeTransaction('b')],
};
