/** What the lab does to its nodes, and tells of them, by its own page's requests. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import fs from 'fs-extra';
import type { Act } from '../../lab/entries.js';
import { give } from '../support/client.js';
import { outcomeOfScript } from '../support/failing.js';
import { isListening, until } from '../support/helpers.js';
import { done, RunningLab, withLab } from '../support/lab.js';
import { type Network, withNetwork } from '../support/network.js';

/** Another address of this machine. */
const ELSEWHERE = '127.0.0.2';
const portOf = (address = '') => Number(new URL(address).port);
const pay = (node: string): Act => {
  return { do: 'add-transaction', node, from: 'alice', to: 'bob', amount: '10' };
};

function peersOf(lab: RunningLab, address: string): readonly string[] {
  return lab.of('peers').findLast((each) => each.address === address)?.peers ?? [];
}

/** The hashes of all blocks of a height. */
function blocksAt(lab: RunningLab, height: number): string[] {
  return lab.of('block').flatMap((each) => (each.height === height ? [each.hash] : []));
}

test('three nodes in the lab', (t) =>
  withLab(
    3,
    async (lab, network) => {
      await lab.untilConnected();
      // What one of them leaves is what the next one finds.
      await t.test('each message is told once, with both of its times', () => tells(lab));
      await t.test('whoever has no token, or another page, gets nowhere', () => refuses(lab));
      await t.test('nothing stands on links that nobody touches', () => standsAside(lab, network));
      await t.test('links are cut, lossy and joined, and nodes know not why', () => cuts(lab));
      await t.test('nothing stands on links that are joined again', () =>
        standsAside(lab, network),
      );
      await t.test('nodes are stopped, killed, frozen and added, and lose nothing', () =>
        ends(lab, network),
      );
    },
    '--lab-host',
    ELSEWHERE,
  ));

async function tells(lab: RunningLab): Promise<void> {
  const [first, second, third] = lab.addresses;
  const others = [first, third];
  let id = '';
  let paid = 0;
  const carrying = () => lab.of('message').filter(({ ids }) => ids.includes(id));
  const toldOf = (to?: string) =>
    carrying().filter((each) => each.from === second && each.to === to);
  const isWhole = (to?: string) =>
    toldOf(to).length === 1 && toldOf(to).every(({ arrivedAt }) => arrivedAt !== null);
  // A busy machine may tell of the two ends of a message too far apart: then another one is sent.
  await until('each message to be told once, with both of its times', async () => {
    const says = await done(lab, pay('node-2'));
    id = /accepted transaction ([0-9a-f]{64})$/.exec(says)?.[1] ?? '';
    paid += 1;
    await until('its way', () => others.every((to) => toldOf(to).length > 0));
    return others.every(isWhole);
  });
  const [handed] = carrying();
  assert.deepEqual([handed?.from, handed?.to, handed?.type], [null, second, 'TRANSACTION']);
  for (const { at, arrivedAt, number, isLost } of others.flatMap(toldOf)) {
    assert.ok((arrivedAt as number) >= at && !isLost);
    const { text } = JSON.parse((await lab.ask(`/texts/${number}`)).text);
    assert.ok(text.includes(id), text);
    // A proxy has asked for somebody, who may be anywhere, and may look.
    const headers = { via: '1.1 proxy' };
    assert.equal((await lab.ask(`/texts/${number}`, { headers })).status, 200);
  }
  const unknown = await lab.ask('/texts/999999999');
  assert.deepEqual(unknown, { status: 404, text: 'this message is not recorded any more\n' });
  const times = carrying().map(({ at }) => at);
  const inOrder = times.toSorted((a, b) => a - b);
  assert.deepEqual(times, inOrder);

  // What it tells of content is what the node has.
  const found = await lab.ask(`/nodes/node-3/transactions/${id}`);
  assert.equal(JSON.parse(found.text).transaction.id, id);
  assert.equal((await lab.ask('/nodes/node-9/transactions/1')).status, 404);
  assert.equal((await lab.ask('/nodes/node-1/status')).status, 404);

  await done(lab, { do: 'make-block', node: 'node-3' });
  await until('one block in all chains', () => {
    const [hash] = blocksAt(lab, 1);
    return hash !== undefined && lab.tips().every((tip) => tip === hash);
  });
  const [block] = lab.of('block').filter(({ height }) => height === 1);
  assert.equal(block?.transactions, paid);
  assert.equal(JSON.parse((await lab.ask('/nodes/node-1/blocks/1')).text).hash, block?.hash);
}

