/** Sends the status of a node as server-sent events, no more often than eyes can follow. */

import type { ServerResponse } from 'node:http';
import { LIMITS } from '../limits.js';
import { isLoopback } from '../peers/addresses.js';
import { type Section, type Status, statusJson } from './status.js';

const BEAT_TICKS = LIMITS.heartbeatMs / LIMITS.eventIntervalMs;

export class EventStream {
  readonly #read: () => Status;
  /** Readers, and whether each is on this machine. */
  readonly #readers = new Map<ServerResponse, boolean>();
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;
  /** What all readers have been sent. */
  #told: Partial<Status> = {};

  /** @param read returns the status; it is called only while there are readers */
  constructor(read: () => Status) {
    this.#read = read;
  }

  /**
   * Sends a reader the whole status, and then each change, until it leaves or is too slow.
   *
   * @returns false if all slots are taken; readers elsewhere do not take the slots of this machine
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
    for (const reader of this.#readers.keys()) {
      // Nothing may be written behind the end.
      this.#remove(reader);
      reader.end();
    }
  }

  #remove(reader: ServerResponse): void {
    this.#readers.delete(reader);
    if (this.#readers.size === 0) clearInterval(this.#timer);
  }

  #tick(): void {
    const status = this.#read();
    const changed = Object.entries(status).filter(([section, json]) =>
      // The uptime always changes. It is sent once in a while, so that silence means we are gone.
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
