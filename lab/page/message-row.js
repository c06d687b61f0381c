/** One message in the list, which opens to all that is known of it. */

import { button } from './controls.js';
import { classed, element } from './dom.js';
import { countOf, numberOf } from './format.js';
import { indented } from './json-text.js';
import { groupOf, meaningOf } from './kinds.js';
import { exactTimeOf, nameOf, shortId } from './names.js';

/** @import { MessageEntry } from '../entries.js' */

/** So many ids of a message are recorded at most. */
const MAX_IDS = 100;
const MAX_BUTTONS = 12;

/**
 * @typedef {object} RowActs
 * @property {() => void} onOpen
 * @property {(id: string) => void} onFollow
 * @property {(message: MessageEntry) => void} onShow
 */

/**
 * @param {MessageEntry} message
 * @param {RowActs} acts
 */
export function messageRow(message, acts) {
  const { at, from, to, type, isLost } = message;
  const what = classed('span', 'what', isLost ? `✕ lost ${whatOf(message)}` : whatOf(message));
  if (isLost) what.classList.add('lost');
  const summary = element(
    'summary',
    classed('time', 'at', exactTimeOf(at)),
    classed(
      'span',
      'ends',
      `${from === null ? 'client' : nameOf(from)} → ${to === null ? 'client' : nameOf(to)}`,
    ),
    classed('span', `type ${groupOf(type)}`, type ?? 'no message'),
    what,
  );
  const details = element('details', summary);
  details.addEventListener('toggle', () => {
    if (!details.open) return;
    summary.nextElementSibling?.remove();
    details.append(contentOf(message, acts));
    acts.onOpen();
  });
  const row = element('li', details);
  row.dataset.type = type ?? '';
  return row;
}

/** @param {MessageEntry} message */
function whatOf({ ids, bytes }) {
  if (ids.length >= MAX_IDS) return `${MAX_IDS} tx or more`;
  if (ids.length > 1) return `${ids.length} tx`;
  const [id] = ids;
  return id === undefined ? `${numberOf(bytes)} bytes` : shortId(id);
}

/**
 * @param {MessageEntry} message
 * @param {RowActs} acts
 */
function contentOf(message, { onFollow, onShow }) {
  const { at, arrivedAt, type, bytes, ids, isLost } = message;
  const took = arrivedAt === null ? '' : ` It took ${(arrivedAt - at).toFixed(2)} ms.`;
  const fate = isLost ? ' The lab took it off the link.' : took;
  const about = element('p', `${meaningOf(type)} ${countOf(bytes, 'byte')}.${fate} `);
  about.append(button('Show this moment', () => onShow(message)));
  const follow = element('p');
  if (ids.length > 0) follow.append('Follow ');
  for (const id of ids.slice(0, MAX_BUTTONS)) {
    const one = button(shortId(id), () => onFollow(String(id)), 'id');
    one.title = String(id);
    follow.append(one, ' ');
  }
  if (ids.length > MAX_BUTTONS) follow.append(`and ${ids.length - MAX_BUTTONS} more`);
  const text = element('pre', 'Asking the lab…');
  showText(message, text);
  const made = element('div', about, follow, text);
  made.className = 'content';
  return made;
}

/**
 * Shows the text of a message, and how much of it was recorded if that is not all.
 *
 * @param {MessageEntry} message
 * @param {HTMLElement} place
 */
async function showText({ number, bytes }, place) {
  try {
    const response = await fetch(`texts/${number}`);
    if (!response.ok) {
      place.textContent = `There is no text: ${(await response.text()).trim()}.`;
      return;
    }
    const { text } = await response.json();
    place.textContent = indented(text);
    const known = new TextEncoder().encode(text).length;
    if (known >= bytes) return;
    const extent = `${numberOf(known)} of ${numberOf(bytes)} bytes`;
    place.after(element('p', `Only its beginning was recorded: ${extent}.`));
  } catch {
    place.textContent = 'There is no text: the lab does not answer.';
  }
}
