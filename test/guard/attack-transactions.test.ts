/** Transactions at the edge of what is allowed and beyond it, and two that claim one id. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, Client } from '../support/client.js';
import { connectTo, say, until } from '../support/helpers.js';
import { underAttack, untilPoolHolds } from '../support/load.js';
import type { RunningNode } from '../support/program.js';
import type { TrapServer } from '../support/trap-servers.js';

type Id = string | number | null;

const REPEATS = 50;
const deep = (levels: number): unknown => (levels === 0 ? 1 : { in: deep(levels - 1) });
const deepArray = (levels: number): unknown => (levels === 0 ? 1 : [deepArray(levels - 1)]);
/** A transaction of so many bytes, not all of them ASCII. */
function large(id: string, bytes: number): object {
  const rest = bytes - Buffer.byteLength(JSON.stringify({ id, pad: 'é' }));
  return { id, pad: `é${'x'.repeat(rest)}` };
}

const rejections: [what: string, value: unknown, id: Id, reason: RegExp][] = [
  ['a byte too large', large('a', 65_537), 'a', /of more than 65536 bytes/],
  ['as large as a frame', large('a', 1024 * 1024 - 30), null, /of more than 65536 bytes/],
  ['a level too deep', { id: 5, in: deep(32) }, 5, /more than 32 levels deep/],
  ['deep in arrays', { id: 5, in: deepArray(32) }, 5, /more than 32 levels deep/],
  ['very deep', { id: 5, in: deepArray(1000) }, 5, /more than 32 levels deep/],
  ['an array', [{ id: 'a' }], null, /not an object/],
  ['null', null, null, /not an object/],
  ['a string', 'a', null, /not an object/],
  ['a number', 7, null, /not an object/],
  ['true', true, null, /not an object/],
  ['nothing', undefined, null, /not an object/],
  ['one with an object as its id', { id: {}, hash: 'h' }, null, /id or hash is not usable/],
  ['one with an array as its id', { id: ['a'], hash: 'h' }, null, /id or hash is not usable/],
  ['one with a truth as its id', { id: true, hash: 'h' }, null, /id or hash is not usable/],
  ['one with an empty id', { id: '', hash: 'h' }, null, /id or hash is not usable/],
  ['one with too long an id', { id: 'x'.repeat(257) }, null, /id or hash is not usable/],
  ['one with a very long id', { id: 'x'.repeat(900_000) }, null, /of more than 65536 bytes/],
  ['one with too long a hash', { hash: 'x'.repeat(257) }, null, /id or hash is not usable/],
];

/** What only just keeps the rules. */
const fitting: { id: string | number; [name: string]: unknown }[] = [
  { ...large('large', 65_536), id: 'large' },
  { id: 'deep', in: deep(31) },
  { id: 'deep in arrays', in: deepArray(31) },
  { id: 'x'.repeat(256) },
  { id: '😀'.repeat(128) },
  { id: 0 },
  { id: -1.5 },
  { id: ' ' },
];

/** Sends the texts of transactions to each client, as many times, and waits until all are read. */
async function sendAll(clients: Client[], texts: string[], times = 1): Promise<void> {
  const counts = clients.map(({ receipts }) => receipts.length + times * texts.length);
  for (let i = 0; i < times; i++) {
    for (const { socket } of clients) {
      for (const json of texts) socket.send(`{"type":"TRANSACTION","data":${json}}`);
    }
  }
  await Promise.all(clients.map((client, index) => client.received(counts[index])));
}

const conflictsAt = (node: RunningNode, id: string) =>
  node.lines.filter((line) => line.includes(`conflict: transaction ${id} has other content from `));

/** What a node has on disk under an id, which must be there soon, and once. */
async function storedAt(node: RunningNode, id: string): Promise<Record<string, unknown>> {
  let found: Record<string, unknown>[] = [];
  await until(`${node.name} to have ${id}`, async () => {
    found = (await node.pool()).filter((transaction) => transaction.id === id);
    return found.length > 0;
  });
  assert.equal(found.length, 1, `${node.name} has ${id} ${found.length} times`);
  return found[0] as Record<string, unknown>;
}

/** How often each node has sent a transaction to a trap, by the address that the node gives. */
function copiesAt(trap: TrapServer, id: string): Record<string, number> {
  const copies: Record<string, number> = {};
  for (const { headers, frames } of trap.callers) {
    const from = String(headers['mesh-address']);
    const here = frames.filter((frame) => JSON.parse(frame).data?.id === id);
    copies[from] = (copies[from] ?? 0) + here.length;
  }
  return copies;
}

