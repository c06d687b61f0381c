/** Nodes that others lie to, or in the name of which others speak. */

import { WebSocket } from 'ws';
import { until } from './helpers.js';
import type { RunningNode } from './program.js';

/** The longest that two reconciliation periods can be. */
const TWO_PERIODS_MS = 2 * 36_000;
/** How many speak in the name of one node. */
export const LIARS = 100;

/** Waits until each of these nodes has all of these transactions. */
export async function untilAllHave(nodes: RunningNode[], ids: string[]): Promise<void> {
  let lacking = '';
  await until(
    () => `all to have all; ${lacking}`,
    async () => {
      const texts = await Promise.all(nodes.map((node) => node.poolText()));
      const lacks = texts.map((text) => ids.filter((id) => !text.includes(`"${id}"`)).length);
      lacking = `they lack ${lacks}`;
      return lacks.every((count) => count === 0);
    },
    TWO_PERIODS_MS,
  );
}

/** The mesh-id that a node shows to everybody. */
export async function meshIdOf(node: RunningNode): Promise<string> {
  const socket = new WebSocket(node.address);
  const meshId = await new Promise<string>((done, fail) => {
    socket.once('upgrade', ({ headers }) => done(String(headers['mesh-id']))).once('error', fail);
  });
  socket.terminate();
  return meshId;
}
