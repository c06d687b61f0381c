/** A headless Chromium that talks to this machine alone, and in which nothing goes wrong unnoticed. */

import assert from 'node:assert/strict';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { DEADLINE_MS, within } from './helpers.js';

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

/** Less than a page keeps still for a press whose end it is never told of. */
export const RELEASED_MS = 10_000;

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
let context: Promise<BrowserContext> | undefined;
/** Pages that visits have left, for the next ones: to open a new one takes a second of processor time. */
let left: Page[] = [];

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
  context = undefined;
  left = [];
}

/**
 * A page that somebody has opened who was never there before, and what goes wrong in it. Visits share a
 * profile, but each node has a port, and so an origin, of its own.
 */
export class Visit {
  readonly page: Page;
  /** Errors, what its policy forbids, and requests that leave this machine. */
  readonly faults: string[] = [];
  /** Whether nothing of the visit is left in the page once it is somewhere else. */
  readonly #leavesNothing: boolean;
  #isOver = false;

  private constructor(page: Page, leavesNothing: boolean) {
    this.page = page;
    this.#leavesNothing = leavesNothing;
    page.on('pageerror', (error) => this.#note(error.stack ?? 'an error'));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#note(message.text());
    });
    page.on('request', (request) => this.#watch(request.url()));
    page.on('websocket', (socket) => this.#watch(socket.url()));
    page.on('popup', () => this.#note('another window'));
  }

  static async open(url: string, look: Look = {}): Promise<Visit> {
    const { width = 1280, height = 800, colorScheme = 'light', prepare } = look;
    context ??= openBrowser().then((opened) => opened.newContext());
    // A preparation stays in its page, so it takes a new one.
    const used = prepare === undefined ? left.pop() : undefined;
    const page = used ?? (await (await context).newPage());
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: null, forcedColors: null });
    const visit = new Visit(page, prepare === undefined);
    await prepare?.(page);
    await page.goto(url);
    return visit;
  }

  /** Leaves the page to the next visit, if that will find nothing of this one. */
  async close(): Promise<void> {
    this.#isOver = true;
    const leave = () =>
      this.page.goto('about:blank').then(
        () => true,
        () => false,
      );
    if (this.#leavesNothing && (await leave())) left.push(this.page);
    else await this.page.close();
  }

  #watch(url: string): void {
    const { protocol, hostname } = new URL(url);
    const isHere = /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
    if (/^(http|ws)s?:$/.test(protocol) && !isHere) this.#note(`a request to ${url}`);
  }

  #note(fault: string): void {
    if (!this.#isOver) this.faults.push(fault);
  }
}

/** What the browser is asked for without a limit of its own: if it never answers, the failure says what. */
export function inTime<T>(what: string, answer: Promise<T>): Promise<T> {
  return within(
    DEADLINE_MS,
    answer,
    () => `the browser has not ${what} in ${DEADLINE_MS / 1000} s`,
  );
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
