/** Three copies of a node at once, started in an order in which one that never dials again succeeds. */

import type { Bench } from './judge-bench.js';
import type { JudgedNode } from './judged-node.js';

/**
 * Starts node-1, then node-2 and node-3, which know node-1.
 *
 * @throws Unmet if one of them does not listen on its own port
 */
export async function together(bench: Bench): Promise<JudgedNode[]> {
  const first = await bench.start([]);
  const second = await bench.start([first.address], { name: 'node-2' });
  const third = await bench.start([first.address], { name: 'node-3' });
  return [first, second, third];
}
