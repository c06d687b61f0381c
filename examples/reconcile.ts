/**
 * Makes two pools equal over any stream, as nodes do (docs/protocol.md, "Comparison of pools"), but
 * without a node: each end walks down both Merkle trees, and asks for what it lacks. A message is a line;
 * an end that has all says so with an empty OFFER_KEYS. Lines have no bound here: both ends are yours.
 */

import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { LIMITS } from '../lib/limits.js';
import { MerkleTree } from '../lib/pool/merkle-tree.js';
import { type AskedPool, answerTo } from '../lib/pool/pool-answers.js';
import {
  type Answer,
  type OwnPool,
  type Request,
  Session,
} from '../lib/pool/reconciliation-session.js';
import { fitting } from '../lib/wire/fitting.js';
import type { Key } from '../lib/wire/key.js';
import { type Message, parseMessage } from '../lib/wire/messages.js';
import { reconciliationFrame } from '../lib/wire/reconciliation-messages.js';
import { inOneLine } from '../lib/wire/transaction.js';

/**
 * Adds to a pool what the pool at the other end of a stream has, while that does the same.
 *
 * @param texts the text of each transaction, by its key
 */
export async function reconcile(texts: Map<Key, string>, stream: Duplex): Promise<void> {
  const pool = poolOf(texts);
  const say = (frame: string | Buffer) => stream.write(`${inOneLine(`${frame}`)}\n`);
  const steps = new Session(pool).compare();
  let step = steps.next();
  let isOtherDone = false;
  const goOn = () => {
    say(reconciliationFrame(step.done ? { type: 'OFFER_KEYS', data: [] } : step.value));
  };
  goOn();
  for await (const line of createInterface({ input: stream })) {
    const message = parseMessage(Buffer.from(line), true);
    if (!('type' in message)) throw new Error('the other end does not speak as we do');
    if (isRequest(message)) say(await answerTo(message, pool));
    else if (message.type === 'OFFER_KEYS') isOtherDone = true;
    else if (!step.done) {
      step = steps.next(message as Answer);
      goOn();
    }
    if (step.done && isOtherDone) stream.end();
  }
}

/** A pool in memory: what a session and its answers need from one. */
function poolOf(texts: Map<Key, string>): OwnPool & AskedPool {
  const tree = new MerkleTree();
  for (const key of texts.keys()) tree.add(key);
  return {
    size: texts.size,
    has: (key) => texts.has(key),
    childDigests: (name) => tree.childDigests(name),
    keysUnder: (names, from, limit) => tree.keysUnder(names, from, Infinity, limit),
    take: (all) => all.every(({ key, json }) => tree.add(key) && texts.set(key, json)),
    read: async (keys) => {
      const known = keys.flatMap((key) => texts.get(key) ?? []);
      const inUtf8 = known.map((text) => Buffer.from(text));
      return fitting(inUtf8, LIMITS.answerBytes, ({ length }) => length);
    },
  };
}

function isRequest(message: Message): message is Request {
  return ['GET_NODES', 'GET_KEYS', 'GET_TRANSACTIONS'].includes(message.type);
}
