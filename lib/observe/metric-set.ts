/** Metrics that are read when somebody asks for them, and cost nothing before. */

import { Counter, Gauge, Registry, Histogram as RegistryHistogram } from 'prom-client';
import type { Histogram } from '../histogram.js';

type Labels = Readonly<Record<string, string>>;
/** A value for each set of labels. */
export type Samples = Iterable<readonly [labels: Labels, value: number]>;
/** Reads the value of a metric without labels, or all that it has. */
type Read = () => number | Samples;
type Distributions = readonly (readonly [labels: Labels, read: Histogram])[];

export class MetricSet {
  readonly registry = new Registry();

  gauge(name: string, help: string, read: Read, labelNames: string[] = []): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        for (const [labels, value] of samplesOf(read())) this.set(labels, value);
      },
    });
  }

  counter(name: string, help: string, read: Read, labelNames: string[] = []): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labels, value] of samplesOf(read())) this.inc(labels, value);
      },
    });
  }

  histogram(name: string, help: string, distributions: Distributions): void {
    this.registry.registerMetric(new HistogramReader(name, help, distributions));
  }
}

/** A histogram of numbers that are counted elsewhere. */
class HistogramReader extends RegistryHistogram {
  readonly #named: { readonly name: string; readonly help: string };
  readonly #distributions: Distributions;

  constructor(name: string, help: string, distributions: Distributions) {
    super({ name, help, registers: [] });
    this.#named = { name, help };
    this.#distributions = distributions;
  }

  /** What the registry writes down; `get` stands on it too. */
  async getForPromString() {
    const values = this.#distributions.flatMap(([labels, read]) => this.#valuesOf(labels, read));
    return { ...this.#named, type: 'histogram', aggregator: 'sum', values };
  }

  #valuesOf(labels: Labels, { bounds, counts, sum }: Histogram) {
    const { name } = this.#named;
    let below = 0;
    const buckets = counts.map((count, index) => {
      below += count;
      const le = `${bounds[index] ?? '+Inf'}`;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: below },
    ];
  }
}

function samplesOf(read: number | Samples): Samples {
  return typeof read === 'number' ? [[{}, read]] : read;
}
