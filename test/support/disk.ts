/** A disk that takes nothing more, and an operating system that opens no more files. */

import type { ChildProcess } from 'node:child_process';
import { platform } from 'node:os';
import { Program } from './program.js';

/**
 * Makes the disk refuse, for one node, files that grow beyond so many bytes, or 'unlimited'.
 * Only Linux can do that to a process that runs.
 */
export async function limitFileSize(
  { process }: { readonly process: ChildProcess },
  bytes: string,
): Promise<void> {
  await prlimit(process, `--fsize=${bytes}:unlimited`);
}

/** Lets a node have so many files and sockets open at once, and no more. */
export async function limitOpenFiles(
  { process }: { readonly process: ChildProcess },
  number: number,
): Promise<void> {
  await prlimit(process, `--nofile=${number}:`);
}

async function prlimit({ pid }: ChildProcess, limit: string): Promise<void> {
  const args = ['--pid', String(pid), limit];
  const { code, stderr } = await new Program(args, '.', 'prlimit').result();
  if (code !== 0) throw new Error(`prlimit: ${stderr}`);
}

export const ON_LINUX = {
  skip: platform() === 'linux' ? false : 'prlimit is there on Linux only',
};
