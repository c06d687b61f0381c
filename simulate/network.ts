/** A network in virtual time: nodes that come and go, and the messages between them. */

import { LIMITS } from '../lib/limits.js';
import { type Address, parseAddress } from '../lib/peers/addresses.js';
import type { Entry } from '../lib/peers/entry.js';
import { Clock } from './clock.js';
import type { Dial, Event } from './events.js';
import { type Caller, type Handshake, Link, Node, type Peer } from './node.js';
import { Random } from './random.js';
import { Relay } from './relay.js';
import type { World } from './world.js';

const MINUTE_MS = 60_000;
/** How long a node that leaves is away, on average. */
const AWAY_MS = 30_000;
/** One-way trips until a request arrives: TCP's three, the last with the request. */
const WAYS_TO_ARRIVE = 3;
/** A message that is sent right after another arrives this much later. */
const NEXT_MS = 0.01;

export class Network {
  readonly clock = new Clock<Event>();
  readonly random: Random;
  readonly relay: Relay;
  /** The nodes that are up, by place. */
  readonly nodes: (Node | undefined)[];
  dials = 0;
  handshakes = 0;
  handshakeBytes = 0;
  /** Links that are open. */
  links = 0;

  readonly #world: World;
  readonly #addresses: Address[];
  readonly #places = new Map<string, number>();
  /** The addresses that each node that is away has on disk. */
  readonly #remembered: Address[][] = [];
  #runs = 0;

  constructor(world: World) {
    this.#world = world;
    this.random = new Random(world.seed);
    this.nodes = Array.from({ length: world.nodes });
    const getsThrough = (link: Link) => this.#getsThrough(link);
    this.relay = new Relay({ clock: this.clock, getsThrough });
    this.#addresses = Array.from({ length: world.nodes }, (_, place) => addressOf(place));
    for (const [place, { key }] of this.#addresses.entries()) {
      this.#places.set(key, place);
      const startMs = place < world.known ? 0 : this.random.number() * world.joinMs;
      this.clock.after(startMs, { type: 'start', place });
    }
  }

  run(untilMs: number): void {
    this.clock.run(untilMs, (event) => this.#handle(event));
  }

  /** From now on, nodes leave and come back. */
  beginChurn(): void {
    if (this.#world.churn > 0) this.#leaveSometime();
  }

  #handle(event: Event): void {
    switch (event.type) {
      case 'start':
        this.#start(event.place);
        break;
      case 'leave':
        this.#leave(event.place);
        break;
      case 'dial':
        if (event.node.dialMs <= this.clock.nowMs) this.#dialDue(event.node);
        break;
      case 'announce':
        this.#announce(event.node);
        break;
      case 'compare':
        this.#compare(event.node);
        break;
      case 'spread':
        this.relay.spread(event.node);
        break;
      case 'arrive':
        this.#arrive(event.dial);
        break;
      case 'fail':
        this.#fail(event.dial);
        break;
      case 'open':
        this.#open(event.link);
        break;
      case 'end':
        this.#drop(event.link.peer);
        break;
      case 'hang up':
        event.link.to.remove(event.link.caller);
        break;
      case 'merge':
        this.relay.merge(event.link);
        break;
      case 'handshake':
        this.#hear(event.link, event.handshake);
        break;
      case 'referral':
        this.#beReferred(event.link, event.handshake);
        break;
      case 'transaction':
        this.relay.receive(event.link, event.copy);
        break;
    }
  }

  #start(place: number): void {
    const { clock } = this;
    const { maxPeers, known } = this.#world;
    const node = new Node(place, this.#addresses[place] as Address, this.#runs, maxPeers);
    this.#runs += 1;
    this.nodes[place] = node;
    for (const address of this.#addresses.slice(0, known)) {
      node.addressBook.addKnown(address, clock.nowMs);
    }
    for (const address of this.#remembered[place] ?? []) {
      node.addressBook.addRemembered(address, clock.nowMs);
    }
    this.#compareSometime(node);
    this.#dialDue(node);
  }

  #leave(place: number): void {
    const node = this.nodes[place];
    this.#leaveSometime();
    if (node === undefined) return;
    node.isUp = false;
    this.nodes[place] = undefined;
    const remembered = node.addressBook.worthRemembering();
    this.#remembered[place] = remembered.map((text) => parseAddress(text) as Address);
    for (const { link } of node.peers.values()) {
      this.links -= 1;
      this.clock.after(link.latencyMs, { type: 'hang up', link });
    }
    for (const { link } of node.callers) this.clock.after(link.latencyMs, { type: 'end', link });
    this.clock.after(this.random.interval(AWAY_MS), { type: 'start', place });
  }

