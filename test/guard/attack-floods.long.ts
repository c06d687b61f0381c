import { test } from 'node:test';
import { floodAndCount } from '../support/flood.js';
import { underSiege } from '../support/load.js';

test('of two hundred thousand transactions at once, half of them known, nothing is lost', () =>
  underSiege((load) => floodAndCount(load, 100_000)));
