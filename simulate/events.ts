/** What happens in a network. */

import type { Address } from '../node-1/addresses.js';
import type { Contact } from '../node-1/contacts.js';
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
  readonly contact: Contact;
  readonly address: Address;
  readonly latencyMs: number;
}
