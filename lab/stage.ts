/** What a lesson may do, and how it says what to look at. When it is over, all is as it was. */

import { setTimeout as sleep } from 'node:timers/promises';
import { read } from '../lib/commands/node-door.js';
import { reason } from '../lib/log.js';
import type { Acts } from './acts.js';
import type { Lab } from './lab.js';
import type { LabNode } from './lab-node.js';
import { Stranger } from './stranger.js';
import { UnfitActError } from './unfit-act-error.js';
import { nowMs } from './watcher.js';

const LOOK_MS = 100;
/** A lesson that does not get on is over. Nodes that were apart dial each other within a minute. */
const STEP_LIMIT_MS = 120_000;

export interface Lesson {
  /** By which it is asked for. */
  readonly name: string;
  readonly title: string;
  /** How many sentences it says. */
  readonly sentences: number;
  run(stage: Stage): Promise<void>;
}

/** Ends a lesson that somebody has ended. */
class EndedError extends Error {}

/** Where a lesson is played: three nodes, and what it may do to them. */
export class Stage {
  readonly #lab: Lab;
  readonly #acts: Acts;
  readonly #lesson: Lesson;
  readonly #readMs: number;
  readonly #over = new AbortController();
  readonly #strangers: Stranger[] = [];
  readonly #stopped: LabNode[] = [];
  #step = 0;

  constructor(lab: Lab, acts: Acts, lesson: Lesson, readMs: number) {
    this.#lab = lab;
    this.#acts = acts;
    this.#lesson = lesson;
    this.#readMs = readMs;
  }

  end(): void {
    this.#over.abort();
  }

  /** Plays it, and puts everything back. Never rejects: what went wrong is its last sentence. */
  async run(): Promise<void> {
    try {
      await this.#lesson.run(this);
    } catch (error) {
      const why =
        error instanceof EndedError ? 'The lesson was ended.' : `It ends here: ${reason(error)}`;
      this.#record(this.#lesson.sentences, why);
    }
    await this.#putBack();
  }

  /** The nodes that it is played with: the first ones, running and joined. */
  async nodes(wanted: number): Promise<LabNode[]> {
    const nodes = this.#lab.nodes.slice(0, wanted);
    if (nodes.length < wanted) throw new UnfitActError(`this needs ${wanted} nodes: add one`);
    this.#undisturb();
    for (const node of nodes) if (node.state === 'stopped') await this.#acts.start(node);
    return nodes;
  }

  /** Says a sentence, and leaves time to read it. */
  async say(text: string): Promise<void> {
    this.#step += 1;
    this.#record(this.#step, text);
    await this.wait(this.#readMs);
  }

  async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#over.signal }).catch(() => {});
    if (this.#over.signal.aborted) throw new EndedError();
  }

  /** Waits until something has happened. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const giveUpMs = performance.now() + STEP_LIMIT_MS;
    while (!(await condition())) {
      if (performance.now() > giveUpMs) throw new Error(`it waited in vain for ${what}`);
      await this.wait(LOOK_MS);
    }
  }

  /** Stops a node, until the lesson starts it again or is over. */
  stop(node: LabNode): Promise<void> {
    this.#stopped.push(node);
    return node.stop();
  }

  start(node: LabNode): Promise<string> {
    return this.#acts.start(node);
  }

  pay(node: LabNode, from: string, to: string, amount: string): Promise<string> {
    return this.#acts.addTransaction(node, from, to, amount);
  }

  makeBlock(node: LabNode): Promise<string> {
    return this.#acts.makeBlock(node);
  }

  /** All links of a node. */
  async setLinks(node: LabNode, state: 'cut' | 'joined'): Promise<void> {
    if (this.#lab.noLinks !== null) throw new UnfitActError(this.#lab.noLinks);
    const others = this.#lab.nodes.filter((other) => other !== node);
    const pairs = others.map((other): [LabNode, LabNode] => [node, other]);
    await this.#lab.setLinks(pairs, state);
  }

  async invite(headers?: (address: string) => string[][]): Promise<Stranger> {
    if (this.#lab.nodes.some(({ hasSecret }) => hasSecret)) {
      throw new UnfitActError('a network with a NETWORK_SECRET lets no stranger in');
    }
    const stranger = await Stranger.open(headers);
    this.#strangers.push(stranger);
    return stranger;
  }

  /** Waits until these are all connected to each other, whichever of two has dialled. */
  untilConnected(nodes: readonly LabNode[]): Promise<void> {
    return this.until('the links', async () => {
      const all = await Promise.all(nodes.map((node) => peersOf(node)));
      return nodes.every((node, at) =>
        nodes.every(
          (other, there) =>
            other === node ||
            all[at]?.includes(other.address) ||
            all[there]?.includes(node.address),
        ),
      );
    });
  }

  async #putBack(): Promise<void> {
    for (const stranger of this.#strangers) await stranger.close();
    this.#undisturb();
    for (const node of this.#stopped) {
      if (node.state !== 'stopped') continue;
      // One that cannot start says why in the terminal; and none is to start when the lab is closed.
      await this.#acts.start(node).catch(() => {});
    }
  }

  #undisturb(): void {
    for (const node of this.#lab.nodes) if (node.state === 'frozen') node.thaw();
    // Not waited for: the lab must close also if a node does not answer.
    this.#lab.joinAll();
  }

  #record(step: number, text: string): void {
    const { title: lesson, sentences: of } = this.#lesson;
    this.#lab.record({ kind: 'lesson', at: nowMs(), lesson, step, of, text });
  }
}

async function statusOf({ door }: LabNode) {
  return JSON.parse(await read(door, '/status'));
}

async function peersOf(node: LabNode): Promise<string[]> {
  const { network } = await statusOf(node);
  return network.nodes
    .filter(({ state }: { state: string }) => state === 'connected')
    .map(({ address }: { address: string }) => address);
}

export async function poolOf(node: LabNode): Promise<number> {
  return (await statusOf(node)).pool.transactions;
}

export function tipsOf(nodes: readonly LabNode[]): Promise<string[]> {
  return Promise.all(nodes.map(async (node) => (await statusOf(node)).chain.blocks[0].hash));
}
