import { readArguments } from './lib/command-line.js';
import { cloneNode } from './lib/commands/node-folders.js';

/** The folder that holds the node folders. */
const ROOT = import.meta.dirname;

const USAGE = `Usage: node clone-node.js

Copies node-1 to the next free folder, node-2, node-3 and so on. The clone has the same code,
its own PORT (4002 for node-2, if that of node-1 is 4001) and an empty pool.`;

readArguments(USAGE, {});
const { name, port } = await cloneNode(ROOT);
console.log(`${name} created, PORT ${port}: start it with cd ${name} && node index.js`);
