/** What contrib/ has for those who watch nodes: Prometheus understands it, and tells what happens. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withHostedNodes } from '../support/hosted.js';
import { visit } from '../support/http.js';
import { CONTRIB, promtool, readPanels, WITH_PROMETHEUS } from '../support/prometheus.js';

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

test('each panel asks a question, by metrics that a node has', () =>
  withHostedNodes(async (network) => {
    const { body } = await visit(await network.startNode(), '/metrics');
    const names = body.matchAll(/^(\w+?)(?:_bucket|_sum|_count)?[{ ]/gm);
    // By `up`, Prometheus says whether a node has answered.
    const has = new Set(['up', ...[...names].map(([, name]) => name)]);
    const panels = await readPanels();
    assert.ok(panels.length > 20);
    for (const { title, description, fieldConfig, targets = [] } of panels) {
      assert.match(title, /\?$/);
      assert.ok(description && fieldConfig?.defaults.unit, title);
      assert.ok(targets.length > 0, title);
      const asked = targets.flatMap(
        ({ expr }) => expr.match(/\bup\b|\b(mesh|process|nodejs)_\w+/g) ?? [],
      );
      assert.ok(asked.length > 0, title);
      for (const name of asked) {
        assert.ok(has.has(name.replace(/_(bucket|sum|count)$/, '')), `${title} ${name}`);
      }
    }
  }));
