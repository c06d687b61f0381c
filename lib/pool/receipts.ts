/** Receipts, for clients that ask for them: the outcome of each transaction. */

import { LIMITS } from '../limits.js';
import { type Connection, send } from '../peers/connection.js';
import type { TransactionId } from '../wire/message.js';
import { type Outcome, receiptFrame } from '../wire/receipt.js';
import type { Pool } from './pool.js';

/**
 * Sends a client the receipt for a transaction once everything in the pool is on disk, so receipts
 * come in the order of the transactions. A client that does not read its receipts is paused:
 * neither it nor a slow disk can fill the memory.
 *
 * @param id null if the transaction has none that is usable
 */
export async function sendReceipt(
  pool: Pool,
  to: Connection,
  id: TransactionId | null,
  outcome: Outcome,
): Promise<void> {
  const frame = receiptFrame(id, outcome);
  to.receiptBytes += frame.length;
  if (to.receiptBytes > LIMITS.unreadReceiptBytes) to.socket.pause();
  await pool.saved();
  send(to, frame, () => {
    const wasTooMuch = to.receiptBytes > LIMITS.unreadReceiptBytes;
    to.receiptBytes -= frame.length;
    if (wasTooMuch && to.receiptBytes <= LIMITS.unreadReceiptBytes) to.socket.resume();
  });
}
