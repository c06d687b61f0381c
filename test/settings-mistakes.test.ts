/** Settings that cannot be right: one clear line that names the setting, and exit code 1. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadSettings } from '../lib/settings.js';
import { expire, makeCertificate } from './support/certificates.js';
import { failureOf } from './support/failing.js';
import { freePort } from './support/helpers.js';
import { type Network, withNetwork } from './support/network.js';

/** What node-1/.env says beside the PORT, and the line with which a node ends. */
type Mistake = readonly [lines: string, says: RegExp];

/** Checks that each of these settings would end a node, with one line. */
async function checkMistakes(network: Network, mistakes: readonly Mistake[]): Promise<void> {
  for (const [lines, says] of mistakes) {
    await network.write('node-1/.env', `PORT=4001\n${lines}\n`);
    const said = await failureOf(() => loadSettings(network.path('node-1'), {}));
    assert.match(said, says, lines);
    assert.doesNotMatch(said, /\n/, `one line for ${lines}`);
  }
}

describe('mistakes in the settings', () => {
  test('a HOST that nobody can be told to dial, and no ADDRESS', () =>
    withNetwork((network) => {
      const says =
        /^node-1\/\.env: HOST=\S+ needs an ADDRESS by which others reach this node, like/;
      return checkMistakes(
        network,
        ['0.0.0.0', '::'].map((host) => [`HOST=${host}`, says]),
      );
    }));

  test('a HOST that is none', () =>
    withNetwork((network) => {
      const says = /^node-1\/\.env: HOST=.* is not an IP address, nor a name: write it like 192/;
      const hosts = ['not a host', 'ws://localhost', 'localhost:4001', '1.2.3.4/24', 'höst'];
      return checkMistakes(
        network,
        hosts.map((host) => [`HOST=${host}`, says]),
      );
    }));

  test('a HOST that this machine does not have', () =>
    withNetwork(async (network) => {
      for (const host of ['203.0.113.7', '2001:db8::7', 'nowhere.invalid']) {
        await network.write('node-1/.env', `PORT=${await freePort()}\nHOST=${host}\n`);
        const { code, stdout, stderr } = await network.run(['index.js'], 'node-1');
        assert.match(stderr, /^This machine has no address \S+: set another HOST\n$/);
        assert.deepEqual([code, stdout], [1, '']);
      }
    }));

  test('an ADDRESS that is none', () =>
    withNetwork((network) => {
      const addresses = {
        'http://10.0.0.1:4001':
          ' (it begins with http, where an address begins with ws:// or wss://)',
        'two words': ' (it has a space)',
        'ws://10.0.0.1:4001/path': ' (it has a path, where an address ends with the port)',
        'ws://user@10.0.0.1': ' (it has a user name)',
        '10.0.0.1:70000': ' (its port is not from 1 to 65535)',
        [`${'x'.repeat(300)}`]: '',
      };
      return checkMistakes(
        network,
        Object.entries(addresses).map(([address, why]) => {
          const says = `node-1/.env: ADDRESS=${address} is not an address${why}: write it like 192.168.1.5 or ws://`;
          return [`ADDRESS=${address}`, new RegExp(`^${says.replace(/[.()]/g, '\\$&')}`)];
        }),
      );
    }));

  test('a number of peers that is none, or that no node can have', () =>
    withNetwork((network) => {
      const says = /^node-1\/\.env: MAX_PEERS must be a whole number from 1 to 128$/;
      return checkMistakes(
        network,
        ['0', '129', '1.5', '1e1', 'many'].map((number) => [`MAX_PEERS=${number}`, says]),
      );
    }));

  test('an ADDRESS where nobody can be reached', () =>
    withNetwork((network) =>
      checkMistakes(
        network,
        ['0.0.0.0', 'ws://0.0.0.0:4001', 'ws://[::]:4001'].map((address) => [
          `HOST=127.0.0.1\nADDRESS=${address}`,
          /^node-1\/\.env: .*ADDRESS/,
        ]),
      ),
    ));

  test('a NETWORK_SECRET that is empty: it would let in everybody', () =>
    withNetwork((network) =>
      checkMistakes(
        network,
        ['', '""', '" "'].map((secret) => [
          `NETWORK_SECRET=${secret}`,
          /^node-1\/\.env: NETWORK_SECRET /,
        ]),
      ),
    ));

  test('a NETWORK_SECRET that fits into no header, and is not told', () =>
    withNetwork((network) =>
      checkMistakes(
        network,
        ['geheimnüß', '"geheim\\nnis"', '"geheim\u{1f512}"'].map((secret) => [
          `NETWORK_SECRET=${secret}`,
          /^node-1\/\.env: NETWORK_SECRET must (?!.*geheim)/,
        ]),
      ),
    ));

  test('certificates that are not there, are none, or do not belong together', () =>
    withNetwork(async (network) => {
      await makeCertificate(network.root, 'a');
      await makeCertificate(network.root, 'b');
      await makeCertificate(network.root, 'old');
      await expire(network.root, 'old');
      const both = (cert: string, key: string) => `TLS_CERT=../${cert}\nTLS_KEY=../${key}`;
      const mistakes = [
        ['TLS_CERT=../a.pem', /TLS_CERT needs a TLS_KEY$/],
        ['TLS_KEY=../a-key.pem', /TLS_KEY needs a TLS_CERT$/],
        [both('c.pem', 'a-key.pem'), /TLS_CERT=\.\.\/c\.pem cannot be read \(ENOENT.*\)$/],
        [both('a.pem', ''), /TLS_KEY=\.\.\/ cannot be read \(EISDIR.*\)$/],
        [both('package.json', 'a-key.pem'), /TLS_CERT=\S+ holds nothing in PEM format that can/],
        [both('a.pem', 'a.pem'), /TLS_KEY=\S+ holds nothing in PEM format that can be used$/],
        [both('a.pem', 'b-key.pem'), /TLS_KEY=\S+b-key\.pem is not the key of TLS_CERT=\S+a\.pem$/],
        [
          `${both('a.pem', 'a-key.pem')}\nHOST=127.0.0.2`,
          /TLS_CERT is not for 127\.0\.0\.2, by which others reach this node$/,
        ],
        [
          `${both('a.pem', 'a-key.pem')}\nADDRESS=mesh.example`,
          /TLS_CERT is not for mesh\.example, by which others reach this node$/,
        ],
        [both('old.pem', 'old-key.pem'), /TLS_CERT has expired, on \w+ /],
        ['TLS_CA=../c.pem', /TLS_CA=\.\.\/c\.pem cannot be read \(ENOENT.*\)$/],
        ['TLS_CA=../package.json', /TLS_CA=\S+ holds nothing in PEM format that can be used$/],
        ['TLS_CA=../a-key.pem', /TLS_CA=\S+ holds nothing in PEM format that can be used$/],
        [
          `${both('a.pem', 'a-key.pem')}\nADDRESS=ws://10.0.0.1`,
          /ADDRESS=ws:\/\/10\.0\.0\.1 does not fit TLS_CERT: with TLS it begins with wss:\/\/$/,
        ],
      ] as const;
      await checkMistakes(
        network,
        mistakes.map(([lines, says]) => [lines, new RegExp(`^node-1/\\.env: ${says.source}`)]),
      );
    }));
});
