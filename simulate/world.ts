/** What a network is like, and how it fares. */

export interface World {
  readonly nodes: number;
  readonly seed: number;
  /** How many nodes everybody knows when it starts. */
  readonly known: number;
  /** MAX_PEERS of all. */
  readonly maxPeers: number;
  /** Over how long they start. */
  readonly joinMs: number;
  /** From one node to another, on average. */
  readonly latencyMs: number;
  /** The share of messages with which the connection breaks. */
  readonly loss: number;
  /** The share of the nodes that leave within a minute. */
  readonly churn: number;
}
