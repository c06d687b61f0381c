/** The text of a transaction or a block, which the node is asked for when somebody wants to see it. */

import { byId, element, setText } from './dom.js';

/** What a node answers to who is on another machine, and knows no secret. */
const FORBIDDEN = 403;

/**
 * Makes an element with a button that shows a text.
 *
 * @param {'td' | 'span'} name of the element
 * @param {string} label of the button
 * @param {string} title of what it shows
 * @param {string} path of that, at the node
 */
export function opener(name, label, title, path) {
  const button = element('button', label);
  button.type = 'button';
  button.addEventListener('click', () => open(title, path));
  const made = element(name, button);
  made.className = 'opener';
  return made;
}

/**
 * @param {string} title
 * @param {string} path
 */
async function open(title, path) {
  setText('content-title', title);
  setText('content-text', 'Asking the node…');
  const dialog = /** @type {HTMLDialogElement} */ (byId('content'));
  if (!dialog.open) dialog.showModal();
  setText('content-text', await textAt(path));
}

/** @param {string} path */
async function textAt(path) {
  try {
    const response = await fetch(path);
    if (response.status === FORBIDDEN) {
      return 'This is shown on the machine of the node only, or with the secret of its network.';
    }
    const text = await response.text();
    return response.ok ? indented(text) : text;
  } catch {
    return 'The node does not answer.';
  }
}

/**
 * JSON with a member a line. Numbers stay as they are: JSON.parse would change long ones.
 *
 * @param {string} json
 */
function indented(json) {
  let depth = 0;
  return json.trim().replace(/"(?:[^"\\]|\\.)*"|[[{]\s*[\]}]|[[\]{},:]|\s+/g, (token) => {
    if (token.startsWith('"') || /^[[{]\s*[\]}]$/.test(token)) return token;
    if (token === ':') return ': ';
    if (token === ',') return `,\n${'  '.repeat(depth)}`;
    if (token === '{' || token === '[') {
      depth += 1;
      return `${token}\n${'  '.repeat(depth)}`;
    }
    if (token !== '}' && token !== ']') return '';
    depth -= 1;
    return `\n${'  '.repeat(depth)}${token}`;
  });
}
