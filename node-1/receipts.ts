/** What a client that asks for it is told of each transaction that it sends. */

import { LIMITS } from './config.js';
import { type Connection, send } from './connection.js';
import { type Outcome, receiptFrame } from './messages.js';
import type { TransactionId } from './transaction.js';
import { writeTransactions } from './transactions.js';

/**
 * Tells a client what became of its transaction, as soon as all that the pool has is on disk; so
 * receipts come in the order of the transactions. Who does not read them is not read from, so that
 * neither this nor a slow disk fills the memory.
 *
 * @param id null if the transaction has none that is usable
 */
export async function sendReceipt(
  to: Connection,
  id: TransactionId | null,
  outcome: Outcome,
): Promise<void> {
  const frame = receiptFrame(id, outcome);
  to.receiptBytes += frame.length;
  if (to.receiptBytes > LIMITS.unreadReceiptBytes) to.socket.pause();
  await writeTransactions([]);
  send(to, frame, () => {
    const wasTooMuch = to.receiptBytes > LIMITS.unreadReceiptBytes;
    to.receiptBytes -= frame.length;
    if (wasTooMuch && to.receiptBytes <= LIMITS.unreadReceiptBytes) to.socket.resume();
  });
}
