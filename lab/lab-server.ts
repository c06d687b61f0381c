/**
 * The page of the lab, and what it asks for. Everybody who is let in may look; only who is on this
 * machine and has the token may touch.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { read } from '../lib/commands/node-door.js';
import { hostnameOf, isSame, whyNotShown } from '../lib/guard/access.js';
import { reason } from '../lib/log.js';
import { PAGE_HEADERS } from '../lib/observe/page-headers.js';
import { isLoopback } from '../lib/peers/addresses.js';
import type { Acts } from './acts.js';
import type { Entry, Hello } from './entries.js';
import type { Lab } from './lab.js';
import { lacks } from './lacks.js';
import type { Lessons } from './lessons.js';
import { type Answer, readPage } from './page-files.js';
import { UnfitActError } from './unfit-act-error.js';
import { nowMs } from './watcher.js';

const ACT_BYTES = 16 * 1024;
const BEAT_MS = 2000;
/** How many entries go into one event, so that a page can begin with the first. */
const ENTRIES = 500;
/** What may wait for a slow page. */
const WAITING_BYTES = 64 * 1024 * 1024;
/** On this machine, and on others: those who look from elsewhere take no place from whoever may touch. */
const MOST_PAGES = 20;
const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';
/** The text of a message, by its number. The name is none of those that a node keeps from others. */
const TEXT_OF = /^\/texts\/(\d{1,15})$/;
/** What a node may be asked for through the lab. */
const CONTENT = /^\/nodes\/(node-\d+)(\/(?:transactions|blocks)\/[^/?]+)$/;

export class LabServer {
  readonly #lab: Lab;
  readonly #acts: Acts;
  readonly #lessons: Lessons;
  readonly #token: string;
  readonly #hostname: string;
  readonly #files = readPage();
  readonly #servers: Server[] = [];
  readonly #pages = { here: 0, elsewhere: 0 };

  /**
   * @param token what a page must show to touch
   * @param host where others may look, a name or an IP address; undefined for nowhere
   */
  constructor(lab: Lab, acts: Acts, lessons: Lessons, token: string, host: string | undefined) {
    this.#lab = lab;
    this.#acts = acts;
    this.#lessons = lessons;
    this.#token = token;
    this.#hostname = host ?? 'localhost';
  }

  /** @throws Error if it cannot listen there; a machine without IPv6 has no ::1 */
  async open(port: number, hosts: readonly string[]): Promise<void> {
    for (const host of hosts) {
      const server = createServer((request, response) => this.#answer(request, response));
      // A page keeps its stream; all else is short.
      server.headersTimeout = 10_000;
      try {
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject).listen(port, host, resolve);
        });
        this.#servers.push(server);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const hasNoSuchAddress = code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
        if (host === '::1' && hasNoSuchAddress) continue;
        this.close();
        throw error;
      }
    }
  }

  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => {});
    const { method, url = '/' } = request;
    const [path = '/'] = url.split('?');
    if (method === 'GET' && path === '/recording' && this.#whyNotShown(request) === undefined) {
      this.#addPage(request, response);
      return;
    }
    this.#answerTo(request, path)
      .catch((error: unknown) => text(500, reason(error)))
      .then(({ status, type, body }) => {
        response.writeHead(status, {
          ...PAGE_HEADERS,
          'content-type': type,
          'content-length': Buffer.byteLength(body),
        });
        response.end(method === 'HEAD' ? undefined : body);
      });
  }

  async #answerTo(request: IncomingMessage, path: string): Promise<Answer> {
    if (request.method === 'POST' && path === '/act') return this.#act(request);
    const refusal = this.#whyNotShown(request);
    if (refusal !== undefined) return text(refusal.status, refusal.reason);
    const file = this.#files.get(path);
    if (file !== undefined) return file;
    if (path === '/lacks') return json(await lacks(this.#lab.nodes));
    const [, message] = TEXT_OF.exec(path) ?? [];
    if (message !== undefined) return this.#textOf(Number(message));
    const [, name = '', rest = ''] = CONTENT.exec(path) ?? [];
    const node = this.#lab.node(name);
    if (node === undefined) return text(404, 'There is nothing here');
    try {
      return { status: 200, type: JSON_TYPE, body: await read(node.door, rest) };
    } catch (error) {
      return text(502, reason(error));
    }
  }

  #textOf(message: number): Answer {
    const recorded = this.#lab.textOf(message);
    if (recorded === undefined) return text(404, 'this message is not recorded any more');
    return json({ text: recorded });
  }

  async #act(request: IncomingMessage): Promise<Answer> {
    const why = this.#whyUntouchable(request);
    if (why !== undefined) return text(403, why);
    const asked = await readBody(request);
    if (asked === undefined) return text(400, 'this is no JSON');
    try {
      return json({ says: await this.#acts.perform(asked) });
    } catch (error) {
      if (error instanceof UnfitActError) return text(409, error.message);
      throw error;
    }
  }

  /** As with the page of a node: foreign web pages, and names that lead here, get nowhere. */
  #whyNotShown(request: IncomingMessage) {
    return whyNotShown(request, request.socket.remoteAddress ?? '', {
      hostname: this.#hostname,
      // Who opens the lab to others wants them to see all of it.
      secret: undefined,
      scheme: 'http',
      isBehindProxy: false,
    });
  }

  #whyUntouchable(request: IncomingMessage): string | undefined {
    const { headers } = request;
    const { host, origin } = headers;
    if (!this.#isHere(request)) return 'others may look, and not touch';
    if (origin !== `http://${host}`) return 'only the page of the lab may touch';
    if (headers['content-type'] !== JSON_TYPE) return 'an act is JSON';
    if (isSame(String(headers['lab-token']), this.#token)) return undefined;
    return 'open the address that the terminal shows: it has the token';
  }

  #isHere({ socket, headers }: IncomingMessage): boolean {
    return isLoopback(socket.remoteAddress ?? '') && isLoopback(hostnameOf(headers.host));
  }

  #addPage(request: IncomingMessage, response: ServerResponse): void {
    const isHere = this.#isHere(request);
    const from = isHere ? 'here' : 'elsewhere';
    if (this.#pages[from] >= MOST_PAGES) {
      response.writeHead(503, { ...PAGE_HEADERS, 'content-type': TEXT });
      response.end('Too many pages are open: close one\n');
      return;
    }
    this.#pages[from] += 1;
    response.writeHead(200, { ...PAGE_HEADERS, 'content-type': 'text/event-stream' });
    const send = (event: string, data: unknown) => {
      if (response.writableLength > WAITING_BYTES) response.destroy();
      else response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const unwatch = this.#lab.watch({
      begin: (since) => {
        const hello: Hello = {
          now: nowMs(),
          since,
          mayTouch: isHere,
          noLinks: this.#lab.noLinks,
          lessons: this.#lessons.titles,
        };
        send('hello', hello);
      },
      tell(entries: readonly Entry[]) {
        for (let at = 0; at < entries.length; at += ENTRIES) {
          send('entries', entries.slice(at, at + ENTRIES));
        }
      },
    });
    const beat = setInterval(() => send('beat', { now: nowMs() }), BEAT_MS);
    response.on('close', () => {
      clearInterval(beat);
      this.#pages[from] -= 1;
      unwatch();
    });
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > ACT_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

function text(status: number, body: string): Answer {
  return { status, type: TEXT, body: `${body}\n` };
}

function json(value: unknown): Answer {
  return { status: 200, type: JSON_TYPE, body: `${JSON.stringify(value)}\n` };
}