  #leaveSometime(): void {
    const { nodes, churn } = this.#world;
    const place = Math.floor(this.random.number() * nodes);
    this.clock.after(this.random.interval(MINUTE_MS / (churn * nodes)), { type: 'leave', place });
  }

  #dialDue(node: Node, refused?: Address): void {
    if (!node.isUp) return;
    const { nowMs } = this.clock;
    const plan = node.plan(nowMs, refused);
    for (const entry of plan.now) this.#dial(node, entry);
    if (plan.nextMs === node.dialMs) return;
    node.dialMs = plan.nextMs;
    if (plan.nextMs !== Infinity) this.clock.at(plan.nextMs, { type: 'dial', node });
  }

  #dial(from: Node, entry: Entry): void {
    const latencyMs = this.random.around(this.#world.latencyMs);
    const dial = { from, entry, address: from.addressBook.dialling(entry), latencyMs };
    from.dialling += 1;
    this.dials += 1;
    this.clock.after(WAYS_TO_ARRIVE * latencyMs, { type: 'arrive', dial });
  }

  #arrive(dial: Dial): void {
    const { from, entry, address, latencyMs } = dial;
    const to = this.nodes[this.#places.get(address.key) as number];
    if (to === undefined) {
      this.clock.after(latencyMs, { type: 'fail', dial });
      return;
    }
    const link = new Link(from, to, entry, latencyMs, this.clock.nowMs);
    this.clock.after(latencyMs, { type: 'open', link });
    const leaving = to.admit(link.caller);
    if (leaving !== undefined) this.#turnAway(to, leaving);
    if (leaving !== link.caller) return;
    to.hearOf(link.caller, this.clock.nowMs);
    this.#dialDue(to, from.address);
  }

  /** Sends a caller that gets no slot the addresses of other nodes, and hangs up. */
  #turnAway(node: Node, caller: Caller): void {
    const { link } = caller;
    const { latencyMs } = link;
    node.remove(caller);
    const handshake = node.referral(() => this.random.number());
    this.#count(handshake);
    this.clock.after(latencyMs + NEXT_MS, { type: 'referral', link, handshake });
    this.clock.after(latencyMs + 2 * NEXT_MS, { type: 'end', link });
  }

  #fail({ from, entry }: Dial): void {
    if (!from.isUp) return;
    from.dialling -= 1;
    from.addressBook.lost(entry, 0, this.clock.nowMs, this.random.number());
    this.#dialDue(from);
  }

  #open(link: Link): void {
    const { from, to, peer } = link;
    if (!from.isUp) {
      this.clock.after(link.latencyMs, { type: 'hang up', link });
      return;
    }
    from.dialling -= 1;
    from.addressBook.reached(peer.entry);
    from.peers.set(peer.address.key, peer);
    this.links += 1;
    peer.openedMs = this.clock.nowMs;
    this.#sendHandshake(link, from.handshake());
    this.#peersChanged(from);
    if (from.identity.meshId < to.identity.meshId) this.relay.compareWith(link);
    this.#dialDue(from);
  }

  #drop(peer: Peer): void {
    const { entry, address, openedMs, link } = peer;
    const { from } = link;
    if (!from.isUp || peer.isDropped) return;
    peer.isDropped = true;
    from.peers.delete(address.key);
    this.links -= 1;
    this.#peersChanged(from);
    const { nowMs } = this.clock;
    from.addressBook.lost(entry, nowMs - openedMs, nowMs, this.random.number());
    this.#dialDue(from);
  }

  #peersChanged(node: Node): void {
    node.routes.forget();
    if (node.isAnnouncing) return;
    node.isAnnouncing = true;
    this.clock.after(LIMITS.announceDelayMs, { type: 'announce', node });
  }

  #announce(node: Node): void {
    node.isAnnouncing = false;
    if (!node.isUp) return;
    const handshake = node.handshake();
    for (const { link } of node.peers.values()) this.#sendHandshake(link, handshake);
  }

  #sendHandshake(link: Link, handshake: Handshake): void {
    this.#count(handshake);
    if (this.#getsThrough(link)) {
      this.clock.after(link.latencyMs, { type: 'handshake', link, handshake });
    }
  }

  #count({ bytes }: Handshake): void {
    this.handshakes += 1;
    this.handshakeBytes += bytes;
  }

  #hear({ to, caller }: Link, handshake: Handshake): void {
    if (!to.callers.has(caller)) return;
    caller.heardMs = this.clock.nowMs;
    to.hear(handshake, caller, this.clock.nowMs);
    this.#dialDue(to);
  }

  #beReferred({ from, peer }: Link, handshake: Handshake): void {
    if (!from.isUp || peer.isDropped) return;
    from.hear(handshake, peer, this.clock.nowMs);
    this.#dialDue(from);
  }

  /** Whether a message arrives. If it does not, the connection breaks. */
  #getsThrough(link: Link): boolean {
    if (this.random.number() >= this.#world.loss) return true;
    this.clock.after(link.latencyMs, { type: 'end', link });
    this.clock.after(link.latencyMs, { type: 'hang up', link });
    return false;
  }

  #compareSometime(node: Node): void {
    const jitter = LIMITS.reconcileJitter * (2 * this.random.number() - 1);
    this.clock.after(LIMITS.reconcileIntervalMs * (1 + jitter), { type: 'compare', node });
  }

  #compare(node: Node): void {
    if (!node.isUp) return;
    const peer = this.random.oneOf([...node.peers.values()]);
    if (peer !== undefined) {
      this.#sendHandshake(peer.link, node.handshake());
      this.relay.compareWith(peer.link);
    }
    this.#compareSometime(node);
  }
}

function addressOf(place: number): Address {
  return parseAddress(
    `ws://10.${place >> 16}.${(place >> 8) & 255}.${place & 255}:4001`,
  ) as Address;
}
