/** Where a node is killed while it takes the longer chain of a peer: what was before, and after. */

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { readArrayFile } from '../../lib/storage/array-file.js';
import type { Block } from '../../lib/wire/block.js';
import { readBlock } from '../../lib/wire/block.js';
import { type Chain, fileOf, tipOf, trunkTo } from './chain.js';
import { chainFile, chainOf, checkChain, includedIds, poolIds, readChain } from './chain-checks.js';
import { ChainPeer } from './chain-peer.js';
import { freePort, isJson, until } from './helpers.js';
import { type Network, withNetwork } from './network.js';
import type { NodeProcess } from './program.js';

/** What a node has, and what it is offered. */
export interface Scene {
  readonly ours: Chain;
  /** The texts of what is in the pool. */
  readonly pool: readonly string[];
  readonly theirs: Chain;
}

/** What a kill has left: a chain, a pool, and files that are only there for a while. */
export interface Remains {
  readonly chain: 'ours' | 'between' | 'theirs';
  /** Whether something in the pool is included. */
  readonly isPoolBehind: boolean;
  readonly files: readonly string[];
}

const NAME = 'node-1';
const CRASH_POINT = new URL('crash-point.js', import.meta.url).href;

export class Fixture {
  readonly #network: Network;
  readonly #scene: Scene;
  readonly #peer: ChainPeer;
  readonly #port: number;
  /** The ids of what may never be lost. */
  readonly #held: readonly string[];

  private constructor(network: Network, scene: Scene, peer: ChainPeer, port: number) {
    this.#network = network;
    this.#scene = scene;
    this.#peer = peer;
    this.#port = port;
    const pooled = scene.pool.map((json) => String(JSON.parse(json).id));
    this.#held = [...new Set([...includedIds(scene.ours), ...pooled])];
  }

  /** Sets a fixture up, and clears it away whatever happens. */
  static run(scene: Scene, act: (fixture: Fixture) => Promise<void>): Promise<void> {
    return withNetwork(async (network) => {
      const peer = network.keep(await ChainPeer.open());
      await act(new Fixture(network, scene, peer, await freePort()));
    });
  }

  /**
   * Launches a node that has what the scene begins with.
   *
   * @param crashAt at which step it is to end, unless it is only killed by others
   */
  async launch(crashAt?: number): Promise<NodeProcess> {
    const { ours, pool } = this.#scene;
    this.#peer.chain = trunkTo(0);
    for (const file of await readdir(this.#network.path(NAME))) {
      if (/^(peers|transactions|blocks)\.json/.test(file)) {
        await rm(this.#network.path(NAME, file));
      }
    }
    await this.#network.addNode(NAME, this.#port, []);
    await this.#network.write(`${NAME}/blocks.json`, fileOf(ours));
    await this.#network.write(`${NAME}/transactions.json`, `[\n${pool.join(',\n')}\n]\n`);
    if (crashAt === undefined) return this.#network.launch(NAME, this.#port);
    const { NODE_OPTIONS: before = '' } = process.env;
    process.env.NODE_OPTIONS = `${before} --import ${CRASH_POINT}?at=${crashAt}`;
    try {
      return this.#network.launch(NAME, this.#port);
    } finally {
      process.env.NODE_OPTIONS = before;
    }
  }

  /** Offers a node the longer chain. */
  async offer(node: NodeProcess): Promise<void> {
    this.#peer.chain = this.#scene.theirs;
    await this.#peer.dial(node.address);
    this.#peer.announce();
  }

  /** Waits until a node has taken it, and has nothing more to write; or until it ends. */
  async untilTaken(node: NodeProcess): Promise<void> {
    let missing = '';
    await until(
      () => `the longer chain to be taken; ${missing}`,
      async () => {
        const isTaken = (await readFile(chainFile(node), 'utf8')) === fileOf(this.#scene.theirs);
        missing = isTaken ? await this.#missing(node) : 'it is not in the file';
        return missing === '' || !node.isRunning;
      },
    );
  }

  /** Looks at what a kill has left, and what a node makes of it, by itself and when it goes on. */
  async recover(killed: NodeProcess): Promise<Remains> {
    const remains = await this.#lookAt(killed);
    this.#peer.chain = trunkTo(0);
    const node = await this.#network.restart(killed);
    await this.#untilAllIsHeld(node);
    const chain = await chainOf(node);
    const { ours, theirs } = this.#scene;
    const fork = ours.findLastIndex((block, height) => block === theirs[height]);
    assert.equal(chain[fork]?.hash, ours[fork]?.hash, 'what is common is there');
    if (remains.chain === 'between') {
      await this.offer(node);
      await this.untilTaken(node);
    }
    await node.end();
    return remains;
  }

  /** Whatever is whole in the chain of a node that was killed must be valid. */
  async #lookAt(node: NodeProcess): Promise<Remains> {
    const { ours, theirs } = this.#scene;
    const blocks: (Block | undefined)[] = [];
    const fd = openSync(chainFile(node), 'r');
    const onElement = ({ value }: { value: Block | undefined }) => blocks.push(value);
    await readArrayFile(fd, { parse: readBlock, onElement });
    closeSync(fd);
    const whole = checkChain(blocks);
    const isAll = (chain: Chain) => tipOf(whole).hash === tipOf(chain).hash;
    const included = new Set(includedIds(whole));
    return {
      chain: isAll(ours) ? 'ours' : isAll(theirs) ? 'theirs' : 'between',
      isPoolBehind: (await poolIds(node)).some((id) => included.has(id)),
      files: (await readdir(node.folder)).filter((file) => /\.(fork|tmp)$/.test(file)),
    };
  }

  async #untilAllIsHeld(node: NodeProcess): Promise<void> {
    let missing = '';
    await until(
      () => `all to be held once; ${missing}`,
      async () => {
        missing = await this.#missing(node);
        return missing === '';
      },
    );
  }

  /** What there is to say against all that the node had being in its chain or its pool, once. */
  async #missing(node: NodeProcess): Promise<string> {
    // While it is written it may be no JSON; what holds in the end is what counts.
    const text = await readFile(chainFile(node), 'utf8');
    const included = isJson(text) ? includedIds(readChain(text)) : [];
    const found = [...included, ...(await poolIds(node))];
    const held = new Set(found);
    const lacking = this.#held.filter((id) => !held.has(id)).length;
    const doubled = found.length - held.size;
    return lacking + doubled === 0 ? '' : `${lacking} are not, ${doubled} are twice`;
  }
}
