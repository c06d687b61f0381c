/** Connections that are opened in numbers, and for nothing. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Callers, CLAIMANTS, claimAt, settlesAt } from '../support/callers.js';
import { admitsACommand, keepsItsPeer, underAttack } from '../support/load.js';

// Side by side, for most of it is waiting.
describe('a node goes on as if nothing were', { concurrency: 3 }, () => {
  test('while five hundred connections claim to be nodes', () =>
    underAttack(async (load) => {
      const crowd = await Callers.open(load.victim, 500, claimAt);
      await settlesAt(load.victim, CLAIMANTS, () => crowd.open);
      assert.equal(crowd.closedWith(1013), crowd.codes.length, 'no other reason');
      await admitsACommand(load);
      await keepsItsPeer(load);
      crowd.leave();
    }));
});
