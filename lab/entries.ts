/**
 * What the lab records, and tells its pages: everything that happens, in the order of time, which is
 * one clock's, for all nodes run on one machine. A page can go back in it and see each moment again.
 */

/** One thing that happened. */
export type Entry = MessageEntry | OtherEntry;

/** All but the messages, which alone are many. */
export type OtherEntry =
  | NodeEntry
  | PeersEntry
  | PoolEntry
  | TipEntry
  | BlockEntry
  | LeftOutEntry
  | LinkEntry
  | LessonEntry;

interface Happened {
  /** In ms since 1970, with parts of them. */
  readonly at: number;
}

/** A node is started, frozen, or ends. */
export interface NodeEntry extends Happened {
  readonly kind: 'node';
  /** Its folder. */
  readonly name: string;
  readonly address: string;
  readonly state: NodeState;
}

/** `running` from the moment at which it answers. */
export type NodeState = 'starting' | 'running' | 'frozen' | 'stopped';

/** The addresses that a node is connected to; all of them, each time that they change. */
export interface PeersEntry extends Happened {
  readonly kind: 'peers';
  readonly address: string;
  readonly peers: readonly string[];
}

/** How many transactions a node has in its pool. */
export interface PoolEntry extends Happened {
  readonly kind: 'pool';
  readonly address: string;
  readonly transactions: number;
}

/** The latest block of a node's chain. */
export interface TipEntry extends Happened {
  readonly kind: 'tip';
  readonly address: string;
  readonly height: number;
  readonly hash: string;
}

/** A block that some node has, once. */
export interface BlockEntry extends Happened {
  readonly kind: 'block';
  readonly height: number;
  readonly hash: string;
  readonly previousHash: string;
  readonly merkleRoot: string;
  readonly nonce: number;
  /** When it was made, in ms since 1970. */
  readonly timestamp: number;
  /** How many transactions it includes. */
  readonly transactions: number;
}

/** A message, which is recorded when it has arrived, or does not arrive any more. */
export interface MessageEntry extends Happened {
  readonly kind: 'message';
  /** When it arrived; null if that was not seen. `at` is when it was sent. */
  readonly arrivedAt: number | null;
  /** The address of the sender; null for a client, which is no node. */
  readonly from: string | null;
  readonly to: string | null;
  /** Null for what is no message at all. */
  readonly type: string | null;
  readonly bytes: number;
  /** Of the first transactions in it. */
  readonly ids: readonly (string | number)[];
  /** What a RECEIPT says became of a transaction; null for all others. */
  readonly status: 'accepted' | 'known' | 'rejected' | null;
  /** Whether the lab took it off a link. */
  readonly isLost: boolean;
  /** A page asks for its text by this number, when somebody opens it: nearly all are never opened. */
  readonly number: number;
}

/** How many frames a node had no time to tell of. */
export interface LeftOutEntry extends Happened {
  readonly kind: 'left-out';
  readonly address: string;
  readonly frames: number;
}

/** What the lab does to what passes between two nodes. */
export interface LinkEntry extends Happened {
  readonly kind: 'link';
  /** Their addresses. */
  readonly between: readonly [string, string];
  readonly state: LinkState;
}

/** `lossy` loses every third message. */
export type LinkState = 'joined' | 'cut' | 'lossy';

/** A sentence of a lesson. */
export interface LessonEntry extends Happened {
  readonly kind: 'lesson';
  readonly lesson: string;
  /** From 1 on; the last one is `of`. */
  readonly step: number;
  readonly of: number;
  readonly text: string;
}

/** What a page asks the lab to do. */
export type Act =
  | { readonly do: 'start' | 'stop' | 'kill' | 'freeze' | 'thaw'; readonly node: string }
  | { readonly do: 'add-node' }
  | {
      readonly do: 'add-transaction';
      readonly node: string;
      readonly from: string;
      readonly to: string;
      /** A number above 0, as JSON has it. */
      readonly amount: string;
    }
  | { readonly do: 'make-block'; readonly node: string }
  /** Between two nodes, by their names. */
  | { readonly do: LinkAct; readonly between: readonly [string, string] }
  | { readonly do: 'halve' | 'join-all' }
  | { readonly do: 'lesson'; readonly lesson: string }
  | { readonly do: 'end-lesson' };

export type LinkAct = 'cut' | 'join' | 'lose';

/** What a page needs to know before the entries. */
export interface Hello {
  /** The clock of the lab, in ms since 1970. */
  readonly now: number;
  /** Of what happened up to then, in ms since 1970, only the state is told that it led to. */
  readonly since: number;
  /** Whether this page may touch, if it has the token: it is on this machine. */
  readonly mayTouch: boolean;
  /** Why links cannot be cut; null if they can. */
  readonly noLinks: string | null;
  /** The lessons, by the name that starts them. */
  readonly lessons: readonly { readonly name: string; readonly title: string }[];
}
