/**
 * The first of some items, as many as fit into a message.
 *
 * @param bytes what there is room for
 * @param sizeOf the bytes that an item takes
 */
export function fitting<T>(items: readonly T[], bytes: number, sizeOf: (item: T) => number): T[] {
  let taken = 0;
  const end = items.findIndex((item) => {
    taken += sizeOf(item);
    return taken > bytes;
  });
  return items.slice(0, end < 0 ? items.length : end);
}
