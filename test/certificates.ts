/** Certificates for nodes on this machine, made by the command `openssl`. */

import { Program } from './network.js';

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
  const openssl = new Program([...args, ...key, ...names, ...files], folder, 'openssl');
  const { code, stderr } = await openssl.result();
  if (code !== 0) throw new Error(`openssl: ${stderr}`);
}
