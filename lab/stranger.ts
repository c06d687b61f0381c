/**
 * A peer that is no node of ours, as somebody may have written it for the exercise: it knows HANDSHAKE
 * and TRANSACTION, and nothing else. And one that lies.
 */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** Listens on a port that is free, and dials whomever it hears of. */
export class Stranger {
  readonly address: string;
  /** Why the nodes that it has dialled have hung up. */
  readonly farewells: string[] = [];
  readonly #server: WebSocketServer;
  readonly #headers: Record<string, string>;
  readonly #sockets = new Map<string, WebSocket>();
  readonly #hashes = new Set<string>();

  private constructor(server: WebSocketServer, headers: (address: string) => string[][]) {
    this.#server = server;
    this.address = `ws://localhost:${(server.address() as AddressInfo).port}`;
    const lines = headers(this.address);
    this.#headers = Object.fromEntries(lines);
    server.on('headers', (all) => all.push(...lines.map((line) => line.join(': '))));
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.on('message', (data) => this.#hear(String(data)));
    });
  }

  /**
   * @param headers what it says of itself, by its address; nothing, for a plain peer
   */
  static async open(headers: (address: string) => string[][] = () => []): Promise<Stranger> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return new Stranger(server, headers);
  }

  get peers(): number {
    return [...this.#sockets.values()].filter(isOpen).length;
  }

  /** Tells all that it is connected to. */
  say(message: object | string): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    for (const socket of this.#sockets.values()) if (isOpen(socket)) socket.send(text);
  }

  /** Makes a transaction as the exercise has it, without an id. */
  add(transaction: { readonly hash: string }): void {
    this.#hashes.add(transaction.hash);
    this.say({ type: 'TRANSACTION', data: transaction });
  }

  dial(address: string): void {
    if (address === this.address || this.#sockets.has(address)) return;
    const socket = new WebSocket(address, { headers: this.#headers, perMessageDeflate: false });
    this.#sockets.set(address, socket);
    socket.on('open', () => {
      const data = [this.address, ...this.#sockets.keys()];
      socket.send(JSON.stringify({ type: 'HANDSHAKE', data }));
    });
    socket.on('message', () => {});
    socket.on('error', () => {});
    socket.on('close', (_, reason) => {
      this.farewells.push(String(reason));
      this.#sockets.delete(address);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.close();
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #hear(text: string): void {
    const { type, data } = JSON.parse(text);
    if (type === 'HANDSHAKE') for (const address of data) this.dial(address);
    if (type !== 'TRANSACTION' || this.#hashes.has(data.hash)) return;
    this.add(data);
  }
}

function isOpen({ readyState }: WebSocket): boolean {
  return readyState === WebSocket.OPEN;
}
