/** The node folders node-1, node-2 …: how they are found and cloned. */

import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import fs from 'fs-extra';
import { fail } from '../log.js';

const ORIGINAL = 'node-1';
// What a node writes while it runs. A clone is the code and starts without data.
const DATA = /^(transactions|peers|blocks)\.json/;
// Of `ADDRESS=name:4001`, but not what looks like it in an IPv6 address without brackets.
const PORT_OF_ADDRESS =
  /^(\s*(?:export\s+)?ADDRESS(?:\s*=\s*|:\s+)["']?(?:\w+:\/\/)?(?:\[.*\]|[^:\s]+)):\d+/;

/**
 * Returns the names of the node folders, node-1 first, in the order of their numbers.
 *
 * @param root the folder of the node folders
 */
export async function listNodes(root: string): Promise<string[]> {
  const entries = await fs.readdir(root, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && isNodeName(entry.name))
    .map((entry) => entry.name)
    .sort((a, b) => numberOf(a) - numberOf(b));
}

export function isNodeName(name: string): boolean {
  return /^node-[1-9]\d*$/.test(name);
}

/** The port of a node folder: 4000 and its number. */
export function portOf(name: string): number {
  return 4000 + numberOf(name);
}

/**
 * Copies node-1's code to the first node-N that is free, with PORT=4000+N and an empty pool.
 * Ends the process with one line when there is no compiled node-1.
 *
 * @returns the name of the new folder
 */
export async function cloneNode(root: string): Promise<string> {
  const original = join(root, ORIGINAL);
  if (!(await fs.pathExists(original))) fail(`There is no ${ORIGINAL} folder to clone in ${root}`);
  await requireCompiled(root, ORIGINAL);
  const env = await readEnv(root, ORIGINAL);

  // Made under another name and then renamed: a clone is complete or not there.
  const unfinished = join(root, `.clone-${randomUUID()}.tmp`);
  try {
    return await cloneTo(root, unfinished, original, env);
  } catch (error) {
    await fs.remove(unfinished);
    return fail(`Cannot clone ${ORIGINAL}: ${(error as Error).message}`);
  }
}

async function cloneTo(
  root: string,
  unfinished: string,
  original: string,
  env: string,
): Promise<string> {
  await fs.copy(original, unfinished, { filter: (path) => !DATA.test(basename(path)) });
  await fs.writeFile(join(unfinished, 'transactions.json'), '[]\n');
  for (let number = 2; ; number++) {
    const name = `node-${number}`;
    if (await fs.pathExists(join(root, name))) continue;
    await fs.writeFile(join(unfinished, '.env'), withPort(env, portOf(name)));
    if (await tryRename(unfinished, join(root, name))) return name;
  }
}

/** Ends the process with one line if a node folder has no compiled code. */
export async function requireCompiled(root: string, name: string): Promise<void> {
  if (await fs.pathExists(join(root, name, 'index.js'))) return;
  fail(`${name}/index.js is missing, the code is not compiled: run npm install`);
}

async function readEnv(root: string, name: string): Promise<string> {
  try {
    return await fs.readFile(join(root, name, '.env'), 'utf8');
  } catch {
    return fail(`${name}/.env cannot be read: create it with the line PORT=${portOf(name)}`);
  }
}

/** False if the name was taken in the meantime. */
async function tryRename(from: string, to: string): Promise<boolean> {
  try {
    await fs.rename(from, to);
    return true;
  } catch (error) {
    if (await fs.pathExists(to)) return false;
    throw error;
  }
}

/** Sets PORT, also within ADDRESS, and leaves the other settings as they are. */
function withPort(env: string, port: number): string {
  const lines = env.split(/\r?\n/).map((line) => line.replace(PORT_OF_ADDRESS, `$1:${port}`));
  const others = lines.filter((line) => !/^\s*(export\s+)?PORT\s*[=:]/.test(line));
  return `${[`PORT=${port}`, ...others].join('\n').trimEnd()}\n`;
}

/** The 2 of node-2. */
export function numberOf(name: string): number {
  return Number(name.slice('node-'.length));
}
