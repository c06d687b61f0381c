/** Nodes behind the routers of homes, which let nobody in, and one in the open, meet in a swarm. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { untilOneChain, untilPoolsAre } from '../support/chain-checks.js';
import { makeIds } from '../support/client.js';
import { TEST_LIMIT_MS, transactionMessage, until, within } from '../support/helpers.js';
import { Internet, type Plan, whyNoInternet } from '../support/internet.js';
import { Network } from '../support/network.js';
import { NodeProcess, type Program } from '../support/program.js';
import { inSwarm } from '../support/swarm.js';

/** A cut goes unnoticed until nothing is confirmed, and a dial may wait for its turn. */
const DEADLINE_MS = 100_000;
const DHT = fileURLToPath(new URL('../support/dht-nodes.js', import.meta.url));
const DHT_NODES = 8;
const DHT_PORT = 49_737;
const SPEAKER = fileURLToPath(new URL('../support/speaker.js', import.meta.url));
const TEN = Array.from({ length: 10 }, (_, index) => `node-${index + 1}`);
/** One for all nodes: they are on different machines. */
const PORT = 4001;

/** A node on the machine of the same name, seen by its lines and its files. */
class DistantNode extends NodeProcess {
  readonly #start: (args: readonly string[]) => Program;

  constructor(internet: Internet, network: Network<DistantNode>, name: string) {
    const folder = network.path(name);
    super(name, PORT, folder, internet.start(['index.js'], folder, name));
    this.#start = (args) => network.keep(internet.start(args, network.root, name));
  }

  override async listening(): Promise<this> {
    await untilSays(this, '] listening: ');
    return this;
  }

  /** Has somebody at its machine add transactions. */
  async add(ids: readonly string[]): Promise<void> {
    const frames = ids.map((id) => JSON.stringify(transactionMessage(id)));
    const speaker = this.#start([SPEAKER, this.address, ...frames]);
    await untilSays(speaker, 'said');
    await until(`${this.name} to have what it was given`, async () => {
      const text = await this.poolText();
      return ids.every((id) => text.includes(id));
    });
    await speaker.close();
  }

  /** Has somebody at its machine add a block of all that is in its pool. */
  async addBlock(): Promise<void> {
    const { code, stderr } = await this.#start(['add-block.js', '--node', this.name]).result();
    assert.deepEqual([code, stderr], [0, '']);
  }

  /** Whether the latest that it said of another node is that it is connected to it. */
  isConnectedTo(other: DistantNode): boolean {
    const lastLine = (event: string) => this.stdout.lastIndexOf(`] ${event}: ${inSwarm(other)}`);
    return lastLine('connected') > lastLine('disconnected');
  }
}

function untilSays(
  program: Pick<Program, 'stdout' | 'stderr' | 'isRunning'>,
  text: string,
): Promise<void> {
  return until(
    () => `the line ${text}; it said: ${program.stdout}${program.stderr}`,
    () => {
      if (!program.isRunning) throw new Error(`it ended: ${program.stdout}${program.stderr}`);
      return program.stdout.includes(text);
    },
  );
}

/** Waits until each has a connection to each other one. */
async function untilWhole(nodes: readonly DistantNode[]): Promise<void> {
  const missing = () =>
    nodes.flatMap((node) =>
      nodes
        .filter((other) => other !== node && !node.isConnectedTo(other))
        .map((other) => `${node.name} to ${other.name}`),
    );
  await until(
    () => `connections: ${missing()}; they said: ${nodes.map(({ stdout }) => stdout).join('\n')}`,
    () => missing().length === 0,
    DEADLINE_MS,
  );
}

/** Starts a DHT at the public addresses; returns where it is entered. */
async function startDht(internet: Internet, network: Network<DistantNode>): Promise<string> {
  const args = [DHT, String(DHT_PORT), ...internet.addresses];
  await untilSays(network.keep(internet.start(args, network.root)), 'open');
  return `${internet.addresses[0]}:${DHT_PORT}`;
}

/** Starts a node that knows no more than a name, and where the DHT is entered. */
async function startNode(
  network: Network<DistantNode>,
  name: string,
  bootstrap: string,
): Promise<DistantNode> {
  await network.addNode(name, PORT, []);
  const env = [`PORT=${PORT}`, 'SWARM=two homes', `SWARM_BOOTSTRAP=${bootstrap}`];
  await network.write(`${name}/.env`, `${env.join('\n')}\n`);
  return network.launch(name, PORT).listening();
}

const WITH_INTERNET = { skip: await whyNoInternet() };

