/**
 * What the lab loads into the program of a node, before the node's own code: some of the connections
 * that the node opens go by the gate of the lab, and all others where they always go. So a link that
 * nobody has touched costs nothing.
 */

import { once } from 'node:events';
import net, { isIPv6, type Socket, type TcpNetConnectOpts } from 'node:net';
import { parseAddress } from '../lib/peers/addresses.js';

/** What the lab tells as the program starts, and whenever it changes. */
export interface Detours {
  readonly gatePort: number;
  /** The keys of the addresses to which connections go by the gate. */
  readonly keys: readonly string[];
}

/** A connection to a node. */
interface Way {
  readonly key: string;
  readonly isByGate: boolean;
}

const connect = net.connect as (...args: unknown[]) => Socket;
const ways = new Map<Socket, Way>();
let gatePort = 0;
let keys: ReadonlySet<string> = new Set();

// ws asks the module for this function each time that it connects.
Object.assign(net, { connect: connectByWay });
process.on('message', (detours) => follow(detours as Detours));
await once(process, 'message');
// The node ends when it has nothing more to do, whoever could still tell it something.
process.channel?.unref();

function follow(detours: Detours): void {
  gatePort = detours.gatePort;
  keys = new Set(detours.keys);
  for (const [socket, { key, isByGate }] of ways) if (keys.has(key) !== isByGate) socket.destroy();
  process.send?.('done');
}

function connectByWay(...args: unknown[]): Socket {
  const options = args[0] as TcpNetConnectOpts;
  const key = keyOf(options);
  if (key === undefined) return connect(...args);
  const isByGate = keys.has(key);
  const socket = isByGate
    ? connect({ ...options, host: '127.0.0.1', port: gatePort })
    : connect(...args);
  ways.set(socket, { key, isByGate });
  return socket.once('close', () => ways.delete(socket));
}

/** Undefined for what is no connection to a node. */
function keyOf({ host, port }: TcpNetConnectOpts): string | undefined {
  if (host === undefined) return undefined;
  return parseAddress(`ws://${isIPv6(host) ? `[${host}]` : host}:${port}`)?.key;
}
