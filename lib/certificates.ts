/** The certificates that the settings name: read, and checked before the node begins. */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Complain, Env } from './env.js';
import { hostnameOf } from './guard/access.js';
import { reason } from './log.js';

/** A certificate and its key, PEM. */
export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Reads TLS_CERT and TLS_KEY; undefined where neither is set. */
export function readTls(env: Env, folder: string, complain: Complain): Tls | undefined {
  const cert = readPem(env, 'TLS_CERT', folder, complain);
  const key = readPem(env, 'TLS_KEY', folder, complain);
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined) return complain('TLS_KEY needs a TLS_CERT');
  if (key === undefined) return complain('TLS_CERT needs a TLS_KEY');
  if (fails(() => createSecureContext({ cert }))) complain(notPem(env, 'TLS_CERT'));
  if (fails(() => createSecureContext({ key }))) complain(notPem(env, 'TLS_KEY'));
  if (fails(() => createSecureContext({ cert, key }))) {
    complain(`TLS_KEY=${env.TLS_KEY} is not the key of TLS_CERT=${env.TLS_CERT}`);
  }
  return { cert, key };
}

/**
 * Complains of a certificate that other nodes would refuse: one for another host, or one that has
 * expired.
 */
export function checkCertificate(address: string, tls: Tls | undefined, complain: Complain): void {
  if (tls === undefined) return;
  const certificate = new X509Certificate(tls.cert);
  const host = hostnameOf(new URL(address).host);
  const isOurs = isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host);
  if (isOurs === undefined)
    complain(`TLS_CERT is not for ${host}, by which others reach this node`);
  if (Date.parse(certificate.validTo) < Date.now()) {
    complain(`TLS_CERT has expired, on ${certificate.validTo}`);
  }
}

/** Reads TLS_CA; undefined where it is not set. */
export function readCa(env: Env, folder: string, complain: Complain): Buffer | undefined {
  const ca = readPem(env, 'TLS_CA', folder, complain);
  const certificates = ca?.toString().match(/-----BEGIN CERTIFICATE-----[^-]*/g) ?? [];
  const isUsable = certificates.length > 0 && !fails(() => certificates.map(readCertificate));
  if (ca !== undefined && !isUsable) complain(notPem(env, 'TLS_CA'));
  return ca;
}

/** The content of a file that a setting names, as seen from the node's folder. */
function readPem(env: Env, name: string, folder: string, complain: Complain): Buffer | undefined {
  const file = env[name];
  if (file === undefined) return undefined;
  try {
    return readFileSync(resolve(folder, file));
  } catch (error) {
    return complain(`${name}=${file} cannot be read (${reason(error)})`);
  }
}

function notPem(env: Env, name: string): string {
  return `${name}=${env[name]} holds nothing in PEM format that can be used`;
}

/** @param start of the PEM text, without its last line */
function readCertificate(start: string): X509Certificate {
  return new X509Certificate(`${start}-----END CERTIFICATE-----\n`);
}

function fails(use: () => unknown): boolean {
  try {
    use();
    return false;
  } catch {
    return true;
  }
}
