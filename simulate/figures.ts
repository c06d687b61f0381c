/** The results: figures of a network, for people to read. */

import type { Network } from './network.js';
import type { Node } from './node.js';
import type { Transaction } from './transactions.js';

const TRANSACTION_BYTES = 250;
const SHARES = [0.5, 0.99, 1];

/**
 * Returns lines with the figures of a network.
 *
 * @param wholeMs how long after the last start it was whole; undefined if it never was
 */
export function describe(network: Network, wholeMs: number | undefined): string {
  const { relay, dials, handshakes, handshakeBytes } = network;
  const transactions = relay.transactions.all;
  const size = network.nodes.length;
  const up = upIn(network);
  const all = transactions.map(fateOf);
  const total = (of: (fate: Fate) => number) => sum(all.map(of));
  const pairs = total(({ witnesses }) => witnesses);
  const copies = sum(transactions.map((each) => each.copies)) / (size * all.length);
  const delays = all.map(({ delaysMs, witnesses }) =>
    SHARES.map((share) => delaysMs[Math.ceil(witnesses * share) - 1] ?? Number.NaN),
  );
  const times = SHARES.map((_, i) => mean(delays.map((each) => each[i] as number)));
  const hops = all.flatMap((each) => each.hops);
  const rows = [
    ['nodes up', `${up.length} of ${size}`],
    ['all connected', seconds(wholeMs, 'after the last has started')],
    ['peers it dialled', spread(up.map(({ peers }) => peers.size))],
    ['peers that dialled it', spread(up.map(({ callers }) => callers.size))],
    ['dials per node', show(dials / size)],
    ['HANDSHAKEs per node', `${show(handshakes / size)}, ${show(handshakeBytes / size / 1000)} KB`],
    ['reached by relay', percent(total(({ relayed }) => relayed) / pairs)],
    ['and by comparing', percent(total(({ reached }) => reached) / pairs)],
    ['all who are up have', percent(mean(transactions.map((each) => shareOf(each, up))))],
    ['copies per node', show(copies)],
    ['KB per node', show((copies * TRANSACTION_BYTES) / 1000)],
    ['hops', `${show(mean(hops))}, ${hops.reduce((a, b) => Math.max(a, b), 0)} at most`],
    ['at 50, 99, 100 %', times.map((ms) => (ms >= 0 ? `${ms.toFixed(0)} ms` : 'never')).join(', ')],
  ];
  return rows.map(([name = '', figure]) => `${name.padEnd(22)} ${figure}`).join('\n');
}

/** The nodes that are up. */
export function upIn({ nodes }: Network): Node[] {
  return nodes.filter((node) => node !== undefined);
}

/** Whether all nodes are up, and what any one of them sends reaches all. */
export function isWhole({ nodes }: Network): boolean {
  const [first] = nodes;
  if (first === undefined) return false;
  const hearers = reach(first, (node) => [...node.peers.values()].map(({ link }) => link.to));
  const tellers = reach(first, (node) => [...node.callers].map(({ link }) => link.from));
  return hearers === nodes.length && tellers === nodes.length;
}

/** What became of a transaction at the nodes that were up from its creation to the end. */
interface Fate {
  readonly witnesses: number;
  readonly relayed: number;
  readonly reached: number;
  /** For the nodes that it was relayed to, in ascending order. */
  readonly delaysMs: number[];
  readonly hops: number[];
}

function fateOf({ witnesses, arrivedMs, isRelayed, hops, bornMs }: Transaction): Fate {
  const stayed = witnesses.flatMap((node) => (node?.isUp ? [node.place] : []));
  const relayed = stayed.filter((place) => isRelayed[place] === 1);
  return {
    witnesses: stayed.length,
    relayed: relayed.length,
    reached: stayed.filter((place) => !Number.isNaN(arrivedMs[place])).length,
    delaysMs: relayed.map((place) => (arrivedMs[place] as number) - bornMs).sort((a, b) => a - b),
    hops: relayed.map((place) => hops[place] as number),
  };
}

function shareOf({ arrivedMs }: Transaction, up: readonly Node[]): number {
  return up.filter(({ place }) => !Number.isNaN(arrivedMs[place])).length / up.length;
}

/** Number of nodes that can be reached from one, itself included. */
function reach(first: Node, next: (node: Node) => Node[]): number {
  const found = new Set([first]);
  for (const node of found) for (const other of next(node)) found.add(other);
  return found.size;
}

function spread(numbers: readonly number[]): string {
  if (numbers.length === 0) return 'none';
  const [least, most] = [
    numbers.reduce((a, b) => Math.min(a, b), Infinity),
    numbers.reduce((a, b) => Math.max(a, b), 0),
  ];
  return `${show(mean(numbers))}, ${least} to ${most}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length;
}

function show(number: number): string {
  // The mean of no numbers.
  return Number.isNaN(number) ? 'none' : number.toFixed(number < 100 ? 1 : 0);
}

function percent(share: number): string {
  return Number.isNaN(share) ? 'none' : `${Math.floor(share * 10_000) / 100} %`;
}

function seconds(ms: number | undefined, what: string): string {
  return ms === undefined ? 'never' : `${(ms / 1000).toFixed(0)} s ${what}`;
}
