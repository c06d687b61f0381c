/**
 * Links by the swarm beside those by IP addresses: how they are dialled, what is said on them, and
 * which of its addresses a node is told. An address in a swarm is only for those who are in one.
 */

import type { ClientRequest, IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import type { ClientOptions, WebSocket } from 'ws';
import { type Swarm, SwarmSocket } from '../swarm/index.js';
import { type Address, parseAddress, type Scope, scopeOf } from './addresses.js';
import { isBySwarm } from './by-swarm.js';
import type { Connection, Peer } from './connection.js';
import { SWARM_HEADER } from './identity.js';

/** The header of a response by which a node proves that it knows the secret too. */
const PROOF_HEADER = 'mesh-proof';

/** What decides which addresses somebody is told. */
type End = Pick<Connection, 'tcp' | 'identity'>;

export class SwarmLinks {
  readonly swarm: Swarm;
  /** Our own address in the swarm. */
  readonly own: Address;

  constructor(swarm: Swarm) {
    this.swarm = swarm;
    this.own = parseAddress(swarm.address) as Address;
  }

  /** The options of a dial by the swarm: they bring its socket, and show a proof instead of the secret. */
  dialOptions({ text }: Address): ClientOptions {
    const socket = this.swarm.dial(text);
    return {
      createConnection: () => socket,
      finishRequest: (request: ClientRequest, websocket: WebSocket) => {
        websocket.once('upgrade', ({ headers }) => {
          if (this.swarm.isProof(headers[PROOF_HEADER], 'server', socket)) return;
          websocket.emit('error', new Error('it does not know our NETWORK_SECRET'));
        });
        socket.once('ready', () => {
          const proof = this.swarm.proofOf('client', socket);
          if (proof !== undefined) request.setHeader('authorization', `Bearer ${proof}`);
          request.end();
        });
      },
    } as object;
  }

  /** The headers of our response to somebody who is in a swarm too. */
  responseHeaders({ headers, socket }: IncomingMessage): Record<string, string> {
    const stream: unknown = socket;
    const proof = stream instanceof SwarmSocket ? this.swarm.proofOf('server', stream) : undefined;
    return {
      ...(headers[SWARM_HEADER] !== undefined && { [SWARM_HEADER]: this.own.text }),
      ...(proof !== undefined && { [PROOF_HEADER]: proof }),
    };
  }

  /**
   * Returns the addresses that the other end of a connection is told, the first of which is our own.
   * By the swarm, nodes are named by their addresses in it, as far as they have one.
   *
   * @param own our own address outside of the swarm
   * @param others those of other nodes, as we have dialled them
   * @param peers our peers, whose addresses in the swarm we know
   */
  namesFor(
    receiver: End,
    own: string,
    others: readonly string[],
    peers: ReadonlyMap<string, Peer>,
  ): string[] {
    const isFar = isBySwarm(receiver);
    const byText = new Map([...peers.values()].map((peer) => [peer.address.text, peer]));
    const names = others.map(
      (text) => (isFar && byText.get(text)?.identity?.inSwarm?.text) || text,
    );
    return [isFar ? this.own.text : own, ...names.filter((name) => isTellable(name, receiver))];
  }
}

/**
 * Whether an address leads us where it leads the other end of a connection. By the swarm, one in a
 * private network leads elsewhere from there, unless the other end comes from such a network of ours;
 * and one of loopback does, unless it is on this machine.
 */
export function leadsAlike({ scope }: Address, { tcp }: Pick<Connection, 'tcp'>): boolean {
  if (!isBySwarm({ tcp }) || scope === 'public' || scope === 'swarm') return true;
  return scope === scopeOfCaller(tcp?.remoteAddress ?? '');
}

/** Whether an address may be told: one in a swarm to nodes in one alone, a private one to nobody far. */
function isTellable(text: string, receiver: End): boolean {
  const scope = parseAddress(text)?.scope;
  if (scope === 'swarm') return receiver.identity?.isInSwarm === true;
  return scope === 'public' || !isBySwarm(receiver);
}

/** From where an IP address is reached; one of this machine's own is this machine. */
function scopeOfCaller(ip: string): Scope {
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  return own.some(({ address }) => address === ip) ? 'loopback' : scopeOf(ip);
}
