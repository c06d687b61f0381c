/** A node behind a real nginx, with the lines that the docs have for it, but for TLS. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fs from 'fs-extra';
import { closeBrowser, IN_BROWSER, withVisit } from '../support/browser.js';
import { freePort, isListening, PROJECT, until } from '../support/helpers.js';
import { type HostedNode, withHostedNodes } from '../support/hosted.js';
import type { Network } from '../support/network.js';
import { showsMesh, untilShown } from '../support/page-view.js';

const isHere = spawnSync('nginx', ['-v']).status === 0;
const SKIP = {
  skip: isHere ? IN_BROWSER.skip : 'nginx is not here: apt-get install nginx',
};

after(closeBrowser);

/** Starts nginx with the lines in the docs, before a node that listens on a port. */
async function startNginx(
  network: Network<HostedNode>,
  port: number,
  nodePort: number,
): Promise<void> {
  const docs = await fs.readFile(join(PROJECT, 'docs/configuration.md'), 'utf8');
  const blocks = [...docs.matchAll(/```nginx\n(.*?)```/gs)].map(([, block]) => block);
  assert.equal(blocks.length, 2);
  const server = blocks
    .join('\n')
    .replaceAll('127.0.0.1:4001', `127.0.0.1:${nodePort}`)
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
    .replace('mesh.example;', 'localhost;')
    .replace(/^ *ssl_.*\n/gm, '');
  const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${name};`)
    .join('\n');
  const http = `http {\naccess_log off;\n${own}\n${server}\n}`;
  const main = 'daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {}';
  await network.write('nginx.conf', `${main}\n${http}\n`);
  const nginx = network.start(['-p', network.root, '-c', 'nginx.conf'], '.', 'nginx');
  await until(
    () => `nginx to listen; it said: ${nginx.stderr}`,
    () => isListening(port),
  );
}

test(
  'behind a proxy a node is reached by others, and its page is whole at each of its paths',
  SKIP,
  () =>
    withHostedNodes(async (network) => {
      const [port, nodePort] = [await freePort(), await freePort()];
      const other = await network.startNode('node-2', [`ws://localhost:${port}`]);
      await network.addNode('node-1', nodePort, []);
      await network.write('node-1/.env', `PORT=${nodePort}\nADDRESS=ws://localhost:${port}\n`);
      await startNginx(network, port, nodePort);
      await network.launch('node-1', nodePort).listening();
      const addresses = [`ws://localhost:${port}`, other.address];
      for (const path of ['', 'p2p/']) {
        await withVisit(`http://localhost:${port}/${path}`, async ({ page }) => {
          await untilShown(page, 'both nodes', (view) => showsMesh(view, addresses));
          const link = page.getByRole('link', { name: 'status' });
          const href = await link.evaluate(
            (element) => (element as unknown as { href: string }).href,
          );
          assert.equal(href, `http://localhost:${port}/${path}status`);
        });
      }
      const { code } = await network.run([
        'add-transaction.js',
        '--address',
        addresses[0] as string,
      ]);
      assert.equal(code, 0);
      await until('the transaction behind it', async () => (await other.pool()).length === 1);
    }),
);
