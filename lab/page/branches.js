/** The branches of the chain, by the blocks that are known and the tips of the nodes. Pure. */

import { namesOf } from './names.js';
import { isUp } from './state.js';

/** @import { BlockEntry } from '../entries.js' */
/** @import { State } from './state.js' */

/**
 * @typedef {object} Branch
 * @property {string} tip its hash
 * @property {number} height of its tip
 * @property {BlockEntry[]} blocks those that no branch before it has, the earliest first
 * @property {string[]} nodes those whose latest block is its tip
 */

/**
 * @typedef {object} Branches
 * @property {Branch[]} branches the longest first; it has the blocks that several share
 * @property {Map<string, string[]>} tips for each block: the nodes whose latest one it is
 */

/**
 * @param {State} state
 * @param {number} heights how many of the latest to look at
 * @returns {Branches}
 */
export function branchesOf({ blocks, nodes }, heights) {
  /** @type {Map<string, string[]>} */
  const tips = new Map();
  for (const node of nodes.values()) {
    if (!isUp(node) || node.tip === undefined || !blocks.has(node.tip.hash)) continue;
    const { hash } = node.tip;
    tips.set(hash, [...(tips.get(hash) ?? []), node.address]);
  }
  const highest = Math.max(0, ...[...blocks.values()].map(({ height }) => height));
  const lowest = highest - heights + 1;
  const parents = new Set([...blocks.values()].map(({ previousHash }) => previousHash));
  const ends = [...blocks.values()].filter(
    ({ hash, height }) => !parents.has(hash) && height >= lowest,
  );
  const sizeOf = (/** @type {string} */ hash) => tips.get(hash)?.length ?? 0;
  ends.sort(
    (a, b) => b.height - a.height || sizeOf(b.hash) - sizeOf(a.hash) || (a.hash < b.hash ? -1 : 1),
  );
  const drawn = new Set();
  const branches = ends.map(({ hash, height }) => {
    /** @type {BlockEntry[]} */
    const own = [];
    let block = blocks.get(hash);
    while (block !== undefined && block.height >= lowest && !drawn.has(block.hash)) {
      drawn.add(block.hash);
      own.unshift(block);
      block = blocks.get(block.previousHash);
    }
    return { tip: hash, height, blocks: own, nodes: tips.get(hash) ?? [] };
  });
  return { branches, tips };
}

/**
 * Says in words which nodes are on which branch.
 *
 * @param {Branches} branches
 * @param {State} state
 */
export function branchWords({ branches, tips }, { blocks }) {
  const held = [...branches].filter(({ blocks: own }) => own.some(({ hash }) => tips.has(hash)));
  if (tips.size === 0) return 'No node has told its chain yet.';
  const on = held.map(({ blocks: own }) =>
    namesOf(own.flatMap(({ hash }) => tips.get(hash) ?? [])),
  );
  const [first, second] = held;
  if (first && second) {
    const isEqual = reached(first) === reached(second);
    return isEqual
      ? `A fork: ${held.length} branches of equal work: ${on.join(' | ')}. The next block decides.`
      : `A fork: ${held.length} branches: ${on.join(' | ')}. The longer one wins where both are known.`;
  }
  const heights = [...tips].map(([hash, at]) => ({ height: blocks.get(hash)?.height ?? 0, at }));
  heights.sort((a, b) => b.height - a.height);
  const [top, ...behind] = heights;
  if (top === undefined) return '';
  const late = behind.map(({ height, at }) => `${namesOf(at)} at block ${height}`).join(', ');
  if (late !== '') return `One chain. The latest block is ${top.height}; not yet there: ${late}.`;
  if (top.height === 0) return 'All have block 0 alone, with which every chain begins.';
  return `One chain: all ${top.at.length} nodes have block ${top.height} as their latest.`;

  /** @param {Branch} branch */
  function reached({ blocks: own }) {
    return own.findLast(({ hash }) => tips.has(hash))?.height;
  }
}
