/** One process per folder: two that append to one pool would tear it. */

import { rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fail } from '../log.js';

/**
 * Holds a folder for this process until it ends, however it ends: the lock is a local socket,
 * which the operating system takes back even after a kill. Ends the process with one line when
 * another one holds the folder.
 */
export async function lockFolder(folder: string): Promise<void> {
  const path = socketPath(folder);
  if (await isListening(createServer(), path)) return;
  // Where the socket is a file, the file may have outlived its process.
  if (path.startsWith('/') && !(await isAnswered(path))) {
    rmSync(path);
    if (await isListening(createServer(), path)) return;
  }
  fail(`${basename(folder)} is running already: end that one first, or clone another node`);
}

/** One name for the folder, by whichever path it was reached. */
function socketPath(folder: string): string {
  const { dev, ino } = statSync(folder, { bigint: true });
  const name = `p2p-node-${dev}-${ino}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  // On Linux the name is an abstract one, which leaves no file.
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), name);
}

function isListening(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') fail(`The folder cannot be locked: ${error.message}`);
      resolve(false);
    });
    server.listen(path, () => resolve(true));
    server.unref();
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
