/** The blocks of a node, as a program reads them. */

import { LIMITS } from '../limits.js';
import { type Header, parseAll, parseHeader } from '../wire/block.js';
import { isObject } from '../wire/transaction.js';
import { type Asking, askForJson, unfit } from './http-answers.js';
import type { Target } from './target.js';

/** A block of the chain of a node. */
export interface ChainBlock extends Header {
  /** As their senders made them. */
  readonly transactions: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Yields the blocks from a height to the tip, which is that of the moment when it is reached.
 *
 * @throws NodeError if the node is not reached, refuses, or answers with what does not fit
 */
export async function* readBlocks(
  target: Target,
  from: number,
  asking: Asking,
): AsyncGenerator<ChainBlock, void, undefined> {
  for (let height = from; ; ) {
    const path = `/blocks?from=${height}&limit=${LIMITS.listed}`;
    const answer = await askForJson(target, path, asking);
    const page = isObject(answer) ? parseAll(answer.blocks, LIMITS.listed, parseBlock) : undefined;
    const isInOrder = page?.every((block, index) => block.height === height + index);
    if (page === undefined || !isInOrder) throw unfit(target.address, 'what are no blocks');
    if (page.length === 0) return;
    yield* page;
    height += page.length;
  }
}

/**
 * Reads one block.
 *
 * @returns undefined if the chain has none of this height
 * @throws NodeError if the node is not reached, refuses, or answers with what does not fit
 */
export async function readBlock(
  target: Target,
  height: number,
  asking: Asking,
): Promise<ChainBlock | undefined> {
  const answer = await askForJson(target, `/blocks/${height}`, asking);
  if (answer === undefined) return undefined;
  const block = parseBlock(answer);
  if (block?.height !== height) throw unfit(target.address, 'what is not that block');
  return block;
}

function parseBlock(value: unknown): ChainBlock | undefined {
  const header = parseHeader(value);
  if (header === undefined || !isObject(value)) return undefined;
  const transactions = parseAll(value.transactions, LIMITS.blockTransactions, (each) =>
    isObject(each) ? each : undefined,
  );
  return transactions && { ...header, transactions };
}
