/**
 * The heights that a locator names: few enough for one message, and spaced so that the block at
 * which two chains part is found in a few messages. Pure.
 */

/**
 * Heights from the tip back, each step twice as long as the one before, and the genesis. This is
 * the block locator of Bitcoin, without its ten single steps at the start.
 */
export function doublingHeights(tip: number): number[] {
  const heights = [];
  for (let back = 0; back < tip; back = Math.max(1, 2 * back)) heights.push(tip - back);
  return [...heights, 0];
}

/**
 * Heights at even distances from the tip back to a block that is common to both chains.
 *
 * @param entries the largest number of heights
 */
export function evenHeights(tip: number, common: number, entries: number): number[] {
  const step = Math.ceil((tip - common) / (entries - 1));
  const heights = [];
  for (let height = tip; height > common; height -= step) heights.push(height);
  return [...heights, common];
}
