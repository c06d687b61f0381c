/** Parts of a document that a program writes: between two comments, which mark them. */

/**
 * Returns a document with another text between two marks. The marks stay.
 *
 * @param name the name of the document, for errors
 * @throws Error unless the document has each mark once
 */
export function withSection(
  name: string,
  document: string,
  [begin, end]: readonly [string, string],
  text: string,
): string {
  const [before, rest, ...more] = document.split(begin);
  const [, after, ...others] = rest?.split(end) ?? [];
  if (after === undefined || more.length + others.length > 0) {
    throw new Error(`${name} must have ${begin} and ${end}, once each`);
  }
  return [before, begin, text, end, after].join('');
}
