/** A peer of the judge: a server that notes who dials it and what is said, and does as it is told. */

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { freePort } from '../support/helpers.js';

interface Held {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

export class JudgePeer {
  /** As it is called in a verdict. */
  readonly name: string;
  readonly port: number;
  readonly address: string;
  /** How often it was dialled. */
  dials = 0;
  /** How many dials have waited for an answer at the same time, at most. */
  mostAtOnce = 0;
  /** The text frames of all connections, in the order in which they came. */
  readonly frames: string[] = [];
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #open = new Set<WebSocket>();
  readonly #tcp = new Set<Socket>();
  readonly #held = new Set<Held>();
  readonly #tell: (what: string) => void;
  #isHolding: boolean;

  private constructor(
    name: string,
    port: number,
    server: Server,
    isHolding: boolean,
    tell: (what: string) => void,
  ) {
    this.name = name;
    this.port = port;
    this.address = `ws://localhost:${port}`;
    this.#server = server;
    this.#isHolding = isHolding;
    this.#tell = tell;
    server.on('connection', (socket) => {
      this.#tcp.add(socket);
      socket.on('error', () => {}).on('close', () => this.#tcp.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => {
      this.dials += 1;
      const held = { request, socket, head };
      this.#held.add(held);
      socket.once('close', () => this.#held.delete(held));
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#held.size);
      if (!this.#isHolding) this.#letIn();
    });
  }

  /**
   * @param isHolding whether a dial is answered only when the judge says so
   * @param tell is told what the peer does of its own accord
   */
  static async open(
    name: string,
    isHolding: boolean,
    tell: (what: string) => void,
  ): Promise<JudgePeer> {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    return new JudgePeer(name, port, server, isHolding, tell);
  }

  get isConnected(): boolean {
    return this.#open.size > 0;
  }

  /** Answers the dials that wait, and from now on each one at once. */
  letIn(): void {
    this.#tell(`${this.name} answered the dial`);
    this.#isHolding = false;
    this.#letIn();
  }

  /** Ends the dials that wait without an answer, as a node does that is going down. */
  refuse(): void {
    this.#tell(`${this.name} ended the dial without an answer`);
    for (const { socket } of this.#held) socket.destroy();
  }

  /** Closes its connections; resolves when the other ends have confirmed that. */
  async hangUp(): Promise<void> {
    this.#tell(`${this.name} closed the connection`);
    const closed = [...this.#open].map(
      (socket) => new Promise((done) => socket.once('close', done)),
    );
    for (const socket of this.#open) socket.close(1000);
    await Promise.all(closed);
  }

  /** Goes down: whoever dials it now is refused. */
  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    for (const socket of this.#tcp) socket.destroy();
    await closed;
  }

  /** The data of each message of a type that it has got. */
  received(type: string): unknown[] {
    return this.frames
      .flatMap((frame) => {
        try {
          return [JSON.parse(frame) as { type?: unknown; data?: unknown } | null];
        } catch {
          return [];
        }
      })
      .filter((message) => message?.type === type)
      .map((message) => message?.data);
  }

  #letIn(): void {
    for (const { request, socket, head } of this.#held) {
      this.#sockets.handleUpgrade(request, socket, head, (client) => this.#take(client));
    }
    this.#held.clear();
  }

  #take(client: WebSocket): void {
    this.#open.add(client);
    client.on('error', () => {});
    client.on('close', () => this.#open.delete(client));
    client.on('message', (data, isBinary) => {
      this.frames.push(isBinary ? '(a binary frame)' : data.toString());
    });
  }
}
