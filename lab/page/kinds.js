/** The types of messages: in groups, each of one colour, and what each type is for. */

/** @typedef {'handshake' | 'transaction' | 'comparing' | 'blocks' | 'other'} Group */

/** @type {readonly { group: Group, title: string, types: readonly string[] }[]} */
export const GROUPS = [
  {
    group: 'transaction',
    title: 'transactions',
    types: ['TRANSACTION', 'RELAY', 'RECEIPT'],
  },
  {
    group: 'comparing',
    title: 'comparing pools',
    types: [
      'GET_NODES',
      'NODES',
      'GET_KEYS',
      'KEYS',
      'GET_TRANSACTIONS',
      'TRANSACTIONS',
      'OFFER_KEYS',
    ],
  },
  {
    group: 'blocks',
    title: 'blocks',
    types: ['GET_LATEST_BLOCK', 'LATEST_BLOCK', 'GET_HEADERS', 'HEADERS', 'GET_BLOCKS', 'BLOCKS'],
  },
  { group: 'handshake', title: 'handshakes', types: ['HANDSHAKE'] },
  { group: 'other', title: 'anything else', types: [] },
];

/** @type {ReadonlyMap<string | null, Group>} */
const GROUP_OF_TYPE = new Map(
  GROUPS.flatMap(({ group, types }) => types.map((type) => /** @type {const} */ ([type, group]))),
);

/** @type {Readonly<Record<string, string>>} */
const MEANINGS = {
  HANDSHAKE: 'Names the addresses of nodes that the sender knows.',
  TRANSACTION: 'Hands over one transaction, in the plain protocol.',
  RELAY: 'Passes on transactions that are new to the sender.',
  RECEIPT: 'Tells a client what became of its transaction.',
  GET_NODES: 'Compares pools: asks for the digests below some nodes of the Merkle tree of keys.',
  NODES: 'Answers with those digests. Where they differ, the pools differ.',
  GET_KEYS: 'Compares pools: asks for the keys in a part that differs.',
  KEYS: 'Answers with the keys of the transactions in that part.',
  GET_TRANSACTIONS: 'Asks for the transactions that the sender lacks.',
  TRANSACTIONS: 'Answers with the transactions that were asked for.',
  OFFER_KEYS: 'Offers the keys of transactions that the other node seems to lack.',
  GET_LATEST_BLOCK: 'Asks for the latest block.',
  LATEST_BLOCK: 'The latest block: an answer, or the announcement of a new one.',
  GET_HEADERS: 'Asks for the headers of the blocks after the last one in common.',
  HEADERS: 'Answers with headers, which prove the work in a chain.',
  GET_BLOCKS: 'Asks for the blocks after the last one in common.',
  BLOCKS: 'Answers with whole blocks.',
};

/**
 * @param {string | null} type
 * @returns {Group}
 */
export function groupOf(type) {
  return GROUP_OF_TYPE.get(type) ?? 'other';
}

/**
 * What a message of this type is for.
 *
 * @param {string | null} type
 */
export function meaningOf(type) {
  if (type === null) return 'This is no message that a node understands.';
  return Object.hasOwn(MEANINGS, type) ? MEANINGS[type] : 'A type that our nodes do not know.';
}
