/**
 * The limits on what others may make a node do, and its timings. `…Ms` is in milliseconds, `…Bytes`
 * in bytes. A number in brackets is the WebSocket close code, or the HTTP status, for whoever goes
 * beyond the limit. `npm run docs` writes the tables in docs/configuration.md from this file.
 */

/** The version of this code, as in package.json, which the code can run without. */
export const VERSION = '0.1.0';

export const LIMITS = Object.freeze({
  // What a socket may send

  /** Size of a message; a larger one closes the connection (1009). */
  frameBytes: 1024 * 1024,
  /** Frames in which one message may come; one more closes the connection (1008). */
  messageFragments: 1024,
  /** Pieces in which one frame may arrive; one more closes the connection (1008). */
  frameChunks: 4096,
  /** Size up to which every message is parsed; a larger one only if its type may be that large. */
  largeBytes: 128 * 1024,
  /** Unfinished messages of all but proven peers; the connection with most is closed (1008). */
  unfinishedBytes: 8 * 1024 * 1024,
  /** Total size of the transactions that are relayed in one message. */
  relayBytes: 64 * 1024,
  /** Size of a transaction; a larger one is malformed. */
  transactionBytes: 64 * 1024,
  /** Depth to which objects and arrays may nest in a transaction. */
  transactionLevels: 32,
  /** Length of the id or hash of a transaction. */
  idCharacters: 256,
  /** Length of an address. */
  addressCharacters: 256,
  /** Addresses that are read from one HANDSHAKE; the rest is ignored. */
  handshakeAddresses: 1000,
  /** Malformed messages after which a connection is closed (1008). */
  malformedFrames: 3,

  // Who may connect and stay

  /** Size of the headers of a request (431). Cookies of other programs on localhost count. */
  headerBytes: 16 * 1024,
  /** Time for a request to arrive, or for a TLS handshake (408). */
  headersTimeoutMs: 10_000,
  /** TCP connections but WebSockets and /events; a new one replaces the oldest. */
  pendingSockets: 128,
  /** Requests behind the first one on a connection; they get no answer, and one more ends it. */
  pipelinedRequests: 8,
  /** Slots for nodes in each direction, as a multiple of MAX_PEERS; others are refused (1013). */
  slotsPerPeer: 3,
  /** Connections of clients; a new one replaces the one that was silent for longest (1013). */
  inboundClients: 128,
  /** Time for the first message on a connection that somebody opened (1008). */
  silenceTimeoutMs: 30_000,
  /** Sources whose budgets are remembered; a new one replaces the one idle for longest. */
  rateLimitedSources: 1024,

  // Whom we dial, and when

  /** Peers that a node looks for if MAX_PEERS is not set, and the most that MAX_PEERS may be. */
  peers: 128,
  /** Addresses in the address book. */
  learntAddresses: 1024,
  /** Other addresses of this node that it has recognised as its own. */
  ownNames: 1024,
  /** Dials under way at the same time: of addresses whose names are looked up, and of all others. */
  dialsAtOnce: 8,
  /** Time for a dial to be answered. */
  dialTimeoutMs: 5_000,
  /** Time for a dial by the swarm to be answered: a way through two routers has to be found. */
  swarmDialTimeoutMs: 20_000,
  /** Connections by the swarm, of both directions; further ones are refused. */
  swarmConnections: 512,
  /** Wait before the swarm is asked for a second time; it doubles each time. */
  swarmLookupFirstMs: 2_000,
  /** Longest wait while the DHT does not answer. */
  swarmUnansweredMs: 10_000,
  /** Longest wait of a node that is connected to nobody. */
  swarmLookupAloneMs: 60_000,
  /** Longest wait of any other. The DHT forgets an announcement after 20 minutes. */
  swarmLookupLongestMs: 600_000,
  /** Names looked up at the same time: of known-peers.json, and of those that peers name. */
  lookupsAtOnce: 4,
  /** Time for a name to be found. */
  lookupTimeoutMs: 4_000,
  /** Time for which the addresses of a name are kept. */
  lookupKeptMs: 60_000,
  /** Names whose addresses are kept. */
  lookupsKept: 256,
  /** Time after which the process that looks up names is ended, when there are none. */
  lookupsIdleMs: 10_000,
  /** Wait before the second dial of an address; it doubles with each failure, ±50 %. */
  backoffFirstMs: 1_000,
  /** Longest wait between two dials of an address, ±50 %. */
  backoffLongestMs: 60_000,
  /** Time after which a connection counts as stable, so that the waits begin again at the first. */
  stableAfterMs: 15_000,
  /** Failures in a row after which a learnt address is given up. */
  learntAttempts: 5,
  /** Longest wait before a learnt address that was given up is dialled again, if somebody names it. */
  givenUpLongestMs: 16 * 60_000,
  /** Addresses read at once from the HANDSHAKEs of one source. */
  readsAtOnce: 8192,
  /** Addresses read per second from the HANDSHAKEs of one source, once readsAtOnce are used up. */
  readsPerSecond: 512,
  /** Addresses dialled at once because one source named them. */
  learntAtOnce: 128,
  /** Addresses dialled per second because one source named them, once learntAtOnce are used up. */
  learntPerSecond: 1,

  // What waits for a reader or for the disk

  /** Unread data of one peer; above it, senders are paused. */
  slowBytes: 1024 * 1024,
  /** Longest pause for one slow peer, which is then left behind until it has read everything. */
  slowPauseMs: 1_000,
  /** Interval at which a slow peer is checked. */
  slowPollMs: 5,
  /** Multiple of slowBytes that a plain peer may leave unread before it is disconnected. */
  plainSlowTimes: 4,
  /** Nodes that we cannot dial, and that are sent transactions over the connections they opened. */
  undialledPeers: 32,
  /** Unread data of all peers, and of all inbound connections; the slowest is closed (1008). */
  unreadBytes: 32 * 1024 * 1024,
  /** Data not yet on disk; above it, senders are paused. */
  backlogBytes: 8 * 1024 * 1024,
  /** Longest pause of a sender at a time. */
  pauseMs: 1_000,
  /** Receipts of one client, unsaved or unread; above it, the client is paused. */
  unreadReceiptBytes: 128 * 1024,
  /** Data not yet on disk; above it, transactions and blocks are rejected. */
  unsavedBytes: 64 * 1024 * 1024,
  /** Wait before a write that the disk refused is tried again. */
  saveRetryMs: 1_000,
  /** Size of transactions.json if MAX_POOL_BYTES is not set. */
  poolBytes: 1024 * 1024 * 1024,

  // How two pools are compared

  /** Nodes of the Merkle tree in one request. */
  treeNodes: 256,
  /** Keys, or transactions, in one message. */
  keys: 1024,
  /** Total size of the transactions or blocks in one answer. */
  answerBytes: 256 * 1024,
  /** Time for an answer; also for fetching all blocks from a node that is not a proven peer. */
  answerTimeoutMs: 10_000,
  /** Wait for an answer before a session with another peer goes on in the meantime. */
  stallMs: 2_000,
  /** Time that one session runs before others have their turn. */
  sessionTurnMs: 5_000,
  /** Requests in one session. */
  sessionRequests: 65_536,
  /** Keys of transactions that are requested in one session. */
  sessionKeys: 16 * 1024 * 1024,
  /** Total size of the transactions that are fetched in one session. */
  sessionBytes: 2 * 1024 * 1024 * 1024,
  /** Requests of one source that are answered at once. */
  requestsAtOnce: 512,
  /** Requests of one source that are answered per second, once requestsAtOnce are used up. */
  requestsPerSecond: 256,
  /** Time for computing digests before other work has its turn. */
  digestSliceMs: 10,
  /** Interval between two comparisons; also how long a peer that broke the rules is left alone. */
  reconcileIntervalMs: 30_000,
  /** Part of that interval by which it varies at random: 0.2 is ±20 %. */
  reconcileJitter: 0.2,
  /** Time for a peer to dial back; after that we compare, though that would be for the peer. */
  dialBackMs: 3_000,
  /** Delay until transactions found by a comparison are compared with all peers. */
  spreadDelayMs: 3_000,
  /** Interval after which a transaction counts as possibly lost, no longer as on its way. */
  settleMs: 1_000,

  // How the chain grows and is kept in step

  /** Transactions in a block. */
  blockTransactions: 1024,
  /** Size of a block. */
  blockBytes: 256 * 1024,
  /** How far the timestamp of a block may be ahead of our clock. */
  blockAheadMs: 2 * 60 * 60 * 1000,
  /** Size of the chain; beyond it, no block is accepted. */
  chainBytes: 1024 * 1024 * 1024,
  /** Headers in one answer. */
  headers: 512,
  /** Transactions in all blocks of one answer. */
  answerTransactions: 4096,
  /** Blocks named in one request. */
  locatorEntries: 64,
  /** Time for fetching blocks from one peer before others have their turn. */
  syncTimeoutMs: 120_000,
  /** Blocks that may be replaced by others without a copy of blocks.json. */
  deepBlocks: 100,
  /** Copies of blocks.json that are kept, the latest ones. */
  chainCopies: 8,

  // What the page and programs are shown

  /** Readers of /events on this machine, and as many elsewhere (503). */
  eventStreams: 16,
  /** Unread data of one reader of /events; above it, the reader is disconnected. */
  eventStreamBytes: 1024 * 1024,
  /** Interval between two events. */
  eventIntervalMs: 200,
  /** Readers of /transactions?follow (503). */
  lineStreams: 16,
  /** How long one of them may leave what it is sent unread; then it is disconnected. */
  unreadLinesMs: 60_000,
  /** Readers of /messages (503). */
  messageStreams: 4,
  /** Frames that are shown at once; the others are counted. */
  shownMessages: 100,
  /** How many more can be shown in each second. */
  shownMessagesPerSecond: 50,
  /** What is shown within this time is written together. */
  shownTogetherMs: 50,
  /** How much of the text of each is shown. */
  shownMessageBytes: 2048,
  /** Of how many transactions in each the ids are shown. */
  shownIds: 100,
  /** How much is read for that at once; of what is more, no ids are shown. */
  readForIdsBytes: 256 * 1024,
  /** How much more in each second. */
  readForIdsBytesPerSecond: 128 * 1024,
  /** Transactions or blocks in one answer, unless the request says how many. */
  listed: 100,
  /** How many a request may ask for (400). */
  listedAtMost: 1000,
  /** Longest time without an event: then one says that the node is alive. */
  heartbeatMs: 2_000,
  /** Nodes on the map of the network. */
  shownNodes: 256,
  /** Transactions that are listed, the latest ones. */
  shownTransactions: 12,
  /** Characters of each member that is listed of a transaction. */
  shownCharacters: 64,
  /** Blocks that are listed, the latest ones. */
  shownBlocks: 5,
  /** Lines of the terminal, the latest ones; of those about dials, as many more. */
  shownLines: 20,
  /** Seconds over which the rate of transactions is drawn. */
  shownSeconds: 60,

  // What a program takes from the node that it follows

  /** Longest silence of a node while an answer or a receipt is due, unless the program sets another. */
  clientPatienceMs: 30_000,
  /** Time without a transaction after which a program gives its connection back. */
  clientIdleMs: 10_000,
  /** Longest wait before a node is tried again. */
  clientBackoffLongestMs: 10_000,
  /** Size of an answer in JSON. */
  clientAnswerBytes: 4 * 1024 * 1024,
  /** Length of a line of a transaction, which says besides where it is. */
  clientLineCharacters: 65 * 1024,

  // How a node keeps going and leaves

  /** Delay until the peers are told of a change of peers, so that several changes go together. */
  announceDelayMs: 100,
  /** Time for what one connection sends before others have their turn. */
  turnMs: 10,
  /** Interval between pings; a connection that has not answered by the next one is ended. */
  pingIntervalMs: 30_000,
  /** Interval between checks for connections that are silent or do not read. */
  sweepIntervalMs: 1_000,
  /** Interval at which a node under npm start looks whether that is still there. */
  parentIntervalMs: 500,
  /** Lines of one event that are printed at once. */
  linesAtOnce: 20,
  /** Lines of one event that are printed per second, once linesAtOnce are used up. */
  linesPerSecond: 1,
  /** Bytes of lines that wait while nobody reads them; further lines are left out. */
  unprintedBytes: 16_384,
  /** Delay until a line says how many lines were left out. */
  leftOutIntervalMs: 5_000,
  /** Known transactions that wait for the disk, to be compared with those that we have. */
  checksUnderWay: 64,
  /** Known transactions whose content is compared with ours at once. */
  checksAtOnce: 100,
  /** Known transactions whose content is compared per second, once checksAtOnce are used up. */
  checksPerSecond: 100,
  /** Time for the disk before the last receipts of a connection are given up. */
  receiptsTimeoutMs: 500,
  /** Time for the other end to confirm that a connection is closed. */
  closeTimeoutMs: 1_000,
  /** Time for withdrawing what was announced in the swarm. */
  withdrawTimeoutMs: 1_500,
  /** Time for leaving, whatever hangs. */
  leaveTimeoutMs: 2_000,
  /** Time after which another Ctrl-C counts as a second one, and ends the node at once. */
  signalRepeatMs: 500,
});
