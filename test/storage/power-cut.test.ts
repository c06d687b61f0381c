/** The power goes at any moment of a write: the next start finds every record that was on disk. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Chain as Blocks, fileOf, grow, text, tipOf, trunkTo } from '../support/chain.js';
import { failureOf } from '../support/failing.js';
import { freePort, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { PowerCuts } from '../support/power-cuts.js';
import { runsOf } from '../support/property.js';
import {
  add,
  BATCH,
  CHAIN,
  checkChain,
  checkPool,
  fileOfRecords,
  folderWith,
  keyOf,
  openChain,
  openPool,
  PAGE_BYTES,
  POOL,
  poolUpTo,
  recover,
  shortened,
  transaction,
} from '../support/recovery.js';

/** Where each state has much to read. */
const FEW = { limit: runsOf(64) };

/** Where in a page a file ends: in the middle, and with its closing before, on and behind a boundary. */
const ENDS = [1000, ...Array.from({ length: 4 }, (_, i) => PAGE_BYTES - 3 + i)];

for (const end of ENDS) {
  test(`an append to a pool that ends at byte ${end} of a page`, async () => {
    const saved = poolUpTo(PAGE_BYTES + end);
    const folder = folderWith(POOL, fileOfRecords(saved));
    const later = [transaction('later', 5000)];
    const states = await PowerCuts.during(
      folder,
      async () => {
        const pool = await openPool(folder);
        await add(pool, BATCH);
        saved.push(...BATCH);
        await add(pool, later);
      },
      (found) => checkPool(found, saved, [...BATCH, ...later]),
    );
    assert.ok(states > 16, `${states}`);
  });
}

test('an append to a pool that somebody else has written', async () => {
  const saved = poolUpTo(PAGE_BYTES);
  const spaces = ' '.repeat(2 * PAGE_BYTES);
  const folder = folderWith(POOL, `\uFEFF${fileOfRecords(saved).trimEnd()}${spaces}`);
  await PowerCuts.during(
    folder,
    async () => add(await openPool(folder), BATCH),
    (found) => checkPool(found, saved, BATCH),
    FEW,
  );
});

/** Some transactions leave a pool, and then others come. */
async function exchange(
  folder: string,
  leaving: readonly string[],
  coming: readonly string[],
  onLeft: () => void,
): Promise<void> {
  const pool = await openPool(folder);
  pool.remove(leaving.map(keyOf));
  await pool.removed();
  onLeft();
  await add(pool, coming);
}

test('transactions that leave the pool, and others that come', async () => {
  const saved = [...BATCH];
  const folder = folderWith(POOL, fileOfRecords(saved));
  const leaving = BATCH.filter((_, i) => i % 3 === 1);
  const staying = BATCH.filter((_, i) => i % 3 !== 1);
  const come = poolUpTo(2 * PAGE_BYTES);
  let left = false;
  await PowerCuts.during(
    folder,
    () =>
      exchange(folder, leaving, come, () => {
        left = true;
      }),
    (found) => {
      // Until then, a start finds the old file or the new one.
      const isOld = fs.readFileSync(join(found, POOL), 'utf8').includes(leaving[0] as string);
      assert.ok(!(left && isOld));
      return checkPool(found, isOld ? saved : staying, come);
    },
    FEW,
  );
});

test('a pool that cannot be replaced, and is written over', async () => {
  const folder = folderWith(POOL, fileOfRecords(BATCH));
  const other = join(folder, 'another name');
  fs.linkSync(join(folder, POOL), other);
  const staying = BATCH.slice(7);
  const come = poolUpTo(2 * PAGE_BYTES);
  let left = false;
  await PowerCuts.during(
    folder,
    () =>
      exchange(folder, BATCH.slice(0, 7), come, () => {
        left = true;
      }),
    async (found) => {
      const { found: records } = await recover(found, POOL, openPool, true);
      const isOld = !left && records[0] === BATCH[0];
      const saved = isOld ? BATCH : staying;
      assert.deepEqual(records.slice(0, saved.length).map(shortened), saved.map(shortened));
    },
    FEW,
  );
  assert.deepEqual(fs.readFileSync(other), fs.readFileSync(join(folder, POOL)));
});

