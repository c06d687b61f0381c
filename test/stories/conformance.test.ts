/** The command that judges anybody's node: what it says, and to whom. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fs from 'fs-extra';
import { outcomeOfScript } from '../support/failing.js';
import { PROJECT } from '../support/helpers.js';
import { conformance, isInterruptible, judgedBy, STORIES } from '../support/judged.js';
import { temporaryFolder } from '../support/temporary.js';
import { type Mutant, type Variant, writeVariant } from './solution.js';
import { MUTANTS, STYLES } from './variants.js';

const [FIRST, LAST] = STYLES as [Variant, Variant];
const mutant = (name: string) => MUTANTS.find((each) => each.name === name) as Mutant;

/** For what is decided by the arguments alone. */
const inThisProcess = (...args: string[]) =>
  outcomeOfScript(join(PROJECT, 'test/stories/conformance.js'), args);

const root = temporaryFolder('p2p-learner-');

describe('conformance', { concurrency: 2 }, () => {
  test('passes a solution that does what the exercise says, and nothing more', async () => {
    assert.deepEqual(
      await judgedBy(
        root,
        LAST,
        STORIES.filter((id) => /^([123578]|bonus [13])$/.test(id)),
      ),
      [],
    );
  });

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
});

test('conformance is ended by Ctrl-C, and leaves no process and no file', () =>
  isInterruptible(root, /^ +2 {2}/m));

test('conformance explains itself, and tells a mistake in one line', async () => {
  const help = await inThisProcess('--help');
  assert.match(help.stdout, /^Usage: npm run conformance/);
  assert.equal(help.code, 0);
  for (const [run, args, says] of [
    [
      conformance,
      ['/nowhere'],
      /^There is no index\.js in \/nowhere: name the folder of a node-1, compiled/,
    ],
    [inThisProcess, ['.', '--story', '99'], /^There is no story 99; there are 1, 2, /],
    [inThisProcess, ['.', '--colour'], /^Unknown option '--colour'; --help lists what there is$/],
  ] as const) {
    const { code, stdout, stderr } = await run(...args);
    assert.match(stderr.trimEnd(), says);
    assert.doesNotMatch(stderr.trimEnd(), /\n/);
    assert.deepEqual([code, stdout], [1, '']);
  }
});
