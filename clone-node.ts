import { readArguments, readCount } from './lib/command-line.js';
import { cloneNode, moveKnownPeers } from './lib/commands/node-folders.js';

/** The folder that holds the node folders. */
const ROOT = import.meta.dirname;

const USAGE = `Usage: node clone-node.js [options]

Copies node-1 to the next free folder, node-2, node-3 and so on. The clone has the same code,
its own PORT (4002 for node-2, if that of node-1 is 4001) and an empty pool, and knows node-1.

  --count N   make N clones (default: 1)
  --help      print this`;

const flags = readArguments(USAGE, { count: { type: 'string', default: '1' } });
for (let left = readCount('count', flags.count); left > 0; left--) {
  const { name, port } = await cloneNode(ROOT);
  console.log(`${name} created, PORT ${port}: start it with cd ${name} && node index.js`);
}
const moved = await moveKnownPeers(ROOT);
if (moved !== undefined) console.log(moved);
