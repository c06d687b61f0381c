/** The packages that the benchmark measures beside ours: installed only by whoever measures them. */

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../lib/log.js';

const FOLDER = import.meta.dirname;

/** Installs and compiles them, unless they are as the lock file says. Ends the process if it cannot. */
export function installPeers(): void {
  if (changedMs('node_modules') < changedMs('package-lock.json')) {
    console.log('Installing what is measured beside ours');
    run('npm', 'ci', '--loglevel=error');
  }
  run('npx', 'tsc', '-p', '.');
}

/** When something was changed, in ms since 1970; 0 if it is not there. */
function changedMs(name: string): number {
  return statSync(join(FOLDER, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function run(command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, { cwd: FOLDER, stdio: 'inherit' });
  if (status !== 0) fail(`${command} ${args.join(' ')} failed in bench/`);
}
