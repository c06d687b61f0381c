/** The files of the lab's page, read once: its own, and those that it shares with the page of a node. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is sent. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** All files of the page, by path. */
export function readPage(): ReadonlyMap<string, Answer> {
  const own = fileURLToPath(new URL('page/', import.meta.url));
  const shared = fileURLToPath(new URL('../lib/observe/page/', import.meta.url));
  const paths = [
    ...readdirSync(own).map((name) => join(own, name)),
    ...['common.css', 'dom.js', 'format.js', 'icon.svg', 'pointer.js'].map((name) =>
      join(shared, name),
    ),
  ];
  const files = new Map<string, Answer>();
  for (const path of paths) {
    const type = TYPES[extname(path)];
    const name = basename(path);
    if (type === undefined) continue;
    files.set(name === 'index.html' ? '/' : `/${name}`, {
      status: 200,
      type,
      body: readFileSync(path),
    });
  }
  return files;
}
