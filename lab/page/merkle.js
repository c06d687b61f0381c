/** The Merkle tree over the transactions of a block, and the hash of its header, computed here. */

const INNER = 1;
const LEAF = 0;

/** @typedef {{ hash: string, leaves: number }} TreeNode */

/** A browser computes hashes on this machine, and over https. */
export const canHash = globalThis.crypto?.subtle !== undefined;

/**
 * The levels of the tree: first the leaves, last the root alone. An odd node at the end of a level
 * moves up unchanged.
 *
 * @param {readonly string[]} texts of the transactions, as they were written
 * @returns {Promise<TreeNode[][]>}
 */
export async function merkleLevels(texts) {
  if (texts.length === 0) return [[{ hash: hexOf(await digest(new Uint8Array())), leaves: 0 }]];
  let level = await Promise.all(
    texts.map(async (text) => ({ bytes: await digest(joined(LEAF, bytesOf(text))), leaves: 1 })),
  );
  const levels = [level];
  while (level.length > 1) {
    level = await Promise.all(pairsOf(level).map(merged));
    levels.push(level);
  }
  return levels.map((nodes) => nodes.map(({ bytes, leaves }) => ({ hash: hexOf(bytes), leaves })));
}

/** @param {string} text */
export async function sha256(text) {
  return hexOf(await digest(bytesOf(text)));
}

/** @typedef {{ bytes: Uint8Array<ArrayBuffer>, leaves: number }} Digest */

/** @param {[Digest, Digest | undefined]} pair */
async function merged([left, right]) {
  if (right === undefined) return left;
  const bytes = await digest(joined(INNER, left.bytes, right.bytes));
  return { bytes, leaves: left.leaves + right.leaves };
}

/**
 * @template T
 * @param {readonly T[]} items
 */
function pairsOf(items) {
  /** @type {[T, T | undefined][]} */
  const pairs = [];
  for (let i = 0; i < items.length; i += 2) pairs.push([/** @type {T} */ (items[i]), items[i + 1]]);
  return pairs;
}

/**
 * @param {number} prefix
 * @param {...Uint8Array} parts
 */
function joined(prefix, ...parts) {
  return new Uint8Array([prefix, ...parts.flatMap((part) => [...part])]);
}

/** @param {string} text */
function bytesOf(text) {
  return new TextEncoder().encode(text);
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function digest(bytes) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** @param {Uint8Array} bytes */
function hexOf(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
