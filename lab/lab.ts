/**
 * The lab: it runs the nodes, can stand between them, records what happens, and does what a person
 * wants to see. A node knows nothing of it.
 */

import { parseAddress } from '../lib/peers/addresses.js';
import type { Detours } from './detour.js';
import type { Entry, Hello, LinkState, OtherEntry, PeersEntry } from './entries.js';
import { Gate } from './gate.js';
import { LabNode, type Runnable, whyNoGate } from './lab-node.js';
import { Links } from './links.js';
import { Pairs } from './pairs.js';
import { type Recorded, Recording } from './recording.js';
import { nowMs, Watcher } from './watcher.js';

const TELL_INTERVAL_MS = 100;
/** A page that is loaded again is back before that. */
const UNWATCHED_MS = 3000;

/** One who is told of everything. */
export interface Spectator {
  /** @param since of what happened up to then, in ms since 1970, only the state is told that it led to */
  begin(since: number): void;
  tell(entries: readonly Entry[]): void;
}

export class Lab {
  /** Why links cannot be cut; null if they can. */
  readonly noLinks: Hello['noLinks'];
  readonly #nodes = new Map<string, LabNode>();
  readonly #byKey = new Map<string, LabNode>();
  readonly #links: Links;
  readonly #gate: Gate;
  readonly #pairs = new Pairs();
  readonly #recording = new Recording();
  readonly #known = new Set<string>();
  readonly #watchers = new Map<LabNode, Watcher>();
  readonly #spectators = new Set<Spectator>();
  #timer: NodeJS.Timeout | undefined;
  #unwatching: NodeJS.Timeout | undefined;

  constructor(runnables: readonly Runnable[]) {
    this.noLinks = runnables.map(whyNoGate).find((why) => why !== undefined) ?? null;
    this.#links = new Links((between, state) => {
      this.record({ kind: 'link', at: nowMs(), between, state });
    });
    this.#gate = new Gate(this.#links, (address) => this.nodeAt(address), {
      onLost: (from, to, bytes) => {
        // While nobody looks, no node tells of the message that it was part of.
        if (this.#timer !== undefined) this.#pairs.lose(from, to, bytes, nowMs());
      },
    });
    for (const runnable of runnables) this.add(runnable);
  }

  /** Is called before a node starts. */
  async open(): Promise<void> {
    if (this.noLinks === null) await this.#gate.open();
  }

  close(): void {
    this.#gate.close();
  }

  get nodes(): readonly LabNode[] {
    return [...this.#nodes.values()];
  }

  node(name: string): LabNode | undefined {
    return this.#nodes.get(name);
  }

  /** @param address in whatever spelling */
  nodeAt(address: unknown): LabNode | undefined {
    return this.#byKey.get(parseAddress(address)?.key ?? '');
  }

  add(runnable: Runnable): LabNode {
    const node = new LabNode(runnable, {
      detoursOf: (dialling) => (this.noLinks === null ? this.#detoursOf(dialling) : undefined),
      onState: (changed) => this.#onState(changed),
    });
    this.#nodes.set(node.name, node);
    this.#byKey.set(parseAddress(node.address)?.key ?? '', node);
    this.#tellState(node);
    return node;
  }

  /** Resolves once the nodes keep to it. */
  setLinks(pairs: readonly [LabNode, LabNode][], state: LinkState): Promise<void> {
    for (const [a, b] of pairs) this.#links.set(a.address, b.address, state);
    return this.#tellDetours();
  }

  joinAll(): Promise<void> {
    this.#links.joinAll();
    return this.#tellDetours();
  }

  record(recorded: Recorded): void {
    this.#recording.add(recorded);
  }

  /** The beginning of a message; undefined if it is not recorded any more. */
  textOf(message: number): string | undefined {
    return this.#recording.textOf(message);
  }

  /** Somebody looks, from the beginning of the recording, until what is returned is called. */
  watch(spectator: Spectator): () => void {
    clearTimeout(this.#unwatching);
    this.#tell();
    spectator.begin(this.#recording.since);
    spectator.tell(this.#recording.entries);
    this.#spectators.add(spectator);
    this.#timer ??= setInterval(() => this.#tell(), TELL_INTERVAL_MS);
    for (const node of this.#nodes.values()) this.#watchOrNot(node);
    return () => {
      this.#spectators.delete(spectator);
      if (this.#spectators.size > 0) return;
      this.#unwatching = setTimeout(() => this.#unwatch(), UNWATCHED_MS).unref();
    };
  }

  /** Nobody looks any more: then the nodes are not asked for anything. */
  #unwatch(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const node of this.#nodes.values()) this.#watchOrNot(node);
  }

  async #tellDetours(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.takeDetours()));
  }

  #detoursOf(node: LabNode): Detours {
    const isJoined = (to: LabNode) => this.#links.stateOf(node.address, to.address) === 'joined';
    const keys = [...this.#byKey].flatMap(([key, to]) => (isJoined(to) ? [] : [key]));
    return { gatePort: this.#gate.port, keys };
  }

  #onState(node: LabNode): void {
    this.#tellState(node);
    this.#watchOrNot(node);
  }

  #tellState({ name, address, state }: LabNode): void {
    this.record({ kind: 'node', at: nowMs(), name, address, state });
  }

  #watchOrNot(node: LabNode): void {
    const isWatched = this.#timer !== undefined && /^(running|frozen)$/.test(node.state);
    const watcher = this.#watchers.get(node);
    if (isWatched === (watcher !== undefined)) return;
    watcher?.stop();
    this.#watchers.delete(node);
    if (!isWatched) return;
    const { address } = node;
    const listeners = {
      onEntry: (entry: OtherEntry) => this.#take(entry),
      onMessage: (told: Parameters<Pairs['add']>[0]) => {
        const other = this.nodeAt(told.peer);
        const peer = other?.address ?? told.peer;
        const isWatchedToo = other !== undefined && this.#watchers.has(other);
        const entry = this.#pairs.add({ ...told, peer }, address, isWatchedToo);
        if (entry !== undefined) this.record(entry);
      },
      isKnown: (hash: string) => this.#known.has(hash),
    };
    this.#watchers.set(node, new Watcher(address, node.door, listeners));
  }

  #take(entry: OtherEntry): void {
    if (entry.kind === 'block') this.#known.add(entry.hash);
    this.record(entry.kind === 'peers' ? this.#named(entry) : entry);
  }

  /** With the addresses that the nodes of the lab are known by. */
  #named(entry: PeersEntry): PeersEntry {
    const peers = entry.peers.map((text) => this.nodeAt(text)?.address ?? text);
    return { ...entry, peers };
  }

  #tell(): void {
    const now = nowMs();
    for (const entry of this.#pairs.overdue(now)) this.record(entry);
    const entries = this.#recording.next(now);
    if (entries.length === 0) return;
    for (const spectator of this.#spectators) spectator.tell(entries);
  }
}
