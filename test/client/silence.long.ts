/** A program that says nothing for a while, and a node that does nothing for a while. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../lib/client/index.js';
import { give } from '../support/client.js';
import { DEADLINE_MS, until, within } from '../support/helpers.js';
import { withNetwork } from '../support/network.js';

test('a program that adds nothing takes no slot of a client, and may add later', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    const client = await connect(node.address);
    assert.equal((await client.add({ id: 'a' })).status, 'accepted');
    assert.equal((await client.status()).node.clients, 1);
    await until('a free slot', async () => (await client.status()).node.clients === 0);
    assert.equal((await client.add({ id: 'b' })).status, 'accepted');
    await client.close();
    assert.doesNotMatch(node.stdout, /closed|refused|1008|1013/);
  }));

test('a loop over a node that is stopped goes on when it does, and says what it waits for', () =>
  withNetwork(async (network) => {
    const node = await network.startNode();
    const lost: string[] = [];
    const onLost = ({ message }: Error) => lost.push(message);
    const client = await connect(node.address, { patienceMs: 1000, onLost });
    await give(node.address, ['a']);
    const ids: unknown[] = [];
    const loop = (async () => {
      for await (const { transaction } of client.transactions({ after: 0 })) {
        ids.push(transaction.id);
        if (transaction.id === 'b') break;
      }
    })();
    await until('the first', () => ids.length === 1);
    node.process.kill('SIGSTOP');
    await until('word of it', () => lost.length > 0);
    await assert.rejects(client.add({ id: 'late' }), /has given no receipt for 1 s/);
    node.process.kill('SIGCONT');
    await give(node.address, ['b']);
    await within(DEADLINE_MS, loop);
    assert.deepEqual(
      ids.filter((id) => id !== 'late'),
      ['a', 'b'],
    );
    assert.match(lost[0] as string, /has not answered for 1 s; is it stopped/);
    await client.close();
  }));