/** Runs a test with nodes that are each on the machine of the same name. */
async function withInternet(
  plan: Pick<Plan, 'atHome' | 'open'>,
  check: (internet: Internet, network: Network<DistantNode>) => Promise<void>,
): Promise<void> {
  const internet = await Internet.create({ ...plan, addresses: DHT_NODES });
  try {
    const network: Network<DistantNode> = await Network.createWith(
      (name) => new DistantNode(internet, network, name),
    );
    try {
      await within(TEST_LIMIT_MS, check(internet, network));
    } finally {
      await network.close();
    }
  } finally {
    await internet.close();
  }
}

test(
  'nodes behind two routers and one in the open agree, after a kill and a cut too',
  WITH_INTERNET,
  () => withInternet({ atHome: ['node-1', 'node-2'], open: ['node-3'] }, meetAndAgree),
);

test(
  'ten nodes, each behind a router, agree after two halves of them were apart',
  WITH_INTERNET,
  () => withInternet({ atHome: TEN, open: [] }, partAndMeet),
);

async function meetAndAgree(internet: Internet, network: Network<DistantNode>): Promise<void> {
  const bootstrap = await startDht(internet, network);
  const first = await startNode(network, 'node-1', bootstrap);
  const second = await startNode(network, 'node-2', bootstrap);
  const third = await startNode(network, 'node-3', bootstrap);
  const nodes = [first, second, third];
  await untilWhole(nodes);
  const ids = makeIds('t', 30);
  for (const [index, node] of nodes.entries()) {
    await node.add(ids.slice(10 * index, 10 * index + 10));
  }
  await untilPoolsAre(nodes, ids);
  await first.addBlock();
  await untilOneChain(nodes, 1);
  await untilPoolsAre(nodes, []);

  await second.end('SIGKILL');
  await first.add(['in a block that the second missed']);
  await first.addBlock();
  await third.add(['missed by the second']);
  const again = await network.restart(second);
  const all = [first, again, third];
  await untilOneChain(all, 2, DEADLINE_MS);
  await untilPoolsAre(all, ['missed by the second'], DEADLINE_MS);
  await untilWhole(all);

  await internet.setUplink(first.name, 'down');
  await until(
    'both sides to notice the cut',
    () => [again, third].every((each) => !each.isConnectedTo(first) && !first.isConnectedTo(each)),
    DEADLINE_MS,
  );
  await first.add(['beyond the cut']);
  await first.addBlock();
  await third.add(['on this side']);
  await untilPoolsAre([again, third], ['missed by the second', 'on this side']);
  await internet.setUplink(first.name, 'up');
  const [, , , block] = await untilOneChain(all, 3, DEADLINE_MS);
  assert.equal(block?.transactions.length, 2);
  await untilPoolsAre(all, ['on this side'], DEADLINE_MS);
  await untilWhole(all);
  for (const { stderr } of all) assert.equal(stderr, '');
}

async function partAndMeet(internet: Internet, network: Network<DistantNode>): Promise<void> {
  const bootstrap = await startDht(internet, network);
  const nodes: DistantNode[] = [];
  for (const name of TEN) nodes.push(await startNode(network, name, bootstrap));
  await untilWhole(nodes);
  const ids = makeIds('t', 10);
  for (const [index, node] of nodes.entries()) await node.add(ids.slice(index, index + 1));
  await untilPoolsAre(nodes, ids, DEADLINE_MS);

  const halves = [nodes.slice(0, 5), nodes.slice(5)] as const;
  const [here, there] = halves;
  await internet.move(TEN.slice(5), 'elsewhere');
  await until(
    'both halves to notice',
    () => !here.some((a) => there.some((b) => a.isConnectedTo(b) || b.isConnectedTo(a))),
    DEADLINE_MS,
  );
  for (const [index, half] of halves.entries()) {
    const own = [`from half ${index}`];
    await half[0]?.add(own);
    await untilPoolsAre(half, [...ids, ...own], DEADLINE_MS);
  }
  // Of two chains the longer one wins, and nothing of the other one is lost.
  await there[1]?.addBlock();
  await untilOneChain(there, 1, DEADLINE_MS);
  await here[1]?.addBlock();
  await untilOneChain(here, 1, DEADLINE_MS);
  await here[2]?.add(['in the second block']);
  await here[2]?.addBlock();
  await untilOneChain(here, 2, DEADLINE_MS);

  await internet.move(TEN.slice(5), 'here');
  await untilOneChain(nodes, 2, DEADLINE_MS);
  await untilPoolsAre(nodes, ['from half 1'], DEADLINE_MS);
  await untilWhole(nodes);
  for (const { stderr } of nodes) assert.equal(stderr, '');
}
