/** The peers that a node knows at its start: known-peers.json, and those it learnt before. */

import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../log.js';
import { fail, reason } from '../log.js';
import { shortName } from '../storage/identity.js';
import { createSaver, type Saver } from '../storage/small-file.js';
import { readTextFile } from '../text-file.js';
import { explainNoAddress } from './address-mistakes.js';
import { type Address, parseAddress } from './addresses.js';

const KNOWN = 'known-peers.json';
const LEARNT = 'peers.json';

/**
 * Reads the known-peers.json of a node, which a person writes. Ends the process with one line if it is
 * missing, is not JSON, or holds anything but addresses.
 *
 * @param folders where it may be: the first one that has it counts, else the last one is named
 */
export function readKnownPeers(...folders: readonly string[]): Address[] {
  const files = folders.map((folder) => join(folder, KNOWN));
  const file = files.find((each) => existsSync(each)) ?? String(files.at(-1));
  return readArray(file).map(
    (text) =>
      parseAddress(text) ??
      fail(
        `${shortName(file)}: ${JSON.stringify(text)} ${explainNoAddress(text, '"ws://localhost:4001"')}`,
      ),
  );
}

/**
 * Reads the addresses that the node in `folder` learnt in earlier runs. The node wrote this file
 * for itself, so it starts without it: a file that cannot be read is put aside.
 */
export function readLearntPeers(folder: string, log: Log): Address[] {
  const file = join(folder, LEARNT);
  if (!existsSync(file)) return [];
  try {
    const addresses: unknown[] = JSON.parse(readFileSync(file, 'utf8'));
    return addresses.flatMap((text) => parseAddress(text) ?? []);
  } catch {
    putAside(file, log);
    return [];
  }
}

/**
 * Saves the learnt addresses for the next start.
 *
 * @param addresses returns the addresses to remember at the moment of writing
 */
export function createLearntPeersSaver(folder: string, addresses: () => string[], log: Log): Saver {
  const text = () => `${JSON.stringify(addresses(), null, 2)}\n`;
  return createSaver(join(folder, LEARNT), text, log);
}

function readArray(file: string): unknown[] {
  const name = shortName(file);
  const example = 'for example ["ws://localhost:4001"]';
  if (!existsSync(file)) return fail(`${name} is missing: create it, ${example}`);
  try {
    const text = readTextFile(file);
    if (text.trim() === '') return fail(`${name} is empty: write an array, ${example}`);
    const array: unknown = JSON.parse(text);
    return Array.isArray(array) ? array : fail(`${name} is not a JSON array, ${example}`);
  } catch (error) {
    return fail(`${name} cannot be read (${reason(error)}): mend it, or move it away`);
  }
}

function putAside(file: string, log: Log): void {
  const aside = `${file}.unreadable`;
  try {
    renameSync(file, aside);
    log('put aside', `${shortName(file)} is not readable, and is now ${shortName(aside)}`);
  } catch (error) {
    log('not read', `${shortName(file)} (${reason(error)})`);
  }
}
