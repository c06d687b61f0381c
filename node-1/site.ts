/** What a node answers to who asks by plain HTTP: its page, and how it is. */

import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { LIMITS } from './config.js';
import { Feed } from './feed.js';
import { reason } from './files.js';
import type { Log } from './log.js';
import { type Observed, readStatus, type Status, statusJson } from './status.js';
import { isDiskFailing } from './transactions.js';

interface Host extends Observed {
  readonly log: Log;
}

/** An answer with a body. */
interface Answer {
  readonly type: string;
  readonly body: string | Buffer;
  readonly status?: number;
}

// Nothing but what this node itself serves: no script within the page, no page around it.
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
  // One answer a connection, which then makes room for another.
  connection: 'close',
};
const TEXT = 'text/plain; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const FILES: Readonly<Record<string, readonly [module: string, type: string]>> = {
  '/': ['./page/index.html', 'text/html; charset=utf-8'],
  '/page.css': ['./page/page.css', 'text/css; charset=utf-8'],
  '/page.js': ['./page/page.js', SCRIPT],
  '/icon.svg': ['./page/icon.svg', 'image/svg+xml'],
  '/cytoscape.mjs': ['cytoscape/dist/cytoscape.esm.min.mjs', SCRIPT],
};

export class Site {
  readonly #host: Host;
  readonly #feed: Feed;
  readonly #files = new Map<string, Promise<Buffer>>();
  #metrics: Promise<() => Promise<Answer>> | undefined;
  /** As it was last: however many ask, it is not made anew for each of them. */
  #status: Status | undefined;
  #statusBody: Buffer | undefined;
  #readMs = -Infinity;

  constructor(host: Host) {
    this.#host = host;
    this.#feed = new Feed(() => this.#readStatus());
  }

  /**
   * Answers a request that may be answered.
   *
   * @returns whether the answer goes on for as long as the other end likes
   */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url?.replace(/\?.*$/s, '') ?? '/';
    if (path === '/events' && !this.#feed.isFull) {
      response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
      if (request.method === 'HEAD') response.end();
      else this.#feed.add(response);
      return request.method !== 'HEAD';
    }
    this.#answerTo(path)
      .catch((error: unknown) => {
        this.#host.log('not served', `${path} (${reason(error)})`);
        return { type: TEXT, body: 'It cannot be read\n', status: 500 };
      })
      .then((answer) => send(response, answer));
    return false;
  }

  /** We leave: who watches is told nothing more. */
  end(): void {
    this.#feed.end();
  }

  async #answerTo(path: string): Promise<Answer> {
    const [module, type] = FILES[path] ?? [];
    if (module !== undefined && type !== undefined) return { type, body: await this.#file(module) };
    switch (path) {
      case '/status':
        return { type: 'application/json', body: this.#readBody() };
      case '/metrics':
        this.#metrics ??= this.#loadMetrics();
        return (await this.#metrics)();
      case '/healthz':
        if (isDiskFailing()) return { type: TEXT, body: 'the disk refuses\n', status: 503 };
        return { type: TEXT, body: 'ok\n' };
      case '/events':
        return { type: TEXT, body: 'Too many are watching\n', status: 503 };
      default:
        return { type: TEXT, body: 'There is nothing here\n', status: 404 };
    }
  }

  #readStatus(): Status {
    const nowMs = performance.now();
    if (this.#status === undefined || nowMs - this.#readMs >= LIMITS.feedIntervalMs / 2) {
      this.#status = readStatus(this.#host);
      this.#statusBody = undefined;
      this.#readMs = nowMs;
    }
    return this.#status;
  }

  #readBody(): Buffer {
    const status = this.#readStatus();
    this.#statusBody ??= Buffer.from(`${statusJson(status)}\n`);
    return this.#statusBody;
  }

  /** Read once, so that all who are being served share it. */
  #file(module: string): Promise<Buffer> {
    const file = this.#files.get(module) ?? readFile(fileURLToPath(import.meta.resolve(module)));
    this.#files.set(module, file);
    file.catch(() => this.#files.delete(module));
    return file;
  }

  /** Only where somebody measures us: it costs some memory, and a look at the clock now and then. */
  async #loadMetrics(): Promise<() => Promise<Answer>> {
    const { createMetrics } = await import('./metrics.js');
    const registry = createMetrics(this.#host);
    return async () => ({ type: registry.contentType, body: await registry.metrics() });
  }
}

function send(response: ServerResponse, { type, body, status = 200 }: Answer): void {
  if (status === 503) response.setHeader('retry-after', 5);
  response.writeHead(status, {
    ...HEADERS,
    'content-type': type,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
