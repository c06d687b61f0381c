/** What the peers that speak WebSocket share. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** Listens on a free port of this machine. */
export async function listen(): Promise<{ server: WebSocketServer; address: string }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  return { server, address: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Opens a connection. */
export async function dial(address: string): Promise<WebSocket> {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}
