/** What a client that asks for it is told of each transaction that it sends. */

import { LIMITS } from './config.js';
import { type Connection, pauseUntil, pauseUntilRead, send } from './connection.js';
import { type Outcome, receiptFrame, type TransactionId } from './messages.js';
import { writeTransactions } from './transactions.js';

/** How many receipts wait for the disk. */
let due = 0;

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
  due += 1;
  // Neither what waits for a disk nor what is not read may fill the memory.
  if (due > LIMITS.receiptsDue) pauseUntil(writeTransactions([]), to);
  if (to.socket.bufferedAmount > LIMITS.unreadReceiptBytes) pauseUntilRead(to);
  await writeTransactions([]);
  due -= 1;
  send(to, receiptFrame(id, outcome));
}
