/**
 * A chat over any node of the network: node examples/chat.js NAME [PORT]. What you type becomes a
 * transaction, which the nodes carry everywhere; what comes is read from the node by its place, so
 * that nothing is missed while the node is away, and nothing comes twice.
 */

import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

interface Line {
  readonly place: number;
  /** Null in the first line, which only says where we are. */
  readonly transaction: { fromAddress?: unknown; toAddress?: unknown; text?: unknown } | null;
}

const [name, port = '4001'] = process.argv.slice(2);
if (name === undefined) {
  console.error('Say who you are: node examples/chat.js NAME [PORT]');
  process.exit(1);
}
const node = `localhost:${port}`;
const terminal = createInterface({ input: process.stdin, terminal: false });
terminal.on('line', say);
terminal.on('close', () => process.exit());

/** The place of the latest line that we have seen; at first we see what comes from now on. */
let place: number | undefined;
for (let isTold = false; ; await sleep(1000)) {
  try {
    await listen();
    isTold = false;
  } catch (error) {
    if (!isTold) console.log(`${node} does not answer (${(error as Error).message}), trying again`);
    isTold = true;
  }
}

/** Shows what comes, until the node goes. */
async function listen(): Promise<void> {
  const after = place === undefined ? '' : `&after=${place}`;
  const { ok, body, statusText } = await fetch(`http://${node}/transactions?follow${after}`);
  if (!ok || body === null) throw new Error(statusText);
  let rest = '';
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${part}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') show(JSON.parse(line));
  }
}

function show({ place: at, transaction }: Line): void {
  place = at;
  const { fromAddress, toAddress, text } = transaction ?? {};
  if (toAddress !== 'chat' || typeof text !== 'string') return;
  // Whatever a stranger has written, it moves no cursor here.
  console.log(`${fromAddress}: ${text}`.replace(/\p{Cc}/gu, '?'));
}

function say(text: string): void {
  const data = { id: randomUUID(), fromAddress: name, toAddress: 'chat', amount: 0, text };
  const socket = new WebSocket(`ws://${node}`);
  socket.on('open', () => socket.send(JSON.stringify({ type: 'TRANSACTION', data })));
  socket.on('open', () => socket.close());
  socket.on('error', ({ message }) => console.log(`not sent: ${text} (${message})`));
}
