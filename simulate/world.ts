/** The settings of a simulated network. */

export interface World {
  readonly nodes: number;
  readonly seed: number;
  /** Number of nodes that every node knows when it starts. */
  readonly known: number;
  /** MAX_PEERS of all nodes. */
  readonly maxPeers: number;
  /** Time over which the nodes start. */
  readonly joinMs: number;
  /** Time from one node to another, on average. */
  readonly latencyMs: number;
  /** Share of messages that are lost, each together with its connection. */
  readonly loss: number;
  /** Share of the nodes that leave per minute. */
  readonly churn: number;
}
