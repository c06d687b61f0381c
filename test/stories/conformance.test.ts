/** The command that judges anybody's node: what it says, and to whom. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { outcomeOfScript } from '../support/failing.js';
import { PROJECT } from '../support/helpers.js';
import { conformance, isInterruptible, judgedBy } from '../support/judged.js';
import { temporaryFolder } from '../support/temporary.js';
import { type Variant, writeVariant } from './solution.js';
import { STYLES } from './variants.js';

const [FIRST, LAST] = STYLES as [Variant, Variant];

/** For what is decided by the arguments alone. */
const inThisProcess = (...args: string[]) =>
  outcomeOfScript(join(PROJECT, 'test/stories/conformance.js'), args);

const root = temporaryFolder('p2p-learner-');

describe('conformance', { concurrency: 2 }, () => {
  test('passes a solution that does what the exercise says, and nothing more', async () => {
    assert.deepEqual(await judgedBy(root, LAST, ['1', '2', '3', 'bonus 1']), []);
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
