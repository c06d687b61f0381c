/** Something that passes for a node of ours to a client, and answers whatever a test wants. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { type Client, connect } from '../../lib/client/index.js';
import { DEADLINE_MS, freePort, within } from './helpers.js';

export class FakeNode {
  readonly port: number;
  readonly address: string;
  /** The transactions that came, of each connection. */
  readonly taken: Record<string, unknown>[][] = [];
  /** The paths asked for, and what answers them now. */
  readonly asked: string[] = [];
  /** Answers to requests that have not ended. */
  readonly open = new Set<ServerResponse>();
  onRequest: (path: string, response: ServerResponse) => void = () => {};
  /** Called for each transaction, with the number of the connection, from 0. */
  onTransaction: (socket: WebSocket, id: unknown, connection: number) => void = () => {};
  /** Whether connections are answered with 401. */
  refuses = false;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });

  private constructor(port: number, server: Server) {
    this.port = port;
    this.address = `ws://localhost:${port}`;
    this.#server = server;
    this.#sockets.on('headers', (lines) =>
      lines.push('mesh-version: 1', `mesh-id: ${'0123456789abcdef'.repeat(2)}`),
    );
    server.on('upgrade', (request, socket, head) => {
      if (this.refuses) socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
      else this.#sockets.handleUpgrade(request, socket, head, (client) => this.#serve(client));
    });
    server.on('request', (request, response) => this.#answer(request, response));
  }

  static async open(): Promise<FakeNode> {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    return new FakeNode(port, server);
  }

  /** The connections of clients that are open. */
  get clients(): WebSocket[] {
    return [...this.#sockets.clients].filter((each) => each.readyState === WebSocket.OPEN);
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #serve(client: WebSocket): void {
    const transactions: Record<string, unknown>[] = [];
    const connection = this.taken.push(transactions) - 1;
    client.on('error', () => {});
    client.on('message', (data) => {
      const { data: transaction } = JSON.parse(data.toString());
      transactions.push(transaction);
      this.onTransaction(client, transaction.id, connection);
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = `${request.url}`;
    this.asked.push(path);
    this.open.add(response);
    response.on('close', () => this.open.delete(response));
    this.onRequest(path, response);
  }
}

/** Sends a receipt, or something like one. */
export function sendReceipt(socket: WebSocket, id: unknown, others: object = {}): void {
  socket.send(JSON.stringify({ type: 'RECEIPT', data: { id, status: 'accepted', ...others } }));
}

/** A line of /transactions?follow. */
export function lineAt(place: number, transaction: object | null = { id: `${place}` }): string {
  return `${JSON.stringify({ place, block: null, transaction })}\n`;
}

/** Runs a check with a client of something that passes for a node, and that answers requests so. */
export async function withFakeAnswers(
  onRequest: FakeNode['onRequest'],
  check: (client: Client, fake: FakeNode) => Promise<void>,
  patienceMs = DEADLINE_MS,
): Promise<void> {
  const fake = await FakeNode.open();
  fake.onRequest = onRequest;
  const client = await connect(fake.address, { patienceMs });
  try {
    await within(DEADLINE_MS, check(client, fake));
  } finally {
    await client.close();
    await fake.close();
  }
}

/** All that comes from a loop which ends by itself. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const item of items) read.push(item);
  return read;
}
