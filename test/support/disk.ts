/** A disk that takes nothing more. */

import { Program } from './program.js';

/**
 * Makes the disk refuse, for one process, files that grow beyond so many bytes, or 'unlimited'.
 * Only Linux can do that to a process that runs.
 */
export async function limitFileSize(program: Program, bytes: string): Promise<void> {
  const args = ['--pid', String(program.process.pid), `--fsize=${bytes}:unlimited`];
  const { code, stderr } = await new Program(args, '.', 'prlimit').result();
  if (code !== 0) throw new Error(`prlimit: ${stderr}`);
}

export const ON_LINUX = {
  skip: process.platform === 'linux' ? false : 'prlimit is there on Linux only',
};
