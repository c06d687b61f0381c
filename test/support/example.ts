import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './helpers.js';

/** The first example in docs/client.md, for the node at an address. */
export function documentedExample(address: string): string {
  const [, code] =
    /```js\n(.*?)```/s.exec(readFileSync(join(PROJECT, 'docs/client.md'), 'utf8')) ?? [];
  if (!code?.includes("'ws://localhost:4001'")) throw new Error('docs/client.md has no example');
  return code.replace('ws://localhost:4001', address);
}
