/**
 * The nodes of a DHT, each at an address of its own: `node dht-nodes.js 49737 192.88.99.1 192.88.99.2`.
 * With one address for all, those behind a router could not tell how it translates theirs.
 */

import HyperDHT from 'hyperdht';

const PORT = Number(process.argv[2]);
const [first, ...others] = process.argv.slice(3) as [string, ...string[]];

async function open(host: string, bootstrap: readonly string[]): Promise<void> {
  const dht = new HyperDHT({ host, port: PORT, bootstrap, firewalled: false, ephemeral: false });
  await dht.fullyBootstrapped();
}

await open(first, []);
for (const host of others) await open(host, [`${first}:${PORT}`]);
console.log('open');
