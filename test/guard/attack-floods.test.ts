import { test } from 'node:test';
import { floodAndCount } from '../support/flood.js';
import { underAttack } from '../support/load.js';

test('of twenty thousand transactions at once, half of them known, nothing is lost', () =>
  underAttack((load) => floodAndCount(load, 10_000)));
