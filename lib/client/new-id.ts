import { createHash, randomBytes } from 'node:crypto';

/**
 * Gives a transaction an id: a hash of what it says and of a random nonce, so that equal transactions
 * of one millisecond still differ. It is in `id` and in `hash`, because some nodes look at one of the
 * two and some at the other.
 *
 * @param members the members of the transaction as JSON has them between the braces; no id, no hash
 */
export function withNewId(members: string): { id: string; json: string } {
  const nonce = randomBytes(16).toString('hex');
  const id = createHash('sha256').update(`{${members}} ${nonce}`).digest('hex');
  const content = members === '' ? '' : `,${members}`;
  return { id, json: `{"id":"${id}"${content},"hash":"${id}"}` };
}
