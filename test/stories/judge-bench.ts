/** What a story has at hand: copies of the node, peers of the judge, and ways to wait and to tell. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fs from 'fs-extra';
import { WebSocket } from 'ws';
import { freePort } from '../support/helpers.js';
import { copyFolder, type NodeCopy } from '../support/node-copy.js';
import type { Closable } from '../support/trap-servers.js';
import { JudgePeer } from './judge-peer.js';
import { JudgedNode } from './judged-node.js';

/** How long a node may take for anything: machines may be busy, and classes are large. */
const DEADLINE_MS = 15_000;
const LOOK_INTERVAL_MS = 20;
const LETTERS = 'ABCDEFGH';
const CLONE = /^node-\d+$/;
const CODE = /\.[cm]?js$/;
const SHOWN_CHARACTERS = 300;

/** A story does not hold: what was done, and what was seen then. */
export class Unmet extends Error {
  readonly did: string;
  readonly saw: string;
  /** What the node printed last, if it had ended. */
  readonly lastLines: readonly string[] | undefined;

  constructor(did: string, saw: string, lastLines?: readonly string[]) {
    super(saw);
    this.did = did;
    this.saw = saw;
    this.lastLines = lastLines;
  }
}

export class Bench {
  readonly #copy: NodeCopy;
  /** The folder that is judged. */
  readonly original: string;
  readonly #nodes: JudgedNode[] = [];
  readonly #peers: JudgePeer[] = [];
  readonly #clients: WebSocket[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #others: Closable[] = [];
  #isOver = false;
  /** What has been done so far. */
  readonly #done: string[] = [];

  /** @param original the folder that the copy was made of */
  constructor(copy: NodeCopy, original: string) {
    this.#copy = copy;
    this.original = original;
  }

