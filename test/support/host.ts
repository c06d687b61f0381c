/**
 * A process that is several nodes at once: it runs the index.js of each folder that it is told, and
 * hangs up on the callers of each port. It ends with whoever started it.
 */

import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const callers = new Set<Socket>();

// Each node listens to the signals that ask a process to end, and to the end of its output.
process.setMaxListeners(0);
process.stdout.setMaxListeners(0);
process.on('disconnect', () => process.exit());
process.on('message', (told: string | number) => {
  if (typeof told === 'string') void import(pathToFileURL(join(told, 'index.js')).href);
  else hangUp(told);
});
subscribe('net.server.socket', (message) => {
  const { socket } = message as { socket: Socket };
  callers.add(socket);
  socket.once('close', () => callers.delete(socket));
});

function hangUp(port: number): void {
  for (const socket of callers) if (socket.localPort === port) socket.destroy();
}
