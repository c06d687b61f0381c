/**
 * The source text of the parts of a JSON document. A transaction is stored and relayed
 * exactly as it came; JSON.stringify(JSON.parse(text)) would turn 1.0 into 1, round long
 * numbers and reorder keys that look like numbers.
 */

// In UTF-8 as in UTF-16.
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

const SEPARATOR = Buffer.from(',');

/**
 * Splits a JSON array into the texts of its elements, or an object into those of its
 * `"key": value` members.
 *
 * @param text a valid JSON array or object; for any other text the result means nothing
 * @param limit how many to return at most; the first ones
 */
export function sourceParts(text: string, limit = Infinity): string[] {
  const parts: string[] = [];
  const start = text.search(/[[{]/) + 1;
  let partStart = start;
  let depth = 0;
  for (let i = start; depth >= 0 && i < text.length && parts.length < limit; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i);
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) depth += 1;
    else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth -= 1;

    if (depth < 0 || (depth === 0 && code === COMMA)) {
      parts.push(text.slice(partStart, i).trim());
      partStart = i + 1;
    }
  }
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

/**
 * Returns the text of the value that JSON.parse gives an object's member: the last one of
 * that name.
 *
 * @param text a valid JSON object that has a member `name`
 */
export function memberSource(text: string, name: string): string {
  return lastNamed(sourceParts(text), name);
}

/**
 * Returns the text of the last value of that name among an object's members.
 *
 * @param members as sourceParts gives them
 * @throws SyntaxError where these are none
 */
export function lastNamed(members: readonly string[], name: string): string {
  let source = '';
  for (const member of members) {
    const keyEnd = endOfString(member, 0) + 1;
    if (JSON.parse(member.slice(0, keyEnd)) !== name) continue;
    source = member.slice(member.indexOf(':', keyEnd) + 1).trim();
  }
  return source;
}

/** Returns the JSON array of elements whose texts these are. */
export function arrayOf(texts: readonly Buffer[]): Buffer {
  const parts = texts.flatMap((text, i) => (i === 0 ? [text] : [SEPARATOR, text]));
  return Buffer.concat([Buffer.from('['), ...parts, Buffer.from(']')]);
}

/** Returns what a JSON text says; undefined for any other text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the index of the quote that closes the string opened by the one at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

/** Tells whether an odd number of backslashes stands before a quote. */
function isEscaped(text: string, quote: number): boolean {
  let first = quote;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (quote - first) % 2 === 1;
}