test('a start that mends what an earlier loss of power has left', async () => {
  const saved = poolUpTo(PAGE_BYTES + 1000);
  const whole = Buffer.from(fileOfRecords([...saved, ...BATCH]));
  const end = PAGE_BYTES + 1000;
  for (const lost of [[1], [2], [1, 3]]) {
    const content = Buffer.from(whole);
    for (const page of lost)
      content.fill(0, Math.max(page * PAGE_BYTES, end), (page + 1) * PAGE_BYTES);
    if (lost.includes(1)) content.write('\n]\n', end);
    const folder = folderWith(POOL, content);
    await PowerCuts.during(
      folder,
      async () => (await openPool(folder)).saved(),
      async (found) => {
        const { kept, found: records } = await recover(found, POOL, openPool);
        assert.deepEqual(records.slice(0, saved.length), saved);
        for (const json of BATCH.filter((each) => content.includes(`\n${each}`))) {
          assert.ok(kept.includes(json), shortened(json));
        }
      },
    );
  }
});

/** A chain of some blocks of about a page. */
function chainFrom(trunk: Blocks, mark: string, count: number): Blocks {
  const contents = Array.from({ length: count }, (_, i) => [
    text(`${mark} ${i}`, 'y'.repeat(0.8 * PAGE_BYTES)),
  ]);
  return grow(trunk, ...contents);
}

const TRUNK = chainFrom(trunkTo(1), 'common', 1);
const OLD = chainFrom(TRUNK, 'old', 3);
const NEW = chainFrom(TRUNK, 'new', 4);

test('blocks that are appended, several at once', async () => {
  for (const pad of [0, 1, 2, 3]) {
    const end = fileOf(grow(TRUNK, [text('end', 'z')])).length - '\n]\n'.length;
    const length = (PAGE_BYTES - ((end + pad) % PAGE_BYTES)) % PAGE_BYTES;
    const begun = grow(TRUNK, [text('end', 'z'.repeat(1 + length))]);
    const chain = chainFrom(begun, 'next', 3);
    const folder = folderWith(CHAIN, fileOf(begun));
    const states = await PowerCuts.during(
      folder,
      async () => {
        const opened = await openChain(folder);
        for (const block of chain.slice(begun.length)) opened.append(block);
        await opened.saved();
      },
      (found) => checkChain(found, begun.length, [chain]),
    );
    assert.ok(states > 8, `${states}`);
  }
});

test('blocks that are replaced by others', async () => {
  const folder = folderWith(CHAIN, fileOf(OLD));
  let saved = OLD.length;
  await PowerCuts.during(
    folder,
    async () => {
      const chain = await openChain(folder);
      saved = TRUNK.length;
      await chain.truncate(tipOf(TRUNK).height);
      for (const block of NEW.slice(TRUNK.length)) {
        chain.append(block);
        await chain.saved();
        saved += 1;
      }
    },
    (found) => checkChain(found, saved, [OLD, NEW]),
  );
});

test('what is wrong before the lost pages is refused, and left as it is', async () => {
  const saved = poolUpTo(PAGE_BYTES + 1000);
  const whole = Buffer.from(fileOfRecords([...saved, ...BATCH]));
  whole.fill(0, 2 * PAGE_BYTES, 3 * PAGE_BYTES);
  for (const [at, by, why] of [
    [whole.indexOf('"saved 7"'), '"saved 7;', 'line 9: not JSON'],
    [whole.indexOf(',\n'), ';\n', 'line 2: no comma between two elements'],
    // No page is lost that begins in the middle of one, nor one of which a part is there.
    [3 * PAGE_BYTES - 1, 'x', 'line 35: not JSON'],
    [PAGE_BYTES + 1500, '\0', 'line 21: not JSON'],
  ] as const) {
    const content = Buffer.from(whole);
    content.write(by, at);
    const folder = folderWith(POOL, content);
    const said = await failureOf(() => openPool(folder));
    assert.ok(said.includes(`${POOL}, ${why}; mend it, or move it away`), said);
    assert.deepEqual(fs.readFileSync(join(folder, POOL)), content);
    assert.deepEqual(fs.readdirSync(folder), [POOL]);
  }
});

test('a node says what a loss of power has left, and goes on', () =>
  withHostedNodes(async (network) => {
    const saved = poolUpTo(PAGE_BYTES + 1000);
    const content = Buffer.from(fileOfRecords([...saved, ...BATCH]));
    content.fill(0, 2 * PAGE_BYTES, 3 * PAGE_BYTES);
    const port = await freePort();
    await network.addNode('node-1', port, []);
    fs.writeFileSync(network.path('node-1', POOL), content);
    const node = await network.launch('node-1', port).listening();
    const mended = node.lines.filter((line) => line.includes('] mended: '));
    assert.match(
      mended[0] ?? '',
      /transactions\.json lacks a part, as after a loss of power: the \d+ bytes behind it are now in node-1\/transactions\.json\.torn$/,
    );
    assert.match(mended[1] ?? '', /transactions\.json has \d+ records of them again$/);
    await until('them in the file', async () => (await node.pool()).length > saved.length);
  }));
