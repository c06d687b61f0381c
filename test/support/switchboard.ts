/**
 * What stands between the nodes of a network, so that a test can cut, heal, count and lose what
 * goes between them. Nodes tell each other where they are, and would walk around a simple proxy:
 * so each has its own address for each other, a line, and every address is rewritten on its way.
 */

import { parseMessage } from '../../lib/wire/messages.js';
import { manyFrame } from '../../lib/wire/transaction-messages.js';
import { freePort } from './helpers.js';
import { Line } from './line.js';
import type { Closable } from './trap-servers.js';

const ADDRESS = /\bws:\/\/localhost:(\d+)/g;
// Enough to tell them apart: at thousands of frames a second, none but these few bytes is read.
const HANDSHAKE = Buffer.from('{"type":"HANDSHAKE"');
const TRANSACTION = Buffer.from('{"type":"TRANSACTION"');
const RELAY = Buffer.from('{"type":"RELAY"');

/** The lines between the nodes of a network, one for each ordered pair of them. */
export class Switchboard implements Closable {
  /** How many transactions have been passed on, from node to node; a test may set it back. */
  transactionCopies = 0;
  /** How many bytes of frames have come, of all types and in both directions. */
  bytes = 0;
  /** When the latest HANDSHAKE passed, by performance.now(). */
  lastHandshakeMs = 0;
  /** Lose every n-th of them, counted over all lines; undefined to lose none. */
  dropEvery: number | undefined;
  /** How many have been lost. */
  dropped = 0;
  #sinceDrop = 0;
  readonly #ports: readonly number[];
  readonly #lines: Line[] = [];
  /** Which node each port leads to: its own, and those of the lines to it. */
  readonly #nodeAt = new Map<number, number>();

  private constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  /** Opens the lines between nodes that listen on these ports, now or later: node 0, node 1, … */
  static async open(ports: readonly number[]): Promise<Switchboard> {
    const switchboard = new Switchboard(ports);
    for (const [node, port] of ports.entries()) switchboard.#nodeAt.set(port, node);
    for (const from of ports.keys()) {
      for (const to of ports.keys()) if (from !== to) await switchboard.#openLine(from, to);
    }
    return switchboard;
  }

  /** Where node `from` finds node `to`: what it must have in its known-peers.json. */
  addressFor(from: number, to: number): string {
    return from === to ? `ws://localhost:${this.#ports[to]}` : this.#line(from, to).address;
  }

  /** Tells whether a connection that `from` dialled to `to` is open right now. */
  isConnected(from: number, to: number): boolean {
    return this.#line(from, to).isOpen;
  }

  /** Tells whether all are connected to all, and have nothing new to say about it. */
  isWhole(): boolean {
    return (
      this.#lines.every((line) => line.isOpen) && performance.now() - this.lastHandshakeMs > 500
    );
  }

  /** Breaks what two nodes have between them, in both directions, until it is healed. */
  cut(a: number, b: number): void {
    this.#line(a, b).cut();
    this.#line(b, a).cut();
  }

  /** Cuts every line between these nodes and the rest; those within either part stay. */
  cutInTwo(group: readonly number[]): void {
    for (const line of this.#lines) {
      if (group.includes(line.from) !== group.includes(line.to)) line.cut();
    }
  }

  heal(a: number, b: number): void {
    this.#line(a, b).heal();
    this.#line(b, a).heal();
  }

  healAll(): void {
    for (const line of this.#lines) line.heal();
  }

  async close(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.close()));
  }

  async #openLine(from: number, to: number): Promise<void> {
    const line = new Line(from, to, await freePort(), `ws://localhost:${this.#ports[to]}`, {
      translate: (text, reader) => this.#translate(text, reader),
      carry: (frame, isBinary, reader) => this.#carry(frame, isBinary, reader),
    });
    await line.listen();
    this.#lines.push(line);
    this.#nodeAt.set(line.port, to);
  }

  #line(from: number, to: number): Line {
    const found = this.#lines.find((line) => line.from === from && line.to === to);
    if (found === undefined) throw new Error(`no line from node ${from} to node ${to}`);
    return found;
  }

  #translate(text: string, reader: number): string {
    return text.replace(ADDRESS, (address, port) => {
      const node = this.#nodeAt.get(Number(port));
      return node === undefined ? address : this.addressFor(reader, node);
    });
  }

  #carry(frame: Buffer, isBinary: boolean, reader: number): Buffer | undefined {
    this.bytes += frame.length;
    if (isBinary) return frame;
    if (startsWith(frame, HANDSHAKE)) {
      this.lastHandshakeMs = performance.now();
      return Buffer.from(this.#translate(frame.toString(), reader));
    }
    if (startsWith(frame, TRANSACTION)) return this.#isLost() ? undefined : frame;
    return startsWith(frame, RELAY) ? this.#carryMany(frame) : frame;
  }

  #carryMany(frame: Buffer): Buffer | undefined {
    const message = parseMessage(frame, true);
    if (!('type' in message) || message.type !== 'RELAY') throw new Error(`no RELAY: ${frame}`);
    const left = message.data.filter(() => !this.#isLost());
    if (left.length === message.data.length) return frame;
    const texts = left.map(({ json }) => json);
    return texts.length === 0 ? undefined : manyFrame('RELAY', texts);
  }

  /** Counts a transaction; true when it is to be lost. */
  #isLost(): boolean {
    const isLost = this.dropEvery !== undefined && ++this.#sinceDrop % this.dropEvery === 0;
    if (isLost) this.dropped += 1;
    else this.transactionCopies += 1;
    return isLost;
  }
}

function startsWith(frame: Buffer, beginning: Buffer): boolean {
  return frame.subarray(0, beginning.length).equals(beginning);
}
