/** How a command finds its node, and connects to it. */

import { realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { NodeError } from '../client/node-error.js';
import type { Target } from '../client/target.js';
import { sharedEnvironment } from '../env.js';
import { fail } from '../log.js';
import { explainNoAddress } from '../peers/address-mistakes.js';
import { parseAddress } from '../peers/addresses.js';
import { loadSettings } from '../settings.js';
import { isNodeName, listNodes, nodeNameOf } from './node-names.js';

/** The options by which a person chooses the node. */
export const NODE_OPTIONS = { node: { type: 'string' }, address: { type: 'string' } } as const;

/**
 * Finds the node that a person means: the one of --node; or the one at --address, with the secret
 * of the current node folder or of node-1; else the node of the current folder, or node-1. Ends the
 * process with one line if there is none.
 */
export async function chooseNode(
  root: string,
  flags: { readonly node?: string | undefined; readonly address?: string | undefined },
): Promise<Target> {
  if (flags.address !== undefined && flags.node !== undefined) {
    fail('Give either --node or --address, not both');
  }
  if (flags.address !== undefined && parseAddress(flags.address) === undefined) {
    fail(`--address ${flags.address} ${explainNoAddress(flags.address, 'ws://localhost:4001')}`);
  }
  const named = flags.node === undefined ? undefined : nodeNameOf(flags.node);
  const name = named ?? ownFolder(root) ?? 'node-1';
  const names = await listNodes(root);
  if (!names.includes(name)) {
    if (flags.address !== undefined)
      return { address: flags.address, secret: undefined, ca: undefined };
    fail(`There is no node folder ${name}; there is ${names.join(', ')}`);
  }
  // Who names a folder means what is in it.
  const environment = flags.node === undefined ? process.env : sharedEnvironment();
  const settings = loadSettings(join(root, name), environment);
  return flags.address === undefined ? settings : { ...settings, address: flags.address };
}

/**
 * Waits for a connection to a node. Ends the process with one line if it is not reached.
 *
 * @param dialling rejects with a NodeError if it is not
 */
export async function orFail<T>(dialling: Promise<T>): Promise<T> {
  try {
    return await dialling;
  } catch (error) {
    if (error instanceof NodeError) fail(error.message);
    throw error;
  }
}

/** The node folder of the started command, or the current one; undefined elsewhere. */
function ownFolder(root: string): string | undefined {
  const places = [dirname(process.argv[1] as string), process.cwd()];
  return places
    .map((place) => relative(root, realpathSync(place)))
    .find((name) => isNodeName(name));
}
