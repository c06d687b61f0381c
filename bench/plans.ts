/** What is measured, and how much of it. */

import { chainGroup } from './chain.js';
import type { Group } from './experiment.js';
import { formationGroup } from './formation.js';
import { labGroup } from './lab.js';
import { lateJoinerGroup } from './late-joiner.js';
import { latencyGroup } from './latency.js';
import { pageGroup } from './page.js';
import { reconciliationGroup } from './reconciliation.js';
import { pooledGroup, RELAY_SIZES, relayGroup, rewritingGroup } from './relay.js';
import { startGroup } from './start.js';
import { swarmGroup } from './swarm.js';

/** Share of the work that is enough to see that all of it runs. */
const SMALL = 0.1;

/** The groups of a full run. */
export function fullGroups(): Group[] {
  return [
    ...growthGroups(false),
    rewritingGroup(),
    latencyGroup(),
    startGroup(1_000_000),
    lateJoinerGroup(100_000),
    reconciliationGroup(1_000_000, [0, 1, 100, 10_000]),
    formationGroup(20),
    chainGroup(2000),
    pageGroup(50_000),
    labGroup(50_000),
    swarmGroup(),
  ];
}

/** What the charts show: more and more nodes, and larger and larger pools. */
export function growthGroups(isQuick: boolean): Group[] {
  if (isQuick) return [relayGroup(3, SMALL), relayGroup(10, SMALL), pooledGroup(10_000, SMALL)];
  return [...RELAY_SIZES.map((size) => relayGroup(size)), pooledGroup(3_000_000)];
}

/** The groups of a quick run: only the lighter ones, with less work. */
export function quickGroups(): Group[] {
  return [
    relayGroup(3),
    startGroup(100_000),
    reconciliationGroup(100_000, [100]),
    formationGroup(10),
  ];
}