async function refuses(lab: RunningLab): Promise<void> {
  const [json, token] = ['application/json', lab.token];
  const own = {
    origin: `http://localhost:${lab.port}`,
    'content-type': json,
    'lab-token': token,
  };
  const body = JSON.stringify({ do: 'kill', node: 'node-1' } satisfies Act);
  const foreign = { host: `evil.example:${lab.port}` };
  const elsewhere = { host: `${ELSEWHERE}:${lab.port}`, origin: `http://${ELSEWHERE}:${lab.port}` };
  const abroad = { host: `192.0.2.7:${lab.port}`, origin: `http://192.0.2.7:${lab.port}` };
  const payment = '{"do":"add-transaction","node":"node-1","from":"a","to":"b"';
  const rows: [what: string, status: number, headers: Record<string, string>, body?: string][] = [
    ['no token', 403, { ...own, 'lab-token': '' }],
    ['another token', 403, { ...own, 'lab-token': 'f'.repeat(32) }],
    ['a longer token', 403, { ...own, 'lab-token': `${token}0` }],
    ['no origin', 403, { 'content-type': json, 'lab-token': token }],
    ['another origin', 403, { ...own, origin: 'http://evil.example' }],
    ['another port', 403, { ...own, origin: 'http://localhost:1' }],
    ['the page at another address', 403, { ...own, origin: elsewhere.origin }],
    ['a name that leads here', 403, { ...own, ...foreign, origin: `http://${foreign.host}` }],
    ['who looks from elsewhere', 403, { ...own, ...abroad }],
    ['a form', 403, { ...own, 'content-type': 'text/plain' }],
    ['no JSON', 400, own, '{'],
    ['something large', 400, own, `"${'x'.repeat(20_000)}"`],
    ['no act', 409, own, 'null'],
    ['an unknown act', 409, own, '{"do":"steal"}'],
    ['an unknown node', 409, own, '{"do":"kill","node":"node-7"}'],
    ['a node that is none', 409, own, '{"do":"kill","node":"__proto__"}'],
    ['an unknown lesson', 409, own, '{"do":"lesson","lesson":"__proto__"}'],
    ['no amount', 409, own, `${payment}}`],
    ['an amount that is none', 409, own, `${payment},"amount":"-1"}`],
    ['a node to go on that is not frozen', 409, own, '{"do":"thaw","node":"node-1"}'],
    ['a node to start that runs', 409, own, '{"do":"start","node":"node-1"}'],
    ['a link with itself', 409, own, '{"do":"cut","between":["node-1","node-1"]}'],
  ];
  for (const [what, status, headers, sent = body] of rows) {
    const said = await lab.ask('/act', { method: 'POST', headers, body: sent });
    assert.equal(said.status, status, `${what}: ${said.text}`);
    assert.match(said.text, /^[^\n]+\n$/, what);
  }
  for (const path of ['/', '/recording', '/lacks', '/texts/1']) {
    for (const headers of [foreign, { 'sec-fetch-site': 'cross-site' }]) {
      assert.equal((await lab.ask(path, { headers })).status, 403, path);
    }
  }
  assert.equal((await lab.ask('/', { headers: abroad })).status, 200);
  await crowds(lab, abroad);
  assert.equal((await lab.ask('/', { method: 'POST' })).status, 405);
  assert.equal((await lab.ask('/../start-nodes.js')).status, 404);
  assert.equal(lab.stateOf('node-1'), 'running');
}

