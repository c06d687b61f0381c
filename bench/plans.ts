/** What is measured, how often, and how long that takes. */

import { chainGroup } from './chain.js';
import { type Experiment, type Group, type Plan, roundsOf } from './experiment.js';
import { formationGroup } from './formation.js';
import { labGroup } from './lab.js';
import { lateJoinerGroup } from './late-joiner.js';
import { latencyGroup } from './latency.js';
import { pageGroup } from './page.js';
import { reconciliationGroup } from './reconciliation.js';
import { pooledGroup, relayGroup, rewritingGroup } from './relay.js';
import { chainStartGroup, startGroup } from './start.js';
import { swarmGroup } from './swarm.js';
import { hasTarget } from './targets.js';

/** What all of it may take on two processors, by what was measured on them while they did nothing else. */
export const FULL_MINUTES = 15;
export const QUICK_MINUTES = 3;

/** Share of the work that is enough to see that all of it runs. */
const SMALL = 0.1;

/** A full run. */
export function fullPlans(): Plan[] {
  return [
    ...growthPlans(false),
    aimed(rewritingGroup(), 99),
    aimed(latencyGroup(), 41),
    aimed(startGroup(1_000_000), 29),
    aimed(chainStartGroup(1000), 43),
    aimed(lateJoinerGroup(100_000), 20),
    aimed(reconciliationGroup(1_000_000, [100, 10_000]), 42),
    aimed(formationGroup(20), 28),
    aimed(chainGroup(2000), 10),
    aimed(pageGroup(50_000), 46),
    plan(labGroup(50_000), 5, 90),
    aimed(swarmGroup(), 25),
  ];
}

/** What the charts show: more and more nodes, and larger and larger pools. */
export function growthPlans(isQuick: boolean): Plan[] {
  if (isQuick) {
    return [
      plan(relayGroup(3, SMALL), 1, 20),
      plan(relayGroup(10, SMALL), 1, 40),
      plan(pooledGroup(10_000, SMALL), 1, 20),
    ];
  }
  return [
    aimed(relayGroup(3), 72),
    aimed(relayGroup(10), 58),
    aimed(relayGroup(20), 76),
    aimed(relayGroup(40), 100),
    aimed(pooledGroup(3_000_000), 120),
  ];
}

/** A quick run: only the lighter ones, with less work. */
export function quickPlans(): Plan[] {
  return [
    plan(relayGroup(3), 3, 45),
    plan(startGroup(100_000), 3, 6),
    plan(reconciliationGroup(100_000, [100]), 3, 6),
    plan(formationGroup(10), 3, 10),
  ];
}

/** Number of runs of some plans. */
export function runsOf(plans: readonly Plan[]): number {
  const runs = plans.flatMap((plan) => plan.group.map((each) => roundsOf(each, plan)));
  return runs.reduce((sum, each) => sum + each, 0);
}

/** About how many seconds some plans take on two processors. */
export function secondsOf(plans: readonly Plan[]): number {
  return plans.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Seconds as a person tells them: in minutes if they are more than two. */
export function describeSeconds(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;
}

/** What has a target is measured three times, and all else once. */
function aimed(group: Group, seconds: number): Plan {
  const rounds = ({ name, system }: Experiment) => (hasTarget(name, system) ? 3 : 1);
  return plan(
    group.map((each) => ({ ...each, rounds: rounds(each) })),
    3,
    seconds,
  );
}

function plan(group: Group, rounds: number, seconds: number): Plan {
  return { group, rounds, seconds };
}
