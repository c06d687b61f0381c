/** How a node ends: when it is told to, in peace with its peers, and with nothing lost. */

import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from './config.js';
import type { Connection } from './connection.js';
import { fail } from './fail.js';
import { writeTransactions } from './transactions.js';

interface Host {
  /** Has the node begin nothing new. */
  stop(): void;
  readonly listeners: readonly Server[];
  readonly connections: ReadonlySet<Connection>;
  /** Resolves when the other files are on disk. */
  saved(): Promise<void>;
}

/**
 * Ctrl-C, and what else tells a process to end: tell the peers, write what is not yet on disk,
 * and go. A second one goes at once.
 */
export function leaveOnSignal(host: Host): void {
  let sinceMs: number | undefined;
  const processOnSignal = () => {
    // npm and other runners pass a Ctrl-C on that the terminal has delivered already.
    const isRepeated = sinceMs !== undefined && performance.now() - sinceMs > LIMITS.signalRepeatMs;
    if (isRepeated) process.exit(1);
    if (sinceMs !== undefined) return;
    sinceMs = performance.now();
    leave(host);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, processOnSignal);
}

async function leave({ stop, listeners, connections, saved }: Host): Promise<void> {
  setTimeout(() => fail('Left before all was saved'), LIMITS.leaveTimeoutMs);
  stop();
  for (const listener of listeners) listener.close();
  // What has been taken gets its receipts.
  await Promise.race([writeTransactions([]), sleep(LIMITS.receiptsTimeoutMs)]);
  for (const { socket } of connections) socket.close(1001, 'leaving');
  const closeBy = performance.now() + LIMITS.closeTimeoutMs;
  while (connections.size > 0 && performance.now() < closeBy) await sleep(10);
  await Promise.all([writeTransactions([]), saved()]);
  process.exit(0);
}
