/** The lab's door: opens it for nodes that somebody runs. */

import { randomBytes } from 'node:crypto';
import { Acts } from './acts.js';
import { Lab } from './lab.js';
import type { Runnable } from './lab-node.js';
import { LabServer } from './lab-server.js';
import { Lessons } from './lessons.js';

export type { Runnable } from './lab-node.js';

export interface OpenLab {
  /** What to open in a browser, with the token. */
  readonly url: string;
  /** Why links cannot be cut; null if they can. */
  readonly noLinks: string | null;
  /** Starts all nodes; resolves when all of them run, or have ended. */
  start(): Promise<void>;
  /** Closes the page, and ends what was begun. The nodes are whoever's who runs them. */
  close(): Promise<void>;
}

interface Options {
  /** The folder of the node folders, and of the commands. */
  readonly root: string;
  readonly port: number;
  /** Where others may look; undefined for nowhere. */
  readonly host: string | undefined;
  /** Reads the settings of a new node folder. */
  load(name: string): Runnable;
}

const LOOPBACK = ['127.0.0.1', '::1'];

/** @throws Error with a code if it cannot listen */
export async function openLab(
  runnables: readonly Runnable[],
  { root, port, host, load }: Options,
): Promise<OpenLab> {
  const token = randomBytes(16).toString('hex');
  const lab = new Lab(runnables);
  const acts = new Acts(root, lab, load);
  const lessons = new Lessons(lab, acts);
  acts.teacher = lessons;
  const server = new LabServer(lab, acts, lessons, token, host);
  await server.open(port, host === undefined ? LOOPBACK : [...LOOPBACK, host]);
  await lab.open();
  return {
    url: `http://localhost:${port}/#${token}`,
    noLinks: lab.noLinks,
    async start() {
      await Promise.all(lab.nodes.map((node) => node.start()));
    },
    async close() {
      server.close();
      acts.end();
      await lessons.end();
      lab.close();
    },
  };
}
