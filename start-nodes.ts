import { once } from 'node:events';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type OpenLab, openLab, type Runnable } from './lab/index.js';
import { readArguments, readCount } from './lib/command-line.js';
import { cloneNode, moveKnownPeers, requireCompiled } from './lib/commands/node-folders.js';
import { NodeLines } from './lib/commands/node-lines.js';
import { listNodes, numberOf } from './lib/commands/node-names.js';
import { NodeProgram } from './lib/commands/node-program.js';
import { sharedEnvironment } from './lib/env.js';
import { whenParentEnds } from './lib/leave.js';
import { fail, reason } from './lib/log.js';
import { pageAddressOf } from './lib/peers/addresses.js';
import { loadSettings, type Settings } from './lib/settings.js';

const NETWORK_SIZE = 3;
const LAB_PORT = 4000;
const HIGHEST_PORT = 65_535;
/** Where the lab is anyway, or all addresses at once, those included. */
const NO_HOSTS = ['localhost', '127.0.0.1', '::1', '0.0.0.0', '::'];
/** They ask a program to end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** The exit code of what ends because nobody reads it, as shells have it for SIGPIPE. */
const UNREAD = 141;
/** The folder that holds the node folders. */
const ROOT = import.meta.dirname;

const USAGE = `Usage: npm start -- [options]

Runs every node-N folder in this terminal, after cloning node-1 until there are ${NETWORK_SIZE}, and the lab: a
page on which you see all of them, slow them down, and pull their plugs. Ctrl-C ends them all.

  --nodes N         run N of them, after cloning node-1 until there are as many
  --no-lab          run the nodes alone
  --lab-port PORT   the port of the lab (default: ${LAB_PORT})
  --lab-host HOST   let others look at the lab too, at this address of this machine, such as
                    192.168.1.5; they cannot touch
  --help            print this

With LOG=json in node-1/.env or in the environment, there are only the lines of the nodes on stdout,
each a JSON object; all else is on stderr. (npm itself says on stdout what it runs; npm start --silent
does not.)`;

const flags = readArguments(USAGE, {
  nodes: { type: 'string' },
  'no-lab': { type: 'boolean', default: false },
  'lab-port': { type: 'string' },
  'lab-host': { type: 'string' },
});
const wanted = flags.nodes === undefined ? undefined : readCount('nodes', flags.nodes);
const labPort = readLabPort();
const labHost = readLabHost();
const news: string[] = [];
while ((await listNodes(ROOT)).length < (wanted ?? NETWORK_SIZE)) {
  news.push(`${(await cloneNode(ROOT)).name} created`);
  const moved = await moveKnownPeers(ROOT);
  if (moved !== undefined) news.push(moved);
}
const names = (await listNodes(ROOT)).slice(0, wanted);
for (const name of names) await requireCompiled(ROOT, name);

// What several nodes have in common may be in the environment, but no node gets the PORT in it.
const environment = sharedEnvironment();
const all = names.map((name) => ({ name, settings: loadSettings(join(ROOT, name), environment) }));
for (const [index, node] of all.entries()) {
  const other = all.slice(0, index).find((each) => listensThere(each.settings, node.settings));
  if (other === undefined) continue;
  const { port } = node.settings;
  fail(`${other.name} and ${node.name} both have PORT=${port}: change one of them`);
}
const isJson = all[0]?.settings.log.format === 'json';
const isMixed = all.some(({ settings }) => (settings.log.format === 'json') !== isJson);
const say = isJson ? console.error : console.log;
const lines = new NodeLines(print, process.stdout);
/** How the nodes that have ended did so, by name. */
const outcomes = new Map<string, number | string>();
const runnables = all.map(({ name, settings }) => prepare(name, settings));
for (const line of news) say(line);
const lab = flags['no-lab'] ? undefined : await tryLab();
for (const signal of SIGNALS) process.on(signal, leave);
say(`Starting ${names.join(', ')}; Ctrl-C ends them`);
const longest = Math.max(...names.map(({ length }) => length));
for (const { name, settings } of runnables) {
  say(`${name.padEnd(longest)}  ${pageAddressOf(settings.address)}`);
}
if (lab !== undefined) say(`${'lab'.padEnd(longest)}  ${lab.url}`);
if (typeof lab?.noLinks === 'string') say(`The lab cuts no links: ${lab.noLinks}`);

