/** The verdicts of the judge on solutions that are right in all styles, and wrong in one thing each. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OUR_NODE } from '../support/helpers.js';
import {
  conformance,
  failsWhatItBreaks,
  isInterruptible,
  judgedBy,
  STORIES,
} from '../support/judged.js';
import { temporaryFolder } from '../support/temporary.js';
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

test('our own node passes everything, also what goes beyond the exercise', async () => {
  const { code, stdout } = await conformance(OUR_NODE, '--strict');
  assert.match(stdout, / 0 failed, 0 not judged\n$/);
  assert.equal(code, 0, stdout);
});

test('conformance is ended by Ctrl-C also during stories beyond the exercise', () =>
  isInterruptible(root, /^Beyond the exercise/m, '--story', '1', '--story', 'beyond 1'));
