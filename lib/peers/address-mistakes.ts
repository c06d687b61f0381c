/** What a person has written wrong in an address. */

/** What an address must not have, and what to say of it. The first that fits is told. */
const MISTAKES: readonly (readonly [pattern: RegExp, says: string])[] = [
  [/^https?:\/\//i, 'it begins with http, where an address begins with ws:// or wss://'],
  [/^[a-z]+:\/\/[^/?#]*@/i, 'it has a user name'],
  [/^[a-z]+:\/\/[^/?#]*\/[^?#]/i, 'it has a path, where an address ends with the port'],
  [/[?#]/, 'it has a query or a fragment, where an address ends with the port'],
  [/\s/, 'it has a space'],
  [/[^!-~]/, 'it has letters that no address has: write the name as xn--…'],
  [
    /:(0+|\d{6,}|[7-9]\d{4}|6[6-9]\d{3}|65[6-9]\d\d|655[4-9]\d|6553[6-9])\/?$/,
    'its port is not from 1 to 65535',
  ],
  [/^wss?:\/\/[a-z\d]{52}\.dht/i, 'a key of a swarm has no port and no TLS'],
  [/^(?!wss?:\/\/)/i, 'it does not begin with ws:// or wss://'],
];

/** Why a text is no address, in words for a person; undefined if nothing is known. */
export function whyNoAddress(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'it is not a text';
  return MISTAKES.find(([pattern]) => pattern.test(text))?.[1];
}

/** The same, behind the text and before an example. */
export function explainNoAddress(text: unknown, example: string): string {
  const why = whyNoAddress(text);
  return `is not an address${why === undefined ? '' : ` (${why})`}: write it like ${example}`;
}
