/** What contrib/ has for those who watch nodes: Prometheus understands it, and tells what happens. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { addBlock } from '../support/block-maker.js';
import { give, makeIds } from '../support/client.js';
import { until } from '../support/helpers.js';
import { withHostedNodes } from '../support/hosted.js';
import { visit } from '../support/http.js';
import type { RunningNode } from '../support/program.js';
import {
  CONTRIB,
  instanceOf,
  Prometheus,
  promtool,
  WITH_PROMETHEUS,
} from '../support/prometheus.js';

/** A panel of the dashboard, or a row of them. */
interface Panel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

test('promtool finds no fault in the configuration and the alerts', WITH_PROMETHEUS, async () => {
  for (const args of [
    ['check', 'config', 'prometheus.yml'],
    ['check', 'rules', 'alerts.yml'],
  ]) {
    const { code, stdout, stderr } = await promtool(args);
    assert.equal(code, 0, stdout + stderr);
  }
});

test('each alert fires when it should, and for nobody else', WITH_PROMETHEUS, async () => {
  const { code, stdout, stderr } = await promtool(['test', 'rules', 'alerts.test.yml']);
  assert.equal(code, 0, stdout + stderr);
  const [rules, tests] = await Promise.all(
    ['alerts.yml', 'alerts.test.yml'].map((file) =>
      readFile(join(CONTRIB, 'prometheus', file), 'utf8'),
    ),
  );
  const names = [...String(rules).matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name);
  const fired = [...String(tests).matchAll(/alertname="(\w+)"/g)].map(([, name]) => name);
  assert.ok(names.length > 0);
  assert.deepEqual(fired.sort(), names.sort());
  const docs = await readFile(join(CONTRIB, '../docs/operating.md'), 'utf8');
  const told = [...docs.matchAll(/`(Mesh\w+)`/g)].map(([, name]) => name);
  assert.deepEqual(told.sort(), names);
});

test('promtool finds no fault in the metrics of a node that are its own', WITH_PROMETHEUS, () =>
  withHostedNodes(async (network) => {
    const { body } = await visit(await network.startNode(), '/metrics');
    const { stdout, stderr } = await promtool(['check', 'metrics'], body);
    const faults = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
    // prom-client calls some of its own so.
    const isKnown = (line: string) => /^nodejs_active_\w+ non-counter metrics should/.test(line);
    assert.deepEqual(
      faults.filter((line) => !isKnown(line)),
      [],
    );
  }),
);

test('each panel asks a question, and Prometheus answers it', WITH_PROMETHEUS, () =>
  withHostedNodes(async (network) => {
    const nodes = await network.startMesh(3);
    const prometheus = await Prometheus.start(network, nodes);
    await give((nodes[0] as RunningNode).address, makeIds('t', 20));
    await addBlock(nodes[1] as RunningNode);
    const dashboard = JSON.parse(await readFile(join(CONTRIB, 'grafana/p2p-node.json'), 'utf8'));
    const panels: Panel[] = dashboard.panels;
    assert.ok(panels.length > 20);
    for (const { type, title, description, fieldConfig, targets = [] } of panels) {
      if (type === 'row') continue;
      assert.match(title, /\?$/);
      assert.ok(description && fieldConfig?.defaults.unit, title);
      assert.ok(targets.length > 0, title);
      for (const { expr } of targets) {
        const expression = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '10s');
        assert.doesNotMatch(expression, /\$/, title);
        await until(
          `an answer to: ${title}`,
          async () => (await prometheus.query(expression)).length > 0,
        );
      }
    }
    const ready = await prometheus.query('mesh_ready == 1');
    assert.deepEqual(
      ready.map(({ metric }) => metric.instance).sort(),
      nodes.map(instanceOf).sort(),
    );
  }),
);
