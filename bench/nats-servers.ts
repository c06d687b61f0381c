/** The servers of a NATS cluster on this machine: where they are, their settings, what they say. */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freePort } from '../test/support/helpers.js';

/** Where a server listens. */
export interface Place {
  readonly name: string;
  readonly clientPort: number;
  readonly routePort: number;
  readonly monitorPort: number;
}

/** What a server answers to /jsz?streams=true; only what is read here. */
export interface Answer {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly state: { readonly messages: number };
      readonly cluster?: {
        readonly leader?: string;
        /** All but the server that answers. */
        readonly replicas?: readonly { readonly current: boolean; readonly lag?: number }[];
      };
    }[];
  }[];
}

const HOST = '127.0.0.1';
/** Debian puts it where not everybody's PATH leads. */
const OTHER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** The path of nats-server; undefined if it is not installed. */
export function findServer(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...OTHER_FOLDERS];
  return folders.map((folder) => join(folder, 'nats-server')).find(isExecutable);
}

/** Free places for `size` servers. */
export async function choosePlaces(size: number): Promise<Place[]> {
  const places: Place[] = [];
  for (let number = 1; number <= size; number++) {
    const [clientPort, routePort] = [await freePort(), await freePort()];
    const monitorPort = await freePort();
    places.push({ name: `server-${number}`, clientPort, routePort, monitorPort });
  }
  return places;
}

/** The configuration of one of the servers: all defaults, but for places and the cluster. */
export function configurationOf(place: Place, all: readonly Place[], folder: string): string {
  const { name, clientPort, routePort, monitorPort } = place;
  const routes = all.map((each) => `"nats://${HOST}:${each.routePort}"`);
  return `server_name: ${name}
host: ${HOST}
port: ${clientPort}
http: "${HOST}:${monitorPort}"
log_file: "${join(folder, `${name}.log`)}"
jetstream { store_dir: "${join(folder, name)}" }
cluster { name: bench, host: ${HOST}, port: ${routePort}, routes: [${routes.join(', ')}] }
`;
}

/** Where clients connect. */
export function addressOf({ clientPort }: Place): string {
  return `nats://${HOST}:${clientPort}`;
}

/** Asks a server for the state of its streams. */
export async function ask({ monitorPort }: Place): Promise<Answer> {
  const response = await fetch(`http://${HOST}:${monitorPort}/jsz?streams=true`);
  return (await response.json()) as Answer;
}

/** Whether a server answers and is ready, by its own account. */
export async function isReady({ monitorPort }: Place): Promise<boolean> {
  try {
    return (await fetch(`http://${HOST}:${monitorPort}/healthz`)).ok;
  } catch {
    return false;
  }
}

/** The name of the leader of the only stream; undefined while there is none. */
export function leaderIn(answer: Answer): string | undefined {
  return streamIn(answer)?.cluster?.leader;
}

/** Number of messages in the replica of the server that answers. */
export function heldBy(answer: Answer): number {
  return streamIn(answer)?.state.messages ?? 0;
}

/** Whether the leader says that the two other replicas have all that it has. */
export function areFollowersCurrent(ofLeader: Answer, size: number): boolean {
  const replicas = streamIn(ofLeader)?.cluster?.replicas ?? [];
  const current = replicas.filter(({ current, lag = 0 }) => current && lag === 0);
  return current.length === size - 1;
}

function streamIn({ account_details: accounts }: Answer) {
  return accounts?.flatMap((account) => account.stream_detail ?? [])[0];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
