/** A peer breaks the rules, or does not do what it announced. */
export class PeerError extends Error {}

/** A peer has sent a block that can never be valid. */
export class InvalidBlockError extends PeerError {}
