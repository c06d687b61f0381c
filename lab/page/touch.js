/** What a learner does to the network: each act is sent to the lab, which says what came of it. */

import { byId, setText } from './dom.js';

/** @import { Act, Hello } from '../entries.js' */

/** The buttons of acts on links, which some networks do not allow. */
const LINK_ACTS = '.link-act';

const token = location.hash.slice(1);
let noLinks = /** @type {string | null} */ (null);

/**
 * Shows the controls, or says why there are none.
 *
 * @param {Hello} hello
 */
export function allowTouch(hello) {
  const may = hello.mayTouch && token !== '';
  document.body.dataset.touch = may ? 'yes' : 'no';
  noLinks = hello.noLinks;
  const line = byId('only-looks');
  line.hidden = may && noLinks === null;
  setText('only-looks', may ? `Links cannot be cut: ${noLinks}` : whyNot(hello));
  disableLinkActs(document.body);
}

/** @param {ParentNode} parent */
export function disableLinkActs(parent) {
  for (const button of parent.querySelectorAll(LINK_ACTS)) {
    const control = /** @type {HTMLButtonElement} */ (button);
    if (control.dataset.busy === undefined) control.disabled = noLinks !== null;
    if (noLinks !== null) control.title = noLinks;
  }
}

/**
 * Sends an act, and says what came of it. The button waits.
 *
 * @param {Act} what
 * @param {HTMLButtonElement} button
 * @returns {Promise<boolean>} whether it was done
 */
export async function act(what, button) {
  button.disabled = true;
  button.dataset.busy = '';
  say('Asking the lab…', true);
  const { isDone, says } = await send(what);
  delete button.dataset.busy;
  button.disabled = false;
  disableLinkActs(document.body);
  say(says, isDone);
  return isDone;
}

/**
 * @param {string} text
 * @param {boolean} isGood
 */
function say(text, isGood) {
  setText('says', text);
  byId('says').classList.toggle('bad', !isGood);
}

/** @param {Act} what */
async function send(what) {
  try {
    const response = await fetch('act', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'lab-token': token },
      body: JSON.stringify(what),
    });
    const text = await response.text();
    return { isDone: response.ok, says: response.ok ? String(JSON.parse(text).says) : text.trim() };
  } catch {
    return { isDone: false, says: 'The lab does not answer.' };
  }
}

/** @param {Hello} hello */
function whyNot({ mayTouch }) {
  const how = 'open the address that npm start printed, with all that follows the #';
  return mayTouch
    ? `This page looks only. For the buttons that touch the network, ${how}.`
    : `This page looks only. For the buttons that touch the network, ${how}, on the machine of the lab.`;
}
