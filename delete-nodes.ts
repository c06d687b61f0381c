import { join } from 'node:path';
import fs from 'fs-extra';
import { readArguments } from './lib/commands/command-line.js';
import { listNodes } from './lib/commands/node-folders.js';

/** The folder that holds the node folders. */
const ROOT = import.meta.dirname;

const USAGE = `Usage: node delete-nodes.js

Removes every node-N folder but node-1, with its pool. Nothing else is touched.`;

readArguments(USAGE, {});
const clones = (await listNodes(ROOT)).filter((name) => name !== 'node-1');
for (const name of clones) {
  await fs.remove(join(ROOT, name));
  console.log(`${name} deleted`);
}
if (clones.length === 0) console.log('Nothing to delete: there is no clone of node-1');
