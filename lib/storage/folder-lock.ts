/** One process per folder: two that append to one pool would tear it. */

import { rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fail } from '../log.js';

/** A stopped process holds its folder, and says nothing. */
const ANSWER_TIMEOUT_MS = 1000;

/**
 * Holds a folder for this process until it ends, however it ends: the lock is a local socket,
 * which the operating system takes back even after a kill. Ends the process with one line when
 * another one holds the folder.
 */
export async function lockFolder(folder: string): Promise<void> {
  const path = socketPath(folder);
  if (await isListening(newLock(), path)) return;
  // Where the socket is a file, the file may have outlived its process.
  if (path.startsWith('/') && !(await isFolderLocked(folder))) {
    rmSync(path);
    if (await isListening(newLock(), path)) return;
  }
  fail(`${basename(folder)} is running already: end that one first, or clone another node`);
}

/** Whether a process holds a folder. */
export async function isFolderLocked(folder: string): Promise<boolean> {
  return (await askHolder(folder)) !== undefined;
}

/** The id of the process that holds a folder; undefined if none does. */
export async function holderOf(folder: string): Promise<number | undefined> {
  const id = Number(await askHolder(folder));
  return id > 0 ? id : undefined;
}

/** A socket that tells whoever asks who holds it. */
function newLock(): Server {
  return createServer((socket) => socket.on('error', () => {}).end(String(process.pid)));
}

/** What the holder of a folder answers; undefined if there is none. */
function askHolder(folder: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(socketPath(folder)).setEncoding('utf8');
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
    socket.on('connect', () => socket.on('close', () => resolve(answer)));
    socket.on('data', (text) => {
      answer += text;
    });
    socket.on('error', () => resolve(undefined));
  });
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
