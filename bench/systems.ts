/** All systems that are measured: ours, and those that it is compared with. */

import type { Fleet } from './fleet.js';
import { NatsFleet } from './nats-fleet.js';
import { OurFleet } from './our-fleet.js';
import { type Kind, PeerFleet } from './peer-fleet.js';

export const SYSTEMS = [
  'ours',
  'gossipsub',
  'gossipsub signed',
  'plain-style',
  'NATS JetStream',
  'bare ws',
] as const;
export type System = (typeof SYSTEMS)[number];

const GOSSIPSUB: Kind = { program: 'gossipsub', dials: dialsBefore, degree };

const KINDS: Readonly<Record<Exclude<System, 'ours' | 'NATS JetStream'>, Kind>> = {
  gossipsub: GOSSIPSUB,
  'gossipsub signed': { ...GOSSIPSUB, argument: 'signed' },
  'plain-style': { program: 'plain-style', dials: dialsAll, degree: (size) => size - 1 },
  'bare ws': {
    program: 'bare-ws',
    dials: (place, size) => (place === 0 ? dialsAll(place, size) : []),
    degree: (size) => size - 1,
  },
};

/** Starts `size` nodes of a system, and waits until they are connected; of NATS, always three. */
export function openFleet(system: System, size: number): Promise<Fleet> {
  if (system === 'NATS JetStream') return NatsFleet.open();
  return system === 'ours' ? OurFleet.open(size) : PeerFleet.open(KINDS[system], size);
}

/** Why a system cannot be measured on this machine, if so. */
export function whyMissing(system: System): string | undefined {
  return system === 'NATS JetStream' ? NatsFleet.whyMissing() : undefined;
}

function dialsAll(place: number, size: number): number[] {
  return [...Array(size).keys()].filter((other) => other !== place);
}

/** One of two neighbours dials the other: the one with the higher place. */
function dialsBefore(place: number, size: number): number[] {
  return neighbours(place, size).filter((other) => other < place);
}

function degree(size: number): number {
  return neighbours(0, size).length;
}

/**
 * Those at distances of 1, 2, 4, 8 … in a ring, both ways. In a small ring, these are all. In a
 * large one, they are not many more than gossipsub wants in its mesh, because it gossips with the
 * others too, and still all are near to all.
 */
function neighbours(place: number, size: number): number[] {
  const found = new Set<number>();
  for (let distance = 1; distance < size; distance *= 2) {
    found.add((place + distance) % size).add((place + size - distance) % size);
  }
  found.delete(place);
  return [...found];
}
