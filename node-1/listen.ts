/** The node's TCP side: on loopback, where `localhost` may mean IPv4 or IPv6. */

import { createServer, type Server } from 'node:http';
import type { WebSocketServer } from 'ws';
import { fail } from './fail.js';

/**
 * Listens on `port` and hands every WebSocket upgrade to `server`. Ends the process with one
 * line when the port is not to be had.
 *
 * @returns the listening servers: one for IPv4, and one for IPv6 where the machine has it
 */
export async function listen(port: number, server: WebSocketServer): Promise<Server[]> {
  const listeners = [await listenOn('127.0.0.1', port), await listenOn('::1', port)];
  return listeners.flatMap((listener) => {
    listener?.on('upgrade', (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (client) =>
        server.emit('connection', client, request),
      );
    });
    return listener ?? [];
  });
}

function listenOn(host: string, port: number): Promise<Server | undefined> {
  const listener = createServer((_request, response) => {
    response.writeHead(426, { upgrade: 'websocket' }).end('This is a WebSocket server.\n');
  });
  return new Promise((resolve) => {
    listener.once('listening', () => resolve(listener));
    listener.once('error', (error: NodeJS.ErrnoException) => {
      const hasNoSuchAddress = error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT';
      if (!hasNoSuchAddress) fail(explain(error, port));
      resolve(undefined);
    });
    listener.listen(port, host);
  });
}

function explain(error: NodeJS.ErrnoException, port: number): string {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} is already in use: end the program that uses it, or change PORT in .env`;
  }
  if (error.code === 'EACCES') {
    return `Port ${port} needs more rights than you have: set a PORT above 1023 in .env`;
  }
  return `Cannot listen on port ${port} (${error.message}): change PORT in .env`;
}