// npm passes a signal only to its shell: when the shell is gone, we were meant to go too.
if (process.env.npm_lifecycle_event === 'start') whenParentEnds(() => process.kill(process.pid));

// Without a reader (`| head`) there is nothing to run for. Other failures, as of a full disk, pass.
let isUnread = false;
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE' || isUnread) return;
  isUnread = true;
  leave();
});

if (lab === undefined) {
  const ended = runnables.map(({ program }) => once(program, 'end'));
  for (const { program } of runnables) program.start();
  await Promise.all(ended);
  await leave();
} else {
  await lab.start();
  // Where none of them could start, there is nothing to see.
  if (runnables.every(({ program }) => !program.isRunning)) await leave();
}

/** Ends all nodes, and waits until they are gone. */
async function leave(): Promise<void> {
  // First what may start one of them.
  await lab?.close();
  await Promise.all(runnables.map(({ program }) => program.stop()));
  // A node that was still being loaded knows nothing of signals yet, and loses nothing by one.
  const isFine = [...outcomes.values()].every((outcome) => [0, ...SIGNALS].includes(outcome));
  process.exit(isUnread ? UNREAD : isFine ? 0 : 1);
}

/** A node that can be started, whose lines are shown. */
function prepare(name: string, settings: Settings): Runnable {
  const number = numberOf(name);
  const program = new NodeProgram(join(ROOT, name), {
    PORT: undefined,
    ADDRESS: undefined,
    ...(isMixed && { LOG: isJson ? 'json' : 'text' }),
    // A node prints no colours, and Node.js warns about FORCE_COLOR if NO_COLOR is set too.
    FORCE_COLOR: undefined,
  });
  program.on('start', () => {
    outcomes.delete(name);
    lines.add(name, number);
  });
  program.on('line', (text, stream) => {
    if (!isJson) lines.show(text, name, number);
    else if (stream === 'stdout') print(text);
    else process.stderr.write(text);
  });
  program.on('end', (outcome, wasKilled) => {
    lines.remove(name);
    if (!wasKilled) outcomes.set(name, outcome);
    if (isJson) say(`${name} ended with ${outcome}`);
    else lines.show(`ended with ${outcome}\n`, name, number);
  });
  return { name, settings, program };
}

/** Opens the lab; says why if it cannot be. */
async function tryLab(): Promise<OpenLab | undefined> {
  try {
    return await openLab(runnables, {
      root: ROOT,
      port: labPort,
      host: labHost,
      load(name) {
        const added = prepare(name, loadSettings(join(ROOT, name), environment));
        runnables.push(added);
        return added;
      },
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      fail(`This machine has no address ${labHost}: give --lab-host another`);
    }
    if (code !== 'EADDRINUSE') fail(`The lab cannot be opened: ${reason(error)}`);
    say(`Port ${labPort} is taken: the nodes run without the lab; --lab-port gives it another`);
    return undefined;
  }
}

function readLabPort(): number {
  const text = flags['lab-port'] ?? String(LAB_PORT);
  if (flags['lab-port'] !== undefined) rejectWithoutLab('lab-port');
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= HIGHEST_PORT) return port;
  return fail(`--lab-port ${text} is not a whole number from 1 to ${HIGHEST_PORT}`);
}

function readLabHost(): string | undefined {
  const host = flags['lab-host'];
  if (host === undefined) return undefined;
  rejectWithoutLab('lab-host');
  if (NO_HOSTS.includes(host.toLowerCase())) {
    fail(
      `--lab-host ${host} leads nobody else here: write an address of this machine, like 192.168.1.5`,
    );
  }
  if (isIP(host) !== 0 || /^[a-z\d][a-z\d.-]*$/i.test(host)) return host;
  return fail(`--lab-host ${host} is not an IP address, nor a name: write it like 192.168.1.5`);
}

function rejectWithoutLab(flag: string): void {
  if (flags['no-lab']) fail(`Give either --no-lab or --${flag}, not both`);
}

/** Prints what a node has said. Where stdout is a file, a full disk throws. */
function print(text: string): void {
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
