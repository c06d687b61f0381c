/**
 * Prints, when its process ends, for how many ms the event loop was kept from anything else at the
 * most, from the beginning on: node --import bench/lag.js PROGRAM
 */

import { writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
const STDERR = 2;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
process.once('exit', () => writeSync(STDERR, `longest lag: ${delay.max / 1e6} ms\n`));
