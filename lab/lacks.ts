/** What each node lacks that another one has, of the latest transactions. */

import { read } from '../lib/commands/node-door.js';
import type { LabNode } from './lab-node.js';

/** Of each node so many are compared, the latest ones, with twice as many of each other, */
const COMPARED = 500;
/** and the ids of so many are told. */
const TOLD = 20;

export interface Lack {
  readonly lacks: number;
  readonly ids: readonly string[];
}

/** Compares what the nodes that run have in their pools and chains. */
export async function lacks(nodes: readonly LabNode[]): Promise<Record<string, Lack>> {
  const running = nodes.filter(({ state }) => state === 'running');
  const found = await Promise.all(
    running.map(async (node) => ({ node, ids: await latestOf(node).catch(() => undefined) })),
  );
  const asked = found.flatMap(({ node, ids }) => (ids === undefined ? [] : [{ node, ids }]));
  const all = new Set(asked.flatMap(({ ids }) => [...ids].slice(-COMPARED)));
  const entries = await Promise.all(
    asked.map(async ({ node, ids }) => {
      const missing = [...all].filter((id) => !ids.has(id));
      const some = missing.slice(0, TOLD);
      // It may have them further back.
      const areThere = await Promise.all(some.map((id) => has(node, id)));
      const lacking = some.filter((_, index) => !areThere[index]);
      const there = some.length - lacking.length;
      return [node.name, { lacks: missing.length - there, ids: lacking }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** The ids of what a node has taken last, in its pool or in a block. */
async function latestOf({ door }: LabNode): Promise<Set<string>> {
  // The first line says only which place is the latest.
  const line = await read(door, '/transactions?follow', (text) => text.includes('\n'));
  const after = Math.max(0, JSON.parse(line).place - 2 * COMPARED);
  const answer = await read(door, `/transactions?after=${after}&limit=${2 * COMPARED}`);
  const { transactions } = JSON.parse(answer);
  return new Set(
    transactions.flatMap(({ transaction }: { transaction: Record<string, unknown> }) => {
      const id = transaction.id ?? transaction.hash;
      return id === undefined ? [] : [String(id)];
    }),
  );
}

function has({ door }: LabNode, id: string): Promise<boolean> {
  return read(door, `/transactions/${encodeURIComponent(id)}`).then(
    () => true,
    () => false,
  );
}
