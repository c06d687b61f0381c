/** What a client that asks for it is told of each transaction that it sends. */

import { LIMITS } from './config.js';
import { type Connection, pauseUntil, send } from './connection.js';
import { type Outcome, receiptFrame, type TransactionId } from './messages.js';
import { writeTransactions } from './transactions.js';

/**
 * Tells a client what became of its transaction, as soon as all that the pool has is on disk; so
 * receipts come in the order of the transactions. Whoever has not asked for receipts gets none.
 *
 * @param id null if the transaction has none that is usable
 */
export async function sendReceipt(
  to: Connection,
  id: TransactionId | null,
  outcome: Outcome,
): Promise<void> {
  if (!to.announcement?.wantsReceipts) return;
  to.receiptsDue += 1;
  // Neither what waits for a disk nor what is not read may fill the memory.
  if (to.receiptsDue > LIMITS.receiptsDue) pauseUntil(writeTransactions([]), to);
  if (to.socket.bufferedAmount > LIMITS.backlogBytes) to.socket.terminate();
  await writeTransactions([]);
  to.receiptsDue -= 1;
  send(to, receiptFrame(id, outcome));
}
