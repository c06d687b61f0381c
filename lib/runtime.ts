/** What is needed of Node.js: an older one ends with a line, before anything is done. */

import crypto from 'node:crypto';
import { fail } from './log.js';

const NEEDED = '20.12';

// Imported by name, what is not there would be an error of syntax.
if (crypto.hash === undefined) {
  fail(`This needs Node.js ${NEEDED} or newer; this one is ${process.versions.node}`);
}

/** Hashes in one step. */
export const { hash } = crypto;
