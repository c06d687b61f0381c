/** A chain on disk whose latest blocks are replaced. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chain } from '../../lib/chain/index.js';
import { grow, text, trunkTo } from '../support/chain.js';
import { temporaryFolder } from '../support/temporary.js';

test('of blocks that replace others, the transactions are counted from where the others began', async () => {
  const chain = await Chain.open(temporaryFolder(), () => {});
  const shared = grow(trunkTo(0), [text('shared')]);
  const ours = grow(shared, [text('a'), text('b'), text('c')]);
  const theirs = grow(shared, [text('d')], [text('a'), text('e')]);
  for (const block of ours.slice(1)) chain.append(block);
  await chain.truncate(1);
  for (const block of theirs.slice(2)) chain.append(block);
  assert.deepEqual(
    chain.latest(4).map(({ transactions }) => transactions),
    [2, 1, 1, 0],
  );
  const keys = theirs.flatMap((block) => block.transactions.map(({ key }) => key));
  assert.ok(keys.every((key) => chain.has(key)));
  const gone = ours[2]?.transactions.slice(1).map(({ key }) => key) ?? [];
  assert.ok(gone.length === 2 && !gone.some((key) => chain.has(key)));
  await chain.saved();
});
