/**
 * The source text of the parts of a JSON document: a transaction counts as it was written, and
 * JSON.stringify(JSON.parse(text)) would change some. Pure.
 */

/** Strings, brackets, commas; whatever is between them has no meaning here. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},]/g;

/**
 * Splits a JSON array into the texts of its elements, or an object into those of its members.
 *
 * @param {string} text a valid JSON array or object
 * @returns {string[]}
 */
export function partsOf(text) {
  /** @type {string[]} */
  const parts = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    const isOpening = token === '{' || token === '[';
    const isClosing = token === '}' || token === ']';
    const ends = depth === 1 && (isClosing || token === ',');
    if (ends) parts.push(text.slice(start, index).trim());
    if (isOpening) depth += 1;
    if (isClosing) depth -= 1;
    if (ends || (isOpening && depth === 1)) start = index + 1;
    if (depth === 0) break;
  }
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

/**
 * The text of the value that an object has under a name; empty if it has none.
 *
 * @param {string} text a valid JSON object
 * @param {string} name
 */
export function memberOf(text, name) {
  const key = JSON.stringify(name);
  const found = partsOf(text).findLast((member) => member.startsWith(key));
  return found === undefined ? '' : found.slice(found.indexOf(':', key.length) + 1).trim();
}

/**
 * JSON with a member a line. Numbers stay as they are. Of a text that is cut off, as far as it goes.
 *
 * @param {string} json
 */
export function indented(json) {
  let depth = 0;
  const line = () => `\n${'  '.repeat(Math.max(0, depth))}`;
  return json.trim().replace(/"(?:[^"\\]|\\.)*"|[[{]\s*[\]}]|[[\]{},:]|\s+/g, (token) => {
    if (token.startsWith('"') || /^[[{]\s*[\]}]$/.test(token)) return token;
    if (token === ':') return ': ';
    if (token === ',') return `,${line()}`;
    if (token === '{' || token === '[') {
      depth += 1;
      return `${token}${line()}`;
    }
    if (token !== '}' && token !== ']') return '';
    depth -= 1;
    return `${line()}${token}`;
  });
}
