/** What a client that asks for it is told of each transaction that it sends. */

import { type Connection, send } from './connection.js';
import { type ReceiptStatus, receiptFrame, type TransactionId } from './messages.js';
import { writeTransactions } from './transactions.js';

/**
 * Tells a client what became of its transaction, as soon as all that the pool has is on disk; so
 * receipts come in the order of the transactions. Whoever has not asked for receipts gets none.
 *
 * @param id null if the transaction has none that is usable
 * @param reason why it is rejected
 */
export async function sendReceipt(
  to: Connection,
  id: TransactionId | null,
  status: ReceiptStatus,
  reason?: string,
): Promise<void> {
  if (!to.announcement?.wantsReceipts) return;
  await writeTransactions([]);
  send(to, receiptFrame(id, status, reason));
}
