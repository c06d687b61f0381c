/**
 * Runs the short tests by the runner of Node.js, four files at a time. By itself it would take them by
 * their names, and in the end most of the machine would wait for a room that began late.
 */

import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { shortTests } from './support/rooms.js';

run({ files: shortTests(), concurrency: 4 })
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .compose(new spec())
  .pipe(process.stdout);
