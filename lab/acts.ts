/** What a page may ask the lab to do, read and done. Each answer is one line. */

import { type ChildProcess, execFile } from 'node:child_process';
import { join } from 'node:path';
import { count, printable } from '../lib/log.js';
import type { LinkState } from './entries.js';
import type { Lab } from './lab.js';
import type { LabNode, Runnable } from './lab-node.js';
import { UnfitActError } from './unfit-act-error.js';

/** More would only make each other slow. */
const MOST_NODES = 30;
const COMMAND_LIMIT_MS = 60_000;

/** What plays lessons, which are made of acts. */
interface Teacher {
  begin(lesson: string): Promise<string>;
  end(): Promise<string>;
}

type Fields = Readonly<Record<string, unknown>>;

export class Acts {
  readonly #root: string;
  readonly #lab: Lab;
  readonly #load: (name: string) => Runnable;
  readonly #commands = new Set<ChildProcess>();
  #teacher: Teacher | undefined;
  #isOver = false;

  /**
   * @param root the folder of the node folders, and of the commands
   * @param load reads the settings of a new node folder
   */
  constructor(root: string, lab: Lab, load: (name: string) => Runnable) {
    this.#root = root;
    this.#lab = lab;
    this.#load = load;
  }

  /** Lessons are made of acts, and to begin one is an act too. */
  set teacher(teacher: Teacher) {
    this.#teacher = teacher;
  }

