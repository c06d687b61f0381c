/**
 * GET /transactions?follow: the transactions that come, a line of JSON each, from any place on, for as
 * long as the reader reads. Each reader is given what it has read the last of: whoever is slow is
 * given them later, and costs no memory.
 */

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../limits.js';
import { type Log, reason } from '../log.js';
import type { Content } from './content.js';
import { lineOf } from './content-routes.js';

export class LineStream {
  readonly #content: Content;
  readonly #log: Log;
  readonly #readers = new Set<ServerResponse>();

  constructor(content: Content, log: Log) {
    this.#content = content;
    this.#log = log;
  }

  /**
   * Gives a reader lines until it leaves, or does not read for long.
   *
   * @param after the place after which they begin; undefined for those to come
   * @returns false if all slots are taken
   */
  add(reader: ServerResponse, after: number | undefined): boolean {
    if (this.#readers.size >= LIMITS.lineStreams) return false;
    this.#readers.add(reader);
    reader.on('close', () => this.#readers.delete(reader));
    this.#feed(reader, after).catch((error: unknown) => {
      this.#log('not served', `/transactions?follow (${reason(error)})`);
      reader.destroy();
    });
    return true;
  }

  end(): void {
    const readers = [...this.#readers];
    // Nothing may be written behind the end.
    this.#readers.clear();
    for (const reader of readers) reader.end();
  }

  async #feed(reader: ServerResponse, after: number | undefined): Promise<void> {
    let place = after ?? (await this.#content.latestPlace());
    if (!this.#readers.has(reader)) return;
    // The first line says from where on: a reader can come back to it before anything has come.
    reader.write(`${JSON.stringify({ place, block: null, transaction: null })}\n`);
    let wroteMs = performance.now();
    for (;;) {
      const { arrived, next } = await this.#content.transactionsAfter(place, LIMITS.listedAtMost);
      if (!this.#readers.has(reader)) return;
      const text = arrived.map((each) => `${lineOf(each)}\n`).join('');
      const isSilent = performance.now() - wroteMs > LIMITS.heartbeatMs;
      if (text !== '' || isSilent) {
        wroteMs = performance.now();
        if (!reader.write(text || '\n')) await isRead(reader);
      }
      if (next === place) await sleep(LIMITS.eventIntervalMs);
      place = next;
    }
  }
}

/** Resolves when a reader has read what there is for it; ends one that does not. */
async function isRead(reader: ServerResponse): Promise<void> {
  const over = new AbortController();
  const late = setTimeout(() => over.abort(), LIMITS.unreadLinesMs);
  const { signal } = over;
  try {
    await Promise.race([once(reader, 'drain', { signal }), once(reader, 'close', { signal })]);
  } catch {
    reader.destroy();
  } finally {
    clearTimeout(late);
    // Else a listener would be left behind each time.
    over.abort();
  }
}
