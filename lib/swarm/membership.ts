/**
 * A node is a member of a swarm by knowing its name, and the NETWORK_SECRET where there is one. The
 * topic, under which members find each other, is made from both; so nobody can look for them without
 * the secret. On each connection both ends prove that they know it, without telling it:
 * anybody may have announced the key that we dial. Pure.
 */

import { createHash, createHmac, scryptSync, timingSafeEqual } from 'node:crypto';

/** The end of a connection that gives a proof: it has dialled, or was dialled. */
export type End = 'client' | 'server';

const PROTOCOL = 'websocket-peer-to-peer swarm 1';
// Takes some 0.1 s: each guess at a weak secret costs a guesser as much.
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

export class Membership {
  /** 32 bytes. */
  readonly topic: Buffer;
  readonly #key: Buffer | undefined;

  /** @param secret undefined in an open network */
  constructor(name: string, secret: string | undefined) {
    const salt = `${PROTOCOL} ${name.normalize('NFC')}`;
    this.#key = secret === undefined ? undefined : scryptSync(secret, salt, 32, SCRYPT);
    const hash = this.#key === undefined ? createHash('sha256') : createHmac('sha256', this.#key);
    this.topic = hash.update(salt).digest();
  }

  /**
   * Returns what shows the other end of a connection that we know the secret; undefined in an open
   * network.
   *
   * @param handshake the hash of its handshake, so that a proof is worth nothing on another one
   */
  proofOf(end: End, handshake: Buffer): string | undefined {
    if (this.#key === undefined) return undefined;
    return createHmac('sha256', this.#key).update(`${end} `).update(handshake).digest('hex');
  }

  /** Whether the other end has proven that it knows the secret; true in an open network. */
  isProof(shown: unknown, end: End, handshake: Buffer): boolean {
    const proof = this.proofOf(end, handshake);
    if (proof === undefined) return true;
    if (typeof shown !== 'string' || shown.length !== proof.length) return false;
    return timingSafeEqual(Buffer.from(shown), Buffer.from(proof));
  }
}
