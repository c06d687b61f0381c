/** The settings of one node, checked. */

import { isIP } from 'node:net';
import { checkCertificate, readCa, readTls, type Tls } from './certificates.js';
import { readArguments } from './command-line.js';
import {
  type Complain,
  dataFolderOf,
  type Env,
  readEnv,
  SETTINGS,
  suggestPort,
  USAGE,
} from './env.js';
import { secretHeaders } from './guard/access.js';
import { LIMITS } from './limits.js';
import { type LogSettings, readLogSettings } from './log-settings.js';
import { explainNoAddress } from './peers/address-mistakes.js';
import { type Address, hasPort, isLoopback, parseAddress } from './peers/addresses.js';
import type { SwarmSettings } from './swarm/index.js';

export interface Settings {
  /** Where the node keeps the files that it writes, absolute: its own folder, or DATA. */
  readonly folder: string;
  readonly port: number;
  /** The port by which people on this machine know the node: that of a proxy before it, if it has one. */
  readonly knownPort: number;
  /** The hosts to listen on: IP addresses, or a name. */
  readonly hosts: readonly string[];
  /** Our own address, as we announce it to others. */
  readonly address: string;
  /** Whether it is a whole address in .env but for its port, which then is ours. */
  readonly lacksPort: boolean;
  /** The number of peers to look for. */
  readonly maxPeers: number;
  /** The largest size of the pool's file, in bytes. */
  readonly maxPoolBytes: number;
  /** The secret that callers must show; undefined in an open network. */
  readonly secret: string | undefined;
  /** The swarm that the node is in; undefined without one. */
  readonly swarm: SwarmSettings['swarm'];
  /** The headers that show the secret to a node that we dial. */
  readonly secretHeaders: Readonly<Record<string, string>>;
  /** Whether the secret goes to learnt addresses over TLS only; known peers get it in any case. */
  readonly keepsSecret: boolean;
  /** Our certificate and key, PEM; undefined without TLS. */
  readonly tls: Tls | undefined;
  /** The certificate authorities that we trust, PEM; undefined for those that Node.js trusts. */
  readonly ca: Buffer | undefined;
  /** Which lines are printed, and in which format. */
  readonly log: LogSettings;
  /** Names in .env that are not settings. */
  readonly unknown: readonly string[];
  /** Where files and settings are that are not in the node's own folder, as the end of a line. */
  readonly origin: string;
}

const LOOPBACK = ['127.0.0.1', '::1'];
const EVERYWHERE = new Set(['0.0.0.0', '[::]']);
const SHORT_SECRET_CHARACTERS = 16;
const SWARM_CHARACTERS = 64;

/** A node takes no arguments but --help, which tells of its settings. */
export function readCommandLine(): void {
  readArguments(USAGE, {});
}

/**
 * Reads the settings of the node in `folder`, from its .env and the environment. Ends the process with
 * one line if a setting is missing or wrong.
 *
 * @param environment what goes before its .env
 */
export function loadSettings(folder: string, environment: Env): Settings {
  const { env, fromEnvironment, complain } = readEnv(folder, environment);
  const suggestion = suggestPort(folder);
  if (!env.PORT) return complain(`there is no PORT: add a line such as ${suggestion}`);
  const port = Number(env.PORT);
  if (!/^\d+$/.test(env.PORT) || port < 1 || port > 65_535) {
    complain(`PORT must be a whole number from 1 to 65535, for example ${suggestion}`);
  }
  const maxPeersText = env.MAX_PEERS ?? String(LIMITS.peers);
  const maxPeers = Number(maxPeersText);
  if (!/^\d+$/.test(maxPeersText) || maxPeers < 1 || maxPeers > LIMITS.peers) {
    complain(`MAX_PEERS must be a whole number from 1 to ${LIMITS.peers}`);
  }
  const maxPoolText = env.MAX_POOL_BYTES ?? String(LIMITS.poolBytes);
  const maxPoolBytes = Number(maxPoolText);
  if (!/^\d+$/.test(maxPoolText) || !Number.isSafeInteger(maxPoolBytes) || maxPoolBytes < 1) {
    complain(`MAX_POOL_BYTES must be a whole number, for example ${LIMITS.poolBytes}`);
  }
  const secret = env.NETWORK_SECRET;
  // It has to fit into a header.
  if (secret !== undefined && !/^[ -~]+$/.test(secret)) {
    complain('NETWORK_SECRET must consist of ASCII letters, digits, signs and spaces');
  }
  const hosts = readHosts(env, complain);
  const tls = readTls(env, folder, complain);
  const address = readAddress(env, port, tls !== undefined, complain);
  checkCertificate(address, tls, complain);
  const data = dataFolderOf(folder, env);
  const elsewhere = env.DATA === undefined ? '' : `, its files are in ${data}`;
  const around = fromEnvironment.join(', ');
  return Object.freeze({
    folder: data,
    port,
    knownPort: knownPortOf(address, port),
    hosts,
    address,
    lacksPort: env.ADDRESS?.includes('://') === true && !hasPort(env.ADDRESS),
    maxPeers,
    maxPoolBytes,
    secret,
    swarm: readSwarm(env, complain),
    secretHeaders: secretHeaders(secret),
    keepsSecret: secret !== undefined && isTls(address),
    tls,
    ca: readCa(env, folder, complain),
    log: readLogSettings(env),
    unknown: Object.keys(env).filter((setting) => !(setting in SETTINGS)),
    origin: `${elsewhere}${around === '' ? '' : `; ${around} from the environment`}`,
  });
}

/** Whether a proxy on this machine leads to us: its connections may come from anywhere. */
export function isBehindProxy({ address, hosts }: Settings): boolean {
  return hosts.every(isLoopback) && (parseAddress(address) as Address).scope !== 'loopback';
}

