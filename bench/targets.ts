/** The targets: how fast we mean to be. */

import { OURS } from './experiment.js';

/** A figure of a system in an experiment. */
export interface Subject {
  readonly experiment: string;
  readonly figure: string;
  readonly system: string;
}

/** A figure is to be at least, or at most, `factor` times the reference; without one, `factor`. */
export interface Target {
  readonly subject: Subject;
  readonly bound: '≥' | '≤';
  readonly factor: number;
  readonly reference?: Subject;
}

const [RATE, CPU, SECONDS, LAG] = ['tx/s', 'CPU µs/tx/node', 's', 'lag p99 ms'];
const THREE = 'relay, 3 nodes';
const FEW = 'relay of 4,000, 3 nodes';
const LARGE = 'start, 1,000,000 pooled';
const LATE = 'late joiner, 100,000 pooled';
const APART = 'pools of 1,000,000, 100 apart';
const LATENCY = 'latency at 1,000/s, 3 nodes';
const CHAIN = 'chain of 2,000 blocks';
const LONG = 'start, 1,000,000 in the chain';
const PAGE = 'page open, 3 nodes';
const LAB = 'in the lab, 3 nodes';
const SWARM = 'relay by the swarm, 3 nodes';

export const TARGETS: readonly Target[] = [
  atLeast(20, of(THREE, RATE), of(THREE, RATE, 'gossipsub')),
  atLeast(60, of('relay, 10 nodes', RATE), of('relay, 10 nodes', RATE, 'gossipsub')),
  atLeast(10, of(THREE, RATE), of(THREE, RATE, 'NATS JetStream')),
  atLeast(100, of(FEW, RATE), of(FEW, RATE, 'plain-style')),
  atLeast(0.5, of(THREE, RATE), of(THREE, RATE, 'bare ws')),
  atMost(2, of(THREE, CPU), of(THREE, CPU, 'bare ws')),
  atMost(1.5, of('relay, 20 nodes', CPU), of(THREE, CPU)),
  atLeast(0.9, of(`${THREE}, 1,000,000 pooled`, RATE), of(`${THREE}, 0 pooled`, RATE)),
  atMost(2, of(LARGE, SECONDS), of(LARGE, SECONDS, 'JSON.parse')),
  atMost(250, of(LARGE, 'MB resident')),
  atMost(200, of(LARGE, 'longest lag ms')),
  atMost(3, of(LONG, SECONDS), of(LONG, SECONDS, 'JSON.parse')),
  atLeast(1, of(LATE, RATE), of(LATE, 'tx/s by relay')),
  atMost(128, of(APART, 'KB')),
  atMost(1, of(APART, SECONDS)),
  atMost(1, of('mesh of 20 from one peer', SECONDS)),
  atMost(5, of(LATENCY, 'p99 ms')),
  atMost(1, of(LATENCY, 'p99 ms'), of(LATENCY, 'p99 ms', 'gossipsub')),
  atMost(3, of(CHAIN, SECONDS), of(CHAIN, SECONDS, 'validation alone')),
  atLeast(0.95, of(PAGE, RATE, 'page shown'), of(PAGE, RATE, 'nobody looks')),
  atLeast(0.98, of(LAB, RATE, 'nobody looks'), of(LAB, RATE, 'no lab')),
  atLeast(0.9, of(LAB, RATE, 'lab open'), of(LAB, RATE, 'no lab')),
  atLeast(0.33, of(SWARM, RATE, 'swarm'), of(SWARM, RATE, 'TCP')),
  atMost(1, of(SWARM, LAG, 'swarm'), of(SWARM, LAG, 'TCP')),
];

/** Whether some target is about the figures of a system in an experiment. */
export function hasTarget(name: string, whose: string): boolean {
  return TARGETS.some(({ subject, reference = subject }) =>
    [subject, reference].some(({ experiment, system }) => experiment === name && system === whose),
  );
}

function of(experiment: string, figure: string, system = OURS): Subject {
  return { experiment, figure, system };
}

function atLeast(factor: number, subject: Subject, reference?: Subject): Target {
  return { subject, bound: '≥', factor, ...(reference && { reference }) };
}

function atMost(factor: number, subject: Subject, reference?: Subject): Target {
  return { subject, bound: '≤', factor, ...(reference && { reference }) };
}
