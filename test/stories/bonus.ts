/** The bonus of the exercise: transactions. */

import { join } from 'node:path';
import fs from 'fs-extra';
import type { Bench } from './judge-bench.js';
import type { JudgedNode } from './judged-node.js';
import { exerciseTransaction, type Story, times, transaction, untilConnected } from './story.js';
import { together } from './together.js';

const OLD = exerciseTransaction('old');
const FIRST = exerciseTransaction('first');
const SECOND = exerciseTransaction('second');
const LAST = exerciseTransaction('last');
const SCRIPT = 'add-transaction.js';

export const bonus: readonly Story[] = [
  {
    id: 'bonus 1',
    asks: 'It adds a TRANSACTION to its transactions.json, and keeps those that were there before.',
    needs: ['1'],
    async check(bench) {
      const node = await bench.start([], { pool: [OLD] });
      await bench.say(node, transaction(FIRST));
      await untilPoolIs(bench, node, [OLD, FIRST]);
      await bench.say(node, transaction(SECOND));
      await untilPoolIs(bench, node, [OLD, FIRST, SECOND]);
    },
  },
  {
    id: 'bonus 2',
    asks: 'It sends the TRANSACTION to all the others.',
    needs: ['1', '2', 'bonus 1'],
    async check(bench) {
      const peers = [await bench.peer(), await bench.peer()];
      const node = await bench.start(peers.map(({ address }) => address));
      for (const peer of peers) await untilConnected(bench, node, peer);
      await bench.say(node, transaction(FIRST));
      for (const peer of peers) {
        await bench.until(
          node,
          () => `${peer.name} did not get it`,
          () => peer.received('TRANSACTION').some((each) => isSame(each, FIRST)),
        );
      }
    },
  },
  {
    id: 'bonus 3',
    asks: 'A TRANSACTION that it has already goes no further, so that none goes round for ever.',
    needs: ['1', '2', 'bonus 1', 'bonus 2'],
    async check(bench) {
      const a = await bench.peer();
      const node = await bench.start([a.address]);
      await untilConnected(bench, node, a);
      await bench.say(node, transaction(FIRST), transaction(FIRST));
      await bench.say(node, transaction(FIRST));
      await bench.say(node, transaction(LAST));
      await untilPoolIs(bench, node, [FIRST, LAST]);
      const got = (which: object) =>
        a.received('TRANSACTION').filter((each) => isSame(each, which));
      await bench.until(
        node,
        () => `${a.name} did not get the last one`,
        () => got(LAST).length > 0,
      );
      const { length } = got(FIRST);
      if (length !== 1) bench.fail(`${a.name} got the first one ${times(length)}`);
    },
  },
  {
    id: 'bonus 4',
    asks: 'A transaction that is given to one node is soon in the pool of every node, once.',
    needs: ['12', 'bonus 1', 'bonus 2', 'bonus 3'],
    async check(bench) {
      const nodes = await together(bench);
      for (const one of nodes) {
        await bench.until(
          one,
          () => 'the three nodes are not connected to each other',
          () => nodes.every((other) => other === one || one.isConnectedTo(other.port)),
        );
      }
      const [first] = nodes as [JudgedNode];
      // The exercise has such a script, and the node may be judged without it.
      if (await fs.pathExists(join(first.folder, SCRIPT))) await bench.run(first, SCRIPT);
      else await bench.say(first, transaction(FIRST));
      const untilEachHas = async (isEnough: (count: number) => boolean) => {
        for (const [i, node] of nodes.entries()) {
          let count = 0;
          await bench.until(
            node,
            () => `the pool of node-${i + 1} holds it ${times(count)}`,
            async () => {
              count = parse(await node.poolText())?.length ?? 0;
              return isEnough(count);
            },
          );
        }
      };
      await untilEachHas((count) => count > 0);
      for (const node of nodes) await bench.settled(node);
      await untilEachHas((count) => count === 1);
    },
  },
];

/** Waits until the file of a node holds these transactions, each once and as it was sent. */
async function untilPoolIs(
  bench: Bench,
  node: JudgedNode,
  expected: readonly object[],
): Promise<void> {
  let text = '';
  await bench.until(
    node,
    () => `its transactions.json is ${text || 'empty'}`,
    async () => {
      text = await node.poolText();
      const pool = parse(text);
      if (pool?.length !== expected.length) return false;
      return expected.every((one) => pool.some((each) => isSame(each, one)));
    },
  );
}

/** The array in a file; undefined while there is none, as when it is just being rewritten. */
function parse(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether two transactions have the same members, in whatever order. */
function isSame(value: unknown, expected: object): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [a, b] = [value, expected].map((each) => JSON.stringify(Object.entries(each).sort()));
  return a === b;
}
