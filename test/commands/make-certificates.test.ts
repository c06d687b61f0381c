/** Certificates for TLS: the mistakes that a person may make with them. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fs from 'fs-extra';
import { outcomeOfScript } from '../support/failing.js';
import { withHostedNodes } from '../support/hosted.js';

test('a mistake with certificates is one line, and nothing is made', () =>
  withHostedNodes(async (network) => {
    const script = network.path('make-certificates.js');
    const cases = [
      [[], /^Name the hosts of the nodes: /],
      [['ws://mesh.example:4001'], /^ws:\S+ is neither a name nor an IP address: /],
      [['good.example', 'bad_name'], /^bad_name is neither a name nor an IP address: /],
      [['--days', '3'], /^Unknown option '--days'; --help lists what there is$/],
    ] as const;
    for (const [hosts, says] of cases) {
      const { code, stdout, stderr } = await outcomeOfScript(script, hosts);
      assert.match(stderr.trimEnd(), says);
      assert.deepEqual([code, stdout], [1, '']);
    }
    assert.equal(await fs.pathExists(network.path('certificates')), false);

    assert.equal((await network.run(['make-certificates.js', 'a.example'])).code, 0);
    await fs.move(network.path('certificates/ca-key.pem'), network.path('aside'));
    const { code, stderr } = await network.run(['make-certificates.js', 'b.example']);
    assert.equal(
      stderr,
      `${join('certificates', 'ca-key.pem')} is missing: bring it back, or move the other one away\n`,
    );
    assert.equal(code, 1);
    assert.equal(await fs.pathExists(network.path('certificates/b.example')), false);
  }));
