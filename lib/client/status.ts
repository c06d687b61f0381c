/** The status of a node, as a program reads it: docs/protocol.md has the meaning of each member. */

import { isObject } from '../wire/transaction.js';
import { type Asking, askForJson, unfit } from './http-answers.js';
import type { Target } from './target.js';

/** What a node says of itself at this moment. Times are in ms since 1970. */
export interface NodeStatus {
  readonly node: {
    readonly address: string;
    readonly version: string;
    readonly startedAt: number;
    readonly uptimeMs: number;
    /** How many connections name no address. */
    readonly clients: number;
  };
  readonly network: {
    /** The nodes that it knows of, itself first. */
    readonly nodes: readonly {
      readonly address: string;
      /** `self`, `connected`, `dialling`, `lost` or `reported`; later versions may have others. */
      readonly state: string;
    }[];
    /** Pairs of indexes into `nodes`. */
    readonly links: readonly (readonly [number, number])[];
    /** How many further nodes there are. */
    readonly leftOut: number;
  };
  /** Counts since it was started. */
  readonly transactions: {
    readonly accepted: number;
    readonly duplicate: number;
    readonly rejected: number;
    readonly relayed: number;
    /** How many it has accepted in the last minute. */
    readonly minute: number;
  };
  readonly pool: {
    readonly transactions: number;
    /** The length of its file, and the length that this may reach. */
    readonly bytes: number;
    readonly maxBytes: number;
  };
  readonly chain: {
    /** That of its latest block. */
    readonly height: number;
  };
}

/** Reads a value of a type; throws a TypeError for any other. */
type Read<T> = (value: unknown) => T;

const text: Read<string> = (value) => {
  if (typeof value !== 'string') throw new TypeError('not a text');
  return value;
};
const number: Read<number> = (value) => {
  if (typeof value !== 'number') throw new TypeError('not a number');
  return value;
};
const object =
  <T extends object>(members: { readonly [K in keyof T]: Read<T[K]> }): Read<T> =>
  (value) => {
    if (!isObject(value)) throw new TypeError('not an object');
    const entries = Object.entries<Read<unknown>>(members);
    return Object.fromEntries(entries.map(([name, read]) => [name, read(value[name])])) as T;
  };
const listOf =
  <T>(read: Read<T>): Read<T[]> =>
  (value) => {
    if (!Array.isArray(value)) throw new TypeError('not an array');
    return value.map(read);
  };
const link: Read<readonly [number, number]> = (value) => {
  const [a, b] = listOf(number)(value);
  return [number(a), number(b)];
};

const statusOf = object<NodeStatus>({
  node: object({
    address: text,
    version: text,
    startedAt: number,
    uptimeMs: number,
    clients: number,
  }),
  network: object({
    nodes: listOf(object({ address: text, state: text })),
    links: listOf(link),
    leftOut: number,
  }),
  transactions: object({
    accepted: number,
    duplicate: number,
    rejected: number,
    relayed: number,
    minute: number,
  }),
  pool: object({ transactions: number, bytes: number, maxBytes: number }),
  chain: object({ height: number }),
});

/** @throws NodeError if the node is not reached, refuses, or answers with what does not fit */
export async function readStatus(target: Target, asking: Asking): Promise<NodeStatus> {
  const answer = await askForJson(target, '/status', asking);
  try {
    return statusOf(answer);
  } catch {
    throw unfit(target.address, 'what is no status');
  }
}
