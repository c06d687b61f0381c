/** A headless Chromium that talks to this machine alone, and in which nothing goes wrong unnoticed. */

import assert from 'node:assert/strict';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const APPLICATIONS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const WINDOWS_FOLDERS = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'];
const WINDOWS_PROGRAMS = [
  'Chromium/Application/chrome.exe',
  'Google/Chrome/Application/chrome.exe',
];

// Left to itself, Chromium asks its maker for updates, whatever it is told. So all that is not for
// this machine goes to a proxy that is not there, and no name leads anywhere.
const NO_PROXY_LISTENS = 'http://127.0.0.1:9';
const FLAGS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
  `--proxy-server=${NO_PROXY_LISTENS}`,
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

export const CHROMIUM = findChromium();

export const IN_BROWSER: { readonly skip: string | false } = {
  skip:
    CHROMIUM === undefined
      ? 'Chromium is not here: apt-get install chromium, or set CHROMIUM=/path/to/chromium'
      : false,
};

/** How somebody looks at a page. */
export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** The faults that a test provokes. */
  readonly expected?: RegExp;
  /** Is called before anything is opened. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

let browser: Promise<Browser> | undefined;

/**
 * Starts Chromium with a new profile, unless it runs. It takes no signals: who starts it has to
 * close it.
 */
export function openBrowser(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error(String(IN_BROWSER.skip));
  browser ??= chromium.launch({
    executablePath: CHROMIUM,
    // As root it has none.
    chromiumSandbox: process.getuid?.() !== 0,
    args: FLAGS,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  return browser;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

/** A page that somebody has opened who was never there before, and what goes wrong in it. */
export class Visit {
  readonly page: Page;
  /** Errors, what its policy forbids, and requests that leave this machine. */
  readonly faults: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    context.on('weberror', (event) => this.#note(event.error().stack ?? 'an error'));
    context.on('console', (message) => {
      if (message.type() === 'error') this.#note(message.text());
    });
    context.on('request', (request) => this.#watch(request.url()));
    page.on('websocket', (socket) => this.#watch(socket.url()));
  }

  static async open(url: string, look: Look = {}): Promise<Visit> {
    const { width = 1280, height = 800, colorScheme = 'light' } = look;
    const context = await (await openBrowser()).newContext({
      viewport: { width, height },
      colorScheme,
    });
    const visit = new Visit(context, await context.newPage());
    await look.prepare?.(visit.page);
    await visit.page.goto(url);
    return visit;
  }

  close(): Promise<void> {
    return this.#context.close();
  }

  #watch(url: string): void {
    const { protocol, hostname } = new URL(url);
    const isHere = /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
    if (/^(http|ws)s?:$/.test(protocol) && !isHere) this.#note(`a request to ${url}`);
  }

  #note(fault: string): void {
    this.faults.push(fault);
  }
}

/** Opens a page, and checks that nothing goes wrong in it but what the look expects. */
export async function withVisit(
  url: string,
  check: (visit: Visit) => Promise<void>,
  look: Look = {},
): Promise<void> {
  const visit = await Visit.open(url, look);
  try {
    await check(visit);
    const faults = visit.faults.filter((fault) => look.expected?.test(fault) !== true);
    assert.deepEqual(faults, [], 'something went wrong in the page');
  } finally {
    await visit.close();
  }
}

function findChromium(): string | undefined {
  // Who names one means that one.
  if (process.env.CHROMIUM)
    return isProgram(process.env.CHROMIUM) ? process.env.CHROMIUM : undefined;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const windowsFolders = WINDOWS_FOLDERS.flatMap((name) => process.env[name] ?? []);
  return [
    ...['/usr/bin', ...folders].flatMap((folder) => NAMES.map((name) => join(folder, name))),
    ...APPLICATIONS,
    ...windowsFolders.flatMap((folder) => WINDOWS_PROGRAMS.map((name) => join(folder, name))),
  ].find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
