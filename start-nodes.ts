import { spawn } from 'node:child_process';
import { join } from 'node:path';
import concurrently from 'concurrently';
import { readArguments } from './command-line.js';
import { cloneNode, listNodes, ROOT, requireCompiled } from './node-folders.js';

const NETWORK_SIZE = 3;
const USAGE = `Usage: npm start

Runs every node-N folder in this terminal, after cloning node-1 until there are ${NETWORK_SIZE}.
Ctrl-C ends them all.`;

readArguments(USAGE, {});
while ((await listNodes()).length < NETWORK_SIZE) console.log(`${await cloneNode()} created`);
const names = await listNodes();
for (const name of names) await requireCompiled(name);
console.log(`Starting ${names.join(', ')}; Ctrl-C ends them`);

const { result } = concurrently(
  names.map((name) => ({ name, command: 'node index.js', cwd: join(ROOT, name) })),
  {
    prefix: 'name',
    prefixColors: ['auto'],
    killTimeout: 5000,
    // Without a shell in between, which would report a node's clean exit as a kill.
    spawn: (_command, options) =>
      spawn(process.execPath, ['index.js'], { ...options, shell: false }),
  },
);
await result.catch(() => {
  process.exitCode = 1;
});
