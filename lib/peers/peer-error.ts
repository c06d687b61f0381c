/** A peer breaks the rules, or does not do what it said that it would. */
export class PeerError extends Error {}

/** A peer has sent a block that nobody could ever take. */
export class InvalidBlockError extends PeerError {}
