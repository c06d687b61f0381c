import { join } from 'node:path';
import concurrently, { Logger } from 'concurrently';
import { readArguments } from './lib/commands/command-line.js';
import { cloneNode, listNodes, numberOf, requireCompiled } from './lib/commands/node-folders.js';
import { colourOf, NodeLines, wholeLines } from './lib/commands/node-lines.js';
import { fail } from './lib/log.js';
import { pageAddressOf } from './lib/peers/addresses.js';
import { loadSettings } from './lib/settings.js';

const NETWORK_SIZE = 3;
// `exec` replaces the shell, which would report a node's clean exit as a kill.
const COMMAND = `${process.platform === 'win32' ? '' : 'exec '}"${process.execPath}" index.js`;
/** The folder that holds the node folders. */
const ROOT = import.meta.dirname;

const USAGE = `Usage: npm start

Runs every node-N folder in this terminal, after cloning node-1 until there are ${NETWORK_SIZE}.
Ctrl-C ends them all.

With LOG=json in node-1/.env or in the environment, there are only the lines of the nodes on stdout,
each a JSON object; all else is on stderr. (npm itself says on stdout what it runs; npm start --silent
does not.)`;

readArguments(USAGE, {});
const created: string[] = [];
while ((await listNodes(ROOT)).length < NETWORK_SIZE) created.push(await cloneNode(ROOT));
const names = await listNodes(ROOT);
for (const name of names) await requireCompiled(ROOT, name);

const settingsOf = (name: string) => loadSettings(join(ROOT, name));
const isJson = settingsOf(names[0] as string).logFormat === 'json';
// For the nodes whose .env does not set it.
if (isJson) process.env.LOG = 'json';
const nodes = names.map((name) => ({ name, ...settingsOf(name) }));
const other = nodes.find(({ logFormat }) => (logFormat === 'json') !== isJson);
if (other !== undefined) fail(`LOG is not the same in ${names[0]} and in ${other.name}`);
const say = isJson ? console.error : console.log;
for (const name of created) say(`${name} created`);
say(`Starting ${names.join(', ')}; Ctrl-C ends them`);
const longest = Math.max(...names.map(({ length }) => length));
for (const { name, address } of nodes) {
  say(`${name.padEnd(longest)}  ${pageAddressOf(address)}`);
}

// npm passes a signal only to its shell: when the shell is gone, we were meant to go too.
const parent = process.ppid;
if (process.env.npm_lifecycle_event === 'start') {
  setInterval(() => process.ppid !== parent && process.kill(process.pid), 200).unref();
}

const { commands, result } = concurrently(
  names.map((name) => ({
    name,
    command: COMMAND,
    cwd: join(ROOT, name),
    // A node prints no colours, and Node.js warns about FORCE_COLOR if NO_COLOR is set too.
    env: { FORCE_COLOR: undefined },
    prefixColor: colourOf(numberOf(name)),
  })),
  {
    // concurrently checks for a terminal and for FORCE_COLOR, but not for NO_COLOR.
    ...(process.env.NO_COLOR && { prefixColors: false }),
    logger: isJson ? new Logger({ hide: names }) : new NodeLines(names.length),
    padPrefix: true,
    killTimeout: 5000,
  },
);
if (isJson) {
  for (const { name, stdout, stderr, close } of commands) {
    close.subscribe(({ exitCode }) => say(`${name} ended with ${exitCode}`));
    stdout.subscribe(wholeLines((line) => process.stdout.write(line)));
    stderr.subscribe((chunk) => process.stderr.write(chunk));
  }
}
await result.catch(() => {
  process.exitCode = 1;
});
