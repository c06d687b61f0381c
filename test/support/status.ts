/** What a node says of itself and of the network, at `/status`. */

import { until } from './helpers.js';
import { visit } from './http.js';
import type { RunningNode } from './program.js';

/** What `/status` says, and what an event stream tells bit by bit. */
export interface Status {
  readonly node: {
    readonly address: string;
    readonly inSwarm?: string;
    readonly version: string;
    readonly startedAt: number;
    readonly uptimeMs: number;
    readonly clients: number;
  };
  readonly network: {
    readonly nodes: readonly {
      readonly address: string;
      readonly state: 'self' | 'connected' | 'dialling' | 'lost' | 'reported';
      readonly isStranger?: boolean;
      readonly roundTripMs?: number;
    }[];
    readonly links: readonly (readonly [number, number])[];
    readonly leftOut: number;
  };
  readonly transactions: {
    readonly accepted: number;
    readonly duplicate: number;
    readonly rejected: number;
    readonly relayed: number;
    readonly rate: readonly number[];
    readonly minute: number;
    readonly latest: readonly {
      readonly id: string | number;
      readonly from: string | null;
      readonly at: number;
      readonly delayMs: number | null;
      readonly block: number | null;
      readonly fromAddress: string | number | null;
      readonly toAddress: string | number | null;
      readonly amount: string | number | null;
    }[];
  };
  readonly pool: {
    readonly transactions: number;
    readonly bytes: number;
    readonly maxBytes: number;
  };
  readonly chain: {
    readonly height: number;
    readonly others: readonly { readonly address: string; readonly hash: string }[];
    readonly blocks: readonly {
      readonly height: number;
      readonly hash: string;
      readonly timestamp: number;
      readonly transactions: number;
    }[];
  };
  readonly log: readonly {
    readonly at: number;
    readonly event: string;
    readonly detail: string;
  }[];
}

/** What a node says of itself and of the network. */
export async function statusOf(node: RunningNode): Promise<Status> {
  const { status, body } = await visit(node, '/status');
  if (status !== 200) throw new Error(`${node.name}/status: ${status} ${body}`);
  return JSON.parse(body);
}

/** Polls `/status` until it is as expected, and gives it. */
export async function untilStatus(
  node: RunningNode,
  what: string,
  isSo: (status: Status) => boolean,
): Promise<Status> {
  let status = await statusOf(node);
  await until(
    () => `${what}, at ${node.name}; it says ${JSON.stringify(status)}`,
    async () => {
      status = await statusOf(node);
      return isSo(status);
    },
  );
  return status;
}

/** The links by the addresses of their ends, sorted; both ends are there, and no link is twice. */
export function linksIn({ network: { nodes, links } }: Status): string[] {
  const named = links.map(([a, b]) => {
    const ends = [nodes[a]?.address, nodes[b]?.address];
    if (a >= b || ends.includes(undefined)) throw new Error(`no link: ${a} ${b}`);
    return ends.sort().join(' ');
  });
  if (new Set(named).size < named.length) throw new Error(`a link is there twice: ${named}`);
  return named.sort();
}

/** How `linksIn` writes links. */
export function asLinks(...pairs: (readonly [string, string])[]): string[] {
  return pairs.map((pair) => [...pair].sort().join(' ')).sort();
}

/** What a node sees of the node at an address; undefined if there is none, or more than one. */
export function stateOf({ network }: Status, address: string): string | undefined {
  const [found, other] = network.nodes.filter((node) => node.address === address);
  return other === undefined ? found?.state : undefined;
}
