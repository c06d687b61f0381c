/** What a page would hear from its node, told by a test instead, so that it may be anything. */

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Page } from 'playwright-core';
import { type Look, withVisit } from './browser.js';
import { freePort } from './helpers.js';
import { withHostedNodes } from './hosted.js';
import { pageOf, untilShown } from './page-view.js';

type Members = Record<string, unknown>;

/** As often as a node: a page that hears nothing for long takes its node for lost. */
const REPEAT_MS = 2000;

/**
 * Stands for the event stream of a node, whose page is opened with it. Like a node, it tells each new
 * reader all that it has said so far: a page that was away for a moment misses nothing.
 */
export class FakeEventStream {
  readonly #url: string;
  readonly #server: Server;
  readonly #readers = new Set<ServerResponse>();
  readonly #repeat = setInterval(() => this.say({}), REPEAT_MS);
  #status: Members;

  private constructor(port: number, server: Server, status: Members) {
    this.#url = `http://127.0.0.1:${port}/`;
    this.#server = server;
    this.#status = status;
  }

  /** @param first what it has to say from the beginning, beside what every node says */
  static async open(first: Members = {}): Promise<FakeEventStream> {
    const port = await freePort();
    const server = createServer();
    const stream = new FakeEventStream(port, server, { ...emptyStatus(), ...first });
    server.on('request', (_, response) => stream.#serve(response));
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    return stream;
  }

  /** Has a page hear this event stream, and not that of its node. */
  async replace(page: Page): Promise<void> {
    await page.route('**/events', (route) => route.continue({ url: this.#url }));
  }

  /** Tells all that read. */
  say(...messages: readonly Members[]): void {
    this.#status = Object.assign({}, this.#status, ...messages);
    const text = messages.map(eventOf).join('');
    for (const reader of this.#readers) reader.write(text);
  }

  async close(): Promise<void> {
    clearInterval(this.#repeat);
    for (const reader of this.#readers) reader.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #serve(response: ServerResponse): void {
    this.#readers.add(response);
    response.on('close', () => this.#readers.delete(response));
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(eventOf(this.#status));
  }
}

/** Opens the page of a node with a fake event stream, and waits until it shows what that says first. */
export function withFakeEventStream(
  check: (page: Page, stream: FakeEventStream) => Promise<void>,
  look: Look = {},
): Promise<void> {
  return withHostedNodes(async (network) => {
    const node = await network.startNode();
    const stream = network.keep(await FakeEventStream.open());
    await withVisit(
      pageOf(node),
      async ({ page }) => {
        await untilShown(page, 'the event stream', ({ height }) => height === '0');
        await check(page, stream);
      },
      {
        ...look,
        prepare: async (page) => {
          await look.prepare?.(page);
          await stream.replace(page);
        },
      },
    );
  });
}

/** What a node says that has just started, and is alone. */
function emptyStatus(): Members {
  const address = 'ws://localhost:4001';
  return {
    node: { address, version: '0.1.0', startedAt: Date.now(), uptimeMs: 0, clients: 0 },
    network: { nodes: [{ address, state: 'self' }], links: [], leftOut: 0 },
    transactions: {
      accepted: 0,
      duplicate: 0,
      rejected: 0,
      relayed: 0,
      rate: Array(60).fill(0),
      minute: 0,
      latest: [],
    },
    pool: { transactions: 0, bytes: 0, maxBytes: 2 ** 30 },
    chain: { height: 0, blocks: [], others: [] },
    log: [],
  };
}

function eventOf(members: Members): string {
  return `event: status\ndata: ${JSON.stringify(members)}\n\n`;
}
