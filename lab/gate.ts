/**
 * Through the gate of the lab go the connections between two nodes whose link is cut or lossy. It lets
 * none through that is cut, and takes messages off those that are lossy.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { LIMITS } from '../lib/limits.js';
import { FrameFilter } from './frame-filter.js';
import type { LabNode } from './lab-node.js';
import type { Links } from './links.js';

/** A request has this many bytes of headers at most. */
const HEADER_BYTES = 32 * 1024;
const HEADER_END = '\r\n\r\n';

interface Listeners {
  /** A message from one node to another was taken off their link. */
  onLost(from: string, to: string, bytes: number): void;
}

export class Gate {
  readonly #links: Links;
  readonly #nodeAt: (address: unknown) => LabNode | undefined;
  readonly #listeners: Listeners;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => this.#pass(socket));

  constructor(
    links: Links,
    nodeAt: (address: unknown) => LabNode | undefined,
    listeners: Listeners,
  ) {
    this.#links = links;
    this.#nodeAt = nodeAt;
    this.#listeners = listeners;
  }

  /** The port at which it listens, on loopback. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Nobody gets through any more. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #pass(caller: Socket): Promise<void> {
    this.#keep(caller);
    const head = await readHead(caller);
    if (head === undefined) return;
    const from = this.#nodeAt(headerOf(head, 'mesh-address'));
    const to = this.#nodeAt(`ws://${headerOf(head, 'host')}`);
    if (from === undefined || to === undefined || !this.#isLossy(from, to)) {
      caller.destroy();
      return;
    }
    const node = connect({ host: to.door.host, port: to.door.port, allowHalfOpen: true });
    this.#keep(node);
    caller.on('close', () => node.destroy());
    node.on('close', () => caller.destroy());
    node.write(head);
    this.#link(from.address, to.address, caller, node);
  }

  #isLossy(from: LabNode, to: LabNode): boolean {
    return this.#links.stateOf(from.address, to.address) === 'lossy';
  }

  #link(from: string, to: string, caller: Socket, node: Socket): void {
    const { onLost } = this.#listeners;
    const there = new FrameFilter((bytes) => onLost(from, to, bytes));
    const back = new FrameFilter((bytes) => onLost(to, from, bytes));
    pipeThrough(caller, node, (chunk) => there.take(chunk));
    // What comes back begins with the answer to the upgrade, which has no frames.
    let isAnswered = false;
    let answer = Buffer.alloc(0);
    pipeThrough(node, caller, (chunk) => {
      if (isAnswered) return back.take(chunk);
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf(HEADER_END);
      if (end < 0 && answer.length < HEADER_BYTES) return [];
      isAnswered = true;
      const frames = answer.subarray(end + HEADER_END.length);
      return [answer.subarray(0, end + HEADER_END.length), ...back.take(frames)];
    });
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** The headers of a request, and what came with them; undefined if the caller has gone. */
async function readHead(caller: Socket): Promise<Buffer | undefined> {
  let head = Buffer.alloc(0);
  caller.setTimeout(LIMITS.headersTimeoutMs, () => caller.destroy());
  return new Promise((resolve) => {
    const onReadable = () => {
      for (let chunk = caller.read(); chunk !== null; chunk = caller.read()) {
        head = Buffer.concat([head, chunk]);
      }
      if (!head.includes(HEADER_END) && head.length < HEADER_BYTES) return;
      caller.off('readable', onReadable);
      caller.setTimeout(0);
      resolve(head);
    };
    caller.on('readable', onReadable);
    caller.once('end', () => caller.destroy());
    caller.once('close', () => resolve(undefined));
  });
}

function headerOf(head: Buffer, name: string): string | undefined {
  const headers = head.toString('latin1', 0, head.indexOf(HEADER_END));
  return new RegExp(`^${name}:[ \\t]*(\\S+)[ \\t]*$`, 'im').exec(headers)?.[1];
}

/** Passes on what `change` leaves of what comes, and reads no faster than it can. */
function pipeThrough(from: Socket, to: Socket, change: (chunk: Buffer) => Buffer[]): void {
  from.on('data', (chunk) => {
    let isFull = false;
    for (const part of change(chunk)) isFull = !to.write(part) || isFull;
    if (isFull) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
  from.resume();
}
