/** How things look in the charts: colours for light and dark pages, marks, and the legend. */

import { OURS } from './experiment.js';

/** How a system looks in all charts. Its mark tells it from the others without colours. */
export interface Look {
  readonly system: string;
  /** The class of its elements. */
  readonly name: string;
  readonly light: string;
  readonly dark: string;
  /** A path around 0, 0. */
  readonly mark: string;
}

const LOOKS: readonly Look[] = [
  look(OURS, 'ours', '#0b5cad', '#6cb6ff', 'M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0Z'),
  look('gossipsub', 'gossipsub', '#b4410e', '#f69d50', 'M-4.5 -4.5H4.5V4.5H-4.5Z'),
  look('gossipsub signed', 'signed', '#8a1f5c', '#fc8dc7', 'M0 -6L6 0L0 6L-6 0Z'),
  look('plain-style', 'plain', '#5b6470', '#adbac7', 'M0 -5.5L5.5 4.5H-5.5Z'),
  look('NATS JetStream', 'nats', '#6b4bb8', '#dcbdfb', 'M0 5.5L5.5 -4.5H-5.5Z'),
  look('bare ws', 'bare', '#14743f', '#6bc46d', 'M-2 -6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z'),
];
const UNKNOWN = LOOKS.at(-1) as Look;
/** Of a letter of the legend, on average. */
const LETTER_WIDTH = 7.5;
const LEGEND = { top: 44, line: 26, gap: 24, mark: 12 } as const;

/** Each colour is readable on its page. */
export const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #3d444d }
  .title { font-weight: 600; font-size: 15px; fill: #1f2328 }
  .page { fill: #fff }
  .grid { stroke: #d8dee4; fill: none }
  .line { fill: none; stroke-width: 2 }
  .ours .line { stroke-width: 4 }
${LOOKS.map(({ name, light }) => rules(name, light)).join('\n')}
  @media (prefers-color-scheme: dark) {
  text { fill: #c5cdd6 }
  .title { fill: #f0f3f6 }
  .page { fill: #0d1117 }
  .grid { stroke: #373e47 }
${LOOKS.map(({ name, dark }) => rules(name, dark)).join('\n')}
  }
`;

export function lookOf(system: string): Look {
  return LOOKS.find((each) => each.system === system) ?? { ...UNKNOWN, system };
}

/** The names of systems beside their marks, in as few lines as they fit in. */
export function legend(systems: readonly string[], left: number, width: number): string {
  let x = left;
  let y: number = LEGEND.top;
  const entries = systems.map(lookOf).map((look) => {
    const words = look.system === OURS ? 'these nodes' : look.system;
    const its = LEGEND.mark + words.length * LETTER_WIDTH + LEGEND.gap;
    if (x + its > width) {
      x = left;
      y += LEGEND.line;
    }
    const entry = `${mark(look, x, y - 4)}${text(x + LEGEND.mark, y, words)}`;
    x += its;
    return `<g class="${look.name}">${entry}</g>`;
  });
  return entries.join('\n');
}

/** The mark of a system at a place, with words that are shown when it is pointed at. */
export function mark({ mark }: Look, x: number, y: number, words?: string): string {
  const title = words === undefined ? '' : `<title>${escaped(words)}</title>`;
  const at = `translate(${round(x)} ${round(y)})`;
  return `<path class="mark" transform="${at}" d="${mark}">${title}</path>`;
}

/** A path, with coordinates of one decimal. */
export function shape(name: string, path: string): string {
  return `<path class="${name}" d="${path.replace(/\d+\.\d+/g, (each) => String(round(+each)))}"/>`;
}

export function text(x: number, y: number, content: string, attributes = ''): string {
  const place = `x="${round(x)}" y="${round(y)}"`;
  return `<text ${[place, attributes].join(' ').trim()}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replace(/[&<]/g, (letter) => (letter === '&' ? '&amp;' : '&lt;'));
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}

function rules(name: string, colour: string): string {
  return `  .${name} .line { stroke: ${colour} } .${name} .mark { fill: ${colour} }`;
}

function look(system: string, name: string, light: string, dark: string, mark: string): Look {
  return { system, name, light, dark, mark };
}