describe('attacks with transactions', { concurrency: 2 }, () => {
  test('a transaction that breaks a rule is rejected with a reason, those around it are not', () =>
    underAttack(async ({ victim }) => {
      const around: string[] = [];
      for (const [what, value, id, reason] of rejections) {
        const [before, behind] = [`before ${what}`, `behind ${what}`];
        const receipts = await ask(victim.address, { id: before }, value, { id: behind });
        assert.deepEqual(
          receipts.map((receipt) => [receipt.id, receipt.status]),
          [
            [before, 'accepted'],
            [id, 'rejected'],
            [behind, 'accepted'],
          ],
          what,
        );
        assert.match(receipts[1]?.reason ?? '', reason, what);
        around.push(before, behind);
      }
      await untilPoolHolds(victim, around);
    }));

  test('what only just keeps the rules is accepted, kept as it is and passed on', () =>
    underAttack(async ({ victim, honest }) => {
      const receipts = await ask(victim.address, ...fitting);
      const ids = fitting.map(({ id }) => id);
      assert.deepEqual(
        receipts,
        ids.map((id) => ({ id, status: 'accepted' })),
      );
      await untilPoolHolds(victim, ids);
      for (const node of [victim, honest]) {
        await until(`all of them at ${node.name}`, async () => {
          const lines = (await node.poolText()).split(/,?\n/);
          return fitting.every((transaction) => lines.includes(JSON.stringify(transaction)));
        });
      }
    }));

  test('of two contents under one id, the first to come stays, and one line tells of the other', () =>
    underAttack(async ({ network, victim, honest }) => {
      const nodes = [victim, honest];
      const trap = await network.trap();
      for (const { address } of nodes) {
        await say(address, { type: 'HANDSHAKE', data: [trap.address] });
      }
      await until('both to be connected to the trap', () => trap.openCallers.length === 2);
      const clients = await Promise.all(nodes.map(({ address }) => Client.open(address)));
      for (const id of ['contested1', 'contested2', 'contested3']) {
        const contents = ['alice', 'bob'].map((toAddress) => ({ id, toAddress, amount: 1 }));
        const texts = contents.map((content) => JSON.stringify(content));
        // Each node gets one of them at the same time.
        await Promise.all(
          clients.map((client, number) => sendAll([client], [texts[number] as string])),
        );
        const first = await Promise.all(nodes.map((node) => storedAt(node, id)));
        await sendAll(clients, texts, REPEATS);
        for (const [number, node] of nodes.entries()) {
          await until(`a line about ${id} at ${node.name}`, () => conflictsAt(node, id).length > 0);
          assert.deepEqual(await storedAt(node, id), first[number], `the first ${id} stays`);
        }
      }
      for (const node of nodes) {
        for (const id of ['contested1', 'contested2', 'contested3']) {
          assert.equal(conflictsAt(node, id).length, 1, conflictsAt(node, id).join('\n'));
          const copies = copiesAt(trap, id)[node.address] ?? 0;
          assert.equal(copies, 1, `${copies} copies of ${id} from ${node.name}`);
        }
      }
      for (const { socket } of clients) socket.terminate();
    }));

  test('one content in several spellings is one transaction, and no conflict', () =>
    underAttack(async ({ victim, honest }) => {
      const nodes = [victim, honest];
      const clients = await Promise.all(nodes.map(({ address }) => Client.open(address)));
      const spellings = [
        '{"id":"same","amount":1.0,"zero":-0,"note":{"a":1,"b":[1e2,"\\u00e9"]}}',
        '{ "note" : { "b" : [ 100 , "é" ] , "a" : 1.00 } , "zero":0,"amount" : 1, "id" : "s\\u0061me" }',
        '{"amount":0.1e1,"amount":10e-1,"id":"same","note":{"b":[100.0,"é"],"a":1},"zero":0.0}',
      ];
      await Promise.all(
        clients.map((client, number) => sendAll([client], [spellings[number] as string])),
      );
      await sendAll(clients, spellings, REPEATS);
      for (const [number, node] of nodes.entries()) {
        assert.doesNotMatch(node.stdout, /conflict: /, node.name);
        await storedAt(node, 'same');
        const statuses = new Set(clients[number]?.receipts.map(({ status }) => status));
        statuses.delete('accepted');
        assert.deepEqual([...statuses], ['known']);
      }
      for (const { socket } of clients) socket.terminate();
    }));

  test('contents that have no canonical form can claim one id, and harm nobody', () =>
    underAttack(async ({ victim }) => {
      const contents = ['1e400', '-1e400', '"\\ud800"', '"\\udc00"', '{"__proto__":1}', '{}'];
      const socket = await connectTo(victim.address);
      for (let i = 0; i < REPEATS; i++) {
        for (const content of contents) {
          socket.send(`{"type":"TRANSACTION","data":{"id":"odd","content":${content}}}`);
        }
      }
      socket.send('{"type":"TRANSACTION","data":{"id":"after"}}');
      await untilPoolHolds(victim, ['odd', 'after']);
      assert.ok((await victim.poolText()).includes('{"id":"odd","content":1e400}'));
      socket.terminate();
    }));
});
