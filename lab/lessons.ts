/** The lessons that can be begun: one at a time, each to its end, or until somebody ends it. */

import type { Acts } from './acts.js';
import type { Lab } from './lab.js';
import { LESSONS } from './lesson-plans.js';
import { Stage } from './stage.js';
import { UnfitActError } from './unfit-act-error.js';

/** How long a sentence is left to be read, unless more has to happen. */
const READ_MS = 4000;

export class Lessons {
  readonly #lab: Lab;
  readonly #acts: Acts;
  readonly #readMs: number;
  #running: { readonly stage: Stage; readonly over: Promise<void> } | undefined;

  /** @param readMs how long a sentence is left to be read */
  constructor(lab: Lab, acts: Acts, readMs = READ_MS) {
    this.#lab = lab;
    this.#acts = acts;
    this.#readMs = readMs;
  }

  get titles(): { name: string; title: string }[] {
    return LESSONS.map(({ name, title }) => ({ name, title }));
  }

  /** @returns a line that says what has begun @throws UnfitActError */
  async begin(name: string): Promise<string> {
    const lesson = LESSONS.find((each) => each.name === name);
    if (lesson === undefined) throw new UnfitActError('there is no such lesson');
    await this.end();
    const stage = new Stage(this.#lab, this.#acts, lesson, this.#readMs);
    const running = { stage, over: stage.run() };
    this.#running = running;
    running.over.then(() => {
      if (this.#running === running) this.#running = undefined;
    });
    return `lesson: ${lesson.title}`;
  }

  /** Ends the lesson that runs, and leaves the network whole. */
  async end(): Promise<string> {
    if (this.#running === undefined) return 'no lesson runs';
    this.#running.stage.end();
    await this.#running.over;
    return 'the lesson is over';
  }
}
