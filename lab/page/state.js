/** What is so at a moment: everything that happened up to it, folded together. Pure. */

/**
 * @import { BlockEntry, Entry, LessonEntry, LinkState, NodeState, TipEntry } from '../entries.js'
 */

/**
 * @typedef {object} LabNode
 * @property {string} name
 * @property {string} address
 * @property {NodeState} state
 * @property {number} since when that began
 * @property {readonly string[]} peers
 * @property {number | undefined} pool how many transactions are in it
 * @property {{ height: number, hash: string } | undefined} tip
 */

/**
 * @typedef {object} State
 * @property {Map<string, LabNode>} nodes by their addresses
 * @property {Map<string, LinkState>} links those that are not joined, by pairKey
 * @property {Map<string, BlockEntry>} blocks by their hashes
 * @property {LessonEntry[]} lesson the sentences of the running one, or the last one
 * @property {{ at: number, address: string, height: number, isLonger: boolean }[]} moves from one
 * branch to another
 */

/** How far back blocks are kept. */
const KEPT_HEIGHTS = 300;
const KEPT_MOVES = 3;

/** @returns {State} */
export function newState() {
  return { nodes: new Map(), links: new Map(), blocks: new Map(), lesson: [], moves: [] };
}

/**
 * @param {State} state
 * @returns {State}
 */
export function copyOf(state) {
  return {
    nodes: new Map([...state.nodes].map(([address, node]) => [address, { ...node }])),
    links: new Map(state.links),
    blocks: new Map(state.blocks),
    lesson: [...state.lesson],
    moves: [...state.moves],
  };
}

/**
 * Takes into a state what happened next.
 *
 * @param {State} state is changed
 * @param {Entry} entry
 */
export function fold(state, entry) {
  switch (entry.kind) {
    case 'node': {
      const { name, at: since } = entry;
      Object.assign(nodeAt(state, entry.address), { name, state: entry.state, since });
      if (entry.state === 'stopped') nodeAt(state, entry.address).peers = [];
      break;
    }
    case 'peers':
      nodeAt(state, entry.address).peers = entry.peers;
      break;
    case 'pool':
      nodeAt(state, entry.address).pool = entry.transactions;
      break;
    case 'tip':
      foldTip(state, entry);
      break;
    case 'block':
      state.blocks.set(entry.hash, entry);
      forgetOld(state, entry.height - KEPT_HEIGHTS);
      break;
    case 'link':
      if (entry.state === 'joined') state.links.delete(pairKey(...entry.between));
      else state.links.set(pairKey(...entry.between), entry.state);
      break;
    case 'lesson':
      foldLesson(state, entry);
      break;
  }
}

/**
 * Names a pair of nodes, whichever comes first.
 *
 * @param {string} a
 * @param {string} b
 */
export function pairKey(a, b) {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/**
 * @param {LabNode | undefined} node
 * @returns {node is LabNode}
 */
export function isUp(node) {
  return node?.state === 'running' || node?.state === 'frozen';
}

/**
 * Whether a block is, or comes after, another one; undefined if a block between them is not known.
 *
 * @param {State} state
 * @param {{ height: number, hash: string }} tip
 * @param {{ height: number, hash: string }} earlier
 */
export function isAfter(state, tip, earlier) {
  let { height, hash } = tip;
  while (height > earlier.height) {
    const block = state.blocks.get(hash);
    if (block === undefined) return undefined;
    hash = block.previousHash;
    height -= 1;
  }
  return hash === earlier.hash;
}

/**
 * @param {State} state
 * @param {TipEntry} entry
 */
function foldTip(state, { at, address, height, hash }) {
  const node = nodeAt(state, address);
  const before = node.tip;
  node.tip = { height, hash };
  if (before === undefined || isAfter(state, node.tip, before) !== false) return;
  const move = { at, address, height, isLonger: height > before.height };
  state.moves = [move, ...state.moves].slice(0, KEPT_MOVES);
}

/**
 * @param {State} state
 * @param {LessonEntry} entry
 */
function foldLesson(state, entry) {
  const [first] = state.lesson;
  const isNext = first?.lesson === entry.lesson && entry.step > 1;
  if (entry.text === '') state.lesson = [];
  else state.lesson = isNext ? [...state.lesson, entry] : [entry];
}

/**
 * @param {State} state
 * @param {number} height
 */
function forgetOld(state, height) {
  for (const [hash, block] of state.blocks) {
    if (block.height >= height) return;
    if (block.height > 0) state.blocks.delete(hash);
  }
}

/**
 * @param {State} state
 * @param {string} address
 */
function nodeAt(state, address) {
  const there = state.nodes.get(address);
  if (there) return there;
  /** @type {LabNode} */
  const made = {
    name: '',
    address,
    // What is told of it shows that it runs.
    state: 'running',
    since: 0,
    peers: [],
    pool: undefined,
    tip: undefined,
  };
  state.nodes.set(address, made);
  return made;
}
