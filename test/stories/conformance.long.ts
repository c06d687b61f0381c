/** The verdicts of the judge on solutions that are right in all styles, and wrong in one thing each. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fs from 'fs-extra';
import { OUR_NODE } from '../support/helpers.js';
import {
  conformance,
  failsWhatItBreaks,
  isInterruptible,
  judgedBy,
  STORIES,
} from '../support/judged.js';
import { temporaryFolder } from '../support/temporary.js';
import { type Mutant, type Variant, writeVariant } from './solution.js';
import { MUTANTS, STYLES } from './variants.js';

const root = temporaryFolder('p2p-learner-');

describe('a correct solution passes, whatever its style', { concurrency: 2 }, () => {
  for (const style of STYLES) {
    test(style.name, async () => assert.deepEqual(await judgedBy(root, style, STORIES), []));
  }
});

describe('a fault fails the story that it breaks, and no other', { concurrency: 2 }, () => {
  for (const mutant of MUTANTS) {
    test(mutant.name, () => failsWhatItBreaks(root, mutant, STORIES));
  }
});

test('tells of several nodes in a table, and of their faults in words', async () => {
  const good = await writeVariant(root, STYLES[0] as Variant);
  const faulty = MUTANTS.find(({ name }) => name === 'dies when a known peer is down');
  const bad = await writeVariant(root, faulty as Mutant);
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
  assert.match(stdout, /^\S+its-own-address-first\S+ +✓ ✓ ✓ {2}3 passed, 0 failed, 0 not judged$/m);
  assert.match(stdout, /^\S+dies-when\S+ +✓ ✗ – {2}1 passed, 1 failed, 1 not judged$/m);
  assert.match(stdout, /^\S+unset +There is no PORT in \S+unset\/\.env: add a line such as PORT=/m);
  assert.doesNotMatch(stdout, /AssertionError|generatedMessage/);
  const files = await fs.readdir(good);
  assert.ok(!files.includes('peers.json'), 'the original is left as it was');
});

test('our own node passes everything, also what goes beyond the exercise', async () => {
  const { code, stdout } = await conformance(OUR_NODE, '--strict');
  assert.match(stdout, / 0 failed, 0 not judged\n$/);
  assert.equal(code, 0, stdout);
});

test('conformance is ended by Ctrl-C also during stories beyond the exercise', () =>
  isInterruptible(root, /^Beyond the exercise/m, '--story', '1', '--story', 'beyond 1'));
