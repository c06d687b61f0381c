/** The answer to GET /peers: each connection, and each address that there is no connection to. */

import type { Chain } from '../chain/chain.js';
import { type Connection, kindOf } from '../peers/connection.js';
import type { View } from './network-map.js';

export interface Observed {
  readonly peers: View;
  readonly chain: Chain;
}

/** Reads what is known of each; docs/protocol.md describes it. */
export function readPeers({ peers }: Observed): unknown[] {
  const open = [...peers.connections].filter(({ socket }) => socket.readyState === socket.OPEN);
  const absent = peers.addressBook.all().filter(({ address }) => !peers.connected.has(address.key));
  return [
    ...open.map(connectionOf),
    ...absent.map(({ address, dueMs, failures, lastError }) => ({
      address: address.text,
      state: dueMs === Infinity ? 'dialling' : 'away',
      failures,
      lastError: lastError ?? null,
    })),
  ];
}

function connectionOf(connection: Connection): Record<string, unknown> {
  const { address, identity, isInbound, since, roundTripMs, tcp, frames, tip } = connection;
  return {
    address: address?.text ?? null,
    state: 'connected',
    kind: kindOf(connection),
    direction: isInbound ? 'inbound' : 'outbound',
    since,
    roundTripMs: roundTripMs ?? null,
    framesIn: frames.in,
    framesOut: frames.out,
    bytesIn: tcp?.bytesRead ?? 0,
    bytesOut: tcp?.bytesWritten ?? 0,
    version: identity === undefined ? null : 1,
    height: tip?.height ?? null,
  };
}
