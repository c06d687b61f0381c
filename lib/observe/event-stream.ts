/** Tells readers how a node is, as server-sent events, no more often than eyes can follow. */

import type { ServerResponse } from 'node:http';
import { LIMITS } from '../limits.js';
import { isLoopback } from '../peers/addresses.js';
import { type Section, type Status, statusJson } from './status.js';

const BEAT_TICKS = LIMITS.heartbeatMs / LIMITS.eventIntervalMs;

export class EventStream {
  readonly #read: () => Status;
  /** And whether they are on this machine. */
  readonly #readers = new Map<ServerResponse, boolean>();
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;
  /** What all readers have been told. */
  #told: Partial<Status> = {};

  /** @param read reads how the node is; called only while somebody watches */
  constructor(read: () => Status) {
    this.#read = read;
  }

  /**
   * Tells a reader all there is, and from then on what has changed, until it goes or is too slow.
   *
   * @returns false if all slots are taken; readers elsewhere take none from those on this machine
   */
  add(reader: ServerResponse): boolean {
    const isHere = isLoopback(reader.socket?.remoteAddress ?? '');
    const alike = [...this.#readers.values()].filter((each) => each === isHere);
    if (alike.length >= LIMITS.eventStreams) return false;
    if (this.#readers.size === 0) {
      this.#told = this.#read();
      this.#timer = setInterval(() => this.#tick(), LIMITS.eventIntervalMs);
    }
    this.#readers.set(reader, isHere);
    reader.on('close', () => this.#remove(reader));
    reader.write(messageOf(this.#told));
    return true;
  }

  end(): void {
    for (const reader of this.#readers.keys()) reader.end();
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
    for (const reader of this.#readers.keys()) {
      if (reader.writableLength > LIMITS.eventStreamBytes) reader.destroy();
      else reader.write(message);
    }
  }
}

function messageOf(status: Partial<Status>): string {
  return `event: status\ndata: ${statusJson(status)}\n\n`;
}
