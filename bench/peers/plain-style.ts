/**
 * A node as tutorials build one: all transactions in an array, looked through for each that comes;
 * the whole file written anew for each; and then it is sent to every peer, who may well have it.
 * Written for comparison, and not made slower than that.
 */

import { writeFileSync } from 'node:fs';
import type { WebSocket } from 'ws';
import { MESSAGE_LEAD } from '../transactions.js';
import { Control } from './control.js';
import { dial, listen } from './sockets.js';

interface Transaction {
  readonly id: string;
}

/** Given by whoever starts us. */
const file = process.argv[2] as string;
const peers: WebSocket[] = [];
let transactions: Transaction[] = [];

const control = new Control({
  async dial(addresses) {
    peers.push(...(await Promise.all(addresses.map(dial))));
  },
  forget() {
    transactions = [];
    save();
  },
});
const { server, address } = await listen();
server.on('connection', (socket) => socket.on('message', socketOnMessage));
save();
control.report({ type: 'listening', door: address, address });

function socketOnMessage(frame: Buffer): void {
  const message = JSON.parse(frame.toString());
  if (message.type !== 'TRANSACTION') return;
  const transaction: Transaction = message.data;
  if (transactions.some(({ id }) => id === transaction.id)) return;
  transactions.push(transaction);
  save();
  for (const peer of peers) peer.send(JSON.stringify(message));
  control.onTransaction(frame, MESSAGE_LEAD.length);
}

function save(): void {
  writeFileSync(file, JSON.stringify(transactions));
}
