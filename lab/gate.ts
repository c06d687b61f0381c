/**
 * A door of the lab before a node: it listens at the address that people and other nodes know, and
 * leads to the port where the node itself listens. What comes through is passed on as it is.
 */

import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../lib/limits.js';
import { type Address, parseAddress } from '../lib/peers/addresses.js';
import { FrameFilter } from './frame-filter.js';
import type { Links } from './links.js';

/** A request has this many bytes of headers at most; the node will say what is wrong with more. */
const HEADER_BYTES = 32 * 1024;
const HEADER_END = '\r\n\r\n';
/** What may wait in each direction before its sender does: more than a turn brings, for waiting costs time. */
const SOCKET = { allowHalfOpen: true, highWaterMark: 1024 * 1024 };
/** How often to look whether a node that starts listens yet. */
const RETRY_MS = 25;

/** Where a door is, and where it leads. */
export interface Place {
  /** The address by which others know the node. */
  readonly address: string;
  readonly hosts: readonly string[];
  readonly port: number;
  /** Where the node itself listens. */
  readonly hiddenPort: number;
}

interface Listeners {
  /** A message from one node to another was taken off their link. */
  onLost(from: string, to: string, bytes: number): void;
}

export class Gate {
  readonly #place: Place;
  readonly #links: Links;
  readonly #listeners: Listeners;
  /** Finds the node of the lab that a caller says it is. */
  readonly #addressOf: (address: Address) => string | undefined;
  readonly #sockets = new Set<Socket>();
  #servers: Server[] = [];

  constructor(
    place: Place,
    links: Links,
    addressOf: (address: Address) => string | undefined,
    listeners: Listeners,
  ) {
    this.#place = place;
    this.#links = links;
    this.#addressOf = addressOf;
    this.#listeners = listeners;
  }

  /** @returns whether it could: else somebody else listens there */
  async open(): Promise<boolean> {
    const { hosts, port } = this.#place;
    for (const host of hosts) {
      const server = createServer(SOCKET, (socket) => this.#pass(socket));
      const outcome = await listenOn(server, port, host);
      if (outcome === 'listens') this.#servers.push(server);
      else if (outcome === 'taken') {
        this.close();
        return false;
      }
    }
    return true;
  }

  /** Nobody gets through any more. */
  close(): void {
    for (const server of this.#servers) server.close();
    this.#servers = [];
    for (const socket of this.#sockets) socket.destroy();
  }

  async #pass(caller: Socket): Promise<void> {
    this.#keep(caller);
    const head = await readHead(caller);
    if (head === undefined) return;
    const from = callerOf(head, this.#addressOf);
    const to = this.#place.address;
    const node = await this.#reach(caller);
    if (node === undefined) return;
    this.#keep(node);
    caller.on('close', () => node.destroy());
    node.on('close', () => caller.destroy());
    // Only now: it may have been cut in the meantime.
    if (from !== undefined && this.#links.stateOf(from, to) === 'cut') {
      caller.destroy();
      return;
    }
    node.write(head);
    if (from === undefined) {
      caller.pipe(node);
      node.pipe(caller);
    } else this.#link(from, to, caller, node);
  }

  /** The link between two nodes of the lab. */
  #link(from: string, to: string, caller: Socket, node: Socket): void {
    const { onLost } = this.#listeners;
    const there = new FrameFilter((bytes) => onLost(from, to, bytes));
    const back = new FrameFilter((bytes) => onLost(to, from, bytes));
    const wire = {
      setLossy(isLossy: boolean) {
        for (const filter of [there, back]) filter.isLossy = isLossy;
      },
      break: () => caller.destroy(),
    };
    caller.on('close', this.#links.add(from, to, wire));
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

  /** Connects to the node, which may still be starting; undefined if the caller has gone. */
  async #reach(caller: Socket): Promise<Socket | undefined> {
    const { hosts, hiddenPort } = this.#place;
    while (!caller.destroyed) {
      const socket = connect({ ...SOCKET, port: hiddenPort, host: hosts[0] as string });
      const isOpen = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      });
      if (isOpen) return socket;
      await sleep(RETRY_MS);
    }
    return undefined;
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
    // A caller that ends before that is the node's to answer, as far as it has come.
    caller.once('end', () => resolve(head));
    caller.once('close', () => resolve(undefined));
  });
}

/** Which node of the lab opens a WebSocket, as it says in its headers. */
function callerOf(
  head: Buffer,
  addressOf: (address: Address) => string | undefined,
): string | undefined {
  const headers = head.toString('latin1', 0, head.indexOf(HEADER_END));
  const address = parseAddress(/^mesh-address:[ \t]*(\S+)[ \t]*$/im.exec(headers)?.[1]);
  return address && addressOf(address);
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

function listenOn(
  server: Server,
  port: number,
  host: string,
): Promise<'listens' | 'taken' | 'nowhere'> {
  return new Promise((resolve) => {
    server.once('listening', () => resolve('listens'));
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const hasNoSuchAddress = code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
      resolve(host === '::1' && hasNoSuchAddress ? 'nowhere' : 'taken');
    });
    server.listen(port, host);
  });
}
