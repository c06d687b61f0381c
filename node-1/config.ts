/** The limits on what others may make a node do, and its timings. */

/** Of this code: the same as in package.json, which a node folder may stand without. */
export const VERSION = '0.1.0';

export const LIMITS = Object.freeze({
  // What a socket may send.
  frameBytes: 1024 * 1024,
  messageFragments: 1024,
  frameChunks: 4096,
  largeBytes: 128 * 1024,
  unfinishedBytes: 8 * 1024 * 1024,
  transactionBytes: 64 * 1024,
  transactionLevels: 32,
  idCharacters: 256,
  addressCharacters: 256,
  handshakeAddresses: 1000,
  malformedFrames: 3,

  // Who may come in, and stay.
  headerBytes: 8 * 1024,
  headersTimeoutMs: 10_000,
  unopenedSockets: 128,
  requestsBehind: 8,
  inboundPeers: 256,
  inboundClients: 128,
  silenceTimeoutMs: 30_000,
  sources: 1024,

  // Whom we dial, and when.
  peers: 128,
  learntAddresses: 1024,
  ownNames: 1024,
  dialsAtOnce: 8,
  dialTimeoutMs: 5_000,
  backoffFirstMs: 1_000,
  backoffLongestMs: 60_000,
  stableAfterMs: 15_000,
  learntAttempts: 5,
  readingsAtOnce: 8192,
  readingsPerSecond: 512,
  newsAtOnce: 128,
  newsPerSecond: 1,

  // How much waits for one who does not read, or for a disk.
  slowBytes: 1024 * 1024,
  slowPauseMs: 1_000,
  slowPollMs: 5,
  plainSlowTimes: 4,
  unreadBytes: 32 * 1024 * 1024,
  backlogBytes: 8 * 1024 * 1024,
  pauseMs: 1_000,
  unreadReceiptBytes: 128 * 1024,
  unsavedBytes: 64 * 1024 * 1024,
  saveRetryMs: 1_000,
  poolBytes: 1024 * 1024 * 1024,

  // How two pools are compared.
  treeNodes: 256,
  keys: 1024,
  answerBytes: 256 * 1024,
  answerTimeoutMs: 10_000,
  stallMs: 2_000,
  walkTurnMs: 5_000,
  walkRequests: 65_536,
  walkKeys: 16 * 1024 * 1024,
  walkBytes: 2 * 1024 * 1024 * 1024,
  requestsAtOnce: 512,
  requestsPerSecond: 256,
  digestSliceMs: 10,
  reconcileIntervalMs: 30_000,
  reconcileJitter: 0.2,
  spreadDelayMs: 3_000,
  settleMs: 1_000,

  // How the chain grows, and how it is kept the same.
  blockTransactions: 1024,
  blockBytes: 256 * 1024,
  blockAheadMs: 2 * 60 * 60 * 1000,
  chainBytes: 1024 * 1024 * 1024,
  headers: 512,
  answerTransactions: 4096,
  locatorEntries: 64,
  syncTimeoutMs: 120_000,
  deepBlocks: 100,
  chainCopies: 8,

  // What the page shows, and how often it is told.
  feeds: 16,
  feedBytes: 1024 * 1024,
  feedIntervalMs: 200,
  feedBeatMs: 2_000,
  shownNodes: 256,
  shownTransactions: 12,
  shownBlocks: 5,
  shownLines: 20,
  shownSeconds: 60,

  // How we keep going, and how we leave.
  announceDelayMs: 100,
  turnMs: 10,
  pingIntervalMs: 30_000,
  sweepIntervalMs: 1_000,
  linesAtOnce: 20,
  linesPerSecond: 1,
  leftOutIntervalMs: 5_000,
  checksUnderWay: 64,
  checksAtOnce: 100,
  checksPerSecond: 100,
  receiptsTimeoutMs: 500,
  closeTimeoutMs: 1_000,
  leaveTimeoutMs: 2_000,
  signalRepeatMs: 500,
});