/** Those who look from elsewhere take no place from whoever is here. */
async function crowds(lab: RunningLab, abroad: Record<string, string>): Promise<void> {
  const look = async (headers: Record<string, string>) => {
    const path = '/recording';
    const asking = get({ port: lab.port, host: '127.0.0.1', path, headers, agent: false });
    const [response] = await once(asking, 'response');
    response.on('error', () => {});
    return response as IncomingMessage;
  };
  const looking: IncomingMessage[] = [];
  while (looking.at(-1)?.statusCode !== 503) looking.push(await look(abroad));
  assert.equal(looking.length, 21);
  const own = await look({ host: `localhost:${lab.port}` });
  assert.equal(own.statusCode, 200);
  for (const each of [...looking, own]) each.destroy();
}

/** The nodes talk to each other while the program of the lab stands still. */
async function standsAside(lab: RunningLab, network: Network): Promise<void> {
  await lab.untilConnected();
  const id = randomUUID();
  lab.terminal.process.kill('SIGSTOP');
  try {
    await give(lab.addresses[0] ?? '', [id]);
    await until('the transaction at all nodes', async () => {
      const pools = [1, 2, 3].map((n) => fs.readFile(network.path(`node-${n}/transactions.json`)));
      return (await Promise.all(pools)).every((pool) => pool.includes(id));
    });
  } finally {
    lab.terminal.process.kill('SIGCONT');
  }
}

async function cuts(lab: RunningLab): Promise<void> {
  const [first = '', second = '', third = ''] = lab.addresses;
  await done(lab, { do: 'cut', between: ['node-1', 'node-3'] });
  await until('a node that is gone', () => {
    const peers = peersOf(lab, first);
    return !peers.includes(third) && peers.includes(second);
  });
  await done(lab, { do: 'halve' });
  // node-3 is alone, and makes a branch of its own.
  await done(lab, pay('node-1'));
  for (const node of ['node-3', 'node-1']) await done(lab, { do: 'make-block', node });
  await until('a fork', () => {
    const [a = '', b, c = ''] = lab.tips();
    return a === b && a !== c && [a, c].every((tip) => blocksAt(lab, 2).includes(tip));
  });
  assert.equal(JSON.parse((await lab.ask('/lacks')).text)['node-3'].lacks, 1);
  await done(lab, { do: 'join-all' });
  await done(lab, { do: 'make-block', node: 'node-2' });
  await until('one chain', () => new Set(lab.tips()).size === 1);
  await lab.untilConnected();

  const lost = () => lab.of('message').filter(({ isLost }) => isLost);
  const lossy = () => new Set(lost().map(({ from, to }) => [from, to].sort().join(' ')));
  await done(lab, { do: 'lose', between: ['node-1', 'node-2'] });
  await until('a message that is lost', async () => {
    await done(lab, pay('node-1'));
    return lossy().size > 0;
  });
  assert.deepEqual([...lossy()], [[first, second].sort().join(' ')]);
  // Then on all links: one that is whole would be a way around the others.
  for (const node of ['node-1', 'node-2'])
    await done(lab, { do: 'lose', between: [node, 'node-3'] });
  await until('a message that is lost on each link', async () => {
    for (const node of ['node-1', 'node-2', 'node-3']) await done(lab, pay(node));
    return lossy().size === 3;
  });
  for (const { arrivedAt } of lost()) assert.equal(arrivedAt, null);
  await done(lab, { do: 'join-all' });
}

