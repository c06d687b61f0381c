import { test } from 'node:test';
import { killUnderLoad } from '../support/pool-kills.js';

test('100 kills under load cost no transaction that has its receipt, and double none', (t) =>
  killUnderLoad(t, { nodes: 2, kills: 100 }));
