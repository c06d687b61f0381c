/** Address books for tests, of a node on port 4001. */

import assert from 'node:assert/strict';
import { AddressBook } from '../../lib/peers/address-book.js';
import { type Address, parseAddress } from '../../lib/peers/addresses.js';
import type { Entry } from '../../lib/peers/entry.js';
import { TokenBucket } from '../../lib/token-bucket.js';

export const read = (text: string) => parseAddress(text) as Address;
export const at = (port: number) => read(`ws://localhost:${port}`);
export const plenty = () => new TokenBucket(1e6, 0);

/** The address book of a node on 4001 that has heard of one address, and its entry, being dialled. */
export function dialled(isKnown = false): { addressBook: AddressBook; entry: Entry } {
  const addressBook = new AddressBook(at(4001));
  if (isKnown) addressBook.addKnown(at(4002), 0);
  else addressBook.hear(read('ws://localhost:4002'), plenty(), 0);
  const [entry] = addressBook.due(0);
  assert.ok(entry !== undefined);
  addressBook.dialling(entry);
  return { addressBook, entry };
}

/** AddressBook of a node that looks for two peers, and has heard of addresses on these ports. */
export function bookWith(...ports: number[]): AddressBook {
  const addressBook = new AddressBook(at(4001), false, 2);
  for (const port of ports) addressBook.hear(at(port), plenty(), 0);
  return addressBook;
}
