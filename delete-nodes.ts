import { join } from 'node:path';
import fs from 'fs-extra';
import { readArguments } from './lib/command-line.js';
import { listNodes } from './lib/commands/node-names.js';
import { runningOf, stopNode } from './lib/commands/stop-node.js';
import { fail } from './lib/log.js';
import { explainFileError } from './lib/text-file.js';

/** The folder that holds the node folders. */
const ROOT = import.meta.dirname;

const USAGE = `Usage: node delete-nodes.js [options]

Removes every node-N folder but node-1, with its pool. Nothing else is touched: not the DATA of a node
elsewhere. Nothing is deleted while one of them is running.

  --stop   ends those that are running first, as Ctrl-C does
  --help   print this`;

const { stop } = readArguments(USAGE, { stop: { type: 'boolean', default: false } });
const clones = (await listNodes(ROOT)).filter((name) => name !== 'node-1');
const running = await runningOf(ROOT, clones);
if (running.length > 0 && !stop) {
  const verb = running.length === 1 ? 'is' : 'are';
  const line = `${running.join(', ')} ${verb} running: Ctrl-C there, or --stop here, ends what runs`;
  fail(`Nothing is deleted: ${line}`);
}
for (const name of running) {
  await stopNode(join(ROOT, name));
  console.log(`${name} ended`);
}
for (const name of clones) {
  try {
    await fs.remove(join(ROOT, name));
    console.log(`${name} deleted`);
  } catch (error) {
    console.error(`${name} is not deleted: ${explainFileError(error)}`);
    process.exitCode = 1;
  }
}
if (clones.length === 0) console.log('Nothing to delete: there is no clone of node-1');
