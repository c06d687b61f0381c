/** The key by which a node is known in a swarm: made at its first start, and kept in its folder. */

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Log, reason } from '../log.js';
import { shortName } from '../storage/identity.js';
import { readTextFile } from '../text-file.js';

const FILE = 'swarm-key.json';
const SEED = /^[0-9a-f]{64}$/;
/** The rights of those who are not the owner. */
const OTHERS = 0o077;

/**
 * Reads the seed of the key pair of the node in `folder`, 32 bytes, or makes one. Ends the process
 * with one line if the file holds no seed, or cannot be read or written.
 */
export function readSwarmSeed(folder: string, log: Log): Buffer {
  const file = join(folder, FILE);
  const name = shortName(file);
  let text: string;
  try {
    text = readTextFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return makeSeed(file);
    return fail(`${name} cannot be read: ${reason(error)}`);
  }
  const seed = seedIn(text);
  if (seed === undefined) {
    return fail(`${name} holds no key: move it away, and the node makes a new one`);
  }
  if (process.platform !== 'win32' && (statSync(file).mode & OTHERS) !== 0) {
    log('warning', `other users of this machine may read ${name}: chmod 600 ${name}`);
  }
  return seed;
}

function seedIn(text: string): Buffer | undefined {
  try {
    const { seed } = JSON.parse(text);
    return SEED.test(seed) ? Buffer.from(seed, 'hex') : undefined;
  } catch {
    return undefined;
  }
}

function makeSeed(file: string): Buffer {
  const seed = randomBytes(32);
  try {
    const handle = openSync(file, 'wx', 0o600);
    writeFileSync(handle, `${JSON.stringify({ seed: seed.toString('hex') })}\n`);
    fsyncSync(handle);
    closeSync(handle);
  } catch (error) {
    return fail(`${shortName(file)} cannot be written: ${reason(error)}`);
  }
  return seed;
}
