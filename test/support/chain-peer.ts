/** A peer that a node recognises, with a chain that it is honest about, but where a test lies. */

import { WebSocket } from 'ws';
import { GENESIS } from '../../lib/chain/block.js';
import { LIMITS } from '../../lib/limits.js';
import type { Block } from '../../lib/wire/block.js';
import { getLatestBlockFrame, type Locator } from '../../lib/wire/block-messages.js';
import { type Chain, tipOf } from './chain.js';
import { until } from './helpers.js';
import { honest, MeshPeer } from './mesh-peer.js';

export type BlockRequest = 'GET_LATEST_BLOCK' | 'GET_HEADERS' | 'GET_BLOCKS';
/** Gives the frame that answers a request; undefined for none. */
export type BlockAnswerer = (locator: Locator) => string | undefined | Promise<string | undefined>;
export type BlockAnswerers = Partial<Record<BlockRequest, BlockAnswerer>>;

/** One thing that a node has said about blocks. */
export interface BlockSaying {
  readonly type: string;
  readonly data: unknown;
  /** The connection that it came over. */
  readonly socket: WebSocket;
}

export class ChainPeer {
  /** What it has; a test may put another one in its place. */
  chain: Chain;
  /** How it answers where it does not tell the truth. */
  readonly lies: BlockAnswerers;
  /** All that nodes have said to it about blocks, in order. */
  readonly heard: BlockSaying[] = [];
  readonly #mesh: MeshPeer;
  readonly #dialled: WebSocket[] = [];

  private constructor(chain: Chain, lies: BlockAnswerers, mesh: MeshPeer) {
    this.chain = chain;
    this.lies = lies;
    this.#mesh = mesh;
  }

  /** @param pool the texts of the transactions in its pool */
  static async open(
    chain: Chain = [GENESIS],
    lies: BlockAnswerers = {},
    pool: readonly string[] = [],
  ): Promise<ChainPeer> {
    const mesh = await MeshPeer.open(honest(pool), undefined, (text, socket) =>
      peer.#hear(text, socket),
    );
    const peer = new ChainPeer(chain, lies, mesh);
    return peer;
  }

  get address(): string {
    return this.#mesh.address;
  }

  /** How the connections that nodes have dialled ended, with code and reason. */
  get endings(): readonly string[] {
    return this.#mesh.endings;
  }

  /** What nodes have said of this type. */
  asked(type: string): BlockSaying[] {
    return this.heard.filter((each) => each.type === type);
  }

  /** The locators of all requests of this type. */
  locators(type: 'GET_HEADERS' | 'GET_BLOCKS'): Locator[] {
    return this.asked(type).map(({ data }) => data as Locator);
  }

  /** Opens a connection of its own, as a node does, on which it will announce blocks. */
  async dial(address: string): Promise<WebSocket> {
    const socket = await this.#mesh.dial(address);
    this.#dialled.push(socket);
    return socket;
  }

  /** Announces its latest block, or another, on the connections that it has dialled. */
  announce(block = tipOf(this.chain)): void {
    for (const socket of this.#dialled) socket.send(latestBlockAnswer(block));
  }

  /** Waits until all that it has said on a connection that it dialled is read, for it is answered. */
  async untilRead(socket: WebSocket): Promise<void> {
    const answers = () =>
      this.asked('LATEST_BLOCK').filter((each) => each.socket === socket).length;
    const before = answers();
    socket.send(getLatestBlockFrame());
    await until('an answer', () => answers() > before);
  }

  /** Says something on the connections that nodes have dialled. */
  say(text: string): void {
    this.#mesh.say(text);
  }

  /** What an honest node answers. */
  truth(type: BlockRequest, locator: Locator): string {
    if (type === 'GET_LATEST_BLOCK') return latestBlockAnswer(tipOf(this.chain));
    const next = following(this.chain, locator);
    return type === 'GET_HEADERS'
      ? headersAnswer(next.slice(0, LIMITS.headers))
      : blocksAnswer(pageOf(next));
  }

  async close(): Promise<void> {
    await this.#mesh.close();
  }

  async #hear(text: string, socket: WebSocket): Promise<void> {
    const { type, data } = JSON.parse(text);
    this.heard.push({ type, data, socket });
    if (!isRequest(type)) return;
    const lie = this.lies[type];
    const reply = lie === undefined ? this.truth(type, data) : await lie(data);
    if (reply !== undefined && socket.readyState === WebSocket.OPEN) socket.send(reply);
  }
}

export function latestBlockAnswer({ json }: Block): string {
  return `{"type":"LATEST_BLOCK","data":${json}}`;
}

export function blocksAnswer(blocks: Chain): string {
  return `{"type":"BLOCKS","data":[${blocks.map(({ json }) => json).join()}]}`;
}

export function headersAnswer(blocks: Chain): string {
  const data = blocks.map(({ transactions: _, json, ...header }) => header);
  return JSON.stringify({ type: 'HEADERS', data });
}

/** What follows the first block of a locator that is in a chain. */
export function following(chain: Chain, locator: Locator): Chain {
  const common = locator.find(({ height, hash }) => chain[height]?.hash === hash);
  return common === undefined ? [] : chain.slice(common.height + 1);
}

/** As many of these blocks as one answer holds, one at least. */
function pageOf(blocks: Chain): Chain {
  let bytes = 0;
  const end = blocks.findIndex(({ json }, index) => {
    bytes += Buffer.byteLength(json);
    return index > 0 && bytes > LIMITS.answerBytes;
  });
  return end < 0 ? blocks : blocks.slice(0, end);
}

function isRequest(type: string): type is BlockRequest {
  return type.startsWith('GET_');
}
