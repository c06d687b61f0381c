/**
 * One message between two nodes is told by both: by the one that sends it, and by the one to which it
 * comes. Here they become one.
 */

import { parseReceipt } from '../lib/wire/receipt.js';
import type { MessageEntry } from './entries.js';

/** A frame as a node tells of it at /messages. */
export interface Told {
  /** In ms since 1970, with parts of them. */
  readonly at: number;
  readonly direction: 'in' | 'out';
  /** The address of the node at the other end; null for a client, or one that has not said yet. */
  readonly peer: string | null;
  readonly type: string | null;
  readonly bytes: number;
  readonly ids: readonly (string | number)[];
  readonly text: string;
}

/** A message, with the beginning of its text. */
export type Message = Omit<MessageEntry, 'number'> & { readonly text: string };

/** How long to wait for the other half: less than the recording waits before it tells. */
const PATIENCE_MS = 300;

interface Half {
  readonly entry: Message;
  readonly wasSent: boolean;
}

export class Pairs {
  /** Those that wait for their other half, by what both say alike, in the order of time. */
  readonly #waiting = new Map<string, Half[]>();
  /** What was taken off a link, and has not been told of yet. */
  readonly #lost: { from: string; to: string; bytes: number; at: number }[] = [];

  /**
   * @param address of the node that tells
   * @param isWatched whether the node at the other end will tell too
   * @returns the message, unless its other half may still come
   */
  add(told: Told, address: string, isWatched: boolean): Message | undefined {
    const { at, direction, peer, type, bytes, ids, text } = told;
    const wasSent = direction === 'out';
    const [from, to] = wasSent ? [address, peer] : [peer, address];
    const arrivedAt = wasSent && isWatched ? null : at;
    const status = (type === 'RECEIPT' ? parseReceipt(text)?.status : null) ?? null;
    const content = { type, bytes, ids, status, text, isLost: false };
    const entry: Message = { kind: 'message', at, arrivedAt, from, to, ...content };
    if (!isWatched) return entry;
    const key = `${from} ${to} ${bytes} ${text}`;
    const halves = this.#waiting.get(key) ?? [];
    const other = halves.findIndex((half) => half.wasSent !== wasSent);
    if (other < 0) {
      halves.push({ entry, wasSent });
      this.#waiting.set(key, halves);
      return undefined;
    }
    const [half] = halves.splice(other, 1) as [Half];
    if (halves.length === 0) this.#waiting.delete(key);
    const sentAt = wasSent ? at : half.entry.at;
    return { ...entry, at: sentAt, arrivedAt: Math.max(sentAt, wasSent ? half.entry.at : at) };
  }

  /** A message of so many bytes has been taken off a link. */
  lose(from: string, to: string, bytes: number, at: number): void {
    this.#lost.push({ from, to, bytes, at });
  }

  /** Returns those whose other half has not come in time. */
  overdue(nowMs: number): Message[] {
    const alone: Message[] = [];
    for (const [key, halves] of this.#waiting) {
      const late = halves.filter(({ entry }) => entry.at < nowMs - PATIENCE_MS);
      if (late.length === 0) continue;
      for (const { entry } of late) alone.push(this.#takeLoss(entry) ? lost(entry) : entry);
      const rest = halves.filter((half) => !late.includes(half));
      if (rest.length > 0) this.#waiting.set(key, rest);
      else this.#waiting.delete(key);
    }
    // Of frames that nobody told of, for there were too many.
    while (this.#lost[0] && this.#lost[0].at < nowMs - 4 * PATIENCE_MS) this.#lost.shift();
    return alone;
  }

  #takeLoss({ from, to, bytes, arrivedAt }: Message): boolean {
    if (arrivedAt !== null) return false;
    const place = this.#lost.findIndex(
      (each) => each.from === from && each.to === to && each.bytes === bytes,
    );
    if (place < 0) return false;
    this.#lost.splice(place, 1);
    return true;
  }
}

function lost(entry: Message): Message {
  return { ...entry, isLost: true };
}
