/**
 * The limit of the wire: WebSockets alone. The first peer sends each frame that is handed in on to
 * all others as it came, over connections of its own; they count. Nobody reads, keeps or compares
 * anything.
 */

import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { MESSAGE_LEAD } from '../transactions.js';
import { Control } from './control.js';
import { listen } from './sockets.js';

interface Other {
  readonly socket: WebSocket;
  /** What the WebSocket runs on. */
  readonly tcp: Socket;
}

/** When so much waits for somebody, whoever hands in waits too. */
const WAITING_BYTES = 1024 * 1024;

const others: Other[] = [];
const control = new Control({
  async dial(addresses) {
    others.push(...(await Promise.all(addresses.map(dial))));
  },
});
const { server, address } = await listen();
server.on('connection', serverOnConnection);
control.report({ type: 'listening', door: address, address });

function serverOnConnection(from: WebSocket): void {
  from.on('message', (frame: Buffer) => {
    control.onTransaction(frame, MESSAGE_LEAD.length);
    for (const other of others) forward(frame, other, from);
  });
}

/** What is forwarded in one turn of the event loop goes out in one write. */
function forward(frame: Buffer, { socket, tcp }: Other, from: WebSocket): void {
  if (tcp.writableCorked === 0) {
    tcp.cork();
    setImmediate(() => tcp.uncork());
  }
  socket.send(frame, { binary: false });
  if (tcp.writableLength > WAITING_BYTES && !from.isPaused) {
    from.pause();
    tcp.once('drain', () => from.resume());
  }
}

function dial(address: string): Promise<Other> {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  return new Promise((done) => {
    socket.once('upgrade', ({ socket: tcp }) => {
      socket.once('open', () => done({ socket, tcp }));
    });
  });
}
