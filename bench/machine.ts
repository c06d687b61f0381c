/** What all processes of this machine share: its clock, and the processor time that each used. */

import { readFileSync } from 'node:fs';

/** A hundredth of a second on every Linux, whatever the kernel's own clock. */
const TICK_MS = 10;
/** The fields of user and system time, counted after the name, which may hold spaces. */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;

/** The time by a clock that is the same in all processes. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Processor time that these processes have used, all their threads together. */
export function processorMs(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD]);
  }
  return ticks * TICK_MS;
}

/** The processes that a process has started, and that run. */
export function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}