/** Returns warnings about settings that are dangerous or have no effect. */
export function warningsOf(settings: Settings, knownPeers: readonly Address[]): string[] {
  const { address, hosts, port, secret, swarm, log, unknown } = settings;
  const warnings = unknown.map((name) => `there is no setting ${name}: it has no effect`);
  warnings.push(...log.mistakes);
  const own = parseAddress(address) as Address;
  if (settings.lacksPort) {
    const proxied = address.replace(/\d+$/, isTls(address) ? '443' : '80');
    warnings.push(`ADDRESS has no port, and is ${address}: write ${proxied}, if a proxy is there`);
  }
  for (const known of knownPeers) {
    if (hasPort(known.text) || known.scope === 'swarm') continue;
    const { port } = new URL(known.key);
    const leads = `leads to port ${port || (isTls(known.key) ? 443 : 80)}`;
    warnings.push(`${known.text} in known-peers.json has no port, and ${leads}`);
  }
  const isReachable = !hosts.every(isLoopback);
  if (isBehindProxy(settings)) {
    warnings.push(
      `only this machine can reach us: set HOST, unless a proxy here leads to port ${port}`,
    );
  }
  if (secret === undefined && isReachable) {
    warnings.push(`anybody who reaches ${address} can add transactions: set NETWORK_SECRET`);
  }
  if (secret === undefined && swarm !== undefined) {
    warnings.push(
      'anybody who knows the name of the SWARM can add transactions: set NETWORK_SECRET',
    );
  }
  const lost = knownPeers.find(({ scope }) => scope === 'swarm' && swarm === undefined);
  if (lost !== undefined) {
    warnings.push(`${lost.text} in known-peers.json is reached by its swarm alone: set SWARM`);
  }
  if (secret === undefined) return warnings;
  // With TLS, the secret is also kept from other users of this machine.
  const inClear = [own, ...knownPeers].find(
    ({ key, scope }) =>
      !isTls(key) && scope !== 'swarm' && (scope !== 'loopback' || isTls(own.key)),
  );
  if (inClear !== undefined) {
    warnings.push(
      `whoever is between us and ${inClear.text} can read NETWORK_SECRET: set TLS_CERT and TLS_KEY there, and write wss://`,
    );
  }
  if (secret.length < SHORT_SECRET_CHARACTERS) {
    const wanted = `${SHORT_SECRET_CHARACTERS} random characters or more`;
    warnings.push(`NETWORK_SECRET is short enough to be guessed: make it of ${wanted}`);
  }
  return warnings;
}

function knownPortOf(address: string, port: number): number {
  const isHere = parseAddress(address)?.scope === 'loopback';
  return isHere ? Number(new URL(address).port) || port : port;
}

function isTls(address: string): boolean {
  return /^wss:/i.test(address);
}

/** The name of the swarm, and where its DHT is entered. */
function readSwarm(env: Env, complain: Complain): SwarmSettings['swarm'] {
  const { SWARM: name, SWARM_BOOTSTRAP: places } = env;
  if (name === undefined) {
    if (places !== undefined)
      complain('SWARM_BOOTSTRAP has no effect without a SWARM: give it a name');
    return undefined;
  }
  if ([...name].length > SWARM_CHARACTERS) {
    complain(`SWARM has more than ${SWARM_CHARACTERS} characters: give it a shorter name`);
  }
  const bootstrap = places?.split(/[\s,]+/).filter((place) => place !== '');
  const wrong = bootstrap?.find((place) => !isPlace(place));
  if (wrong !== undefined) {
    complain(`SWARM_BOOTSTRAP names ${wrong}, which is no place: write it like 192.168.1.5:49737`);
  }
  return { name, bootstrap };
}

/** Whether a text is a host, of IPv4 or a name, and a port. */
function isPlace(text: string): boolean {
  const [, port] = /^[a-z\d.-]+:(\d{1,5})$/i.exec(text) ?? [];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

function readHosts({ HOST: host }: Env, complain: Complain): readonly string[] {
  if (host === undefined || host === 'localhost') return LOOPBACK;
  if (isIP(host) === 0 && !/^[a-z\d.-]+$/i.test(host)) {
    complain(`HOST=${host} is not an IP address, nor a name: write it like 192.168.1.5`);
  }
  return [host];
}

/** Our own address: ADDRESS, with our port if it has none; else HOST. */
function readAddress(env: Env, port: number, hasTls: boolean, complain: Complain): string {
  const { HOST: host, ADDRESS: given } = env;
  const place = (given ?? host ?? 'localhost').replace(/\/$/, '');
  const scheme = hasTls ? 'wss' : 'ws';
  const bracketed = isIP(place) === 6 ? `[${place}]` : place;
  const full = place.includes('://') ? place : `${scheme}://${bracketed}`;
  const text = hasPort(full) ? full : `${full}:${port}`;
  const address = parseAddress(text);
  const isEverywhere = address !== undefined && EVERYWHERE.has(new URL(text).hostname);
  const isNowhere = address?.scope === 'reserved' || address?.scope === 'swarm';
  if (given !== undefined && (address === undefined || isNowhere)) {
    const example = `192.168.1.5 or ws://192.168.1.5:${port}`;
    complain(`ADDRESS=${given} ${explainNoAddress(full, example)}`);
  }
  if (address === undefined || isEverywhere || isNowhere) {
    const what = given === undefined ? `HOST=${host} needs an ADDRESS` : `ADDRESS=${given} is none`;
    complain(`${what} by which others reach this node, like 192.168.1.5`);
  }
  if (hasTls && !isTls(text)) {
    complain(`ADDRESS=${place} does not fit TLS_CERT: with TLS it begins with wss://`);
  }
  return text;
}
