/** Judges anybody's node by the stories of the exercise: npm run conformance -- FOLDER... */

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, reason } from '../../lib/log.js';
import { beyondWith } from './beyond.js';
import { bonus } from './bonus.js';
import { exercise } from './exercise.js';
import { judge, type Verdict, whyNotJudged } from './judge.js';
import { closing, opening, type Report, summary, table } from './report.js';
import type { Story } from './story.js';

/** How long a story beyond the exercise may take: most that do not hold wait till then. */
const LIMIT_MS = 15_000;
const STRICT_LIMIT_MS = 120_000;
/** How many of these are judged at the same time. */
const AT_ONCE = 6;

const USAGE = `Usage: npm run conformance -- FOLDER... [options]

Judges the node in each FOLDER, a node-1 with its index.js, by the stories of the exercise, and
tells which hold, and why others do not. The node is judged in a temporary copy. What goes beyond
the exercise is a second list, which fails nobody.

  --story ID    only this story, such as 4 or "bonus 1"; can be given several times
  --strict      what goes beyond the exercise counts as well
  --json        print one JSON array, with an object for each folder
  --help        print this

Exit code 1 if a story that counts fails in any folder.`;

const { folders, ids, isStrict, isJson } = readCommandLine();
// npm changes to the project's folder, and says where it was called from.
const base = process.env.INIT_CWD ?? process.cwd();
const all = [...exercise, ...bonus, ...beyondWith(isStrict ? STRICT_LIMIT_MS : LIMIT_MS)];
for (const id of ids) {
  if (!all.some((story) => story.id === id)) {
    fail(`There is no story ${id}; there are ${all.map((story) => story.id).join(', ')}`);
  }
}
const chosen = all.filter(({ id }) => ids.length === 0 || ids.includes(id));
const counts = ({ id }: { id: string }) => isStrict || !id.startsWith('beyond ');
// With --json, stdout is for the JSON alone.
const out = isJson ? process.stderr : process.stdout;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort());
}
const reports: Report[] = [];
try {
  for (const name of folders) reports.push(await judgeFolder(resolve(base, name)));
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  out.write('\nInterrupted\n');
  process.exit(130);
}
if (isJson) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
else if (reports.length > 1) out.write(`\n${table(reports, chosen, base)}`);
const isBad = ({ error, verdicts }: Report) =>
  error !== undefined || verdicts.some((each) => each.result === 'fail' && counts(each));
// A story that was given up may still wait for something.
process.stdout.write('', () => process.exit(reports.some(isBad) ? 1 : 0));

async function judgeFolder(folder: string): Promise<Report> {
  const error = await whyNotJudged(folder);
  if (error !== undefined) {
    if (folders.length === 1 && !isJson) fail(error);
    out.write(`${error}\n`);
    return { folder, error, verdicts: [] };
  }
  const verdicts: Verdict[] = [];
  const toldLines = new Set<string>();
  out.write(`${folder}\n`);
  const play = async (stories: readonly Story[], atOnce: number) => {
    let open = '';
    const begin = (story: Story) => {
      open = atOnce === 1 ? opening(story) : '';
      out.write(open);
    };
    const end = (verdict: Verdict) => {
      out.write(`${open === '' ? opening(verdict) : ''}${closing(verdict, toldLines)}`);
      open = '';
      verdicts.push(verdict);
    };
    await judge(folder, stories, atOnce, { begin, end }, interrupted.signal);
  };
  const [counting, others] = [chosen.filter(counts), chosen.filter((each) => !counts(each))];
  await play(counting, 1);
  out.write(`${summary(verdicts)}\n`);
  const isListening = verdicts.find(({ id }) => id === '1')?.result !== 'fail';
  if (others.length > 0 && isListening) {
    out.write('\nBeyond the exercise; this fails nobody:\n');
    const before = verdicts.length;
    await play(others, AT_ONCE);
    out.write(`${summary(verdicts.slice(before))}\n`);
  }
  return { folder, verdicts };
}

function readCommandLine() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        story: { type: 'string', multiple: true, default: [] },
        strict: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help || positionals.length === 0) {
      console.log(USAGE);
      process.exit(values.help ? 0 : 1);
    }
    return {
      folders: positionals,
      ids: values.story,
      isStrict: values.strict,
      isJson: values.json,
    };
  } catch (error) {
    return fail(`${reason(error).split('. ')[0]}; --help lists what there is`);
  }
}
