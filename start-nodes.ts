import { join } from 'node:path';
import concurrently from 'concurrently';
import { readArguments } from './command-line.js';
import { cloneNode, listNodes, ROOT, requireCompiled } from './node-folders.js';

const NETWORK_SIZE = 3;
// In place of the shell, which would report a node's clean exit as a kill.
const COMMAND = `${process.platform === 'win32' ? '' : 'exec '}"${process.execPath}" index.js`;
const USAGE = `Usage: npm start

Runs every node-N folder in this terminal, after cloning node-1 until there are ${NETWORK_SIZE}.
Ctrl-C ends them all.`;

readArguments(USAGE, {});
while ((await listNodes()).length < NETWORK_SIZE) console.log(`${await cloneNode()} created`);
const names = await listNodes();
for (const name of names) await requireCompiled(name);
console.log(`Starting ${names.join(', ')}; Ctrl-C ends them`);

// npm passes a signal on to its shell only: when that is gone, we were meant to go too.
const parent = process.ppid;
if (process.env.npm_lifecycle_event === 'start') {
  setInterval(() => process.ppid !== parent && process.kill(process.pid), 200).unref();
}

const { result } = concurrently(
  names.map((name) => ({ name, command: COMMAND, cwd: join(ROOT, name) })),
  { prefix: 'name', prefixColors: ['auto'], killTimeout: 5000 },
);
await result.catch(() => {
  process.exitCode = 1;
});
