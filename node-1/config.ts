/** The settings of one node (its .env, checked), and the limits on what others may make it do. */

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import dotenv from 'dotenv';
import { fail } from './fail.js';

interface Config {
  /** The node's own folder, absolute. */
  readonly folder: string;
  readonly port: number;
  /** Our own address, as we announce it to others. */
  readonly address: string;
  /** How long the file of the pool may become. */
  readonly maxPoolBytes: number;
}

export const LIMITS = Object.freeze({
  // What a socket may send.
  frameBytes: 1024 * 1024,
  transactionBytes: 64 * 1024,
  transactionLevels: 32,
  idCharacters: 256,
  addressCharacters: 256,
  handshakeAddresses: 1000,
  malformedFrames: 3,

  // Whom we dial, and when.
  peers: 128,
  learntAddresses: 1024,
  ownNames: 1024,
  dialsAtOnce: 8,
  dialTimeoutMs: 5_000,
  backoffFirstMs: 1_000,
  backoffLongestMs: 60_000,
  stableAfterMs: 15_000,
  learntAttempts: 5,
  newsIntervalMs: 1_000,

  // How two pools are compared.
  treeNodes: 256,
  keys: 1024,
  answerBytes: 512 * 1024,
  answerTimeoutMs: 10_000,
  walkTurnMs: 5_000,
  walkRequests: 65_536,
  walkKeys: 16 * 1024 * 1024,
  walkBytes: 2 * 1024 * 1024 * 1024,
  requestsAtOnce: 512,
  requestsPerSecond: 256,
  digestSliceMs: 10,
  reconcileIntervalMs: 30_000,
  reconcileJitter: 0.2,
  spreadDelayMs: 3_000,
  settleMs: 1_000,
  pauseMs: 1_000,
  announceDelayMs: 100,

  // How we keep going, and how we leave.
  pingIntervalMs: 30_000,
  saveRetryMs: 1_000,
  backlogBytes: 8 * 1024 * 1024,
  receiptsDue: 10_000,
  unsavedBytes: 64 * 1024 * 1024,
  poolBytes: 1024 * 1024 * 1024,
  receiptsTimeoutMs: 500,
  closeTimeoutMs: 1_000,
  leaveTimeoutMs: 2_000,
  signalRepeatMs: 500,
});

/**
 * Reads the settings of the node in `folder` from its .env alone: a PORT that happens to be
 * set in the terminal must not turn three nodes into one. Ends the process with one line
 * when a setting is missing or wrong.
 */
export function loadConfig(folder: string): Config {
  const name = basename(folder);
  const suggestion = `PORT=${4000 + Number(/^node-(\d{1,4})$/.exec(name)?.[1] ?? 1)}`;
  const env = readEnv(join(folder, '.env'), name, suggestion);
  const port = env.PORT?.trim();
  if (!port) fail(`${name}/.env has no PORT: add a line such as ${suggestion}`);
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    fail(`${name}/.env: PORT must be a whole number from 1 to 65535, for example ${suggestion}`);
  }
  const maxPoolBytes = Number(env.MAX_POOL_BYTES?.trim() || LIMITS.poolBytes);
  if (!Number.isSafeInteger(maxPoolBytes) || maxPoolBytes < 1) {
    fail(`${name}/.env: MAX_POOL_BYTES must be a whole number, for example ${LIMITS.poolBytes}`);
  }
  return Object.freeze({
    folder,
    port: Number(port),
    address: `ws://localhost:${Number(port)}`,
    maxPoolBytes,
  });
}

function readEnv(file: string, name: string, suggestion: string): Record<string, string> {
  try {
    return dotenv.parse(readFileSync(file));
  } catch {
    fail(`${name}/.env cannot be read: create it with the line ${suggestion}`);
  }
}
