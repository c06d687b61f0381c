/**
 * Builds the image of the Dockerfile without a container engine, in a plain shell: what each stage
 * copies, runs and sets is done in a folder of its own, which stands for the root of its disk.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import fs from 'fs-extra';
import { PROJECT } from './helpers.js';
import { environment } from './program.js';

export interface Image {
  readonly root: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
}

type Stage = { -readonly [K in keyof Image]: Image[K] };

/**
 * @param place an empty folder, which gets one folder for each stage
 * @returns the last stage
 */
export async function buildImage(place: string): Promise<Image> {
  const text = await fs.readFile(join(PROJECT, 'Dockerfile'), 'utf8');
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const line of instructionsOf(text)) {
    const [, instruction = '', rest = ''] = /^([A-Z]+)\s+(.*)$/s.exec(line) ?? assert.fail(line);
    if (instruction === 'FROM') {
      const name = /\sAS\s+(\w+)$/.exec(rest)?.[1] ?? 'last';
      const root = join(place, name);
      stage = { root, folder: '/', env: {}, user: 'root', command: [], healthCheck: [] };
      stages.set(name, stage);
      continue;
    }
    assert.ok(stage !== undefined, 'FROM comes first');
    await perform(stage, instruction, rest, stages);
  }
  return stage ?? assert.fail('there is no stage');
}

async function perform(
  stage: Stage,
  instruction: string,
  rest: string,
  stages: ReadonlyMap<string, Stage>,
): Promise<void> {
  switch (instruction) {
    case 'WORKDIR':
      stage.folder = rest;
      await fs.ensureDir(join(stage.root, rest));
      break;
    case 'ENV':
      for (const setting of rest.split(' ')) {
        const [name = '', value = ''] = setting.split('=');
        stage.env = { ...stage.env, [name]: value };
      }
      break;
    case 'COPY':
      await copy(stage, rest, stages);
      break;
    case 'RUN':
      run(stage, rest);
      break;
    case 'USER':
      stage.user = rest;
      break;
    case 'CMD':
      stage.command = JSON.parse(rest);
      break;
    case 'HEALTHCHECK':
      stage.healthCheck = JSON.parse(rest.slice(rest.indexOf('CMD ') + 4));
      break;
    default:
      assert.match(instruction, /^(VOLUME|EXPOSE)$/);
  }
}

async function copy(
  { root, folder }: Stage,
  rest: string,
  stages: ReadonlyMap<string, Stage>,
): Promise<void> {
  const [, name, names = ''] = /^(?:--from=(\w+) )?(.*)$/.exec(rest) ?? [];
  const paths = names.split(' ');
  const to = join(root, folder, paths.pop() ?? '');
  if (name === undefined) {
    assert.deepEqual(paths, ['.']);
    for (const file of await contextFiles()) await fs.copy(join(PROJECT, file), join(to, file));
    return;
  }
  const from = stages.get(name)?.root ?? assert.fail(`no stage ${name}`);
  // As with COPY, the content of one folder, or files by their names.
  const isInto = paths.length > 1 || rest.endsWith('/');
  for (const path of paths) {
    await fs.copy(join(from, path), isInto ? join(to, path.split('/').pop() ?? '') : to);
  }
}

/** Runs a command with the paths of the image's disk, and nothing from anywhere but this machine. */
function run({ root, folder, env }: Stage, command: string): void {
  const here = command.replaceAll(/(?<= )\/(?=data\b)/g, `${root}/`).replace('node:node', '0:0');
  const { status, stderr } = spawnSync('sh', ['-ec', here], {
    cwd: join(root, folder),
    env: { ...environment(), ...env, npm_config_offline: 'true' },
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
}

/** The files that .dockerignore lets through: its last pattern that matches decides. */
async function contextFiles(): Promise<string[]> {
  const text = await fs.readFile(join(PROJECT, '.dockerignore'), 'utf8');
  const rules = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const pattern = line.replace(/^!/, '');
      const shape = pattern
        .replaceAll('.', '\\.')
        .replaceAll(/\*\*\/?|\*/g, (stars) =>
          stars === '*' ? '[^/]*' : stars === '**' ? '.*' : '(.*/)?',
        );
      return { isKept: line.startsWith('!'), matches: new RegExp(`^${shape}(/|$)`) };
    });
  const isKept = (path: string) =>
    rules.findLast(({ matches }) => matches.test(path))?.isKept ?? true;
  const found: string[] = [];
  const read = async (folder: string) => {
    for (const entry of await fs.readdir(join(PROJECT, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.name === 'node_modules' || entry.name === '.git') continue;
      if (entry.isDirectory()) await read(path);
      else if (isKept(path)) found.push(path);
    }
  };
  await read(dirname('x'));
  return found;
}

/** The instructions, each in one line, without comments. */
function instructionsOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll('\\\n', '')
    .split('\n')
    .map((line) => line.trim().replaceAll(/ +/g, ' '))
    .filter((line) => line !== '');
}
