/**
 * A model of a disk whose power may go at any moment. What was synced is on it. Of a file that was
 * not, each page may be as it was at any time since, and so may the length; a page that was never
 * written is NUL bytes. A file that was made or renamed may not have its name yet.
 */

import fs from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Random } from '../../simulate/random.js';
import { runsOf } from './property.js';
import { temporaryFolder } from './temporary.js';

const PAGE_BYTES = 4096;

/** The contents of a file since it was last synced, the synced one first. */
interface Inode {
  versions: Buffer[];
}
type Names = ReadonlyMap<string, Inode>;

export class PowerCuts {
  readonly #folder: string;
  readonly #onCut: (folder: string) => Promise<void>;
  readonly #limit: number;
  readonly #random: Random;
  /** The names of files since the folder was last synced. */
  #names: Names[];
  /** Opened in the folder, and in the states of it. */
  readonly #handles: FileHandle[] = [];
  #states = 0;
  /** What is thrown within a write would be taken for a disk that refuses. */
  #failure: unknown;

  private constructor(
    folder: string,
    onCut: (folder: string) => Promise<void>,
    limit: number,
    seed: number,
  ) {
    this.#folder = folder;
    this.#onCut = onCut;
    this.#limit = limit;
    this.#random = new Random(seed);
    const files = fs.readdirSync(folder).map((name) => {
      const inode: Inode = { versions: [fs.readFileSync(join(folder, name))] };
      return [name, inode] as const;
    });
    this.#names = [new Map(files)];
  }

  /**
   * Calls a function that writes to a folder, and `onCut` with each state in which the folder may be
   * found if the power goes at any moment of it.
   *
   * @param onCut is given a folder in such a state
   * @param limit how many states are tried before one sync; random ones, where there are more
   * @returns how many were tried
   */
  static async during(
    folder: string,
    act: () => Promise<unknown>,
    onCut: (folder: string) => Promise<void>,
    { limit = runsOf(512), seed = 1 } = {},
  ): Promise<number> {
    const disk = new PowerCuts(folder, onCut, limit, seed);
    const { open, rename } = promises;
    promises.open = async (path, flags, mode) => {
      // What is written is read again here.
      const handle = await open(path, flags === 'a' ? 'a+' : flags, mode);
      disk.#handles.push(handle);
      return disk.#watch(handle, String(path));
    };
    promises.rename = async (from, to) => {
      await rename(from, to);
      disk.#rename(String(from), String(to));
    };
    syncBuiltinESMExports();
    try {
      await act();
      await disk.#cut();
    } finally {
      Object.assign(promises, { open, rename });
      syncBuiltinESMExports();
      for (const handle of disk.#handles) await handle.close().catch(() => {});
    }
    if (disk.#failure !== undefined) throw disk.#failure;
    return disk.#states;
  }

  #watch(handle: FileHandle, path: string): FileHandle {
    if (path === this.#folder) return this.#beforeSync(handle, () => this.#keepNames());
    if (dirname(path) !== this.#folder) return handle;
    const name = basename(path);
    const names = this.#names.at(-1) as Names;
    const inode = names.get(name) ?? { versions: [Buffer.alloc(0)] };
    if (!names.has(name)) this.#names.push(new Map([...names, [name, inode]]));
    const note = () => inode.versions.push(contentOf(handle));
    // It may have been opened to be written anew.
    note();
    for (const method of ['write', 'writeFile', 'truncate'] as const) {
      const original = handle[method].bind(handle) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(handle, {
        [method]: async (...args: unknown[]) => {
          const result = await original(...args);
          note();
          return result;
        },
      });
    }
    return this.#beforeSync(handle, () => {
      inode.versions = inode.versions.slice(-1);
    });
  }

  #beforeSync(handle: FileHandle, keep: () => void): FileHandle {
    for (const method of ['sync', 'datasync'] as const) {
      const original = handle[method].bind(handle);
      handle[method] = async () => {
        await this.#cut();
        await original();
        keep();
      };
    }
    return handle;
  }

  #keepNames(): void {
    this.#names = this.#names.slice(-1);
  }

  #rename(from: string, to: string): void {
    if (dirname(to) !== this.#folder) return;
    const names = new Map(this.#names.at(-1));
    names.set(basename(to), names.get(basename(from)) as Inode);
    names.delete(basename(from));
    this.#names.push(names);
  }

  /** Tries the states in which the folder may be found now. */
  async #cut(): Promise<void> {
    for (const names of this.#names) {
      let states: Map<string, Buffer>[] = [new Map()];
      for (const [name, { versions }] of names) {
        const contents = this.#contentsOf(versions);
        states = states.flatMap((state) =>
          contents.map((each) => new Map([...state, [name, each]])),
        );
      }
      for (const state of states) await this.#try(state);
    }
  }

  /** What may be found of a file. */
  #contentsOf(versions: readonly Buffer[]): Buffer[] {
    const sizes = [...new Set(versions.map(({ length }) => length))];
    const pages: Buffer[][] = [];
    for (let at = 0; at < Math.max(...sizes); at += PAGE_BYTES) {
      const found = versions.map((version) => {
        return Buffer.concat([version.subarray(at, at + PAGE_BYTES)], PAGE_BYTES);
      });
      pages.push(distinct(found));
    }
    const all = sizes.length * pages.reduce((product, each) => product * each.length, 1);
    const numbers = Array.from({ length: Math.min(all, this.#limit) }, (_, i) => {
      return all <= this.#limit ? i : Math.floor(this.#random.number() * all);
    });
    const contents = numbers.map((number) => {
      let rest = Math.floor(number / sizes.length);
      const size = sizes[number % sizes.length];
      const chosen = pages.map((each) => {
        const page = each[rest % each.length] as Buffer;
        rest = Math.floor(rest / each.length);
        return page;
      });
      return Buffer.concat(chosen, size);
    });
    return distinct(contents);
  }

  async #try(state: ReadonlyMap<string, Buffer>): Promise<void> {
    if (this.#failure !== undefined) return;
    this.#states += 1;
    const folder = temporaryFolder('p2p-power-');
    for (const [name, content] of state) fs.writeFileSync(join(folder, name), content);
    const opened = this.#handles.length;
    await this.#onCut(folder).catch((error) => {
      this.#failure = error;
    });
    for (const handle of this.#handles.splice(opened)) await handle.close();
    fs.rmSync(folder, { recursive: true });
  }
}

function distinct(buffers: readonly Buffer[]): Buffer[] {
  return [...new Map(buffers.map((each) => [each.toString('latin1'), each])).values()];
}

function contentOf({ fd }: FileHandle): Buffer {
  const content = Buffer.alloc(fs.fstatSync(fd).size);
  fs.readSync(fd, content, 0, content.length, 0);
  return content;
}