  /** Opens peer A, B, C …; one that is held answers no dial until it is told to. */
  async peer(answers: 'at once' | 'when told' = 'at once'): Promise<JudgePeer> {
    const name = `peer ${LETTERS[this.#peers.length]}`;
    const peer = await JudgePeer.open(name, answers === 'when told', (what) =>
      this.#done.push(what),
    );
    this.#peers.push(peer);
    if (this.#isOver) await peer.close();
    this.#goOn();
    return peer;
  }

  /**
   * Starts the node in a folder, and waits until it listens.
   *
   * @param knownPeers what its known-peers.json says
   * @throws Unmet
   */
  async start(
    knownPeers: readonly string[] = [],
    { name = 'node-1', pool = [] as unknown[], port = 0 } = {},
  ): Promise<JudgedNode> {
    const folder = join(this.#copy.beside, name);
    if (name !== 'node-1' && !(await fs.pathExists(folder))) {
      copyFolder(join(this.#copy.beside, 'node-1'), folder);
    }
    const chosen = port || (await freePort());
    const env = await fs.readFile(join(folder, '.env'), 'utf8');
    await fs.writeFile(join(folder, '.env'), env.replace(PORT_LINE, `PORT=${chosen}`));
    await fs.writeFile(join(folder, 'known-peers.json'), JSON.stringify(knownPeers));
    await fs.writeFile(join(folder, 'transactions.json'), JSON.stringify(pool));
    // What a node beyond the exercise remembers of an earlier story.
    for (const file of ['peers.json', 'blocks.json']) await fs.remove(join(folder, file));
    this.#goOn();
    const node = new JudgedNode(folder, chosen);
    this.#nodes.push(node);
    const peers = knownPeers.length > 0 ? `, and ${knownPeers.join(', ')} in known-peers.json` : '';
    this.#done.push(`started ${name} with another PORT in its .env${peers}`);
    await this.until(
      node,
      () => 'nothing listens on that PORT',
      () => node.isListening(),
    );
    return node;
  }

  /** Sends messages to a node, over a connection that ends with the story. */
  async say(node: JudgedNode, ...messages: object[]): Promise<void> {
    this.#goOn();
    const socket = new WebSocket(node.address);
    this.#clients.push(socket);
    socket.on('error', () => {});
    await this.until(
      node,
      () => 'it did not take a connection of the judge',
      () => socket.readyState === WebSocket.OPEN,
    );
    for (const message of messages) {
      const text = JSON.stringify(message);
      this.#done.push(`sent it ${text}`);
      socket.send(text);
    }
    await this.#answersPing(node, socket);
  }

  /** Waits until a node has dealt with all that came before, or shows that it has not. */
  async settled(node: JudgedNode): Promise<void> {
    await this.say(node);
  }

  /**
   * Waits until something is so.
   *
   * @param saw tells what there is instead, if it does not become so
   * @throws Unmet after the deadline, or as soon as the node has ended
   */
  async until(
    node: JudgedNode,
    saw: () => string,
    condition: () => boolean | Promise<boolean>,
  ): Promise<void> {
    const untilMs = performance.now() + DEADLINE_MS;
    while (!(await condition())) {
      if (!node.isRunning) {
        await node.end();
        const lastLines = node.lastLines.map((line) => this.#disguise(line));
        throw new Unmet(this.#told(), 'the node had ended', lastLines);
      }
      if (performance.now() > untilMs) this.fail(`after ${DEADLINE_MS / 1000} s, ${saw()}`);
      await sleep(LOOK_INTERVAL_MS);
    }
  }

  /** @throws Unmet */
  fail(saw: string): never {
    throw new Unmet(this.#told(), this.#disguise(saw));
  }

  /** Runs a script in the folder of a node; resolves when it has ended. */
  async run(node: JudgedNode, script: string): Promise<void> {
    this.#goOn();
    this.#done.push(`ran ${script} in ${basename(node.folder)}`);
    const child = spawn(process.execPath, [script], { cwd: node.folder, stdio: 'ignore' });
    this.#children.push(child);
    await once(child, 'close');
  }

  /** The code files of clones beside the original that are others than in the original. */
  async differences(): Promise<{ clone: string; file: string }[]> {
    const beside = dirname(this.original);
    const names = basename(this.original) === 'node-1' ? await fs.readdir(beside) : [];
    const clones = names.filter((name) => CLONE.test(name) && name !== 'node-1');
    const files = (await fs.readdir(this.original)).filter((name) => CODE.test(name));
    const pairs = clones.flatMap((clone) => files.map((file) => ({ clone, file })));
    const read = (...path: string[]) => fs.readFile(join(...path), 'utf8').catch(() => '');
    const isOther = await Promise.all(
      pairs.map(async ({ clone, file }) => {
        return (await read(beside, clone, file)) !== (await read(this.original, file));
      }),
    );
    return pairs.filter((_, i) => isOther[i]);
  }

  /** Has clear() end something else. */
  keep(thing: Closable): void {
    this.#goOn();
    this.#others.push(thing);
  }

  /** Ends all that the story has begun. If it was given up, it may still go on: it begins no more. */
  async clear(): Promise<void> {
    this.#isOver = true;
    for (const socket of this.#clients) socket.terminate();
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(this.#nodes.map((node) => node.end()));
    await Promise.all([...this.#peers, ...this.#others].map((each) => each.close()));
  }

  #goOn(): void {
    if (this.#isOver) throw new Error('the story is over');
  }

  /** What has been done so far, the same thing in a row once. */
  #told(): string {
    const steps = this.#done.filter((step, i) => step !== this.#done[i - 1]);
    return steps.map((step) => this.#disguise(step)).join('; ');
  }

  /** Gives peers and nodes their names in a text, in place of the addresses that the judge chose. */
  #disguise(text: string): string {
    let shown = text;
    const nodes = this.#nodes.map(({ port, folder }) => ({ port, name: basename(folder) }));
    for (const { name, port } of [...this.#peers, ...nodes]) {
      shown = shown
        .replaceAll(new RegExp(`\\bws://[^\\s"/]*:${port}/?`, 'g'), `<${name}>`)
        .replaceAll(String(port), `<port of ${name}>`);
    }
    shown = shown.replaceAll(this.#copy.beside, '…');
    return shown.length > SHOWN_CHARACTERS ? `${shown.slice(0, SHOWN_CHARACTERS)}…` : shown;
  }

  async #answersPing(node: JudgedNode, socket: WebSocket): Promise<void> {
    let isAnswered = false;
    socket.once('pong', () => {
      isAnswered = true;
    });
    if (socket.readyState === WebSocket.OPEN) socket.ping();
    await this.until(
      node,
      () => 'it did not answer a ping',
      () => isAnswered || socket.readyState !== WebSocket.OPEN,
    );
  }
}

/** The line of .env that the judge replaces. */
export const PORT_LINE = /^\s*(?:export\s+)?PORT\s*[=:].*$/m;
