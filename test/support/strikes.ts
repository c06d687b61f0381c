/** What happens to a sender of malformed messages. */

import assert from 'node:assert/strict';
import { connectTo, transactionMessage, until } from './helpers.js';
import type { RunningNode } from './program.js';

/** Sends a malformed message three times, with a good one in between and another one after them. */
export async function strikesOut(
  victim: RunningNode,
  [what, frame]: readonly [what: string, frame: string],
): Promise<void> {
  const socket = await connectTo(victim.address);
  let code: number | undefined;
  socket.once('close', (closeCode) => {
    code = closeCode;
  });
  const late = JSON.stringify(transactionMessage(`late: ${what}`));
  const fine = JSON.stringify(transactionMessage(`fine: ${what}`));
  for (const each of [frame, frame, fine, frame, late]) socket.send(each);
  await until(`the third time to end the connection: ${what}`, () => code !== undefined);
  assert.equal(code, 1008, what);
}
