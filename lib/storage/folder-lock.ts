/**
 * One process per folder: two that append to one pool would tear it. A folder has two locks. Both go
 * when their process ends, however it ends. A local socket says which process holds the folder, but
 * only to those on the same network: not from one container to another. So there is a lock on the
 * folder itself too, which is there for all that share its disk.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail, type Log } from '../log.js';
import { explainFileError } from '../text-file.js';

/** A stopped process holds its folder, and says nothing. */
const ANSWER_TIMEOUT_MS = 1000;
/** A command that looks whether a folder is locked holds it for a moment. */
const TRIES = 10;
const TRY_INTERVAL_MS = 100;

/** What became of an attempt to lock a folder itself; no system but Linux has a command for that. */
type Outcome = 'locked' | 'taken' | 'impossible';

/**
 * Holds a folder for this process until it ends, and makes it where it is missing. Ends the process
 * with one line when another one holds the folder, or it cannot be made.
 *
 * @param log is told where processes in other containers cannot be kept out
 */
export async function lockFolder(folder: string, log: Log): Promise<void> {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    fail(`The folder ${folder} cannot be made: ${explainFileError(error)}`);
  }
  if (!(await lockSocket(folder))) failAsTaken(folder, '');
  let outcome = lockForAll(folder);
  for (let tries = 1; outcome === 'taken' && tries < TRIES; tries++) {
    await sleep(TRY_INTERVAL_MS);
    outcome = lockForAll(folder);
  }
  if (outcome === 'taken') failAsTaken(folder, ', in another container');
  if (outcome === 'impossible' && process.platform === 'linux') {
    log(
      'warning',
      `${basename(folder)} is not locked for other containers: the command flock is missing or fails`,
    );
  }
}

/** Whether a process holds a folder. */
export async function isFolderLocked(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  return (await askHolder(folder)) !== undefined || lockForAll(folder, '-s') === 'taken';
}

/** The id of the process that holds a folder; undefined if none does, or none that answers. */
export async function holderOf(folder: string): Promise<number | undefined> {
  const id = Number(await askHolder(folder));
  return id > 0 ? id : undefined;
}

function failAsTaken(folder: string, where: string): never {
  return fail(
    `${basename(folder)} is running already${where}: end that one first, or clone another node`,
  );
}

/**
 * Locks the folder itself: by flock(2), through a command, for Node.js has no function for it. A lock
 * belongs to what is open, and the command shares that with us: so it stays when the command has
 * ended, and goes when we end.
 *
 * @param kind `-x` for a lock that lasts, `-s` for one that is only tried, and let go
 */
function lockForAll(folder: string, kind: '-x' | '-s' = '-x'): Outcome {
  if (process.platform !== 'linux') return 'impossible';
  const descriptor = openSync(folder, 'r');
  const { status } = spawnSync('flock', ['-n', kind, '3'], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  });
  if (status !== 0 || kind === '-s') closeSync(descriptor);
  if (status === 0) return 'locked';
  return status === 1 ? 'taken' : 'impossible';
}

/** Whether the socket is ours now. */
async function lockSocket(folder: string): Promise<boolean> {
  const path = socketPath(folder);
  if (await isListening(newLock(), path)) return true;
  // Where the socket is a file, the file may have outlived its process.
  if (!path.startsWith('/') || (await askHolder(folder)) !== undefined) return false;
  rmSync(path);
  return isListening(newLock(), path);
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
