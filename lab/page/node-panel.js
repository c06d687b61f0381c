/** The panel of the node that is selected: what it has, and what a learner can do to it. */

import { button, field, offer, setIf } from './controls.js';
import { classed, element } from './dom.js';
import { shortOf } from './format.js';
import { linkButtons } from './link-panel.js';
import { factsOf } from './mesh-view.js';
import { addressesOf, nameOf, namesOf } from './names.js';
import { isUp, pairKey } from './state.js';
import { act } from './touch.js';

/** @import { NodeState } from '../entries.js' */
/** @import { LabNode, State } from './state.js' */

/** @type {readonly { to: 'start' | 'stop' | 'kill' | 'freeze' | 'thaw', label: string, why: string, when: readonly NodeState[] }[]} */
const STATES = [
  { to: 'start', label: 'Start', why: 'again, with what it had on disk', when: ['stopped'] },
  { to: 'stop', label: 'Stop', why: 'it takes its leave', when: ['running', 'starting'] },
  {
    to: 'kill',
    label: 'Kill',
    why: 'it ends without a word',
    when: ['running', 'starting', 'frozen'],
  },
  { to: 'freeze', label: 'Freeze', why: 'it hangs, its connections stay', when: ['running'] },
  { to: 'thaw', label: 'Thaw', why: 'it goes on', when: ['frozen'] },
];

export class NodePanel {
  /** @type {LabNode | undefined} */
  #node;
  #title = element('h3');
  #facts = classed('span', 'hint', '');
  #page = element('a', 'its own page');
  #peers = classed('p', 'hint', '');
  #other = element('select');
  #from = field('from', 'alice');
  #to = field('to', 'bob');
  #amount = field('amount', '10');
  #whenRunning = element('div');
  #states = STATES.map(({ to, label, why, when }) => {
    const made = button(label, (self) => act({ do: to, node: this.#name }, self));
    made.title = why;
    return { made, when };
  });
  #block = button('Make a block', (self) => act({ do: 'make-block', node: this.#name }, self));
  #links = element('p');
  body = element('div');

  constructor() {
    this.#amount.input.inputMode = 'decimal';
    this.#from.input.size = 8;
    this.#to.input.size = 8;
    this.#amount.input.size = 5;
    const form = element(
      'form',
      'A transaction',
      this.#from.label,
      this.#to.label,
      this.#amount.label,
      classed('button', '', 'Add transaction'),
    );
    form.className = 'controls';
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#addTransaction(/** @type {HTMLButtonElement} */ (form.querySelector('button')));
    });
    this.#whenRunning.append(form);
    this.#other.ariaLabel = 'The other node of the link';
    this.#links.className = 'controls';
    this.#links.append('Link to', this.#other, ...linkButtons(() => this.#pair()));
    const states = element('p', ...this.#states.map(({ made }) => made), this.#block);
    states.className = 'controls';
    const touch = element('div', states, this.#whenRunning, this.#links);
    touch.className = 'touch';
    const about = element('p', this.#facts, ' ', this.#page);
    this.body.append(this.#title, about, this.#peers, touch);
  }

  /**
   * @param {State} state
   * @param {string} address
   */
  show(state, address) {
    const node = state.nodes.get(address);
    this.#node = node;
    setIf(this.#title, node ? `${nameOf(address)}: ${node.name}` : nameOf(address));
    setIf(
      this.#facts,
      node ? `${node.state}; ${factsOf(node).join(', ')}` : 'a stranger: no node of the lab',
    );
    this.#page.href = address.replace(/^ws/, 'http');
    this.#page.hidden = node?.state !== 'running' || !/^wss?:\/\//.test(address);
    this.#page.title = shortOf(address);
    const peers = node !== undefined && isUp(node) ? node.peers : [];
    setIf(this.#peers, peers.length > 0 ? `Connected to ${namesOf(peers)}.` : 'Connected to none.');
    for (const { made, when } of this.#states) {
      made.hidden = node === undefined || !when.includes(node.state);
    }
    this.#block.hidden = node?.state !== 'running';
    this.#whenRunning.hidden = node?.state !== 'running';
    this.#links.hidden = node === undefined || state.nodes.size < 2;
    const others = addressesOf(state).filter((other) => other !== address);
    offer(
      this.#other,
      others.map((other) => ({
        value: state.nodes.get(other)?.name ?? '',
        text: linkText(state, address, other),
      })),
    );
  }

  get #name() {
    return this.#node?.name ?? '';
  }

  /** @returns {[string, string]} the names of the two */
  #pair() {
    return [this.#name, this.#other.value];
  }

  /** @param {HTMLButtonElement} self */
  #addTransaction(self) {
    const [from, to, amount] = [this.#from, this.#to, this.#amount].map(({ input }) => input.value);
    act(
      {
        do: 'add-transaction',
        node: this.#name,
        from: from ?? '',
        to: to ?? '',
        amount: (amount ?? '').trim(),
      },
      self,
    );
  }
}

/**
 * @param {State} state
 * @param {string} a
 * @param {string} b
 */
function linkText(state, a, b) {
  const how = state.links.get(pairKey(a, b));
  return how === undefined ? nameOf(b) : `${nameOf(b)} (${how})`;
}
