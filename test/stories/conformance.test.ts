/** The command that judges anybody's node: what it says, and to whom. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fs from 'fs-extra';
import { until } from '../support/helpers.js';
import {
  conformance,
  failsWhatItBreaks,
  judgedBy,
  STORIES,
  startConformance,
} from '../support/judged.js';
import { temporaryFolder } from '../support/temporary.js';
import { type Mutant, type Variant, writeVariant } from './solution.js';
import { MUTANTS, STYLES } from './variants.js';

const [FIRST, LAST] = STYLES as [Variant, Variant];
const mutant = (name: string) => MUTANTS.find((each) => each.name === name) as Mutant;

const root = temporaryFolder('p2p-learner-');

describe('conformance', { concurrency: 2 }, () => {
  test('passes a solution that does what the exercise says, and nothing more', async () => {
    assert.deepEqual(
      await judgedBy(
        root,
        LAST,
        STORIES.filter((id) => !/^(4|6|9|11|bonus [24])$/.test(id)),
      ),
      [],
    );
  });

  test('fails the one story that a fault breaks', () =>
    failsWhatItBreaks(root, mutant('passes a transaction on for ever'), [
      ...['1', '2', '8', 'bonus 1', 'bonus 2', 'bonus 3'],
    ]));

  test('tells of several nodes in a table, and of their faults in words', async () => {
    const good = await writeVariant(root, FIRST);
    const bad = await writeVariant(root, mutant('dies when a known peer is down'));
    const unset = join(root, 'unset');
    await fs.outputFile(join(unset, 'index.js'), '');
    await fs.outputFile(join(unset, '.env'), 'HOST=localhost\n');
    const stories = ['1', '2', '3'].flatMap((id) => ['--story', id]);
    const { code, stdout } = await conformance(good, bad, unset, ...stories);
    assert.equal(code, 1);
    assert.match(stdout, /^ +1 {2}It listens for .* pass, \d+(\.\d)? s$/m);
    assert.match(
      stdout,
      /^ +2 {2}At its start .* FAIL, [\d.]+ s\n +done: started node-1 with another PORT in its \.env, and <peer A>, <peer B>, /m,
    );
    assert.match(stdout, /^ +seen: the node had ended\n +Its last lines:\n( +\| .*\n)+/m);
    assert.match(stdout, /^ +3 {2}.* not judged: it needs story 2$/m);
    assert.match(
      stdout,
      /^\S+its-own-address-first\S+ +✓ ✓ ✓ {2}3 passed, 0 failed, 0 not judged$/m,
    );
    assert.match(stdout, /^\S+dies-when\S+ +✓ ✗ – {2}1 passed, 1 failed, 1 not judged$/m);
    assert.match(
      stdout,
      /^\S+unset +There is no PORT in \S+unset\/\.env: add a line such as PORT=/m,
    );
    assert.doesNotMatch(stdout, /AssertionError|generatedMessage/);
    const files = await fs.readdir(good);
    assert.ok(!files.includes('peers.json'), 'the original is left as it was');
  });

  test('does not fail a solution for what goes beyond the exercise, unless it is to', async () => {
    const node = await writeVariant(root, { ...FIRST, name: 'without scripts' });
    const scripts = ['--story', '1', '--story', 'beyond 10'];
    const lenient = await conformance(node, ...scripts);
    assert.match(lenient.stdout, /Beyond the exercise; this fails nobody:\n.* FAIL, /);
    assert.equal(lenient.code, 0);
    const strict = await conformance(node, ...scripts, '--strict');
    assert.match(strict.stdout, /seen: there is no clone-node\.js beside node-1$/m);
    assert.equal(strict.code, 1);
  });

  test('explains itself, and tells a mistake in one line', async () => {
    const help = await conformance('--help');
    assert.match(help.stdout, /^Usage: npm run conformance/);
    assert.equal(help.code, 0);
    for (const [args, says] of [
      [['/nowhere'], /^There is no index\.js in \/nowhere: name the folder of a node-1, compiled/],
      [['.', '--story', '99'], /^There is no story 99; there are 1, 2, /],
      [['.', '--colour'], /^Unknown option '--colour'; --help lists what there is$/],
      [[join(root, 'unset')], /^There is no /],
    ] as const) {
      const { code, stdout, stderr } = await conformance(...args);
      assert.match(stderr.trimEnd(), says);
      assert.doesNotMatch(stderr.trimEnd(), /\n/);
      assert.deepEqual([code, stdout], [1, '']);
    }
  });
});

for (const [what, sign, ...args] of [
  ['a story of the exercise', /^ +2 {2}/m],
  ['stories beyond it', /^Beyond the exercise/m, '--story', '1', '--story', 'beyond 1'],
] as const) {
  test(`conformance is ended by Ctrl-C during ${what}, and leaves no process and no file`, async () => {
    const node = await writeVariant(root, { ...FIRST, name: `interrupted in ${what}` });
    const own = await fs.mkdtemp(join(root, 'temporary-'));
    const { TMPDIR } = process.env;
    process.env.TMPDIR = own;
    const judging = startConformance(node, ...args);
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    await until('a story to begin', () => sign.test(judging.stdout));
    // In the midst of what it does first: it copies the node, and starts it.
    await until('a copy', async () => (await fs.readdir(own)).length > 0);
    assert.equal(await judging.end('SIGINT'), 130, judging.stderr);
    assert.match(judging.stdout, /\nInterrupted\n$/);
    assert.deepEqual(await fs.readdir(own), []);
    await until('no process in its folders', async () => (await processesIn(own)).length === 0);
  });
}

/** The processes in a folder, also if that is gone; only Linux tells. */
async function processesIn(folder: string): Promise<string[]> {
  const ids = (await fs.readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const places = ids.map((id) => fs.readlink(`/proc/${id}/cwd`).catch(() => ''));
  const found = await Promise.all(places);
  return ids.filter((_, index) => found[index]?.startsWith(folder));
}
