/**
 * A stranger's node: it knows HANDSHAKE and TRANSACTION and nothing else, takes every message
 * that is not a TRANSACTION for a HANDSHAKE, and falls over whatever it did not expect. What
 * it falls over is kept in `crashes` instead of ending the test.
 */

import { WebSocket, WebSocketServer } from 'ws';
import { freePort, makeTransaction } from './helpers.js';

type StrangeTransaction = Record<string, unknown>;

export interface Heard {
  /** Which of the connections opened to this peer it came over. */
  readonly connection: number;
  readonly text: string;
  readonly isBinary: boolean;
}

export class PlainPeer {
  readonly address: string;
  readonly transactions: StrangeTransaction[] = [];
  readonly heard: Heard[] = [];
  readonly crashes: Error[] = [];
  connectedAddresses: string[] = [];
  connections = 0;

  readonly #attempting = new Set<string>();
  readonly #sockets = new Map<string, WebSocket>();
  readonly #server: WebSocketServer;

  private constructor(port: number, knownPeers: string[]) {
    this.address = `ws://localhost:${port}`;
    this.#server = new WebSocketServer({ port, host: '127.0.0.1' });
    this.#server.on('connection', (socket) => this.#serve(socket));
    for (const address of knownPeers) this.#connect(address);
  }

  static async join(knownPeers: string[]): Promise<PlainPeer> {
    return new PlainPeer(await freePort(), knownPeers);
  }

  /** Makes a transaction of its own, identified by its hash alone, and tells everyone. */
  add(hash: string): void {
    this.#take({ ...makeTransaction(hash), id: undefined });
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    for (const socket of this.#sockets.values()) socket.terminate();
    await new Promise((done) => this.#server.close(done));
  }

  #serve(socket: WebSocket): void {
    const connection = this.connections++;
    socket.on('error', (error) => this.crashes.push(error));
    socket.on('message', (data, isBinary) => {
      this.heard.push({ connection, text: data.toString(), isBinary });
      try {
        const message = JSON.parse(data.toString());
        if (message.type === 'TRANSACTION') this.#take(message.data);
        else {
          message.data.forEach((address: string) => {
            this.#connect(address);
          });
        }
      } catch (error) {
        this.crashes.push(error as Error);
      }
    });
  }

  #take(transaction: StrangeTransaction): void {
    if (this.transactions.some((known) => known.hash === transaction.hash)) return;
    this.transactions.push(transaction);
    for (const socket of this.#sockets.values()) {
      socket.send(JSON.stringify({ type: 'TRANSACTION', data: transaction }));
    }
  }

  #connect(address: string): void {
    if (address === this.address || this.#attempting.has(address)) return;
    if (this.connectedAddresses.includes(address)) return;
    this.#attempting.add(address);
    const socket = new WebSocket(address);
    socket.on('open', () => {
      this.#attempting.delete(address);
      this.connectedAddresses.push(address);
      this.#sockets.set(address, socket);
      const data = [this.address, ...this.connectedAddresses];
      socket.send(JSON.stringify({ type: 'HANDSHAKE', data }));
    });
    socket.on('error', () => this.#attempting.delete(address));
    socket.on('close', () => {
      this.#sockets.delete(address);
      this.connectedAddresses = this.connectedAddresses.filter((other) => other !== address);
    });
    socket.on('message', (data) => {
      this.crashes.push(new Error(`an answer on a connection it opened: ${data}`));
    });
  }
}
