/** All that has properties which random content must not break, with five times as much of it. */

import { readdirSync, readFileSync } from 'node:fs';

process.env.ALL_RUNS = '1';
const tests = new URL('../', import.meta.url);
for (const name of readdirSync(tests, { recursive: true }).map(String).sort()) {
  if (!name.endsWith('.test.js')) continue;
  const file = new URL(name, tests);
  if (/\b(checkProperty|runsOf|casesOf)\(/.test(readFileSync(file, 'utf8')))
    await import(file.href);
}
