/** The figures of README.md and docs/benchmarks.md, made of the samples in bench/results.json. */

import { OURS } from './experiment.js';
import { median, spreadOf } from './figures.js';
import { describeMachine, type Results } from './results.js';
import { numbersOf, ratioOf, type Sample, sampleOf } from './samples.js';
import type { Subject } from './targets.js';

const [RATE, CPU, LAG] = ['tx/s', 'CPU µs/tx/node', 'lag p99 ms'];
const RELAY = /^relay, (\d+) nodes$/;
const POOLED = /^relay, 3 nodes, ([\d,]+) pooled$/;
const SWARM = 'relay by the swarm, 3 nodes';
const DIGITS = 3;
const NOT_MEASURED = 'No run that is in `bench/results.json` has measured this yet.';

/** Names of systems where a table is to say more than the samples do. */
const NAMES: ReadonlyMap<string, string> = new Map([[OURS, 'these nodes']]);

/** A row is left out if one of its figures was not measured. */
interface Row {
  readonly what: string;
  readonly figures: readonly number[];
  readonly tell: (...figures: string[]) => string;
}

/** The text of each section of docs/benchmarks.md, by its name. */
export function sectionsOf({ date, machine, samples }: Results): ReadonlyMap<string, string> {
  const day = new Date(date).toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
  const rounds = Math.max(0, ...samples.map(({ runs }) => runs.length));
  return new Map([
    ['machine', `${describeMachine(machine)}; ${day}; at most ${rounds} runs of each.`],
    ['relay', relayTable(samples)],
    ['pools', poolTable(samples)],
    ['others', otherTable(samples)],
    ['lab', comparison(samples, 'in the lab, 3 nodes', 'no lab', [RATE])],
    ['swarm', comparison(samples, SWARM, 'TCP', [RATE, CPU, LAG])],
  ]);
}

/** What README.md says of the benchmarks: empty if it was not measured. */
export function summaryOf({ samples }: Results): string {
  const [ours, theirs] = [of('relay, 3 nodes', RATE), of('relay, 3 nodes', RATE, 'gossipsub')];
  const rate = middle(samples, ours);
  const ratio = ratioOf(samples, ours, theirs);
  if (Number.isNaN(rate) || ratio === undefined) return '';
  return ` (${show(rate)} transactions/s to three disks, ${show(ratio)} × gossipsub)`;
}

/** What docs/swarm.md says of the price of a swarm. */
export function swarmSummaryOf({ samples }: Results): string {
  const ratios = [RATE, CPU].map((figure) =>
    ratioOf(samples, of(SWARM, figure, 'swarm'), of(SWARM, figure, 'TCP')),
  );
  const lags = ['swarm', 'TCP'].map((system) => middle(samples, of(SWARM, LAG, system)));
  const figures = [...ratios, ...lags].map((each = Number.NaN) => each);
  if (figures.some(Number.isNaN)) return NOT_MEASURED;
  const [rate, cpu, lag, lagByTcp] = figures.map(show);
  return `A swarm relays ${rate} times as many transactions per second as TCP, at ${cpu} times the processor
time of each. 99 of 100 times, the event loop waits no longer than ${lag} ms; with TCP, than ${lagByTcp} ms.`;
}

/** Rounds to three digits. */
export function show(number: number): string {
  return Number(number.toPrecision(DIGITS)).toLocaleString('en');
}

function relayTable(samples: readonly Sample[]): string {
  const relays = samples.filter(({ experiment }) => RELAY.test(experiment));
  const rows = relays.map((sample) => {
    const { experiment, system, missing } = sample;
    const nodes = RELAY.exec(experiment)?.[1] ?? '';
    const name = NAMES.get(system) ?? system;
    if (missing !== undefined) return [nodes, name, `not measured: ${missing}`, '', '', ''];
    const ratio = ratioOf(samples, of(experiment, RATE), of(experiment, RATE, system));
    return [nodes, name, ...costs(sample), ratio === undefined ? '' : `${show(ratio)} ×`];
  });
  const head = [
    'Nodes',
    'System',
    'per second',
    'least–most',
    'processor µs',
    'rate of these ÷ its',
  ];
  return table(head, rows);
}

function poolTable(samples: readonly Sample[]): string {
  const relays = samples.filter(({ experiment }) => POOLED.test(experiment));
  const rows = relays.map((sample) => {
    const { experiment, system, missing } = sample;
    const pooled = POOLED.exec(experiment)?.[1] ?? '';
    const name = NAMES.get(system) ?? system;
    if (missing !== undefined) return [pooled, name, `not measured: ${missing}`, '', '', ''];
    const empty = of('relay, 3 nodes, 0 pooled', RATE, system);
    const ratio = ratioOf(samples, of(experiment, RATE, system), empty);
    return [pooled, name, ...costs(sample), ratio === undefined ? '' : `${show(ratio)} ×`];
  });
  const head = [
    'In the pool',
    'System',
    'per second',
    'least–most',
    'processor µs',
    'rate ÷ with an empty one',
  ];
  return table(head, rows);
}

