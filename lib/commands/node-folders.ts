/** The node folders node-1, node-2 …: how they are cloned and emptied. */

import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import dotenv from 'dotenv';
import fs from 'fs-extra';
import { dataFolderIn, type Env, OWN, sharedEnvironment } from '../env.js';
import { fail } from '../log.js';
import { readKnownPeers } from '../peers/index.js';
import { loadSettings, type Settings } from '../settings.js';
import { explainFileError, readTextFile } from '../text-file.js';

const ORIGINAL = 'node-1';
// What a node writes while it runs. A clone is the code and starts without data.
const DATA = /^(transactions|peers|blocks|swarm-key)\.json/;
// Of `ADDRESS=name:4001`, but not what looks like it in an IPv6 address without brackets.
const PORT_OF_ADDRESS =
  /^(\s*(?:export\s+)?ADDRESS(?:\s*=\s*|:\s+)["']?(?:\w+:\/\/)?(?:\[.*\]|[^:\s]+)):\d+/;
const HIGHEST_PORT = 65_535;
/** The PORT of node-1 as it comes, and its known-peers.json. */
const SHIPPED_PORT = 4001;
const SHIPPED_PEERS = '["ws://localhost:4001", "ws://localhost:4003"]';

/**
 * Lets node-1 know its own network where somebody has moved it to another port: the known-peers.json
 * that came with it names another network then. One that a person has changed, or a link, stays.
 *
 * @returns a line about it; undefined if nothing was to do
 */
export async function moveKnownPeers(root: string): Promise<string | undefined> {
  const folder = join(root, ORIGINAL);
  const file = join(folder, 'known-peers.json');
  const text = await fs.readFile(file, 'utf8').catch(() => '');
  if (text.trim() !== SHIPPED_PEERS || (await isLink(folder)) || (await isLink(file)))
    return undefined;
  const { port } = loadSettings(folder, sharedEnvironment());
  if (port === SHIPPED_PORT) return undefined;
  const names = readKnownPeers(folder).map((each) => movedWith(port, each.text));
  await fs.writeFile(file, `["${names.join('", "')}"]\n`);
  return `${ORIGINAL}/known-peers.json names ${names.join(' and ')} now, because its PORT is ${port}`;
}

/**
 * Copies node-1's code to the first node-N that is free, with the PORT that is N - 1 above that of
 * node-1, and an empty pool. Ends the process with one line when there is no compiled node-1, or its
 * settings are wrong.
 *
 * @returns the name of the new folder, and its port
 */
export async function cloneNode(root: string): Promise<{ name: string; port: number }> {
  const original = join(root, ORIGINAL);
  if ((await statOf(original)) === undefined)
    fail(`There is no ${ORIGINAL} folder to clone in ${root}`);
  await requireCompiled(root, ORIGINAL);
  const settings = loadSettings(original, sharedEnvironment());
  const known = readKnownPeers(original).map(({ text }) => text);

  // Made under another name and then renamed: a clone is complete or not there.
  const unfinished = join(root, `.clone-${randomUUID()}.tmp`);
  try {
    return await cloneTo(root, unfinished, settings, known);
  } catch (error) {
    await fs.remove(unfinished);
    return fail(`Cannot clone ${ORIGINAL}: ${explainFileError(error)}`);
  }
}

async function cloneTo(
  root: string,
  unfinished: string,
  { port: firstPort, address }: Settings,
  known: readonly string[],
): Promise<{ name: string; port: number }> {
  const original = join(root, ORIGINAL);
  // A clone has files of its own: what node-1 only links to would be changed through the link.
  const filter = (path: string) => !DATA.test(basename(path));
  await fs.copy(original, unfinished, { dereference: true, filter });
  await fs.writeFile(join(unfinished, 'transactions.json'), '[]\n');
  // Whoever has moved node-1 to another port has a network there: its clones find each other by it.
  const names = known.map((each) => movedWith(firstPort, each));
  if (!names.includes(address)) names.unshift(address);
  if (names.join() !== known.join()) {
    await fs.writeJson(join(unfinished, 'known-peers.json'), names);
  }
  const env = readTextFile(join(original, '.env'));
  for (let number = 2; ; number++) {
    const name = `node-${number}`;
    const port = firstPort + number - 1;
    if (port > HIGHEST_PORT) throw new Error(`no PORT is left for ${name}`);
    if (await isTaken(join(root, name))) continue;
    await fs.writeFile(join(unfinished, '.env'), withPort(env, port));
    if (await tryRename(unfinished, join(root, name))) return { name, port };
  }
}

/** Empties the pool and the chain of a node, and what it has learnt of peers. Copies of files stay. */
export async function emptyNode(folder: string): Promise<void> {
  const data = dataFolderIn(folder);
  const files = ['blocks.json', 'peers.json', 'transactions.json.places'];
  for (const file of files) await fs.remove(join(data, file));
  await fs.outputFile(join(data, 'transactions.json'), '[]\n');
}

/** Ends the process with one line if a node folder has no compiled code. */
export async function requireCompiled(root: string, name: string): Promise<void> {
  if (await fs.pathExists(join(root, name, 'index.js'))) return;
  fail(`${name}/index.js is missing, the code is not compiled: run npm install`);
}

/** An address in the network as it comes, whose node-1 has port 4001, when that is at another port. */
function movedWith(firstPort: number, address: string): string {
  const [, port] = /^ws:\/\/localhost:(4001|4003)$/.exec(address) ?? [];
  return port === undefined ? address : `ws://localhost:${firstPort + Number(port) - SHIPPED_PORT}`;
}

/** What is at a path, behind a link too; undefined for nothing. */
function statOf(path: string): Promise<fs.Stats | undefined> {
  return fs.stat(path).catch(() => undefined);
}

async function isLink(path: string): Promise<boolean> {
  return (await fs.lstat(path)).isSymbolicLink();
}

/** Whether there is anything, also a link that leads nowhere. */
async function isTaken(path: string): Promise<boolean> {
  return (await fs.lstat(path).catch(() => undefined)) !== undefined;
}

/** False if the name was taken in the meantime. */
async function tryRename(from: string, to: string): Promise<boolean> {
  try {
    await fs.rename(from, to);
    return true;
  } catch (error) {
    if (await isTaken(to)) return false;
    throw error;
  }
}

/**
 * Sets PORT, also within ADDRESS, takes DATA away, and leaves the other settings as they are.
 *
 * @throws Error if it cannot, as with a value of several lines one of which looks like a PORT
 */
function withPort(env: string, port: number): string {
  const lines = env
    .split(/\r\n?|\n/)
    .map((line) => line.replace(PORT_OF_ADDRESS, `$1:${port}`))
    .filter((line) => !/^\s*(export\s+)?(PORT|DATA)\s*[=:]/.test(line));
  const text = `${[`PORT=${port}`, ...lines].join('\n').trimEnd()}\n`;
  if (!isDeepStrictEqual(othersIn(text), othersIn(env))) {
    throw new Error('its .env is not understood; write each setting in a line of its own');
  }
  return text;
}

/** The settings in a .env that a clone takes over as they are. */
function othersIn(env: string): Env {
  const all = Object.entries(dotenv.parse(env));
  return Object.fromEntries(all.filter(([name]) => !OWN.includes(name)));
}
