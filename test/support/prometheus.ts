/** Prometheus as it is installed on this machine: its tool, and a server that watches nodes. */

import assert from 'node:assert/strict';
import { accessSync, constants } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { freePort, PROJECT, until } from './helpers.js';
import type { AnyNetwork } from './network.js';
import { Program, type Result, type RunningNode } from './program.js';

/** Where what is made for those who watch nodes is. */
export const CONTRIB = join(PROJECT, 'contrib');

export const WITH_PROMETHEUS: { readonly skip: string | false } = {
  skip:
    isThere('prometheus') && isThere('promtool')
      ? false
      : 'Prometheus is not here: apt-get install prometheus',
};

/** A series of an answer, at one time. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
}

/** Runs `promtool` to its end, in the folder of the configuration. */
export async function promtool(args: string[], input?: string): Promise<Result> {
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const tool = new Program(args, join(CONTRIB, 'prometheus'), 'promtool', stdin);
  tool.process.stdin?.end(input);
  return tool.result();
}

/** A server with our configuration, but for the nodes that it watches and how often. */
export class Prometheus {
  readonly #url: string;
  readonly #program: Program;

  private constructor(port: number, program: Program) {
    this.#url = `http://127.0.0.1:${port}`;
    this.#program = program;
  }

  static async start(network: AnyNetwork, nodes: readonly RunningNode[]): Promise<Prometheus> {
    await mkdir(network.path('prometheus'));
    const ours = await readFile(join(CONTRIB, 'prometheus', 'prometheus.yml'), 'utf8');
    const alerts = await readFile(join(CONTRIB, 'prometheus', 'alerts.yml'), 'utf8');
    const config = ours
      .replaceAll(/interval: \d+s/g, 'interval: 1s')
      .replace(/node-(\d):400\1/g, (target) => {
        const node = nodes[Number(target.at(-1)) - 1];
        return node === undefined ? assert.fail(`no ${target}`) : instanceOf(node);
      });
    await writeFile(network.path('prometheus', 'prometheus.yml'), config);
    await writeFile(network.path('prometheus', 'alerts.yml'), alerts);
    const port = await freePort();
    const listen = `--web.listen-address=127.0.0.1:${port}`;
    const options = ['--config.file=prometheus.yml', '--storage.tsdb.path=data', listen];
    const program = network.start([...options, '--log.level=warn'], 'prometheus', 'prometheus');
    const prometheus = new Prometheus(port, program);
    await until(
      () => `Prometheus to be ready; it said: ${program.stderr}`,
      async () => (await prometheus.#get('/-/ready')) !== undefined,
    );
    return prometheus;
  }

  /** What an expression amounts to now: a series each. */
  async query(expression: string): Promise<Series[]> {
    const path = `/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { status, data, error } = JSON.parse((await this.#get(path)) ?? '{}');
    assert.equal(status, 'success', `${expression}: ${error}`);
    return data.result;
  }

  /**
   * The alerts whose expressions hold, for however long: `MeshNodeDown 127.0.0.1:4001`. Without those
   * that a machine raises which is busy with other tests.
   */
  async alerts(): Promise<string[]> {
    const { data } = JSON.parse((await this.#get('/api/v1/alerts')) ?? '{}');
    const alerts: Alert[] = data?.alerts ?? [];
    return alerts
      .map(({ labels }) => `${labels.alertname} ${labels.instance}`)
      .filter((text) => !/^Mesh(EventLoopLag|DiskSlow) /.test(text))
      .sort();
  }

  /** Waits until these alerts hold, and no others. */
  async untilAlerts(...expected: string[]): Promise<void> {
    let found: string[] = [];
    await until(
      () => `these alerts alone: ${expected.join(', ')}; there are ${found.join(', ')}`,
      async () => {
        found = await this.alerts();
        return found.join() === expected.toSorted().join();
      },
    );
  }

  /** Undefined while it does not answer, or not well. */
  async #get(path: string): Promise<string | undefined> {
    assert.ok(this.#program.isRunning, this.#program.stderr);
    const response = await fetch(this.#url + path).catch(() => undefined);
    const isFit = response?.ok || response?.status === 400;
    return isFit ? response?.text() : undefined;
  }
}

/** How Prometheus calls a node in a test. */
export function instanceOf({ port }: RunningNode): string {
  return `127.0.0.1:${port}`;
}

function isThere(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A panel of the dashboard. */
interface Panel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

/** The panels of the dashboard, without the rows that they are in. */
export async function readPanels(): Promise<Panel[]> {
  const { panels } = JSON.parse(await readFile(join(CONTRIB, 'grafana/p2p-node.json'), 'utf8'));
  return (panels as Panel[]).filter(({ type }) => type !== 'row');
}
