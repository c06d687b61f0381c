import { test } from 'node:test';
import { followThroughKills } from '../support/follower.js';

test('who follows misses nothing and is given nothing twice, however often the node is killed', () =>
  followThroughKills(8));
