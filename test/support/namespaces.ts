/**
 * Several machines on one network, all inside this one: Linux network namespaces, each with a
 * cable to a switch. It takes root and the commands of iproute2 (`ip`, `ss`, `tc`).
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { Program, type Result } from './program.js';

// Begins to clear away when its input ends, and so also when the process that made the machines
// is killed. What runs in them is ended with them.
const CLEAR_AWAY = `cat
for name in "$@"; do
  ip netns pids "$name" | xargs -r kill -9
  ip netns del "$name"
done`;

/** One machine: a network of its own, with one address. */
export class Machine {
  readonly ip: string;
  readonly #namespace: string;
  readonly #switch: string;
  /** The other end of its cable. */
  readonly #plug: string;

  constructor(namespace: string, ip: string, switchNamespace: string, plug: string) {
    this.#namespace = namespace;
    this.ip = ip;
    this.#switch = switchNamespace;
    this.#plug = plug;
  }

  /** Plugs it in. */
  async connect(): Promise<void> {
    const [inSwitch, inMachine] = [
      ['-n', this.#switch],
      ['-n', this.#namespace],
    ];
    const ends = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', this.#namespace];
    await command('ip', ...inSwitch, 'link', 'add', this.#plug, ...ends);
    await command('ip', ...inSwitch, 'link', 'set', this.#plug, 'master', 'bridge', 'up');
    await command('ip', ...inMachine, 'address', 'add', `${this.ip}/24`, 'dev', 'eth0');
    await command('ip', ...inMachine, 'link', 'set', 'eth0', 'up');
    await command('ip', ...inMachine, 'link', 'set', 'lo', 'up');
  }

  /** Pulls its cable, or puts it back. Nobody is told: what is sent is lost. */
  async setLink(state: 'up' | 'down'): Promise<void> {
    await command('ip', '-n', this.#switch, 'link', 'set', this.#plug, state);
  }

  /**
   * Makes what it sends come late, and some of it not at all.
   *
   * @returns by what means, for not every kernel has the better one
   */
  async worsenLink(): Promise<string> {
    const add = ['netns', 'exec', this.#namespace, 'tc', 'qdisc', 'add', 'dev', 'eth0', 'root'];
    const netem = ['netem', 'delay', '50ms', 'loss', '2%'];
    // What waits for more than about 50 ms to go out is lost.
    const tbf = ['tbf', 'rate', '2mbit', 'burst', '3kb', 'limit', '12kb'];
    const { code } = await run('ip', ...add, ...netem);
    if (code === 0) return netem.join(' ');
    await command('ip', ...add, ...tbf);
    return `${tbf.join(' ')}, for this kernel has no netem`;
  }

  /** Starts `node script` on this machine. */
  start(args: string[], folder: string): Program {
    return new Program(['netns', 'exec', this.#namespace, process.execPath, ...args], folder, 'ip');
  }

  /** The connections that it has opened and the other side has taken: `10.77.1.2:4001`. */
  async dialledConnections(port: number): Promise<string[]> {
    const list = ['ss', '-Htn', 'state', 'established', 'dport', '=', `:${port}`];
    const { stdout } = await command('ip', 'netns', 'exec', this.#namespace, ...list);
    return [...stdout.matchAll(/(\S+)\s*$/gm)].map(([, remote]) => remote as string);
  }
}

/** Machines on one switch. */
export class Machines {
  readonly all: Machine[] = [];
  readonly #guard: ChildProcess;

  private constructor(namespaces: string[]) {
    const args = ['-c', CLEAR_AWAY, 'sh', ...namespaces];
    // Out of the reach of a Ctrl-C, which is no reason to leave anything behind.
    this.#guard = spawn('sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  }

  /** @throws Error when this system does not allow it */
  static async create(count: number): Promise<Machines> {
    const name = `p2p-${randomBytes(4).toString('hex')}`;
    const subnet = `10.77.${randomInt(256)}`;
    const theSwitch = `${name}-switch`;
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const namespaces = [theSwitch, ...numbers.map((number) => `${name}-${number}`)];
    const machines = new Machines(namespaces);
    try {
      for (const each of namespaces) await command('ip', 'netns', 'add', each);
      await command('ip', '-n', theSwitch, 'link', 'add', 'bridge', 'type', 'bridge');
      await command('ip', '-n', theSwitch, 'link', 'set', 'bridge', 'up');
      for (const number of numbers) {
        const [namespace, ip] = [`${name}-${number}`, `${subnet}.${number}`];
        const machine = new Machine(namespace, ip, theSwitch, `plug${number}`);
        await machine.connect();
        machines.all.push(machine);
      }
      return machines;
    } catch (error) {
      await machines.close();
      throw error;
    }
  }

  /** Takes everything away, and ends what runs there. */
  async close(): Promise<void> {
    const isCleared = once(this.#guard, 'exit');
    this.#guard.stdin?.end();
    await isCleared;
  }
}

/** Why there can be no machines here; false if there can. */
export async function whyNoMachines(): Promise<string | false> {
  if (process.platform !== 'linux') return 'network namespaces are there on Linux only';
  if (process.getuid?.() !== 0) return 'network namespaces take root';
  const found = spawnSync('sh', ['-c', 'command -v ip && command -v ss && command -v tc']);
  if (found.status !== 0) return 'ip, ss or tc is missing: they are in the package iproute2';
  try {
    await (await Machines.create(1)).close();
    return false;
  } catch (error) {
    return `no network namespaces here: ${(error as Error).message}`;
  }
}

async function command(name: string, ...args: string[]): Promise<Result> {
  const result = await run(name, ...args);
  if (result.code === 0) return result;
  throw new Error(`${name} ${args.join(' ')}: ${result.stderr.trim()}`);
}

function run(name: string, ...args: string[]): Promise<Result> {
  return new Program(args, '.', name).result();
}
