/** Two charts of a network as it grows: its throughput, and what that costs each node. */

import { OURS } from './experiment.js';
import { median } from './figures.js';
import { numbersOf, type Sample } from './samples.js';
import { decadesAround, logScale, type Scale, spreadOut } from './scales.js';
import { showNumber } from './table.js';

const WIDTH = 960;
const HEIGHT = 400;
/** The area of the lines in each chart. Their names are to the right of it. */
const AREA = { left: 84, right: 346, top: 72, bottom: 310 } as const;
const LABEL_GAP = 16;
const CHARTS = [
  { title: 'Transactions per second', figure: 'tx/s' },
  { title: 'Processor time per transaction and node, µs', figure: 'CPU µs/tx/node' },
] as const;
const SIZES = /^relay, (\d+) nodes$/;
/** Each is dark enough for text on white. */
const COLOURS = ['#0b5cad', '#b4410e', '#8a1f5c', '#5b6470', '#14743f', '#6b4bb8'];
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #3d444d }
  .title { font-weight: 600; font-size: 15px; fill: #1f2328 }
  .grid { stroke: #d8dee4 }
  .line { fill: none; stroke-width: 2 }
  .ours .line { stroke-width: 4 }
  .ours text { font-weight: 600 }
`;

interface Line {
  readonly system: string;
  readonly colour: string;
  readonly points: readonly Point[];
}

interface Point {
  readonly nodes: number;
  readonly value: number;
}

/**
 * Draws an SVG on a white background, so that it can be read in dark mode too.
 *
 * @param source the line below the charts: the machine that they were measured on
 */
export function drawCharts(samples: readonly Sample[], source: string): string {
  const charts = CHARTS.map(({ title, figure }, index) => {
    const shift = (index * WIDTH) / CHARTS.length;
    return `<g transform="translate(${shift} 0)">${drawChart(title, linesOf(samples, figure))}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">
<title>${CHARTS.map(({ title }) => title).join('; ')}, over the number of nodes</title>
<style>${STYLE}</style>
<rect width="${WIDTH}" height="${HEIGHT}" rx="12" fill="#fff"/>
${charts.join('\n')}
${text(AREA.left, HEIGHT - 18, `Medians; scales are logarithmic. ${source}`)}
</svg>
`;
}

/** One line per system, in the colour that the system has in all charts. */
function linesOf(samples: readonly Sample[], figure: string): Line[] {
  const relays = samples.filter(({ experiment }) => SIZES.test(experiment));
  const systems = [...new Set(relays.map(({ system }) => system))];
  const lines = systems.map((system, index) => {
    const points = relays
      .filter((sample) => sample.system === system)
      .map((sample) => ({
        nodes: Number(SIZES.exec(sample.experiment)?.[1]),
        value: median(numbersOf(sample, figure)),
      }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => a.nodes - b.nodes);
    return { system, colour: COLOURS[index % COLOURS.length] as string, points };
  });
  return lines.filter(({ points }) => points.length > 0);
}

function drawChart(title: string, lines: readonly Line[]): string {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) return text(AREA.left, 40, `${title}: not measured`, 'class="title"');
  const sizes = [...new Set(points.map(({ nodes }) => nodes))].sort((a, b) => a - b);
  const decades = decadesAround(points.map(({ value }) => value));
  const x = logScale([sizes[0] as number, sizes.at(-1) as number], [AREA.left, AREA.right]);
  const y = logScale([decades[0] as number, decades.at(-1) as number], [AREA.bottom, AREA.top]);
  return [
    text(AREA.left, 40, title, 'class="title"'),
    ...decades.map((value) => drawLevel(value, y(value))),
    ...sizes.map((nodes) => text(x(nodes), AREA.bottom + 20, `${nodes}`, 'text-anchor="middle"')),
    text((AREA.left + AREA.right) / 2, AREA.bottom + 40, 'nodes', 'text-anchor="middle"'),
    ...drawLines(lines, x, y),
  ].join('\n');
}

function drawLevel(value: number, at: number): string {
  const line = `<path class="grid" d="M${AREA.left} ${at}H${AREA.right}"/>`;
  const name = value < 1 ? String(value) : showNumber(value).replace(/\.0+$/, '');
  return line + text(AREA.left - 8, at + 4, name, 'text-anchor="end"');
}

/** Each line has its name at its end, moved a little if two names would overlap. */
function drawLines(lines: readonly Line[], x: Scale, y: Scale): string[] {
  const ends = lines.map(({ points }) => points.at(-1) as Point);
  const heights = spreadOut(
    ends.map(({ value }) => y(value)),
    LABEL_GAP,
    [AREA.top, AREA.bottom],
  );
  return lines.map(({ system, colour, points }, index) => {
    const places = points.map(({ nodes, value }) => [round(x(nodes)), round(y(value))] as const);
    const path = places.map((place) => place.join(' ')).join('L');
    const at = x((ends[index] as Point).nodes) + 10;
    return [
      `<g class="${system === OURS ? OURS : 'other'}" fill="${colour}">`,
      `<path class="line" stroke="${colour}" d="M${path}"/>`,
      ...places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3.5"/>`),
      text(at, (heights[index] as number) + 4, system, `style="fill: ${colour}"`),
      '</g>',
    ].join('');
  });
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replace(/[&<]/g, (letter) => (letter === '&' ? '&amp;' : '&lt;'));
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped}</text>`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
