/** Certificates for nodes on this machine, made by the command `openssl`. */

import { Program } from './program.js';

/**
 * Makes `NAME.pem`, a certificate for localhost that vouches for itself, and its `NAME-key.pem`.
 *
 * @param folder where to put them
 */
export async function makeCertificate(folder: string, name: string): Promise<void> {
  const args = ['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'];
  const files = ['-keyout', `${name}-key.pem`, '-out', `${name}.pem`];
  await openssl([...args, ...key, ...names, ...files], folder);
}

/** Has such a certificate end yesterday. */
export async function expire(folder: string, name: string): Promise<void> {
  const [cert, key] = [`${name}.pem`, `${name}-key.pem`];
  await openssl(['x509', '-in', cert, '-signkey', key, '-days', '-1', '-out', cert], folder);
}

async function openssl(args: string[], folder: string): Promise<void> {
  const { code, stderr } = await new Program(args, folder, 'openssl').result();
  if (code !== 0) throw new Error(`openssl: ${stderr}`);
}
