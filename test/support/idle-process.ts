/** When a process waits for something else, and how much memory it takes then. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a process has used no processor time for two seconds; then, its memory. */
export async function idleProcess(pid: number): Promise<{ megabytes: number }> {
  for (let before = look(pid); ; ) {
    await sleep(2500);
    const now = look(pid);
    if (now.time === before.time) return now;
    before = now;
  }
}

function look(pid: number): { time: string; megabytes: number } {
  if (existsSync('/proc/self/stat')) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    return { time: stat.slice(13, 15).join(), megabytes: kilobytes / 1024 };
  }
  const ps = execFileSync('ps', ['-o', 'time=,rss=', '-p', `${pid}`], { encoding: 'utf8' });
  const [time, kilobytes] = ps.trim().split(/\s+/);
  return { time: `${time}`, megabytes: Number(kilobytes) / 1024 };
}
