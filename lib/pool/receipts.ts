/** What a client that asks for it is told of each transaction that it sends. */

import { LIMITS } from '../limits.js';
import { type Connection, send } from '../peers/connection.js';
import type { TransactionId } from '../wire/message.js';
import { type Outcome, receiptFrame } from '../wire/receipt.js';
import type { Pool } from './pool.js';

/**
 * Tells a client what became of its transaction, as soon as all that the pool has is on disk; so
 * receipts come in the order of the transactions. A client that does not read them is paused, so that
 * neither this nor a slow disk fills the memory.
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
