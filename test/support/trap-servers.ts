/** Servers for a node to run into: one that listens, one that is mute, one that is slow. */

import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { freePort } from './helpers.js';

export interface Closable {
  close(): Promise<void> | void;
}

/** One connection that somebody opened to a trap, and what came over it. */
export interface Caller {
  readonly socket: WebSocket;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly frames: string[];
  binaryFrames: number;
}

/** A WebSocket server that answers nothing and notes everything. */
export class TrapServer {
  readonly port: number;
  readonly address: string;
  readonly callers: Caller[] = [];
  readonly #server: WebSocketServer;

  private constructor(port: number, server: WebSocketServer) {
    this.port = port;
    this.address = `ws://localhost:${port}`;
    this.#server = server;
    server.on('connection', (socket, request) => {
      const caller: Caller = { socket, headers: request.headers, frames: [], binaryFrames: 0 };
      this.callers.push(caller);
      socket.on('error', () => {});
      socket.on('message', (data, isBinary) => {
        if (isBinary) caller.binaryFrames += 1;
        caller.frames.push(data.toString());
      });
    });
  }

  static async open(port?: number): Promise<TrapServer> {
    const chosen = port ?? (await freePort());
    const server = new WebSocketServer({ port: chosen, host: '127.0.0.1' });
    await new Promise((done, fail) => server.once('listening', done).once('error', fail));
    return new TrapServer(chosen, server);
  }

  get openCallers(): Caller[] {
    return this.callers.filter((caller) => caller.socket.readyState === WebSocket.OPEN);
  }

  /** Everything of one type that came, over all connections, parsed. */
  received(type: string): unknown[] {
    return this.callers
      .flatMap((caller) => caller.frames)
      .map((frame) => JSON.parse(frame))
      .filter((message) => message.type === type)
      .map((message) => message.data);
  }

  async close(): Promise<void> {
    for (const { socket } of this.callers) socket.terminate();
    await new Promise((done) => this.#server.close(done));
  }
}

/** Forwards TCP connections: another name for whatever listens on `target`. */
export class Forwarder {
  readonly address: string;
  accepted = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, server: Server) {
    this.address = `ws://localhost:${port}`;
    this.#server = server;
  }

  static async open(target: number): Promise<Forwarder> {
    const port = await freePort();
    const server = createServer();
    const forwarder = new Forwarder(port, server);
    server.on('connection', (incoming) => {
      forwarder.accepted += 1;
      const outgoing = connect(target, '127.0.0.1');
      for (const [from, to] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        forwarder.#sockets.add(from);
        from.pipe(to);
        from.on('error', () => {});
        from.on('close', () => {
          forwarder.#sockets.delete(from);
          to.destroy();
        });
      }
    });
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    return forwarder;
  }

  get isOpen(): boolean {
    return this.#sockets.size > 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }
}

/** Servers that take a TCP connection and never say a word. */
export class MuteServers {
  readonly addresses: string[] = [];
  accepted = 0;
  open = 0;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  static async open(count: number): Promise<MuteServers> {
    const mute = new MuteServers();
    for (let i = 0; i < count; i++) {
      const port = await freePort();
      const server = createServer((socket) => mute.#hold(socket));
      await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
      mute.#servers.push(server);
      mute.addresses.push(`ws://localhost:${port}`);
    }
    return mute;
  }

  /** Ends the connections, as a server does that fails. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.hangUp();
    for (const server of this.#servers) server.close();
  }

  #hold(socket: Socket): void {
    this.accepted += 1;
    this.open += 1;
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.resume();
    socket.on('close', () => {
      this.open -= 1;
      this.#sockets.delete(socket);
    });
  }
}

/** A peer that takes its time to answer an upgrade. */
export class SlowPeer {
  readonly address: string;
  connections = 0;
  readonly #server = createHttpServer();
  readonly #sockets = new WebSocketServer({ noServer: true });

  private constructor(port: number, delayMs: number) {
    this.address = `ws://localhost:${port}`;
    this.#server.on('upgrade', async (request, socket, head) => {
      await sleep(delayMs);
      this.#sockets.handleUpgrade(request, socket, head, () => {
        this.connections += 1;
      });
    });
  }

  static async open(delayMs: number): Promise<SlowPeer> {
    const port = await freePort();
    const peer = new SlowPeer(port, delayMs);
    await new Promise<void>((done) => peer.#server.listen(port, '127.0.0.1', done));
    return peer;
  }

  close(): void {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.close();
  }
}
