/** Answers plain HTTP requests: the page, the status, the metrics, the health and the readiness. */

import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Registry } from 'prom-client';
import { LIMITS } from '../limits.js';
import { type NodeLog, reason } from '../log.js';
import { Content } from './content.js';
import { answerWithContent, numberIn, UnfitRequestError } from './content-routes.js';
import { EventStream } from './event-stream.js';
import { LineStream } from './line-stream.js';
import { MessageStream } from './message-stream.js';
import { PAGE_HEADERS } from './page-headers.js';
import { isDiskFailing, Readiness, type Readying } from './readiness.js';
import { type Observed, readStatus, type Status, statusJson } from './status.js';

/** An answer with a body. */
interface Answer {
  readonly type: string;
  readonly body: string | Buffer;
  readonly status?: number;
}

/** An answer without an end. */
interface Stream {
  readonly type: string;
  /** Returns false if all slots are taken. */
  add(reader: ServerResponse): boolean;
}

const HEADERS = {
  ...PAGE_HEADERS,
  // One answer per connection: then its slot is free again.
  connection: 'close',
};
const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';
const EVENTS = 'text/event-stream';
const LINES = 'application/x-ndjson';
const SCRIPT = 'text/javascript; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
/** The modules of the page's script. */
const SCRIPTS = [
  'chain',
  'connection',
  'content',
  'departed',
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
  'pointer',
  'transactions',
];
/** By path: the module that resolves to the file, and its type. */
const FILES = new Map<string, readonly [module: string, type: string]>([
  ['/', ['./page/index.html', 'text/html; charset=utf-8']],
  ['/page.css', ['./page/page.css', CSS]],
  ['/common.css', ['./page/common.css', CSS]],
  ['/icon.svg', ['./page/icon.svg', 'image/svg+xml']],
  ['/cytoscape.mjs', ['cytoscape/dist/cytoscape.esm.min.mjs', SCRIPT]],
  ...SCRIPTS.map((name) => [`/${name}.js`, [`./page/${name}.js`, SCRIPT]] as const),
]);

export class HttpInterface {
  readonly #observed: Observed & Readying;
  readonly #log: NodeLog;
  readonly #events: EventStream;
  readonly #content: Content;
  readonly #lines: LineStream;
  readonly #messages: MessageStream;
  readonly #files = new Map<string, Promise<Buffer>>();
  readonly #readBody = notTooOften(() => Buffer.from(`${statusJson(this.#readStatus())}\n`));
  readonly #readMetrics = notTooOften(() => this.#measure());
  readonly #readiness: Readiness;
  #registry: Registry | undefined;

  /** @param log is shown on the page, and told about files that cannot be read */
  constructor(observed: Observed & Readying, log: NodeLog) {
    this.#observed = observed;
    this.#readiness = new Readiness(observed);
    this.#log = log;
    this.#events = new EventStream(() => this.#readStatus());
    const { pool, chain, peers } = observed;
    this.#content = new Content(pool.folder, pool, chain);
    this.#lines = new LineStream(this.#content, log);
    this.#messages = new MessageStream(peers.connections);
  }

  /**
   * Answers a request that access control has let in.
   *
   * @returns whether the answer lasts as long as the other end likes
   */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const [path = '/', text] = request.url?.split(/\?(.*)/s) ?? [];
    const query = new URLSearchParams(text);
    let answering: Promise<Answer>;
    try {
      const stream = this.#streamAt(path, query);
      if (stream !== undefined && request.method === 'GET') {
        setHeaders(response, stream.type);
        if (stream.add(response)) return true;
      }
      answering = this.#answerTo(path, query, stream, request.method);
    } catch (error) {
      answering = Promise.reject(error);
    }
    answering
      .catch((error: unknown) => {
        if (error instanceof UnfitRequestError) {
          return { type: TEXT, body: `${error.message}\n`, status: error.status };
        }
        this.#log('not served', `${path} (${reason(error)})`);
        return { type: TEXT, body: 'It cannot be read\n', status: 500 };
      })
      .then((answer) => send(response, answer));
    return false;
  }

  /** The node leaves: the event streams end. */
  end(): void {
    for (const stream of [this.#events, this.#lines, this.#messages]) stream.end();
  }

  /**
   * What has no end.
   *
   * @throws UnfitRequestError
   */
  #streamAt(path: string, query: URLSearchParams): Stream | undefined {
    if (path === '/events') return { type: EVENTS, add: (reader) => this.#events.add(reader) };
    if (path === '/messages') return { type: EVENTS, add: (reader) => this.#messages.add(reader) };
    if (path !== '/transactions' || !query.has('follow')) return undefined;
    const after = query.has('after') ? numberIn(query, 'after', 0) : undefined;
    return { type: LINES, add: (reader) => this.#lines.add(reader, after) };
  }

  #readStatus(): Status {
    return readStatus(this.#observed, this.#log);
  }

  async #answerTo(
    path: string,
    query: URLSearchParams,
    stream: Stream | undefined,
    method = 'GET',
  ): Promise<Answer> {
    if (stream !== undefined) {
      if (method === 'HEAD') return { type: stream.type, body: '' };
      return { type: TEXT, body: 'Too many are watching\n', status: 503 };
    }
    const [module, type] = FILES.get(path) ?? [];
    if (module !== undefined && type !== undefined) return { type, body: await this.#file(module) };
    const json = await answerWithContent(path, query, this.#content, this.#observed);
    if (json !== undefined) return { type: JSON_TYPE, body: `${json}\n` };
    switch (path) {
      case '/status':
        return { type: JSON_TYPE, body: this.#readBody() };
      case '/metrics':
        return await this.#readMetrics();
      case '/healthz':
        if (isDiskFailing(this.#observed)) {
          return { type: TEXT, body: 'the disk refuses\n', status: 503 };
        }
        return { type: TEXT, body: 'ok\n' };
      case '/readyz':
        return this.#ready();
      default:
        return { type: TEXT, body: 'There is nothing here\n', status: 404 };
    }
  }

  #ready(): Answer {
    const why = this.#readiness.whyNot();
    if (why !== undefined) return { type: TEXT, body: `${why}\n`, status: 503 };
    return { type: TEXT, body: 'ready\n' };
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
    this.#registry ??= createMetrics(this.#observed, this.#readiness);
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
