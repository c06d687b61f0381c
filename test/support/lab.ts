/** A lab as somebody sees it who has started it, and opened its page. */

import assert from 'node:assert/strict';
import { get, type IncomingMessage, request } from 'node:http';
import type { Act, Entry, Hello } from '../../lab/entries.js';
import { freePort, until } from './helpers.js';
import { type Network, withNetwork } from './network.js';
import type { Program } from './program.js';

export interface Said {
  readonly status: number;
  readonly text: string;
}

/** What somebody asks for who may not be who should. */
export interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export class RunningLab {
  readonly port: number;
  /** The addresses of the nodes that there are at first. */
  readonly addresses: readonly string[];
  readonly terminal: Program;
  readonly entries: Entry[] = [];
  hello: Hello | undefined;
  #stream: IncomingMessage | undefined;
  #rest = '';

  private constructor(port: number, addresses: readonly string[], terminal: Program) {
    this.port = port;
    this.addresses = addresses;
    this.terminal = terminal;
  }

  /** Starts a lab with some nodes on free ports, and looks at it. */
  static async start(network: Network, nodes: number, ...flags: string[]): Promise<RunningLab> {
    // Its own port before theirs, for the one after theirs is for a node that is added.
    const port = await freePort();
    const ports: number[] = [];
    while (ports.length < nodes) ports.push(await freePort());
    return RunningLab.startAt(network, port, ports, ...flags);
  }

  /** The same on these ports. */
  static async startAt(
    network: Network,
    port: number,
    ports: readonly number[],
    ...flags: string[]
  ): Promise<RunningLab> {
    for (const [index, each] of ports.entries()) {
      const known = index === 0 ? [] : [`ws://localhost:${ports[0]}`];
      await network.addNode(`node-${index + 1}`, each, known);
    }
    const args = [
      'start-nodes.js',
      '--nodes',
      `${ports.length}`,
      '--lab-port',
      `${port}`,
      ...flags,
    ];
    const terminal = network.start(args);
    await until(
      () => `the lab, not: ${terminal.stdout}${terminal.stderr}`,
      () => terminal.stdout.includes('lab '),
    );
    const addresses = ports.map((each) => `ws://localhost:${each}`);
    const lab = new RunningLab(port, addresses, terminal);
    await lab.look();
    return lab;
  }

  /** The address that the terminal shows, with the token. */
  get url(): string {
    return /^lab +(http:\S+)$/m.exec(this.terminal.stdout)?.[1] ?? '';
  }

  get token(): string {
    return this.url.split('#')[1] ?? '';
  }

  of<K extends Entry['kind']>(kind: K): Extract<Entry, { kind: K }>[] {
    return this.entries.filter((each): each is Extract<Entry, { kind: K }> => each.kind === kind);
  }

  /** The latest state of a node. */
  stateOf(name: string): string | undefined {
    return this.of('node').findLast((each) => each.name === name)?.state;
  }

  /** The latest block of each node. */
  tips(): (string | undefined)[] {
    return this.addresses.map(
      (address) => this.of('tip').findLast((each) => each.address === address)?.hash,
    );
  }

  /**
   * Waits until each two of the nodes that there were at first have a link, whoever has dialled. Nodes
   * that were apart so long that they gave each other up take up to a minute.
   */
  async untilConnected(): Promise<void> {
    const peersOf = (address: string) =>
      this.of('peers').findLast((each) => each.address === address)?.peers ?? [];
    const isLinked = (a: string, b: string) =>
      a === b || peersOf(a).includes(b) || peersOf(b).includes(a);
    await until(
      () => `the links; the latest lines are ${this.terminal.lines.slice(-25).join('\n')}`,
      () => this.addresses.every((a) => this.addresses.every((b) => isLinked(a, b))),
      90_000,
    );
  }

  /** What the page sends for a button. */
  act(act: Act): Promise<Said> {
    return this.ask('/act', {
      method: 'POST',
      headers: {
        origin: `http://localhost:${this.port}`,
        'content-type': 'application/json',
        'lab-token': this.token,
      },
      body: JSON.stringify(act),
    });
  }

  ask(path: string, { method = 'GET', headers = {}, body = '' }: Asking = {}): Promise<Said> {
    return new Promise((resolve, reject) => {
      const options = { port: this.port, host: '127.0.0.1', path, method, agent: false };
      const host = `localhost:${this.port}`;
      const asking = request({ ...options, headers: { host, ...headers } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      asking.on('error', reject).end(body);
    });
  }

  /** Looks at all that is recorded, and at what comes. */
  async look(): Promise<void> {
    get({ port: this.port, host: '127.0.0.1', path: '/recording', agent: false }, (stream) => {
      this.#stream = stream;
      stream.on('error', () => {});
      stream.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    });
    await until('the lab to tell', () => this.hello !== undefined);
  }

  async close(): Promise<void> {
    this.#stream?.destroy();
    await this.terminal.close();
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event, json = ''] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (event === 'hello') this.hello = JSON.parse(json);
      if (event === 'entries') this.entries.push(...JSON.parse(json));
    }
  }
}

/** Has the lab do something that it has to be able to do. @returns the line that it says */
export async function done(lab: RunningLab, act: Act): Promise<string> {
  const { status, text } = await lab.act(act);
  assert.equal(status, 200, `${act.do}: ${text}`);
  return JSON.parse(text).says;
}

/** Runs a test with a lab, and ends it. */
export function withLab(
  nodes: number,
  check: (lab: RunningLab, network: Network) => Promise<void>,
  ...flags: string[]
): Promise<void> {
  return withNetwork(async (network) => {
    const lab = await RunningLab.start(network, nodes, ...flags);
    try {
      await check(lab, network);
    } finally {
      await lab.close();
    }
  });
}
