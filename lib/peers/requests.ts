/** Our requests to other nodes: one at a time per connection, each with one answer. */

import { LIMITS } from '../limits.js';
import { type Connection, send } from './connection.js';
import { PeerError } from './peer-error.js';

interface Pending<A> {
  readonly resolve: (answer: A) => void;
  readonly reject: (error: PeerError) => void;
}

export class PendingRequests<A> {
  readonly #pending = new Map<Connection, Pending<A>>();

  /** Whether a connection owes us an answer. */
  isPending(connection: Connection): boolean {
    return this.#pending.has(connection);
  }

  /**
   * Sends a request, and waits for the answer.
   *
   * @param frame the request
   * @throws PeerError if there is no answer in time, or no connection
   */
  async ask(connection: Connection, frame: string): Promise<A> {
    const { socket } = connection;
    if (socket.readyState !== socket.OPEN) throw new PeerError('not connected');
    let deadline: NodeJS.Timeout | undefined;
    try {
      return await new Promise<A>((resolve, reject) => {
        this.#pending.set(connection, { resolve, reject });
        deadline = setTimeout(reject, LIMITS.answerTimeoutMs, new PeerError('no answer in time'));
        send(connection, frame);
      });
    } finally {
      clearTimeout(deadline);
      this.#pending.delete(connection);
    }
  }

  /** Takes an answer; without a request it is ignored. */
  answered(connection: Connection, answer: A): void {
    this.#pending.get(connection)?.resolve(answer);
  }

  /** A connection is gone, and with it the answer. */
  forget(connection: Connection): void {
    this.#pending.get(connection)?.reject(new PeerError('the connection ended'));
  }
}
