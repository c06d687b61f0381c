import { join } from 'node:path';
import { Writable } from 'node:stream';
import concurrently, { Logger } from 'concurrently';
import { readArguments, readCount } from './lib/command-line.js';
import { cloneNode, listNodes, numberOf, requireCompiled } from './lib/commands/node-folders.js';
import { colourOf, NodeLines, wholeLines } from './lib/commands/node-lines.js';
import { sharedEnvironment } from './lib/env.js';
import { whenParentEnds } from './lib/leave.js';
import { fail } from './lib/log.js';
import { pageAddressOf } from './lib/peers/addresses.js';
import { loadSettings, type Settings } from './lib/settings.js';

const NETWORK_SIZE = 3;
/** The exit code of what ends because nobody reads it, as shells have it for SIGPIPE. */
const UNREAD = 141;
// `exec` replaces the shell, which would report a node's clean exit as a kill.
const COMMAND = `${process.platform === 'win32' ? '' : 'exec '}"${process.execPath}" index.js`;
/** The folder that holds the node folders. */
const ROOT = import.meta.dirname;

const USAGE = `Usage: npm start -- [options]

Runs every node-N folder in this terminal, after cloning node-1 until there are ${NETWORK_SIZE}.
Ctrl-C ends them all.

  --nodes N   run N of them, after cloning node-1 until there are as many
  --help      print this

With LOG=json in node-1/.env or in the environment, there are only the lines of the nodes on stdout,
each a JSON object; all else is on stderr. (npm itself says on stdout what it runs; npm start --silent
does not.)`;

const flags = readArguments(USAGE, { nodes: { type: 'string' } });
const wanted = flags.nodes === undefined ? undefined : readCount('nodes', flags.nodes);
const created: string[] = [];
while ((await listNodes(ROOT)).length < (wanted ?? NETWORK_SIZE)) {
  created.push((await cloneNode(ROOT)).name);
}
const names = (await listNodes(ROOT)).slice(0, wanted);
for (const name of names) await requireCompiled(ROOT, name);

// What several nodes have in common may be in the environment, but no node gets the PORT in it.
const environment = sharedEnvironment();
const nodes = names.map((name) => ({ name, ...loadSettings(join(ROOT, name), environment) }));
for (const [index, node] of nodes.entries()) {
  const other = nodes.slice(0, index).find((each) => listensThere(each, node));
  if (other) fail(`${other.name} and ${node.name} both have PORT=${node.port}: change one of them`);
}
const isJson = nodes[0]?.logFormat === 'json';
const isMixed = nodes.some(({ logFormat }) => (logFormat === 'json') !== isJson);
const say = isJson ? console.error : console.log;
for (const name of created) say(`${name} created`);
say(`Starting ${names.join(', ')}; Ctrl-C ends them`);
const longest = Math.max(...names.map(({ length }) => length));
for (const { name, address } of nodes) {
  say(`${name.padEnd(longest)}  ${pageAddressOf(address)}`);
}

// npm passes a signal only to its shell: when the shell is gone, we were meant to go too.
if (process.env.npm_lifecycle_event === 'start') whenParentEnds(() => process.kill(process.pid));

// Without a reader (`| head`) there is nothing to run for. Other failures, as of a full disk, pass.
let isUnread = false;
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE' || isUnread) return;
  isUnread = true;
  for (const command of commands) command.kill('SIGTERM');
});

const { commands, result } = concurrently(
  names.map((name) => ({
    name,
    command: COMMAND,
    cwd: join(ROOT, name),
    env: {
      PORT: undefined,
      ADDRESS: undefined,
      ...(isMixed && { LOG: isJson ? 'json' : 'text' }),
      // A node prints no colours, and Node.js warns about FORCE_COLOR if NO_COLOR is set too.
      FORCE_COLOR: undefined,
      // It ends with us, however we end.
      RUNNER: process.pid,
    },
    prefixColor: colourOf(numberOf(name)),
  })),
  {
    // concurrently checks for a terminal and for FORCE_COLOR, but not for NO_COLOR.
    ...(process.env.NO_COLOR && { prefixColors: false }),
    outputStream: new Writable({
      write(chunk, _, done) {
        print(chunk);
        done();
      },
    }),
    logger: isJson ? new Logger({ hide: names }) : new NodeLines(names.length),
    padPrefix: true,
    killTimeout: 5000,
  },
);
if (isJson) {
  for (const { name, stdout, stderr, close } of commands) {
    close.subscribe(({ exitCode }) => say(`${name} ended with ${exitCode}`));
    stdout.subscribe(wholeLines(print));
    stderr.subscribe((chunk) => process.stderr.write(chunk));
  }
}
await result.catch(() => {
  process.exitCode = 1;
});
if (isUnread) process.exitCode = UNREAD;

/** Prints what a node has said. Where stdout is a file, a full disk throws. */
function print(text: string | Buffer): void {
  try {
    process.stdout.write(text);
  } catch {}
}

/** Whether two nodes listen on one port of one address. */
function listensThere(a: Settings, b: Settings): boolean {
  const isEverywhere = (host: string) => host === '0.0.0.0' || host === '::';
  const isShared = (host: string) => b.hosts.includes(host) || isEverywhere(host);
  return a.port === b.port && (a.hosts.some(isShared) || b.hosts.some(isEverywhere));
}
