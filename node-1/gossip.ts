/** What nodes tell of each other: a HANDSHAKE names who they are, and whom they are connected to. */

import { type Address, parseAddress } from './addresses.js';
import { LIMITS } from './config.js';
import { type Connection, nameOf } from './connection.js';
import type { Contacts } from './contacts.js';
import type { Crowd } from './crowd.js';
import { count, type Log } from './log.js';
import { placesOfAll } from './places.js';
import type { Routes } from './routes.js';
import type { Sources } from './sources.js';

interface Host {
  readonly contacts: Contacts;
  readonly routes: Routes;
  readonly sources: Sources;
  readonly crowd: Crowd;
  readonly log: Log;
}

export class Gossip {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Takes in a HANDSHAKE: where its sender listens, and whom that is connected to.
   *
   * @param texts the addresses, the sender's own first
   */
  read(texts: readonly string[], from: Connection): void {
    const { crowd, routes, sources, log } = this.#host;
    if (from.address === undefined) {
      from.address = parseAddress(texts[0]);
      if (from.address !== undefined) crowd.admit(from);
    }
    const { reading } = sources.of(from);
    const nowMs = performance.now();
    const addresses = texts.flatMap((text) => (reading.take(nowMs) && parseAddress(text)) || []);
    if (from.neighbours === undefined) {
      log('handshake from', `${nameOf(from)}, connected to ${count(texts.length - 1, 'peer')}`);
    }
    from.neighbours = addresses.slice(1, 1 + placesOfAll(LIMITS.peers));
    routes.forget();
    this.hear(addresses, from);
  }

  /** Takes in which nodes there are, as far as we may believe and can use that. */
  hear(addresses: readonly Address[], from: Connection): void {
    const { contacts, sources, log } = this.#host;
    const { news } = sources.of(from);
    const nowMs = performance.now();
    const learnt = addresses.filter((address) =>
      contacts.hear(address, news, nowMs, address.key === from.address?.key),
    );
    if (learnt.length > 0) log('learnt', learnt.map(({ text }) => text).join(' '));
  }
}
