/**
 * Asks the node on this machine whether it is well, for the health check of a container: the exit code is
 * 0 if the node is.
 */

import { join } from 'node:path';
import { readArguments } from '../command-line.js';
import { fail, printable, reason } from '../log.js';
import { loadSettings } from '../settings.js';
import { doorOf, read } from './node-door.js';

const USAGE = `Usage: node lib/commands/check-health.js

Asks the node with the settings of node-1, or of the environment, whether it is well. Prints what it
answers at /healthz; exit code 1 if that is not ok.

  --help   print this`;

readArguments(USAGE, {});
const settings = loadSettings(join(import.meta.dirname, '../../node-1'), process.env);
try {
  console.log((await read(doorOf(settings), '/healthz')).trim());
} catch (error) {
  fail(`${settings.address} is not well: ${printable(reason(error))}`);
}
