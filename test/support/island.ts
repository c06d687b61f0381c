/**
 * A machine inside this one that is connected to nothing, whose names lead where a test says: a
 * network namespace and a view of the files of its own. It takes root, on Linux.
 */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './helpers.js';
import type { Network } from './network.js';
import type { Program } from './program.js';

const NAME_SERVER = fileURLToPath(new URL('name-server.js', import.meta.url));
// The first argument is the folder with its files, the second what the name server is told.
const BEGIN = `ip link set lo up
ip address add 10.77.0.1/24 dev lo
for file in resolv.conf hosts nsswitch.conf; do mount --bind "$1/$file" "/etc/$file"; done
exec "$0" "${NAME_SERVER}" "$2"`;

export class Island {
  readonly #network: Network;
  readonly #server: Program;

  private constructor(network: Network, server: Program) {
    this.#network = network;
    this.#server = server;
  }

  /**
   * Makes an island, which ends with the network.
   *
   * @param names the names that its name server answers for; of others it says nothing
   * @param hosts the names in its /etc/hosts, beside localhost
   */
  static async create(
    network: Network,
    names: Record<string, string> = {},
    hosts: Record<string, string> = {},
  ): Promise<Island> {
    const lines = Object.entries({ localhost: '127.0.0.1', ...hosts });
    await network.write('hosts', lines.map(([name, ip]) => `${ip} ${name}\n`).join(''));
    await network.write('resolv.conf', 'nameserver 127.0.0.1\n');
    await network.write('nsswitch.conf', 'hosts: files dns\n');
    const args = ['-nm', 'sh', '-c', BEGIN, process.execPath, network.root, JSON.stringify(names)];
    const server = network.start(args, '.', 'unshare');
    await until(
      () => `a name server; it said: ${server.stdout}${server.stderr}`,
      () => server.stdout.includes('listening'),
    );
    return new Island(network, server);
  }

  /** Starts `node script` there, in a folder of the network. */
  start(args: string[], folder = '.'): Program {
    const inside = [
      '-t',
      String(this.#server.process.pid),
      '-n',
      '-m',
      `--wd=${this.#network.path(folder)}`,
    ];
    return this.#network.start([...inside, process.execPath, ...args], folder, 'nsenter');
  }

  /** Starts the node in a folder there, with other lines than the PORT in its .env. */
  async startNode(
    name: string,
    port: number,
    knownPeers: string[],
    ...lines: string[]
  ): Promise<Program> {
    await this.#network.addNode(name, port, knownPeers);
    await this.#network.write(join(name, '.env'), [`PORT=${port}`, ...lines, ''].join('\n'));
    return this.start(['index.js'], name);
  }
}

/** Waits until a program has printed a line that matches. */
export function untilSays(program: Program, line: RegExp): Promise<void> {
  return until(
    () => `a line ${line}; it said: ${program.stdout}${program.stderr}`,
    () => line.test(program.stdout),
  );
}

/** Why there can be no islands here; false if there can. */
export function whyNoIslands(): string | false {
  if (process.platform !== 'linux') return 'an island is there on Linux only';
  if (process.getuid?.() !== 0) return 'an island takes root';
  const args = ['-nm', 'sh', '-c', 'command -v nsenter ip && ip link set lo up'];
  const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
  return status === 0 ? false : `no island here: ${stderr ?? 'unshare is missing'}`;
}
