/** Requests to a node by which no WebSocket is opened, as browsers send them and others do. */

import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connectRaw } from './frames.js';
import { until, within } from './helpers.js';
import type { RunningNode } from './program.js';

/** The pages of a node that have an end, and what they are. */
export const PAGES = {
  '/': 'text/html',
  '/page.css': 'text/css',
  '/common.css': 'text/css',
  '/page.js': 'text/javascript',
  '/graph.js': 'text/javascript',
  '/connection.js': 'text/javascript',
  '/transactions.js': 'text/javascript',
  '/cytoscape.mjs': 'text/javascript',
  '/icon.svg': 'image/svg+xml',
  '/status': 'application/json',
  '/metrics': 'text/plain',
  '/healthz': 'text/plain',
  '/readyz': 'text/plain',
};

const ANSWER_MS = 10_000;

export interface Asked {
  readonly method?: string;
  /** Beside a Host of `localhost` and the port, or in place of it. */
  readonly headers?: OutgoingHttpHeaders;
  /** By which of this machine's addresses. */
  readonly ip?: string;
  /** Whose certificates are trusted, PEM; without it, there is no TLS. */
  readonly ca?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** Asks a node for a page, spelt exactly so, and reads all of the answer. */
export async function visit(node: RunningNode, path: string, asked: Asked = {}): Promise<Answer> {
  const response = await openAnswer(node, path, asked);
  const parts = await within(ANSWER_MS, response.setEncoding('utf8').toArray());
  return { status: response.statusCode ?? 0, headers: response.headers, body: parts.join('') };
}

/** All that a node answers to these bytes until it closes. */
export async function answerTo(node: RunningNode, bytes: string): Promise<string> {
  const socket = await connectRaw(node);
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString('latin1');
  });
  socket.write(bytes, 'latin1');
  await until(`an end of: ${bytes.slice(0, 80)}`, () => socket.closed || socket.readableEnded);
  socket.destroy();
  return answer;
}

/** Sends a request on a connection of its own, and waits for the head of the answer. */
export function openAnswer(
  node: RunningNode,
  path: string,
  { method = 'GET', headers = {}, ip = '127.0.0.1', ca }: Asked = {},
): Promise<IncomingMessage> {
  const all = { host: `localhost:${node.port}`, ...headers };
  const options = { host: ip, port: node.port, path, method, headers: all, agent: false };
  return new Promise((done, fail) => {
    const sent =
      ca === undefined
        ? request(options, done)
        : requestTls({ ...options, ca, servername: 'localhost' }, done);
    sent.on('error', fail);
    sent.end();
  });
}
