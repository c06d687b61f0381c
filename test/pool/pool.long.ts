/** transactions.json as people and programs write it. */

import { test } from 'node:test';
import { appendsTo, OLD, PRETTY } from '../support/appends.js';

for (const [what, text, old] of [
  ['an empty file', '', []],
  ['[]', '[]', []],
  ['[] and empty lines', '[]\n\n', []],
  ['an array in one line', JSON.stringify(OLD), OLD],
  ['a pretty-printed array', PRETTY, OLD],
  // More of them than the node appends at first.
  ['an array and empty lines', `\n${PRETTY.slice(0, -1)}${'\n'.repeat(2000)}]\n\n`, OLD],
  ['an array with the line ends of Windows', `${PRETTY}\n`.replaceAll('\n', '\r\n'), OLD],
] as const) {
  test(`a node appends to what a person wrote: ${what}`, () => appendsTo(text, old));
}
