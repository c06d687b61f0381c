/** What all processes of this machine share: its clock, and what each has used of its processors. */

import { readFileSync } from 'node:fs';

/** In hundredths of a second, on every Linux, whatever the kernel's own clock. */
const TICK_MS = 10;
/** Behind the name, which may hold spaces: those of user and system time. */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;

/** The time by a clock that is the same in all processes. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** How much processor time these processes have used, all their threads together. */
export function processorMs(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD]);
  }
  return ticks * TICK_MS;
}
