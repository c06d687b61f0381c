/**
 * Writes the tables of limits in docs/configuration.md from lib/limits.ts: the titles and comments
 * from its source, the values from the module. Run by `npm run docs`.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LIMITS } from '../lib/limits.js';
import { withSection } from './sections.js';

/** A row of a table. */
interface Limit {
  readonly name: string;
  /** Undefined where the source has no comment in the line before. */
  readonly comment: string | undefined;
  readonly value: number;
}

interface Section {
  readonly title: string;
  readonly limits: Limit[];
}

const SOURCE = fileURLToPath(new URL('../lib/limits.ts', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('configuration.md', import.meta.url));
const MARKS = ['<!-- limits: written by npm run docs -->', '<!-- end of limits -->'] as const;
const TITLE = /^ {2}\/\/ (.+)$/;
const COMMENT = /^ {2}\/\*\* (.+?)\.? \*\/$/;
const NAME = /^ {2}(\w+): /;

/**
 * Reads the limits, in the order of the source.
 *
 * @throws Error when the source and the module have different limits: then it is not compiled
 */
export function readLimits(): Section[] {
  const values = new Map<string, number>(Object.entries(LIMITS));
  const sections: Section[] = [];
  let comment: string | undefined;
  for (const line of readFileSync(SOURCE, 'utf8').split('\n')) {
    const title = TITLE.exec(line)?.[1];
    if (title !== undefined) sections.push({ title, limits: [] });
    const name = NAME.exec(line)?.[1];
    if (name !== undefined) {
      const value = values.get(name);
      const section = sections.at(-1);
      if (value === undefined) throw new Error(`${name} is not in the compiled lib/limits.js`);
      if (section === undefined) throw new Error(`${name} stands before the first section title`);
      section.limits.push({ name, comment, value });
      values.delete(name);
    }
    comment = COMMENT.exec(line)?.[1];
  }
  const [other] = values.keys();
  if (other !== undefined) throw new Error(`${other} is in the compiled lib/limits.js only`);
  return sections;
}

/**
 * Returns the text of docs/configuration.md with the tables as they should be.
 *
 * @throws Error when the document lacks the two comments that mark where the tables are
 */
export function configurationDocument(): string {
  const text = readFileSync(DOCUMENT, 'utf8');
  const tables = readLimits().map(tableOf).join('\n');
  return withSection('docs/configuration.md', text, MARKS, `\n\n${tables}\n`);
}

function tableOf({ title, limits }: Section): string {
  const rows = limits.map(
    ({ name, comment = '', value }) =>
      `| \`${name}\` | ${value.toLocaleString('en-US')} | ${comment} |`,
  );
  return [
    `### ${title}`,
    '',
    '| Name | Limit | What it limits |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(DOCUMENT, configurationDocument());
}
