/** A solution of the exercise, as a learner may write it, and how variants of it are written down. */

import { join } from 'node:path';
import fs from 'fs-extra';

const INDEX = `import { WebSocket, WebSocketServer } from 'ws';
import dotenv from 'dotenv';
import { knownPeers, readTransactions, writeTransactions } from './files.js';
import { isSame } from './transactions.js';
dotenv.config({ quiet: true });

const PORT = process.env.PORT;
const myAddress = 'ws://localhost:' + PORT;
let connectedAddresses = [];
let attemptingToConnectToAddress = [];
const sockets = new Map();

const server = new WebSocketServer({ port: Number(PORT) });
server.on('connection', (socket) => {
  socket.on('message', (text) => receive(text.toString()));
});

function receive(text) {
  const { type, data } = JSON.parse(text);
  if (type === 'HANDSHAKE') {
    data.forEach(connect);
  } else if (type === 'TRANSACTION') {
    const transactions = readTransactions();
    if (transactions.some((known) => isSame(known, data))) return;
    writeTransactions([...transactions, data]);
    for (const other of sockets.values()) other.send(text);
  }
}

function connect(address) {
  if (address === myAddress) return;
  if (connectedAddresses.includes(address)) return;
  if (attemptingToConnectToAddress.includes(address)) return;
  attemptingToConnectToAddress.push(address);
  const socket = new WebSocket(address);
  socket.on('open', () => {
    attemptingToConnectToAddress = attemptingToConnectToAddress.filter((a) => a !== address);
    connectedAddresses.push(address);
    sockets.set(address, socket);
    const data = [myAddress, ...connectedAddresses];
    socket.send(JSON.stringify({ type: 'HANDSHAKE', data }));
    console.log('connected to', address);
  });
  socket.on('close', () => {
    connectedAddresses = connectedAddresses.filter((a) => a !== address);
    sockets.delete(address);
  });
  socket.on('error', () => {
    attemptingToConnectToAddress = attemptingToConnectToAddress.filter((a) => a !== address);
    console.log('could not connect to', address);
  });
}

knownPeers.forEach(connect);
`;

const FILES: Readonly<Record<string, string>> = {
  'index.js': INDEX,
  'files.js': `import { readFileSync, writeFileSync } from 'fs';

export const knownPeers = JSON.parse(readFileSync('./known-peers.json', 'utf8'));

export function readTransactions() {
  return JSON.parse(readFileSync('./transactions.json', 'utf8'));
}

export function writeTransactions(transactions) {
  writeFileSync('./transactions.json', JSON.stringify(transactions, null, 2));
}
`,
  'transactions.js': `export function isSame(one, other) {
  return one.hash === other.hash;
}
`,
  'add-transaction.js': `import { WebSocket } from 'ws';
import dotenv from 'dotenv';
import { createHash } from 'crypto';
dotenv.config({ quiet: true });

const transaction = { fromAddress: 'a', toAddress: 'b', amount: 1, timeStamp: Date.now() };
const hash = createHash('sha256').update(JSON.stringify(transaction)).digest('hex');
const socket = new WebSocket('ws://localhost:' + process.env.PORT);
socket.on('open', () => {
  socket.send(JSON.stringify({ type: 'TRANSACTION', data: { ...transaction, hash } }));
  socket.close();
});
`,
  '.env': 'PORT=4001\n',
  'known-peers.json': '["ws://localhost:4001"]\n',
  'transactions.json': '[]\n',
};

/** What is another text, in which file; all of the file where there is no `from`. */
export interface Change {
  readonly file?: string;
  readonly from?: string | RegExp;
  readonly to: string;
}

export interface Variant {
  readonly name: string;
  readonly changes: readonly Change[];
  /** Where package.json is: so many folders above the node's. */
  readonly packageLevel?: number;
}

export interface Mutant extends Variant {
  /** The one story that fails. */
  readonly breaks: string;
}

/**
 * Writes a variant down, under a folder with a package.json.
 *
 * @returns the folder of its node
 */
export async function writeVariant(
  root: string,
  { name, changes, packageLevel = 1 }: Variant,
): Promise<string> {
  const top = join(root, name.replace(/\W+/g, '-'));
  const node = join(top, 'solution', 'node-1');
  const files = { ...FILES };
  for (const { file = 'index.js', from, to } of changes) {
    const before = files[file] ?? '';
    files[file] = from === undefined ? to : before.replace(from, () => to);
    if (files[file] === before)
      throw new Error(`the change of ${file} in «${name}» changes nothing`);
  }
  for (const [file, text] of Object.entries(files)) await fs.outputFile(join(node, file), text);
  const isModule = files['index.js']?.includes('import ') === true;
  const place = [node, join(top, 'solution'), top][packageLevel] as string;
  await fs.outputJson(join(place, 'package.json'), { type: isModule ? 'module' : 'commonjs' });
  return node;
}
