/** The way of one transaction through the network, as far as its messages tell. Pure. */

import { countOf } from './format.js';
import { nameOf, namesOf } from './names.js';
import { isUp } from './state.js';

/** @import { MessageEntry } from '../entries.js' */
/** @import { State } from './state.js' */

/**
 * @typedef {object} Way
 * @property {{ ms: number, text: string, message: MessageEntry }[]} steps
 * @property {Set<string>} having the nodes that have it
 * @property {string} summary
 */

/**
 * @param {string} id
 * @param {readonly MessageEntry[]} messages all those before the moment, the newest first
 * @param {State} state of that moment
 * @param {number} time that moment
 * @returns {Way}
 */
export function wayOf(id, messages, state, time) {
  const about = messages.filter(({ ids }) => ids.some((each) => String(each) === id)).reverse();
  /** Who has it, and from whom. @type {Map<string, string | null>} */
  const sources = new Map();
  const compared = new Set();
  let twice = 0;
  const start = about[0]?.at ?? time;
  const steps = about.map((message) => {
    const { at, arrivedAt, from, to, type, isLost } = message;
    const hasArrived = !isLost && (arrivedAt ?? at) <= time;
    const isNews = to !== null && !sources.has(to);
    const text = sentenceOf(message, hasArrived, sources);
    if (type !== 'RECEIPT') {
      // Who passes it on has it, even if nobody saw how it came.
      if (from !== null && !sources.has(from)) sources.set(from, null);
      if (hasArrived && to !== null && isNews) sources.set(to, from);
      if (hasArrived && isNews && type === 'TRANSACTIONS') compared.add(to);
      if (hasArrived && to !== null && !isNews) twice += 1;
    }
    return { ms: at - start, text: capitalised(text), message };
  });
  const having = new Set(sources.keys());
  return { steps, having, summary: summaryOf(state, having, twice, compared.size) };
}

/**
 * @param {MessageEntry} message
 * @param {boolean} hasArrived
 * @param {ReadonlyMap<string, string | null>} sources
 */
function sentenceOf({ from, to, type, status, isLost }, hasArrived, sources) {
  const [a, b] = [nameOf(from), nameOf(to)];
  if (type === 'RECEIPT') {
    const outcome = status === null ? '' : `: ${status}`;
    return `${a} told ${b} what became of it${outcome}.`;
  }
  if (isLost) return `${a} told ${b}, but the message was lost on the way.`;
  if (!hasArrived) return `${a} tells ${b}: on its way.`;
  const verb = from === null ? 'handed it to' : type === 'TRANSACTIONS' ? 'gave it to' : 'told';
  if (to === null) return `${a} gave it to a client, which had asked for it.`;
  if (sources.has(to)) return `${a} ${verb} ${b}, which had it already${fromOf(sources.get(to))}.`;
  if (type === 'TRANSACTIONS')
    return `${a} ${verb} ${b}, which had found by comparing that it lacks it.`;
  return from === null ? `${a} ${verb} ${b}.` : `${a} ${verb} ${b}, for which it was new.`;
}

/** @param {string | null | undefined} source */
function fromOf(source) {
  return source == null ? '' : ` from ${nameOf(source)}`;
}

/**
 * @param {State} state
 * @param {ReadonlySet<string>} having
 * @param {number} twice
 * @param {number} compared
 */
function summaryOf(state, having, twice, compared) {
  const up = [...state.nodes.values()].filter(isUp).map(({ address }) => address);
  const lacking = up.filter((address) => !having.has(address));
  const parts = [
    `${up.length - lacking.length} of ${up.length} running nodes have it, as far as the messages tell`,
  ];
  // They may have it all the same: in a block, or from before the recording.
  if (lacking.length > 0 && lacking.length <= 8) parts.push(`none tells so of ${namesOf(lacking)}`);
  if (compared > 0) parts.push(`${compared} got it by comparing pools`);
  parts.push(
    twice === 0 ? 'nobody was told twice' : `${countOf(twice, 'message')} told it in vain`,
  );
  return `${parts.join('; ')}.`;
}

/** @param {string} text */
function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
