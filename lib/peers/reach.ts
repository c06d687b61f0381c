/**
 * Where this node may go, and on whose word: from where its own address is reached, and where the
 * names lead that it dials.
 */

import type { LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../limits.js';
import type { Log } from '../log.js';
import {
  type Address,
  isDiallable,
  lookupWith,
  type Scope,
  scopeOf,
  scopeOfName,
} from './addresses.js';
import { type Found, Lookups } from './lookups.js';

export class Reach {
  /** A name counts as public until it has been looked up. */
  scope: Scope;
  readonly #ownName: string | undefined;
  /** The IP addresses that our own name leads to. */
  #ownPlaces: ReadonlySet<string> = new Set();
  // Names that peers tell us never keep those waiting that a person wrote.
  readonly #written = new Lookups();
  readonly #learnt = new Lookups();
  readonly #log: Log;

  constructor(own: Address, log: Log) {
    this.scope = own.scope;
    this.#ownName = own.name;
    this.#log = log;
  }

  /** The `lookup` of a dial: an address that a person wrote may lead anywhere. */
  lookupFor({ isKnown }: { readonly isKnown: boolean }): LookupFunction {
    const lookups = isKnown ? this.#written : this.#learnt;
    const mayLead = (address: string) =>
      isKnown || this.#ownPlaces.has(address) || isDiallable(this.scope, scopeOf(address));
    return lookupWith((name) => lookups.find(name), mayLead);
  }

  /** Finds out from where we are reached: resolves when a name server has told where our name leads. */
  async locate(): Promise<void> {
    if (this.#ownName === undefined) return;
    const found = await this.#findOwn(this.#ownName);
    this.#ownPlaces = new Set(found.map(({ address }) => address));
    this.scope = scopeOfName(found);
  }

  async #findOwn(name: string): Promise<Found> {
    for (;;) {
      try {
        return await this.#written.find(name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOTFOUND') return [];
        const waits =
          'addresses in private networks that peers name are not dialled until one does';
        this.#log('waiting', `no name server says where our own ADDRESS, ${name}, leads: ${waits}`);
        await sleep(LIMITS.backoffLongestMs, undefined, { ref: false });
      }
    }
  }
}
