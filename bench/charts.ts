/**
 * Four charts of growth: the rate and the processor time, over the number of nodes and over the
 * size of the pool.
 */

import { median } from './figures.js';
import { describeMachine, type Results } from './results.js';
import { numbersOf, type Sample } from './samples.js';
import {
  decadesAround,
  levelsBetween,
  linearScale,
  logScale,
  type Scale,
  ticksTo,
} from './scales.js';
import { type Look, legend, lookOf, mark, STYLE, shape, text } from './shapes.js';
import { showNumber } from './table.js';

const WIDTH = 960;
const HEIGHT = 776;
const CHART = { width: 480, height: 330, top: 76 } as const;
/** The area of the lines in each chart. */
const AREA = { left: 84, right: 440, top: 46, bottom: 270 } as const;

/** What grows. The experiments that measure it have it in their names. */
interface Growth {
  readonly name: string;
  readonly experiments: RegExp;
  /** The values below the axis, and where they are. */
  axis(values: readonly number[]): { readonly ticks: readonly number[]; readonly x: Scale };
}

interface Line {
  readonly look: Look;
  readonly points: readonly Point[];
}

interface Point {
  /** Nodes, or transactions in the pool. */
  readonly size: number;
  readonly value: number;
}

const FIGURES = [
  { title: 'Transactions per second', figure: 'tx/s' },
  { title: 'Processor time per transaction and node, µs', figure: 'CPU µs/tx/node' },
] as const;
const GROWTHS: readonly Growth[] = [
  {
    name: 'nodes',
    experiments: /^relay, ([\d,]+) nodes$/,
    axis(values) {
      const ends = [Math.min(...values), Math.max(...values)] as const;
      return { ticks: values, x: logScale(ends, [AREA.left, AREA.right]) };
    },
  },
  {
    name: 'transactions in the pool before, with three nodes',
    experiments: /^relay, 3 nodes, ([\d,]+) pooled$/,
    axis(values) {
      const ticks = ticksTo(Math.max(1, ...values));
      return { ticks, x: linearScale(ticks.at(-1) as number, [AREA.left, AREA.right]) };
    },
  },
];

/** Draws an SVG, for light and dark pages. */
export function drawCharts({ machine, samples }: Results): string {
  const charts = GROWTHS.flatMap((growth, row) =>
    FIGURES.map(({ title, figure }, column) => {
      const [left, top] = [column * CHART.width, CHART.top + row * CHART.height];
      const chart = drawChart(title, growth, linesOf(samples, growth, figure));
      return `<g transform="translate(${left} ${top})">\n${chart}\n</g>`;
    }),
  );
  const names = samplesOf(samples, GROWTHS).map(({ system }) => system);
  const source = `Medians; rate, time and nodes on logarithmic scales. ${describeMachine(machine)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
<title>${FIGURES.map(({ title }) => title).join('; ')}: over the number of nodes, and of transactions in the pool</title>
<style>${STYLE}</style>
<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="12"/>
${legend([...new Set(names)], AREA.left, WIDTH)}
${charts.join('\n')}
${text(AREA.left, HEIGHT - 18, source)}
</svg>
`;
}

/** One line per system that was measured, in their order. */
function linesOf(samples: readonly Sample[], growth: Growth, figure: string): Line[] {
  const measured = samplesOf(samples, [growth]);
  const systems = [...new Set(measured.map(({ system }) => system))];
  const lines = systems.map((system) => {
    const points = measured
      .filter((sample) => sample.system === system)
      .map((sample) => ({ size: sizeOf(sample, growth), value: median(numbersOf(sample, figure)) }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => a.size - b.size);
    return { look: lookOf(system), points };
  });
  return lines.filter(({ points }) => points.length > 0);
}

function samplesOf(samples: readonly Sample[], growths: readonly Growth[]): Sample[] {
  return samples.filter(({ experiment, missing }) => {
    return missing === undefined && growths.some((growth) => growth.experiments.test(experiment));
  });
}

function sizeOf({ experiment }: Sample, { experiments }: Growth): number {
  return Number(experiments.exec(experiment)?.[1]?.replaceAll(',', ''));
}

function drawChart(title: string, growth: Growth, lines: readonly Line[]): string {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) return text(AREA.left, 24, `${title}: not measured`, 'class="title"');
  const sizes = [...new Set(points.map(({ size }) => size))].sort((a, b) => a - b);
  const decades = decadesAround(points.map(({ value }) => value));
  const { ticks, x } = growth.axis(sizes);
  const y = logScale([decades[0] as number, decades.at(-1) as number], [AREA.bottom, AREA.top]);
  const middle = 'text-anchor="middle"';
  return [
    text(AREA.left, 24, title, 'class="title"'),
    ...levelsBetween(decades).map((value) => drawLevel(value, y(value))),
    ...ticks.map((size) => drawTick(size, x(size))),
    text((AREA.left + AREA.right) / 2, AREA.bottom + 44, growth.name, middle),
    // Ours are drawn last, above the others.
    ...lines.toReversed().map((line) => drawLine(line, x, y)),
  ].join('\n');
}

function drawLevel(value: number, at: number): string {
  const name = value < 1 ? String(value) : value.toLocaleString('en');
  return (
    shape('grid', `M${AREA.left} ${at}H${AREA.right}`) +
    text(AREA.left - 8, at + 4, name, 'text-anchor="end"')
  );
}

function drawTick(size: number, at: number): string {
  return (
    shape('grid', `M${at} ${AREA.bottom}v6`) +
    text(at, AREA.bottom + 22, size.toLocaleString('en'), 'text-anchor="middle"')
  );
}

/** Each point tells its figures to whoever points at it. */
function drawLine({ look, points }: Line, x: Scale, y: Scale): string {
  const places = points.map(({ size, value }) => [x(size), y(value)] as const);
  const marks = points.map(({ size, value }, index) => {
    const [left, top] = places[index] as readonly [number, number];
    const words = `${look.system}, ${size.toLocaleString('en')}: ${showNumber(value)}`;
    return mark(look, left, top, words);
  });
  const path = `M${places.map((place) => place.join(' ')).join('L')}`;
  return `<g class="${look.name}">${shape('line', path)}${marks.join('')}</g>`;
}
