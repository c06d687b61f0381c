/** A node that begins with a pool which somebody else has written. */

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { askStatus } from './client.js';
import { freePort, makeTransaction, until } from './helpers.js';
import { withNetwork } from './network.js';

const FILE = 'node-1/transactions.json';
export const OLD = [{ id: 'old', note: 'Grüße, €' }, { id: 7 }];
export const PRETTY = JSON.stringify(OLD, null, 2);

/**
 * Starts a node whose transactions.json is this text, or is not there, and checks that it appends to
 * it, leaves what was there as it was, and knows all of it when it starts again.
 *
 * @param old what the text holds
 */
export function appendsTo(text: string | undefined, old: readonly object[]): Promise<void> {
  return withNetwork(async (network) => {
    const port = await freePort();
    await network.addNode('node-1', port, []);
    if (text === undefined) await rm(network.path(FILE));
    else await network.write(FILE, text);
    const node = await network.launch('node-1', port).listening();
    const [first, second] = [makeTransaction('first'), makeTransaction('second')];
    assert.deepEqual(await askStatus(node.address, ...old, first), [
      ...old.map(() => 'known'),
      'accepted',
    ]);
    assert.deepEqual(await askStatus(node.address, second, first), ['accepted', 'known']);
    assert.deepEqual(JSON.parse(await node.poolText()), [...old, first, second]);
    const own = text?.slice(0, Math.max(text.lastIndexOf('}'), text.indexOf('[')) + 1) ?? '';
    assert.ok((await node.poolText()).startsWith(own.replace('\uFEFF', '   ')));

    await node.end('SIGKILL');
    const again = await network.launch('node-1', port).listening();
    const line = `${old.length + 2} transactions in the pool`;
    await until(`the line «${line}»`, () => again.stdout.includes(line));
    const all = [...old, first, second];
    assert.deepEqual(
      await askStatus(again.address, ...all),
      all.map(() => 'known'),
    );
    assert.equal(again.stdout.includes('mended'), false);
  });
}
