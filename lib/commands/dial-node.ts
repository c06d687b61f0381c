/** How a command finds its node, and connects to it. */

import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type RawData, WebSocket } from 'ws';
import { sharedEnvironment } from '../env.js';
import { secretHeaders } from '../guard/access.js';
import { LIMITS } from '../limits.js';
import { fail } from '../log.js';
import { explainNoAddress } from '../peers/address-mistakes.js';
import { parseAddress } from '../peers/addresses.js';
import { explainError } from '../peers/dialling.js';
import { parseIdentity } from '../peers/identity.js';
import { loadSettings, type Settings } from '../settings.js';
import { isNodeName, listNodes, nodeNameOf } from './node-names.js';

/** The address of a node, and the secret it asks for. */
type Target = Pick<Settings, 'address' | 'secret' | 'ca'>;

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
 * Dials a node. Ends the process with one line if it is not reached.
 *
 * @param headersOf returns the identity headers of a client with a mesh-id
 * @returns the connection, and whether the node is one of ours
 */
export async function dialNode(
  { address, secret, ca }: Target,
  headersOf: (meshId: string) => Record<string, string>,
  socketOnMessage: (data: RawData) => void,
): Promise<{ socket: WebSocket; isOurs: boolean }> {
  const socket = new WebSocket(address, {
    headers: { ...headersOf(randomBytes(16).toString('hex')), ...secretHeaders(secret) },
    ca,
    handshakeTimeout: LIMITS.dialTimeoutMs,
    perMessageDeflate: false,
    maxPayload: LIMITS.frameBytes,
  });
  let isOurs = false;
  socket.on('message', socketOnMessage);
  socket.once('upgrade', ({ headers }) => {
    isOurs = parseIdentity(headers) !== undefined;
  });
  await new Promise<void>((resolve) => {
    socket.once('open', resolve);
    socket.once('error', (error: NodeJS.ErrnoException) => fail(explain(error, address)));
  });
  // After an error comes a close with a code.
  socket.on('error', () => {});
  return { socket, isOurs };
}

function explain(error: NodeJS.ErrnoException, address: string): string {
  if (/ 401$/.test(error.message)) {
    return `${address} lets in only who knows its NETWORK_SECRET: set the same one in .env`;
  }
  if (error.code !== 'ECONNREFUSED')
    return `${address} is not reached: ${explainError(error, address)}`;
  return `No node is listening on ${address}: start it with node index.js in its folder`;
}

/** The node folder of the started command, or the current one; undefined elsewhere. */
function ownFolder(root: string): string | undefined {
  const places = [dirname(process.argv[1] as string), process.cwd()];
  return places
    .map((place) => relative(root, realpathSync(place)))
    .find((name) => isNodeName(name));
}
