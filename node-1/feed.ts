/** Tells whoever watches a node how it is, as server-sent events: not more often than eyes can follow. */

import type { ServerResponse } from 'node:http';
import { LIMITS } from './config.js';
import { type Section, type Status, statusJson } from './status.js';

const BEAT_TICKS = LIMITS.feedBeatMs / LIMITS.feedIntervalMs;

export class Feed {
  readonly #read: () => Status;
  readonly #readers = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;
  /** What all readers have been told. */
  #told: Partial<Status> = {};

  /** @param read reads how the node is; called only while somebody watches */
  constructor(read: () => Status) {
    this.#read = read;
  }

  get isFull(): boolean {
    return this.#readers.size >= LIMITS.feeds;
  }

  /** Tells a reader all there is, and from then on what has changed, until it goes or is too slow. */
  add(reader: ServerResponse): void {
    if (this.#readers.size === 0) {
      this.#told = this.#read();
      this.#timer = setInterval(() => this.#tick(), LIMITS.feedIntervalMs);
    }
    this.#readers.add(reader);
    reader.on('close', () => this.#remove(reader));
    reader.write(messageOf(this.#told));
  }

  end(): void {
    for (const reader of this.#readers) reader.end();
  }

  #remove(reader: ServerResponse): void {
    this.#readers.delete(reader);
    if (this.#readers.size === 0) clearInterval(this.#timer);
  }

  #tick(): void {
    const status = this.#read();
    const changed = Object.entries(status).filter(([section, json]) =>
      // The uptime always has: it is told once in a while, so that silence means that we are gone.
      section === 'node' ? this.#ticks % BEAT_TICKS === 0 : this.#told[section as Section] !== json,
    );
    this.#ticks += 1;
    this.#told = status;
    if (changed.length === 0) return;
    const message = messageOf(Object.fromEntries(changed));
    for (const reader of this.#readers) {
      if (reader.writableLength > LIMITS.feedBytes) reader.destroy();
      else reader.write(message);
    }
  }
}

function messageOf(status: Partial<Status>): string {
  return `event: status\ndata: ${statusJson(status)}\n\n`;
}
