import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoAddress } from '../../lib/peers/address-mistakes.js';
import { parseAddress } from '../../lib/peers/addresses.js';

test('what is wrong in an address is named', () => {
  const mistakes: Record<string, RegExp> = {
    'http://localhost:4001': /http/,
    'HTTPS://localhost:4001': /http/,
    'localhost:4001': /begin with ws/,
    'ftp://localhost:4001': /begin with ws/,
    'ws://me@localhost:4001': /user name/,
    'ws://me:secret@localhost:4001/': /user name/,
    'ws://localhost:4001/p2p': /path/,
    'wss://mesh.example/p2p/': /path/,
    'ws://localhost:4001?a=b': /query/,
    'ws://localhost:4001#a': /fragment/,
    'ws://local host:4001': /space/,
    'ws://exämple.org:4001': /xn--/,
    'ws://localhost:0': /port/,
    'ws://localhost:65536': /port/,
    'ws://localhost:100000/': /port/,
  };
  for (const [text, says] of Object.entries(mistakes)) {
    assert.equal(parseAddress(text), undefined, text);
    assert.match(whyNoAddress(text) ?? '', says, text);
  }
  assert.match(whyNoAddress(4001) ?? '', /text/);
  assert.equal(whyNoAddress('ws://a..b:4001'), undefined, 'only what is known');
});

test('of an address that is one, no port is called wrong', () => {
  for (let port = 1; port <= 65_535; port++) {
    assert.equal(whyNoAddress(`ws://localhost:${port}`), undefined, `${port}`);
  }
});
