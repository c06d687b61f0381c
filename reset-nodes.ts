import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { readArguments } from './lib/command-line.js';
import { emptyNode } from './lib/commands/node-folders.js';
import { listNodes } from './lib/commands/node-names.js';
import { runningOf } from './lib/commands/stop-node.js';
import { fail } from './lib/log.js';
import { explainFileError } from './lib/text-file.js';

/** The folder that holds the node folders. */
const ROOT = import.meta.dirname;

const USAGE = `Usage: npm run reset -- [options]

Empties the pools and chains of all nodes, and what they have learnt of peers, so that the network begins
anew. Code and settings stay. Nothing is emptied while one of them is running.

  --yes    do not ask
  --help   print this`;

const { yes } = readArguments(USAGE, { yes: { type: 'boolean', default: false } });
const names = await listNodes(ROOT);
const running = await runningOf(ROOT, names);
if (running.length > 0) {
  fail(`Nothing is emptied: ${running.join(', ')} must be ended first, with Ctrl-C`);
}
if (!yes && !(await isAgreed(`Empty the pools, chains and learnt peers of ${names.join(', ')}?`))) {
  fail('Nothing is emptied');
}
for (const name of names) {
  try {
    await emptyNode(join(ROOT, name));
    console.log(`${name} emptied`);
  } catch (error) {
    fail(`${name} is not emptied: ${explainFileError(error)}`);
  }
}

/** Asks the person at the terminal. */
async function isAgreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) fail('There is nobody to ask: say --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
