import { test } from 'node:test';
import { fuzzFor } from '../support/fuzz-run.js';

test('no bytes make a node fail, or take in what is out of bounds', (t) => fuzzFor(t, 1));
