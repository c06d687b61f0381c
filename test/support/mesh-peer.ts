/** A peer that a node recognises as one of its kind, and that answers as a test wants it to. */

import { WebSocket, WebSocketServer } from 'ws';
import { headerLines, identityHeaders } from '../../lib/peers/identity.js';
import { MerkleTree } from '../../lib/pool/merkle-tree.js';
import type { Request } from '../../lib/pool/reconciliation-session.js';
import { parseMessage } from '../../lib/wire/messages.js';
import { reconciliationFrame } from '../../lib/wire/reconciliation-messages.js';
import type { Transaction } from '../../lib/wire/transaction.js';
import { manyFrame, transactionFrame } from '../../lib/wire/transaction-messages.js';
import { connectTo, freePort } from './helpers.js';

export type Answerer = (request: Request) => string | undefined | Promise<string | undefined>;
/** Hears what a node says about blocks, whoever has dialled the connection. */
export type BlockListener = (text: string, socket: WebSocket) => void;

/** Of these an answerer hears nothing: it has a pool, and no chain. */
const BLOCK_TYPES = new Set([
  'GET_LATEST_BLOCK',
  'LATEST_BLOCK',
  'GET_HEADERS',
  'HEADERS',
  'GET_BLOCKS',
  'BLOCKS',
]);

export class MeshPeer {
  readonly address: string;
  /** All that a node has said on the connections that it dialled, in order, but about blocks. */
  readonly heard: string[] = [];
  /** All that was said on both sides of those connections: `→` is what the node said. */
  readonly spoken: string[] = [];
  /** How those connections have ended: `1008 too many malformed messages`. */
  readonly endings: string[] = [];
  readonly #server: WebSocketServer;
  readonly #headers: Record<string, string>;
  readonly #onBlocks: BlockListener;
  readonly #dialled: WebSocket[] = [];
  readonly #callers: WebSocket[] = [];

  private constructor(port: number, answer: Answerer, meshId: string, onBlocks: BlockListener) {
    this.address = `ws://localhost:${port}`;
    this.#onBlocks = onBlocks;
    this.#headers = identityHeaders(meshId, this.address);
    this.#server = new WebSocketServer({ port, host: '127.0.0.1' });
    this.#server.on('headers', (lines) => lines.push(...headerLines(this.#headers)));
    this.#server.on('connection', (socket) => {
      this.#callers.push(socket);
      socket.on('error', () => {});
      socket.on('close', (code, reason) => this.endings.push(`${code} ${reason}`.trim()));
      socket.on('message', (data) => this.#hear(socket, data.toString(), answer));
    });
  }

  /**
   * @param meshId the largest there is, unless given: so the other one begins to compare
   * @param onBlocks unless given, what is said about blocks is ignored
   */
  static async open(
    answer: Answerer,
    meshId = 'f'.repeat(32),
    onBlocks: BlockListener = () => {},
  ): Promise<MeshPeer> {
    return new MeshPeer(await freePort(), answer, meshId, onBlocks);
  }

  /** How often a node has asked for something of this type. */
  asked(type: string): number {
    return this.heard.filter((text) => JSON.parse(text).type === type).length;
  }

  /** Says something on the connections that nodes have dialled. */
  say(text: string): void {
    this.spoken.push(`← ${text}`);
    for (const socket of this.#callers) socket.send(text);
  }

  /** Reads nothing more of what comes on those connections, or goes on with it. */
  read(isReading: boolean): void {
    for (const socket of this.#callers) {
      if (isReading) socket.resume();
      else socket.pause();
    }
  }

  /** Opens a connection of its own, as a node does. */
  async dial(address: string): Promise<WebSocket> {
    const socket = await connectTo(address, this.#headers);
    this.#dialled.push(socket);
    socket.on('message', (data) => {
      const text = data.toString();
      if (isAboutBlocks(text)) this.#onBlocks(text, socket);
    });
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of [...this.#dialled, ...this.#server.clients]) socket.terminate();
    await new Promise((done) => this.#server.close(done));
  }

  async #hear(socket: WebSocket, text: string, answer: Answerer): Promise<void> {
    if (isAboutBlocks(text)) {
      this.#onBlocks(text, socket);
      return;
    }
    this.heard.push(text);
    this.spoken.push(`→ ${text}`);
    const message = parseMessage(Buffer.from(text), true);
    if (!('type' in message) || !message.type.startsWith('GET_')) return;
    const reply = await answer(message as Request);
    if (reply === undefined || socket.readyState !== WebSocket.OPEN) return;
    this.spoken.push(`← ${reply}`);
    socket.send(reply);
  }
}

function isAboutBlocks(text: string): boolean {
  return BLOCK_TYPES.has(JSON.parse(text).type);
}

/** A transaction, from its text. */
export function transactionFrom(json: string): Transaction {
  const message = parseMessage(transactionFrame(json), true);
  if ('type' in message && message.type === 'TRANSACTION') return message.data;
  throw new Error(`no transaction: ${json}`);
}

/** Answers like a node with these transactions. */
export function honest(texts: readonly string[]): (request: Request) => string {
  const tree = new MerkleTree();
  const pool = new Map(texts.map(transactionFrom).map((each) => [each.key, each]));
  for (const key of pool.keys()) tree.add(key);
  return ({ type, data }) => {
    if (type === 'GET_NODES') {
      return reconciliationFrame({
        type: 'NODES',
        data: data.map((name) => tree.childDigests(name)),
      });
    }
    if (type === 'GET_KEYS') {
      return reconciliationFrame({
        type: 'KEYS',
        data: tree.keysUnder(data.nodes, data.from, Infinity, 1024),
      });
    }
    const found = data.flatMap((key) => pool.get(key) ?? []);
    return manyFrame(
      'TRANSACTIONS',
      found.map(({ json }) => json),
    ).toString();
  };
}
