/** One line of a switchboard: where one node finds another, and what goes between the two. */

import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';

const SOCKET_OPTIONS = { perMessageDeflate: false, maxPayload: 4 * 1024 * 1024 };
/** As long as a node waits itself. */
const DIAL_TIMEOUT_MS = 5000;
const MESH_HEADERS = ['mesh-version', 'mesh-id', 'mesh-address'];

/** What a line asks of its switchboard. */
export interface Operator {
  /** Rewrites the addresses in a text for the node that is going to read it. */
  translate(text: string, reader: number): string;
  /** Gives a frame on its way to that node as it is to arrive, or undefined if it is lost. */
  carry(frame: Buffer, isBinary: boolean, reader: number): Buffer | undefined;
}

/**
 * The way from one node to another: a port of its own, that forwards what `from` dials to `to`,
 * and what comes back. A close frame is answered here, so it is no receipt from the far end.
 */
export class Line {
  readonly from: number;
  readonly to: number;
  readonly port: number;
  readonly address: string;
  readonly #target: string;
  readonly #operator: Operator;
  readonly #server: Server = createServer();
  /** The connections that `from` opened to us. */
  readonly #near = new Set<WebSocket>();
  /** Those that we opened, or try to, to `to`. */
  readonly #far = new Set<WebSocket>();
  #isCut = false;

  constructor(from: number, to: number, port: number, target: string, operator: Operator) {
    this.from = from;
    this.to = to;
    this.port = port;
    this.address = `ws://localhost:${port}`;
    this.#target = target;
    this.#operator = operator;
    this.#server.on('upgrade', (request, socket, head) => this.#dial(request, socket, head));
  }

  get isOpen(): boolean {
    return [...this.#near].some((socket) => socket.readyState === WebSocket.OPEN);
  }

  async listen(): Promise<void> {
    const listening = new Promise((done, fail) =>
      this.#server.once('listening', done).once('error', fail),
    );
    this.#server.listen(this.port, '127.0.0.1');
    await listening;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of [...this.#near, ...this.#far]) socket.terminate();
  }

  heal(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.cut();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Dials `to` first, for what it answers is what `from` is to be answered, if anything. */
  #dial(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    if (this.#isCut) {
      socket.destroy();
      return;
    }
    const far = new WebSocket(this.#target, {
      ...SOCKET_OPTIONS,
      handshakeTimeout: DIAL_TIMEOUT_MS,
      headers: Object.fromEntries(this.#meshHeaders(request.headers, this.to)),
    });
    keep(far, this.#far);
    let answer: string[] = [];
    far.on('upgrade', ({ headers }) => {
      answer = this.#meshHeaders(headers, this.from).map((pair) => pair.join(': '));
    });
    let near: WebSocket | undefined;
    far.on('open', () => {
      // At once, so that no frame can come from either side before there is the other.
      near = upgrade(request, socket, head, answer);
      if (near === undefined) far.terminate();
      else this.#join(near, far);
    });
    far.on('close', () => {
      if (near === undefined) socket.destroy();
    });
  }

  #join(near: WebSocket, far: WebSocket): void {
    keep(near, this.#near);
    this.#forward(near, far, this.to);
    this.#forward(far, near, this.from);
  }

  #forward(source: WebSocket, target: WebSocket, reader: number): void {
    source.on('message', (data, isBinary) => {
      // What is left in a connection that has been cut counts for nothing.
      if (target.readyState !== WebSocket.OPEN) return;
      const frame = this.#operator.carry(data as Buffer, isBinary, reader);
      if (frame !== undefined) target.send(frame, { binary: isBinary });
    });
    source.on('close', (code, reason) => {
      if (code === 1006) target.terminate();
      else if (code === 1005) target.close();
      else target.close(code, reason);
    });
  }

  #meshHeaders(headers: IncomingHttpHeaders, reader: number): [name: string, value: string][] {
    return MESH_HEADERS.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, this.#operator.translate(value, reader)]] : [];
    });
  }
}

/** Completes an upgrade with these header lines; undefined if the other end has gone meanwhile. */
function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  answer: readonly string[],
): WebSocket | undefined {
  const server = new WebSocketServer({ ...SOCKET_OPTIONS, noServer: true });
  server.on('headers', (headers) => headers.push(...answer));
  let upgraded: WebSocket | undefined;
  server.handleUpgrade(request, socket, head, (near) => {
    upgraded = near;
  });
  return upgraded;
}

/** Keeps a socket among others for as long as it lasts. */
function keep(socket: WebSocket, sockets: Set<WebSocket>): void {
  sockets.add(socket);
  // What is wrong with it, its end will tell.
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
}
