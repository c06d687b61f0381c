/** The events of a network. */

import type { Address } from '../lib/peers/addresses.js';
import type { Entry } from '../lib/peers/entry.js';
import type { Handshake, Link, Node } from './node.js';
import type { Copy } from './transactions.js';

export type Event =
  | { readonly type: 'start' | 'leave'; readonly place: number }
  | { readonly type: 'dial' | 'announce' | 'compare' | 'spread'; readonly node: Node }
  | { readonly type: 'arrive' | 'fail'; readonly dial: Dial }
  | { readonly type: 'open' | 'end' | 'hang up' | 'merge'; readonly link: Link }
  | { readonly type: 'handshake' | 'referral'; readonly link: Link; readonly handshake: Handshake }
  | { readonly type: 'transaction'; readonly link: Link; readonly copy: Copy };

/** An attempt to reach an address. */
export interface Dial {
  readonly from: Node;
  readonly entry: Entry;
  readonly address: Address;
  readonly latencyMs: number;
}
