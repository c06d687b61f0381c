/**
 * An Internet inside this machine, with routers that let nobody in: network namespaces, which nobody
 * else sees, and from which nothing gets out. It takes root, on Linux, and the commands `ip` and `nft`.
 */

import { spawnSync } from 'node:child_process';
import { until } from './helpers.js';
import { Program } from './program.js';

/** HyperDHT takes no address that is kept for examples; this network was for relays to IPv6, once. */
const PUBLIC = '192.88.99';
const PUBLIC_HOST = 'public';
/** A second switch there, which leads nowhere else. */
const ELSEWHERE = 'elsewhere';

// The namespaces and their names are there for this shell, and for what is started inside. When its
// input ends, also because the process that made it is killed, what runs there is ended with it.
const BEGIN = 'mount -t tmpfs none /run';
const STAY = `echo made
cat
for name in $(ls /run/netns); do ip netns pids "$name" | xargs -r kill -9 || :; done`;

/** Its machines. */
export interface Plan {
  /** The names of machines with an address of their own. */
  readonly open: readonly string[];
  /** The names of machines at home, each behind a router of its own. */
  readonly atHome: readonly string[];
  /** How many addresses the public host has. */
  readonly addresses: number;
}

export class Internet {
  /** The addresses of the public host. */
  readonly addresses: readonly string[];
  readonly #shell: Program;

  private constructor(shell: Program, addresses: readonly string[]) {
    this.#shell = shell;
    this.addresses = addresses;
  }

  /** @throws Error when this system does not allow it */
  static async create({ atHome, open, addresses: count }: Plan): Promise<Internet> {
    let last = 0;
    const next = () => `${PUBLIC}.${++last}`;
    const addresses = Array.from({ length: count }, next);
    const script = [
      BEGIN,
      ...publicHost(addresses),
      ...open.flatMap((name) => openMachine(name, next())),
      ...atHome.flatMap((name, index) => home(name, next(), `192.168.${index + 1}`)),
      STAY,
    ];
    const shell = new Program(['-nm', 'sh', '-ec', script.join('\n')], '.', 'unshare', 'pipe');
    const internet = new Internet(shell, addresses);
    await until('the namespaces', () => shell.stdout.includes('made') || !shell.isRunning);
    if (!shell.isRunning) throw new Error((await shell.result()).stderr.trim());
    return internet;
  }

  /** Starts `node script` on a machine, or on the public host. */
  start(args: readonly string[], folder: string, machine = PUBLIC_HOST): Program {
    const command = ['ip', 'netns', 'exec', machine, process.execPath, ...args];
    return this.#inside(folder, command);
  }

  /** Takes the line to the Internet from a machine's router, or gives it back. Nobody is told. */
  async setUplink(machine: string, state: 'up' | 'down'): Promise<void> {
    const command = ['ip', '-n', PUBLIC_HOST, 'link', 'set', routerOf(machine), state];
    const { code, stderr } = await this.#inside('/', command).result();
    if (code !== 0) throw new Error(stderr);
  }

  /** Takes machines to another Internet, where they find only each other, or back. Nobody is told. */
  async move(machines: readonly string[], where: 'here' | 'elsewhere'): Promise<void> {
    const bridge = where === 'here' ? 'wan' : ELSEWHERE;
    const moves = machines.map((name) => `link set ${routerOf(name)} master ${bridge}`);
    const command = `printf '%s\\n' ${moves.map((each) => `'${each}'`).join(' ')} | ip -n ${PUBLIC_HOST} -batch -`;
    const { code, stderr } = await this.#inside('/', ['sh', '-ec', command]).result();
    if (code !== 0) throw new Error(stderr);
  }

  /** Takes everything away, and ends what runs there. */
  async close(): Promise<void> {
    this.#shell.process.stdin?.end();
    await this.#shell.result();
  }

  #inside(folder: string, command: readonly string[]): Program {
    const enter = ['-t', String(this.#shell.process.pid), '-n', '-m', `--wd=${folder}`];
    return new Program([...enter, ...command], folder, 'nsenter');
  }
}

/** A host with these addresses, and a switch to which all other public ones are connected. */
function publicHost(addresses: readonly string[]): string[] {
  const on = `ip -n ${PUBLIC_HOST}`;
  return [
    ...namespace(PUBLIC_HOST),
    `${on} link add wan type bridge`,
    ...addresses.map((address) => `${on} address add ${address}/24 dev wan`),
    `${on} link set wan up`,
    `${on} link add ${ELSEWHERE} type bridge`,
    `${on} link set ${ELSEWHERE} up`,
  ];
}

/** A machine, or a router, with a public address; the switch has its line under its name. */
function openMachine(name: string, address: string): string[] {
  return [
    ...namespace(name),
    `ip -n ${PUBLIC_HOST} link add ${name} type veth peer name wan netns ${name}`,
    `ip -n ${PUBLIC_HOST} link set ${name} master wan up`,
    `ip -n ${name} address add ${address}/24 dev wan`,
    `ip -n ${name} link set wan up`,
  ];
}

/** A machine in a private network, whose router has a public address. */
function home(name: string, address: string, lan: string): string[] {
  const router = routerOf(name);
  return [
    ...openMachine(router, address),
    ...namespace(name),
    `ip -n ${router} link add lan type veth peer name eth0 netns ${name}`,
    `ip -n ${router} address add ${lan}.1/24 dev lan`,
    `ip -n ${router} link set lan up`,
    `ip -n ${name} address add ${lan}.2/24 dev eth0`,
    `ip -n ${name} link set eth0 up`,
    `ip -n ${name} route add default via ${lan}.1`,
    `ip netns exec ${router} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'`,
    `ip netns exec ${router} nft '${ROUTER_RULES}'`,
  ];
}

/**
 * A router drops packets that nobody inside has asked for, without an answer. Without this
 * rule Linux answers, and remembers the flow: then one from inside gets another port than those
 * outside expect, and no hole is punched.
 */
const ROUTER_RULES = `table ip home {
  chain translate { type nat hook postrouting priority 100; oifname wan masquerade; }
  chain to_router { type filter hook input priority 0; policy drop; iifname lan accept; }
  chain through {
    type filter hook forward priority 0; policy drop;
    iifname lan accept;
    ct state established,related accept;
  }
}`;

function namespace(name: string): string[] {
  return [`ip netns add ${name}`, `ip -n ${name} link set lo up`];
}

function routerOf(machine: string): string {
  return `router-${machine}`;
}

/** Why there can be no such Internet here; false if there can. */
export async function whyNoInternet(): Promise<string | false> {
  const why = 'no homes behind routers here';
  if (process.platform !== 'linux') return `${why}: they are there on Linux only`;
  if (process.getuid?.() !== 0) return `${why}: they take root`;
  const tools = ['unshare', 'nsenter', 'ip', 'nft'];
  const find = tools.map((tool) => `command -v ${tool}`).join(' && ');
  if (spawnSync('sh', ['-c', find]).status !== 0) return `${why}: they take ${tools.join(', ')}`;
  try {
    await (await Internet.create({ open: [], atHome: ['home'], addresses: 1 })).close();
    return false;
  } catch (error) {
    return `${why}: ${(error as Error).message}`;
  }
}
