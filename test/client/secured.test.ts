/** A program and a network with a secret, and with TLS. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { connect } from '../../lib/client/index.js';
import { makeCertificate } from '../support/certificates.js';
import { FakeNode } from '../support/fake-node.js';
import { withHostedNodes } from '../support/hosted.js';
import { configure, startNode } from '../support/secured.js';

const SECRET = 'correct horse battery staple';

test('a node with a secret and TLS lets in who has both, and says what is missing', () =>
  withHostedNodes(async (network) => {
    await makeCertificate(network.root, 'ours');
    const tls = ['TLS_CERT=../ours.pem', 'TLS_KEY=../ours-key.pem', 'TLS_CA=../ours.pem'];
    await configure(network, `NETWORK_SECRET=${SECRET}`, ...tls);
    const { port } = await startNode(network, 'node-1');
    const address = `wss://127.0.0.1:${port}`;
    const ca = await network.read('ours.pem');
    const asBytes = new Uint8Array(readFileSync(network.path('ours.pem')));
    for (const each of [ca, asBytes]) {
      const client = await connect(address, { secret: SECRET, ca: each });
      assert.match((await client.add({ id: 'a' })).status, /^(accepted|known)$/);
      for await (const { transaction } of client.transactions({ after: 0 })) {
        assert.equal(transaction.id, 'a');
        break;
      }
      assert.equal((await client.block(0))?.height, 0);
      await client.close();
    }
    const untold = { name: 'NodeError', message: /only who knows its NETWORK_SECRET/ };
    await assert.rejects(connect(address, { ca }), untold);
    await assert.rejects(connect(address, { ca, secret: 'wrong' }), untold);
    const untrusted = { name: 'NodeError', message: /its certificate is from nobody/ };
    await assert.rejects(connect(address, { secret: SECRET }), untrusted);
    const plain = { name: 'NodeError', message: /it hangs up: .* or it is wss:/ };
    await assert.rejects(connect(`ws://127.0.0.1:${port}`, { secret: SECRET }), plain);
  }));

test('a secret that is another one after a restart ends what waits, and is not tried for long', async () => {
  const fake = await FakeNode.open();
  const client = await connect(fake.address, { secret: SECRET });
  fake.refuses = true;
  fake.clients[0]?.terminate();
  await assert.rejects(client.add({ id: 'a' }), {
    name: 'NoReceiptError',
    isForGood: true,
    message: /only who knows its NETWORK_SECRET/,
  });
  await client.close();
  await fake.close();
});