async function ends(lab: RunningLab, network: Network): Promise<void> {
  const [first = '', second = ''] = lab.addresses;
  assert.match(await done(lab, pay('node-1')), / accepted transaction /);
  const readPool = () => fs.readJson(network.path('node-1/transactions.json'));
  const before = await readPool();
  await done(lab, { do: 'kill', node: 'node-1' });
  // To others it looks as it is: nobody listens there.
  assert.equal(await isListening(portOf(first)), false);
  assert.ok(lab.terminal.stdout.includes('[node-1] ended with SIGKILL'));
  await done(lab, { do: 'start', node: 'node-1' });
  await lab.untilConnected();
  assert.deepEqual((await readPool()).slice(0, before.length), before);

  await done(lab, { do: 'freeze', node: 'node-2' });
  assert.equal((await lab.act(pay('node-2'))).status, 409);
  await done(lab, { do: 'thaw', node: 'node-2' });
  await done(lab, { do: 'stop', node: 'node-2' });
  assert.equal(await isListening(portOf(second)), false);
  await until('its state', () => lab.stateOf('node-2') === 'stopped');

  assert.equal(await done(lab, { do: 'add-node' }), 'node-4 runs');
  const added = () => lab.of('node').findLast(({ name }) => name === 'node-4')?.address ?? '';
  await until('another peer', () => peersOf(lab, added()).includes(first));
  await done(lab, { do: 'freeze', node: 'node-1' });
  assert.equal(await lab.terminal.end('SIGINT'), 0);
  for (const address of lab.addresses) assert.equal(await isListening(portOf(address)), false);
}

test('where nothing can stand between nodes, or the port is taken, it says so, and goes on', () =>
  withNetwork(async (network) => {
    await fs.appendFile(network.path('node-1/.env'), '\nHOST=0.0.0.0\nADDRESS=192.0.2.1\n');
    const lab = await RunningLab.start(network, 1);
    const why = 'node-1 has an ADDRESS that is not on this machine';
    assert.equal(lab.hello?.noLinks, why);
    assert.ok(lab.terminal.lines.includes(`The lab cuts no links: ${why}`));
    const said = await lab.act({ do: 'cut', between: ['node-1', 'node-2'] });
    assert.deepEqual([said.status, said.text], [409, `links cannot be cut: ${why}\n`]);
    await until('the node', () => lab.stateOf('node-1') === 'running');
    assert.equal(await done(lab, { do: 'kill', node: 'node-1' }), 'node-1 is killed');
    assert.equal(await done(lab, { do: 'start', node: 'node-1' }), 'node-1 runs');

    const flags = ['--nodes', '1', '--lab-port', `${lab.port}`];
    const other = network.start(['start-nodes.js', ...flags]);
    const { code } = await other.result();
    const line = `Port ${lab.port} is taken: the nodes run without the lab; --lab-port gives it another`;
    assert.deepEqual([other.lines[0], code], [line, 1]);
    await lab.close();
  }));

test('a mistake in the flags of the lab is told in one line', () =>
  withNetwork(async (network) => {
    const rows: [string[], RegExp][] = [
      [['--no-lab', '--lab-port', '1'], /^Give either --no-lab or --lab-port, not both\n$/],
      [['--no-lab', '--lab-host', 'a'], /^Give either --no-lab or --lab-host, not both\n$/],
      [['--lab-port', '0'], /^--lab-port 0 is not a whole number from 1 to 65535\n$/],
      [['--lab-host', 'a b'], /^--lab-host a b is not an IP address, nor a name: /],
      [['--lab-host', '0.0.0.0'], /^--lab-host 0\.0\.0\.0 leads nobody else here: /],
      [['--lab-host', 'Localhost'], /^--lab-host Localhost leads nobody else here: /],
      [['--lab-host', '192.0.2.1'], /^This machine has no address 192\.0\.2\.1: /],
    ];
    for (const [args, says] of rows) {
      const { code, stderr } = await outcomeOfScript(network.path('start-nodes.js'), args);
      assert.match(stderr, says);
      assert.equal(code, 1);
    }
  }));