function otherTable(samples: readonly Sample[]): string {
  const at = (experiment: string, figure: string, system = OURS) =>
    middle(samples, of(experiment, figure, system));
  const [start, chain] = ['start, 1,000,000 pooled', 'chain of 2,000 blocks'];
  const long = 'start, 1,000,000 in the chain';
  const latency = 'latency at 1,000/s, 3 nodes';
  const toParser = ratioOf(samples, of(start, 's'), of(start, 's', 'JSON.parse'));
  const longToParser = ratioOf(samples, of(long, 's'), of(long, 's', 'JSON.parse'));
  const toValidation = ratioOf(samples, of(chain, 's'), of(chain, 's', 'validation alone'));
  const rows: Row[] = [
    {
      what: 'start with 1,000,000 transactions in the pool',
      figures: [at(start, 's'), toParser ?? Number.NaN, at(start, 'MB resident')],
      tell: (s, ratio, mb) => `${s} s, ${ratio} times \`JSON.parse\` of the file; ${mb} MB`,
    },
    {
      what: 'longest time that the event loop is held up by that start',
      figures: [at(start, 'longest lag ms')],
      tell: (ms) => `${ms} ms`,
    },
    {
      what: 'start with a chain of 1,000,000 transactions, in 1,000 blocks',
      figures: [at(long, 's'), longToParser ?? Number.NaN, at(long, 'MB resident')],
      tell: (s, ratio, mb) => `${s} s, ${ratio} times \`JSON.parse\` of the file; ${mb} MB`,
    },
    {
      what: 'start with an empty pool',
      figures: [at(start, 's with none'), at(start, 'MB with none')],
      tell: (s, mb) => `${s} s, ${mb} MB`,
    },
    {
      what: 'memory of a transaction in the pool',
      figures: [at(start, 'bytes/tx')],
      tell: (bytes) => `${bytes} bytes`,
    },
    {
      what: 'join late, and get 100,000 transactions',
      figures: [100_000 / at('late joiner, 100,000 pooled', RATE)],
      tell: (s) => `${s} s`,
    },
    ...['0', '1', '100', '10,000'].map((apart) => ({
      what: `reconcile two pools of 1,000,000 that differ by ${apart}`,
      figures: [
        at(`pools of 1,000,000, ${apart} apart`, 's'),
        at(`pools of 1,000,000, ${apart} apart`, 'KB'),
      ],
      tell: (s = '', kb = '') => `${s} s, ${kb} KB`,
    })),
    {
      what: 'connect 20 nodes that know one node, all to all',
      figures: [at('mesh of 20 from one peer', 's')],
      tell: (s) => `${s} s after the last one listens`,
    },
    ...samples
      .filter(({ experiment }) => experiment === latency)
      .map(({ system }) => ({
        what: `a transaction at all three nodes, at 1,000 per second: ${NAMES.get(system) ?? system}`,
        figures: [at(latency, 'median ms', system), at(latency, 'p99 ms', system)],
        tell: (middle = '', p99 = '') => `median ${middle} ms; 99 of 100 within ${p99} ms`,
      })),
    {
      what: 'fetch 2,000 blocks from another node',
      figures: [at(chain, 's'), toValidation ?? Number.NaN],
      tell: (s, ratio) => `${s} s, ${ratio} times as long as to validate them`,
    },
  ];
  const measured = rows.filter(({ figures }) => !figures.some(Number.isNaN));
  return table(
    ['What', 'Result'],
    measured.map(({ what, figures, tell }) => [what, tell(...figures.map(show))]),
  );
}

/** Each system of an experiment beside one of them. */
function comparison(
  samples: readonly Sample[],
  experiment: string,
  reference: string,
  figures: readonly string[],
): string {
  const its = samples.filter((sample) => sample.experiment === experiment);
  if (its.length === 0) return NOT_MEASURED;
  const rows = its.map(({ system }) => {
    const cells = figures.map((figure) => show(middle(samples, of(experiment, figure, system))));
    const [subject, base] = [system, reference].map((each) => of(experiment, RATE, each));
    const ratio = ratioOf(samples, subject as Subject, base as Subject);
    const isShown = ratio !== undefined && system !== reference;
    return [system, ...cells, isShown ? `${show(ratio)} ×` : ''];
  });
  return table(['', ...figures, `rate ÷ ${reference}`], rows);
}

/** Rate, its spread, and processor time. */
function costs(sample: Sample): string[] {
  const rates = numbersOf(sample, RATE);
  if (rates.length === 0) return ['failed', '', ''];
  const { median: rate, least, most } = spreadOf(rates);
  const spread = rates.length === 1 ? 'one run' : `${show(least)}–${show(most)}`;
  return [show(rate), spread, show(median(numbersOf(sample, CPU)))];
}

function middle(samples: readonly Sample[], subject: Subject): number {
  const sample = sampleOf(samples, subject);
  return sample === undefined ? Number.NaN : median(numbersOf(sample, subject.figure));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return NOT_MEASURED;
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function of(experiment: string, figure: string, system = OURS): Subject {
  return { experiment, figure, system };
}
