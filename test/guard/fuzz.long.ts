import { test } from 'node:test';
import { fuzzFor } from '../support/fuzz-run.js';

test('nor do they in a minute', (t) => fuzzFor(t, 60));
