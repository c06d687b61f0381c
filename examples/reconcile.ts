/**
 * Makes two pools equal over any stream, as nodes do (docs/protocol.md, "Comparison of pools"), but
 * without a node: each end walks down both Merkle trees, and asks for what it lacks. A message is a line;
 * an end that has all says so with an empty OFFER_KEYS. Lines have no bound here: both ends are yours.
 */

import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { LIMITS } from '../lib/limits.js';
import { MerkleTree } from '../lib/pool/merkle-tree.js';
import { type Answer, type OwnPool, Session } from '../lib/pool/reconciliation-session.js';
import type { Key } from '../lib/wire/key.js';
import { parseMessage } from '../lib/wire/messages.js';
import { reconciliationFrame } from '../lib/wire/reconciliation-messages.js';
import { inOneLine } from '../lib/wire/transaction.js';
import { manyFrame } from '../lib/wire/transaction-messages.js';

/**
 * Adds to a pool what the pool at the other end of a stream has, while that does the same.
 *
 * @param pool the text of each transaction, by its key
 */
export async function reconcile(pool: Map<Key, string>, stream: Duplex): Promise<void> {
  const tree = new MerkleTree();
  for (const key of pool.keys()) tree.add(key);
  const own: OwnPool = {
    size: pool.size,
    has: (key) => pool.has(key),
    childDigests: (name) => tree.childDigests(name),
    keysUnder: (names, from, limit) => tree.keysUnder(names, from, Infinity, limit),
    take: (all) => all.every(({ key, json }) => tree.add(key) && pool.set(key, json)),
  };
  const say = (frame: string | Buffer) => stream.write(`${inOneLine(`${frame}`)}\n`);
  const steps = new Session(own).compare();
  let step = steps.next();
  let isOtherDone = false;
  const goOn = () => {
    say(reconciliationFrame(step.done ? { type: 'OFFER_KEYS', data: [] } : step.value));
  };
  goOn();
  for await (const line of createInterface({ input: stream })) {
    const message = parseMessage(Buffer.from(line), true);
    if (!('type' in message)) throw new Error('the other end does not speak as we do');
    const { type, data } = message;
    if (type === 'GET_NODES') {
      say(reconciliationFrame({ type: 'NODES', data: data.map(own.childDigests) }));
    } else if (type === 'GET_KEYS') {
      const keys = own.keysUnder(data.nodes, data.from, LIMITS.keys);
      say(reconciliationFrame({ type: 'KEYS', data: keys }));
    } else if (type === 'GET_TRANSACTIONS') {
      say(manyFrame('TRANSACTIONS', fitting(data.flatMap((key) => pool.get(key) ?? []))));
    } else if (type === 'OFFER_KEYS') {
      isOtherDone = true;
    } else if (!step.done) {
      step = steps.next(message as Answer);
      goOn();
    }
    if (step.done && isOtherDone) stream.end();
  }
}

/** As many of the first as a line may hold: the other end asks for the rest. */
function fitting(texts: string[]): string[] {
  let bytes = 0;
  return texts.filter((text, index) => {
    bytes += Buffer.byteLength(text);
    return index === 0 || bytes <= LIMITS.relayBytes;
  });
}
