/** What those who watch nodes are told by Prometheus, also of a full disk, and of nodes that are stopped or killed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addBlock } from '../support/block-maker.js';
import { give, makeIds } from '../support/client.js';
import { limitFileSize, ON_LINUX } from '../support/disk.js';
import { say, transactionMessage, until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { untilFullMesh } from '../support/mesh.js';
import { withNetwork } from '../support/network.js';
import type { NodeProcess, RunningNode } from '../support/program.js';
import { instanceOf, Prometheus, readPanels, WITH_PROMETHEUS } from '../support/prometheus.js';

/** How long a probe waits for its answer. */
const PROBE_MS = 1000;
const skip = WITH_PROMETHEUS.skip || ON_LINUX.skip;

/** What a probe is told: the status and the line; nothing by a node that does not answer. */
async function probe({ port }: RunningNode, path: string): Promise<string> {
  try {
    const signal = AbortSignal.timeout(PROBE_MS);
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal });
    return `${response.status} ${(await response.text()).trim()}`;
  } catch {
    return 'nothing';
  }
}

async function untilProbes(node: RunningNode, healthz: string, readyz: string): Promise<void> {
  let told: string[] = [];
  await until(
    () => `${healthz}, ${readyz} from ${node.name}; it says ${told}`,
    async () => {
      told = [await probe(node, '/healthz'), await probe(node, '/readyz')];
      return told.join() === [healthz, readyz].join();
    },
  );
}

test('a full disk, a node that is stopped, and one that is killed are told apart', { skip }, () =>
  withNetwork(async (network) => {
    const nodes = await network.startNodes(3);
    const [first, second, third] = nodes as [NodeProcess, NodeProcess, NodeProcess];
    await untilFullMesh(nodes);
    const [one, two, three] = nodes.map(instanceOf);
    for (const node of nodes) await untilProbes(node, '200 ok', '200 ready');
    const prometheus = await Prometheus.start(network, nodes);
    await until('all nodes', async () => (await prometheus.query('mesh_ready == 1')).length === 3);
    await prometheus.untilAlerts();

    await limitFileSize(first, '0');
    await say(first.address, transactionMessage('a'));
    await untilProbes(first, '503 the disk refuses', '503 the disk refuses');
    await prometheus.untilAlerts(`MeshDiskFailing ${one}`, `MeshNodeNotReady ${one}`);
    await limitFileSize(first, 'unlimited');
    await untilProbes(first, '200 ok', '200 ready');
    await prometheus.untilAlerts();

    second.process.kill('SIGSTOP');
    await untilProbes(second, 'nothing', 'nothing');
    await prometheus.untilAlerts(`MeshNodeDown ${two}`);
    second.process.kill('SIGCONT');
    await untilProbes(second, '200 ok', '200 ready');
    await prometheus.untilAlerts();

    await third.end('SIGKILL');
    await untilProbes(third, 'nothing', 'nothing');
    await prometheus.untilAlerts(`MeshNodeDown ${three}`);
    await second.end('SIGKILL');
    const down = [two, three].map((each) => `MeshNodeDown ${each}`);
    await prometheus.untilAlerts(...down, `MeshNodeAlone ${one}`);
    await untilProbes(first, '200 ok', '200 ready');
  }),
);

test('Prometheus has an answer to the question of each panel', WITH_PROMETHEUS, () =>
  withHostedNodes(async (network) => {
    const nodes = await network.startMesh(3);
    const prometheus = await Prometheus.start(network, nodes);
    await give((nodes[0] as RunningNode).address, makeIds('t', 20));
    await addBlock(nodes[1] as RunningNode);
    for (const { title, targets = [] } of await readPanels()) {
      for (const { expr } of targets) {
        const expression = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '10s');
        assert.doesNotMatch(expression, /\$/, title);
        await until(
          `an answer to: ${title}`,
          async () => (await prometheus.query(expression)).length > 0,
        );
      }
    }
    await until('all to be ready', async () => {
      const ready = await prometheus.query('mesh_ready == 1');
      const named = ready.map(({ metric }) => metric.instance).sort();
      return named.join() === nodes.map(instanceOf).sort().join();
    });
  }),
);
