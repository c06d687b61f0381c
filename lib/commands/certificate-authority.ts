/**
 * The certificate authority of a network: one certificate that all nodes trust, and whose key signs a
 * certificate for each host. The files are PEM. A key is for its owner alone; whoever has that of the
 * authority can make certificates for any host.
 */

import { createHash, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import forge from 'node-forge';
import { fail } from '../log.js';

const AUTHORITY_YEARS = 10;
/** Browsers on Apple's systems take none that is valid for longer than 825 days. */
const HOST_YEARS = 2;
/** A clock that is slow by so much takes the certificate all the same. */
const SLOW_CLOCK_MS = 3_600_000;
/** For the owner alone. */
const PRIVATE = 0o600;

/** Where a certificate and its key are. */
interface Files {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate in a file, and until when it is valid. */
export interface Made extends Files {
  readonly until: Date;
  /** Whether it was there already. */
  readonly isOld: boolean;
}

export class CertificateAuthority {
  readonly made: Made;
  readonly #folder: string;
  readonly #certificate: forge.pki.Certificate;
  readonly #key: forge.pki.rsa.PrivateKey;

  private constructor(folder: string, made: Made) {
    this.#folder = folder;
    this.made = made;
    this.#certificate = forge.pki.certificateFromPem(readFileSync(made.certificate, 'utf8'));
    this.#key = forge.pki.privateKeyFromPem(readFileSync(made.key, 'utf8'));
  }

  /**
   * Opens the authority in a folder, and makes one if there is none. Ends the process with one line
   * if a part of it is missing, or its time is over.
   *
   * @param folder as a person names it
   */
  static open(folder: string): CertificateAuthority {
    const files = { certificate: join(folder, 'ca.pem'), key: join(folder, 'ca-key.pem') };
    const old = oldIn(files);
    if (old !== undefined) return new CertificateAuthority(folder, old);
    const { certificate, key } = draft(
      AUTHORITY_YEARS,
      `network ${randomBytes(4).toString('hex')}`,
    );
    certificate.setIssuer(certificate.subject.attributes);
    certificate.setExtensions([
      { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
      { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
      { name: 'subjectKeyIdentifier' },
    ]);
    certificate.sign(key, forge.md.sha256.create());
    return new CertificateAuthority(folder, write(files, certificate, key));
  }

  /**
   * Makes a certificate for a host, unless there is one. Ends the process with one line if the time
   * of that is over.
   *
   * @param host a name or an IP address
   */
  certify(host: string): Made {
    const folder = join(this.#folder, host.replaceAll(':', '-'));
    const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const old = oldIn(files);
    if (old !== undefined) return old;
    const { certificate, key } = draft(HOST_YEARS, host);
    certificate.setIssuer(this.#certificate.subject.attributes);
    certificate.setExtensions([
      { name: 'basicConstraints', critical: true, cA: false },
      { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: namesOf(host) },
      { name: 'subjectKeyIdentifier' },
      {
        name: 'authorityKeyIdentifier',
        keyIdentifier: this.#certificate.generateSubjectKeyIdentifier().getBytes(),
      },
    ]);
    certificate.sign(this.#key, forge.md.sha256.create());
    return write(files, certificate, key);
  }
}

/** A certificate without an issuer, and its key. Node.js makes keys a hundred times as fast. */
function draft(
  years: number,
  subject: string,
): { certificate: forge.pki.Certificate; key: forge.pki.rsa.PrivateKey } {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(pair.publicKey);
  // Of 20 bytes at most, and above 0 (RFC 5280, section 4.1.2.2).
  certificate.serialNumber = `4${randomBytes(16).toString('hex').slice(1)}`;
  certificate.validity.notBefore = new Date(Date.now() - SLOW_CLOCK_MS);
  certificate.validity.notAfter = new Date();
  certificate.validity.notAfter.setFullYear(new Date().getFullYear() + years);
  // A common name has 64 characters at most (RFC 5280, appendix A.1); nobody reads it.
  const short = createHash('sha256').update(subject).digest('hex');
  const value = subject.length <= 64 ? subject : short;
  certificate.setSubject([{ name: 'commonName', value }]);
  return { certificate, key: forge.pki.privateKeyFromPem(pair.privateKey) };
}

/** What a host is called in a certificate. */
function namesOf(host: string): object[] {
  const hosts = host === 'localhost' ? [host, '127.0.0.1', '::1'] : [host];
  return hosts.map((each) => (isIP(each) ? { type: 7, ip: each } : { type: 2, value: each }));
}

function write(
  files: Files,
  certificate: forge.pki.Certificate,
  key: forge.pki.rsa.PrivateKey,
): Made {
  mkdirSync(dirname(files.key), { recursive: true });
  const write = (file: string, pem: string) =>
    writeFileSync(file, pem.replaceAll('\r\n', '\n'), { flag: 'wx', mode: PRIVATE });
  write(files.key, forge.pki.privateKeyToPem(key));
  write(files.certificate, forge.pki.certificateToPem(certificate));
  return { ...files, until: certificate.validity.notAfter, isOld: false };
}

/** What is there already. Ends the process if it is of no use. */
function oldIn(files: Files): Made | undefined {
  const all = [files.certificate, files.key];
  const missing = all.filter((file) => !existsSync(file));
  if (missing.length === all.length) return undefined;
  if (missing.length > 0)
    fail(`${missing[0]} is missing: bring it back, or move the other one away`);
  for (const file of all) chmodSync(file, PRIVATE);
  const until = endOf(files.certificate);
  if (until === undefined) fail(`${files.certificate} is no certificate: move it and its key away`);
  if (until.getTime() < Date.now()) {
    fail(`${files.certificate} has expired: move it and its key away, and run this again`);
  }
  return { ...files, until, isOld: true };
}

/** Until when a certificate is valid; undefined if it is none. */
function endOf(file: string): Date | undefined {
  try {
    return new Date(new X509Certificate(readFileSync(file)).validTo);
  } catch {
    return undefined;
  }
}
