/** One command for TLS: an authority once, a certificate for each host, and nothing twice. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { withHostedNodes } from '../support/hosted.js';
import { checkSharing, configure, startPair } from '../support/secured.js';

test('one command makes what nodes need for TLS, and makes nothing twice', () =>
  withHostedNodes(async (network) => {
    const make = (...hosts: string[]) => network.run(['make-certificates.js', ...hosts]);
    const { code, stdout, stderr } = await make(
      'localhost',
      '192.168.1.5',
      '[fd00::5]',
      'mesh.example',
    );
    assert.deepEqual([code, stderr], [0, '']);
    const [, lines = ''] =
      /^For \.env of a node at localhost: .*\n((?:[A-Z_]+=.*\n)+)/m.exec(stdout) ?? [];
    assert.match(
      stdout,
      /^HOST=192\.168\.1\.5$.*^HOST=fd00::5$.*^HOST=0\.0\.0\.0\nADDRESS=mesh\.example$/ms,
    );
    const files = await filesIn(network.path('certificates'));
    assert.equal(files.size, 2 + 4 * 2);
    for (const [file, { mode }] of files) assert.equal(mode & 0o777, 0o600, file);

    await configure(network, ...lines.trimEnd().split('\n'));
    await checkSharing(network, await startPair(network, 'wss'));

    const again = await make('localhost', 'other.example');
    assert.match(again.stdout, /ca\.pem, there already, .*localhost\/cert\.pem, there already, /s);
    const now = await filesIn(network.path('certificates'));
    assert.equal(now.size, files.size + 2);
    for (const [file, { text }] of files) assert.equal(now.get(file)?.text, text, file);
    const ca = new X509Certificate(now.get('ca.pem')?.text ?? '');
    for (const host of ['192.168.1.5', 'fd00--5', 'mesh.example', 'other.example']) {
      const certificate = new X509Certificate(now.get(`${host}/cert.pem`)?.text ?? '');
      assert.ok(certificate.verify(ca.publicKey) && certificate.checkIssued(ca), host);
      const name = host.replaceAll('--', '::');
      assert.equal(isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name), name);
    }
  }));

/** All files below a folder. */
async function filesIn(folder: string): Promise<Map<string, { mode: number; text: string }>> {
  const names = (await fs.readdir(folder, { recursive: true })).map(String);
  const found = new Map<string, { mode: number; text: string }>();
  for (const name of names) {
    const stats = await fs.stat(join(folder, name));
    if (stats.isFile()) {
      found.set(name, { mode: stats.mode, text: await fs.readFile(join(folder, name), 'utf8') });
    }
  }
  return found;
}