  /**
   * Does what is asked for.
   *
   * @param asked what somebody has sent
   * @returns a line that says what was done
   * @throws UnfitActError
   */
  async perform(asked: unknown): Promise<string> {
    const fields: Fields = typeof asked === 'object' && asked !== null ? { ...asked } : {};
    switch (fields.do) {
      case 'start':
        return this.start(this.#node(fields));
      case 'stop':
        await this.#started(fields).stop();
        return `${fields.node} has left`;
      case 'kill':
        await this.#started(fields).kill();
        return `${fields.node} is killed`;
      case 'freeze':
        return this.#freeze(this.#node(fields));
      case 'thaw':
        return this.#thaw(this.#node(fields));
      case 'add-node':
        return this.#addNode();
      case 'add-transaction':
        return this.addTransaction(this.#node(fields), fields.from, fields.to, fields.amount);
      case 'make-block':
        return this.makeBlock(this.#node(fields));
      case 'cut':
        return this.#setLink(fields, 'cut', 'is cut');
      case 'join':
        return this.#setLink(fields, 'joined', 'is joined');
      case 'lose':
        return this.#setLink(fields, 'lossy', 'loses every third message');
      case 'halve':
        return this.halve();
      case 'join-all':
        await this.#lab.joinAll();
        return 'all links are joined';
      case 'lesson':
        if (typeof fields.lesson !== 'string') throw new UnfitActError('which lesson?');
        return this.#teacher?.begin(fields.lesson) ?? '';
      case 'end-lesson':
        return (await this.#teacher?.end()) ?? '';
      default:
        throw new UnfitActError('the lab knows no such act');
    }
  }

  async start(node: LabNode): Promise<string> {
    if (this.#isOver) throw new UnfitActError('the lab is being closed');
    if (node.state !== 'stopped') throw new UnfitActError(`${node.name} is ${node.state}`);
    await node.start();
    if (node.isRunning) return `${node.name} runs`;
    throw new UnfitActError(`${node.name} has ended: the terminal says why`);
  }

  /** Hands a transaction to a node, as the command of that name does. */
  addTransaction(node: LabNode, from: unknown, to: unknown, amount: unknown): Promise<string> {
    const values = Object.entries({ from, to, amount }).map(([name, value]) => {
      if (typeof value !== 'string' || value.length > 1000) {
        throw new UnfitActError(`a transaction needs ${name}`);
      }
      return `--${name}=${value}`;
    });
    return this.#run('add-transaction.js', ...values, '--node', this.#running(node));
  }

  /** Makes a block at a node, as the command of that name does. */
  makeBlock(node: LabNode): Promise<string> {
    return this.#run('add-block.js', '--empty', '--node', this.#running(node));
  }

  /** Cuts every link between the first half of the nodes that run and the second. */
  async halve(): Promise<string> {
    this.#requireLinks();
    const nodes = this.#lab.nodes.filter(({ state }) => state !== 'stopped');
    if (nodes.length < 2) throw new UnfitActError('two nodes have to run');
    const half = Math.ceil(nodes.length / 2);
    const [left, right] = [nodes.slice(0, half), nodes.slice(half)];
    const pairs = left.flatMap((a) => right.map((b): [LabNode, LabNode] => [a, b]));
    await this.#lab.setLinks(pairs, 'cut');
    return `${namesOf(left)} cannot reach ${namesOf(right)}`;
  }

  /** Ends the commands that still run, and lets no node start any more. */
  end(): void {
    this.#isOver = true;
    for (const command of this.#commands) command.kill();
  }

  #freeze(node: LabNode): string {
    if (process.platform === 'win32') throw new UnfitActError('Windows cannot freeze a program');
    if (node.state !== 'running') throw new UnfitActError(`${node.name} does not run`);
    node.freeze();
    return `${node.name} is frozen: it says nothing, and nobody knows why`;
  }

  #thaw(node: LabNode): string {
    if (node.state !== 'frozen') throw new UnfitActError(`${node.name} is not frozen`);
    node.thaw();
    return `${node.name} goes on`;
  }

  async #addNode(): Promise<string> {
    if (this.#lab.nodes.length >= MOST_NODES) {
      throw new UnfitActError(`there are ${count(MOST_NODES, 'node')}, which is enough to see all`);
    }
    const waiting = this.#lab.nodes.map(({ name }) => name);
    const said = await this.#run('clone-node.js');
    const name = /\bnode-\d+(?= )/.exec(said)?.[0] ?? '';
    if (name === '' || waiting.includes(name)) throw new UnfitActError(said);
    return this.start(this.#lab.add(this.#load(name)));
  }

  async #setLink({ between }: Fields, state: LinkState, says: string): Promise<string> {
    this.#requireLinks();
    const [a, b] = Array.isArray(between) ? between.map((name) => this.#lab.node(name)) : [];
    if (a === undefined || b === undefined || a === b) {
      throw new UnfitActError('a link is between two nodes');
    }
    await this.#lab.setLinks([[a, b]], state);
    return `the link between ${a.name} and ${b.name} ${says}`;
  }

  #requireLinks(): void {
    const { noLinks } = this.#lab;
    if (noLinks !== null) throw new UnfitActError(`links cannot be cut: ${noLinks}`);
  }

  #node({ node: name }: Fields): LabNode {
    const node = typeof name === 'string' ? this.#lab.node(name) : undefined;
    if (node === undefined) throw new UnfitActError('there is no such node');
    return node;
  }

  #started(fields: Fields): LabNode {
    const node = this.#node(fields);
    if (node.state === 'stopped') throw new UnfitActError(`${node.name} does not run`);
    return node;
  }

  #running({ name, state }: LabNode): string {
    if (state === 'running') return name;
    throw new UnfitActError(state === 'frozen' ? `${name} is frozen` : `${name} does not run`);
  }

  /** Runs one of the commands. @returns the line that it prints */
  #run(script: string, ...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.#root, timeout: COMMAND_LIMIT_MS };
      const command = execFile(
        process.execPath,
        [join(this.#root, script), ...args],
        options,
        (error, stdout, stderr) => {
          this.#commands.delete(command);
          if (error === null) resolve(printable(stdout.trim()));
          else reject(new UnfitActError(whyOf(stderr) || `${script} was ended`));
        },
      );
      this.#commands.add(command);
    });
  }
}

/** What a command says of a flag is about the field of that name. */
function whyOf(stderr: string): string {
  return printable(stderr.trim()).replace(/^--/, '');
}

function namesOf(nodes: readonly LabNode[]): string {
  return nodes.map(({ name }) => name).join(', ');
}
