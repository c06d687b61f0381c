/** Answers plain HTTP requests: the page, the status, the metrics and the health of a node. */

import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Registry } from 'prom-client';
import { LIMITS } from '../limits.js';
import { type NodeLog, reason } from '../log.js';
import { EventStream } from './event-stream.js';
import { type Observed, readStatus, type Status, statusJson } from './status.js';

/** An answer with a body. */
interface Answer {
  readonly type: string;
  readonly body: string | Buffer;
  readonly status?: number;
}

// The page loads only what this node serves, has no inline script, and is in no frame.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  // One answer per connection: then its slot is free again.
  connection: 'close',
};
const TEXT = 'text/plain; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
/** The modules of the page's script. */
const SCRIPTS = [
  'chain',
  'connection',
  'dom',
  'format',
  'graph',
  'graph-style',
  'labels',
  'layout',
  'network',
  'network-map',
  'node',
  'node-list',
  'page',
  'transactions',
];
/** By path: the module that resolves to the file, and its type. */
const FILES = new Map<string, readonly [module: string, type: string]>([
  ['/', ['./page/index.html', 'text/html; charset=utf-8']],
  ['/page.css', ['./page/page.css', 'text/css; charset=utf-8']],
  ['/icon.svg', ['./page/icon.svg', 'image/svg+xml']],
  ['/cytoscape.mjs', ['cytoscape/dist/cytoscape.esm.min.mjs', SCRIPT]],
  ...SCRIPTS.map((name) => [`/${name}.js`, [`./page/${name}.js`, SCRIPT]] as const),
]);

export class HttpInterface {
  readonly #observed: Observed;
  readonly #log: NodeLog;
  readonly #events: EventStream;
  readonly #files = new Map<string, Promise<Buffer>>();
  readonly #readBody = notTooOften(() => Buffer.from(`${statusJson(this.#readStatus())}\n`));
  readonly #readMetrics = notTooOften(() => this.#measure());
  #registry: Registry | undefined;

  /** @param log is shown on the page, and told about files that cannot be read */
  constructor(observed: Observed, log: NodeLog) {
    this.#observed = observed;
    this.#log = log;
    this.#events = new EventStream(() => this.#readStatus());
  }

  /**
   * Answers a request that access control has let in.
   *
   * @returns whether the answer lasts as long as the other end likes
   */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url?.replace(/\?.*$/s, '') ?? '/';
    if (path === '/events' && request.method === 'GET') {
      setHeaders(response, 'text/event-stream');
      if (this.#events.add(response)) return true;
    }
    this.#answerTo(path, request.method)
      .catch((error: unknown) => {
        this.#log('not served', `${path} (${reason(error)})`);
        return { type: TEXT, body: 'It cannot be read\n', status: 500 };
      })
      .then((answer) => send(response, answer));
    return false;
  }

  /** The node leaves: the event streams end. */
  end(): void {
    this.#events.end();
  }

  #readStatus(): Status {
    return readStatus(this.#observed, this.#log);
  }

  async #answerTo(path: string, method = 'GET'): Promise<Answer> {
    const [module, type] = FILES.get(path) ?? [];
    if (module !== undefined && type !== undefined) return { type, body: await this.#file(module) };
    switch (path) {
      case '/status':
        return { type: 'application/json', body: this.#readBody() };
      case '/metrics':
        return await this.#readMetrics();
      case '/healthz':
        if (this.#observed.pool.isDiskFailing) {
          return { type: TEXT, body: 'the disk refuses\n', status: 503 };
        }
        return { type: TEXT, body: 'ok\n' };
      case '/events':
        if (method === 'HEAD') return { type: 'text/event-stream', body: '' };
        return { type: TEXT, body: 'Too many are watching\n', status: 503 };
      default:
        return { type: TEXT, body: 'There is nothing here\n', status: 404 };
    }
  }

  /** Reads a file once, for all requests. */
  #file(module: string): Promise<Buffer> {
    const file = this.#files.get(module) ?? readFile(fileURLToPath(import.meta.resolve(module)));
    this.#files.set(module, file);
    file.catch(() => this.#files.delete(module));
    return file;
  }

  /** Loaded only for somebody who reads it: it costs memory and a timer. */
  async #measure(): Promise<Answer> {
    const { createMetrics } = await import('./metrics.js');
    this.#registry ??= createMetrics(this.#observed);
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}

/** Caches a value for a while: however many ask for it, it is made once. */
function notTooOften<T>(make: () => T): () => T {
  let made: T;
  let madeMs = -Infinity;
  return () => {
    const nowMs = performance.now();
    if (nowMs - madeMs >= LIMITS.eventIntervalMs / 2) [made, madeMs] = [make(), nowMs];
    return made;
  };
}

function setHeaders(response: ServerResponse, type: string): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  response.setHeader('content-type', type);
}

function send(response: ServerResponse, { type, body, status = 200 }: Answer): void {
  setHeaders(response, type);
  if (status === 503) response.setHeader('retry-after', 5);
  response.writeHead(status, { 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
