/** Where settings are written: in the .env of a node, and in the environment, which goes before it. */

import { basename, join, resolve } from 'node:path';
import dotenv from 'dotenv';
import { fail, reason } from './log.js';
import { readTextFile } from './text-file.js';

/** Names and values. */
export type Env = Readonly<Record<string, string | undefined>>;
/** Ends the process with one line about a setting. */
export type Complain = (what: string) => never;

/** A setting, and what `--help` says of it. */
export const SETTINGS: Readonly<Record<string, string>> = {
  PORT: 'the port to listen on',
  HOST: 'the IP address to listen on (default: this machine only)',
  ADDRESS: 'the address at which others reach the node (default: HOST and PORT)',
  NETWORK_SECRET: 'what everybody who connects must know (default: anybody may connect)',
  SWARM: 'the name under which nodes find each other anywhere (default: they do not)',
  SWARM_BOOTSTRAP: 'where the DHT of the swarm is entered, host:port,… (default: the public one)',
  TLS_CERT: 'its certificate, a PEM file (default: no TLS)',
  TLS_KEY: 'the key of TLS_CERT, a PEM file',
  TLS_CA: 'the certificate authorities whose nodes it trusts, a PEM file',
  MAX_PEERS: 'how many peers it looks for, 1 to 128 (default: 128)',
  MAX_POOL_BYTES: 'the largest size of its pool (default: 1 GiB)',
  DATA: 'the folder for the files that it writes (default: its own)',
  LOG: 'text or json: the format of its lines (default: text)',
  LOG_LEVEL: 'info for all lines, warn or error for fewer (default: info)',
};
export const USAGE = `Usage: node index.js

Runs the node of this folder, until Ctrl-C. Its settings are in .env, one a line, such as PORT=4001; what
is set in the environment goes before them:

${Object.entries(SETTINGS)
  .map(([name, what]) => `  ${name.padEnd(16)}${what}`)
  .join('\n')}

docs/configuration.md tells more of them.`;
/** If one of these is empty, that is a mistake and not a wish for an open network. */
const PROTECTING = ['NETWORK_SECRET', 'TLS_CERT', 'TLS_KEY', 'TLS_CA'];
/** These are never the same for two nodes. */
export const OWN = ['PORT', 'ADDRESS', 'DATA'];

/** An environment for several nodes: without what only one of them can have. */
export function sharedEnvironment(environment: Env = process.env): Env {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !OWN.includes(name)));
}

/**
 * Reads what is written for the node in a folder. Ends the process with one line if its .env cannot
 * be read, or a setting is empty that protects it.
 *
 * @param environment goes before what is in .env, as dotenv has it
 * @returns the values; which of them are from the environment; and how to complain of a value, by its
 *   name at first
 */
export function readEnv(
  folder: string,
  environment: Env,
): { env: Env; fromEnvironment: readonly string[]; complain: Complain } {
  const name = basename(folder);
  const around = takeValues(environment, (setting) => setting in SETTINGS);
  const fromEnvironment = Object.keys(around);
  const complain = (what: string) => {
    const isAround = fromEnvironment.some((setting) => what.startsWith(setting));
    return fail(`${isAround ? 'environment' : `${name}/.env`}: ${what}`);
  };
  const written = takeValues(parseEnvFile(folder, around.PORT !== undefined), () => true);
  const env = { ...written, ...around };
  const empty = PROTECTING.find((setting) => env[setting] === '');
  if (empty) complain(`${empty} is empty: give it a value, or take its line away`);
  return { env, fromEnvironment, complain };
}

/** The folder, absolute, where a node with these settings keeps what it writes. */
export function dataFolderOf(folder: string, { DATA: data = '' }: Env): string {
  return resolve(folder, data);
}

/** The same, of a node that is not running from the environment, whatever is wrong with its .env. */
export function dataFolderIn(folder: string): string {
  try {
    return dataFolderOf(folder, dotenv.parse(readTextFile(join(folder, '.env'))));
  } catch {
    return folder;
  }
}

/** A line for the .env of a node that has none. */
export function suggestPort(folder: string): string {
  return `PORT=${4000 + Number(/^node-(\d{1,4})$/.exec(basename(folder))?.[1] ?? 1)}`;
}

/** @param isOptional whether a node can do without the file */
function parseEnvFile(folder: string, isOptional: boolean): Env {
  const name = `${basename(folder)}/.env`;
  try {
    return dotenv.parse(readTextFile(join(folder, '.env')));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing && isOptional) return {};
    return isMissing
      ? fail(`${name} is missing: create it with the line ${suggestPort(folder)}`)
      : fail(`${name} cannot be read: ${reason(error)}`);
  }
}

/** The values of the settings that have one. */
function takeValues(all: Env, isWanted: (setting: string) => boolean): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, text] of Object.entries(all)) {
    const value = text?.trim() ?? '';
    if (isWanted(name) && (value !== '' || PROTECTING.includes(name))) values[name] = value;
  }
  return values;
}
