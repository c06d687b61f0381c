/** Whom a connection is from, as far as that is certain, and to whom a transaction goes on. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBook } from '../../lib/peers/address-book.js';
import { type Address, parseAddress } from '../../lib/peers/addresses.js';
import { Routes } from '../../lib/peers/routes.js';

const at = (port: number) => parseAddress(`ws://localhost:${port}`) as Address;
const identityOf = (meshId: string) => ({ meshId, wantsReceipts: false });

interface End {
  readonly address: Address;
  readonly identity: ReturnType<typeof identityOf> | undefined;
  readonly neighbours: Address[] | undefined;
}

const end = (port: number, meshId?: string, neighbours?: Address[]): End => ({
  address: at(port),
  identity: meshId === undefined ? undefined : identityOf(meshId),
  neighbours,
});

const [ours, plain, other] = [end(4002, 'a'), end(4003), end(4004)];
const peers = new Map([ours, plain, other].map((peer) => [peer.address.key, peer]));

for (const [what, from, sender] of [
  ['a peer that we dialled is known, plain or not', plain, plain],
  ['one of ours is known by its id at the address it claims', end(4002, 'a'), ours],
  ['one with another id at that address is not', end(4002, 'b'), undefined],
  ['a plain caller is not, whatever address it names first', end(4003), undefined],
  ['a plain caller cannot pass for one of ours', end(4002), undefined],
  ['one of ours cannot pass for a plain peer', end(4003, 'a'), undefined],
] as const) {
  test(what, () => {
    const routes = new Routes<End, End>(peers, new Set([from]), new AddressBook(at(4001)));
    assert.equal(routes.peerBehind(from), sender);
    const others = [ours, plain, other].filter((peer) => peer !== sender);
    assert.deepEqual(routes.from(from), others, 'all but the sender are told');
  });
}
