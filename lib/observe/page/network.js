/** The network as the node sees it: a summary, a drawing with a legend, and a list of all nodes. */

import { Departed } from './departed.js';
import { setText } from './dom.js';
import { countOf, numberOf, shortOf } from './format.js';
import { kindOf } from './network-map.js';
import { showNodeList } from './node-list.js';

/** @import { Graph } from './graph.js' */
/** @import { MappedNode, NetworkMap } from './network-map.js' */

const departed = new Departed();

/**
 * @param {NetworkMap} told by the node
 * @param {Graph} graph the drawing
 */
export function showNetwork(told, graph) {
  const map = departed.addTo(told, Date.now());
  const peers = map.nodes.filter(({ state }) => state === 'connected').length;
  showTitle(map, peers);
  setText('peers', numberOf(peers));
  setText('summary', summaryOf(map));
  for (const key of document.querySelectorAll('.key')) showKey(key, map.nodes);
  graph.show(map);
  showNodeList(map);
}

/**
 * @param {NetworkMap} map
 * @param {number} peers
 */
function showTitle({ nodes: [self] }, peers) {
  if (self) document.title = `${shortOf(self.address)} – ${countOf(peers, 'peer')}`;
}

/** @param {NetworkMap} map */
function summaryOf({ nodes, links, leftOut }) {
  if (nodes.length === 1) return 'This node knows no other node. Start one, and it appears here.';
  if (links.length === 0) {
    const others = countOf(nodes.length - 1 + leftOut, 'address');
    return `This node is alone. It knows of ${others.replace(/s$/, nodes.length + leftOut === 2 ? 's' : 'es')}, and nobody answers there.`;
  }
  const sentences = [
    `${countOf(nodes.length, 'node')}, ${countOf(links.length, 'link')}.`,
    'The links of this node are thick, and light up when a transaction arrives over them.',
    'Click a node to see the network as that node sees it.',
  ];
  if (leftOut > 0) sentences.push(`${countOf(leftOut, 'more node')} not shown.`);
  return sentences.join(' ');
}

/**
 * Hides the entry of the legend for a kind without nodes.
 *
 * @param {Element} key
 * @param {MappedNode[]} nodes
 */
function showKey(key, nodes) {
  key.toggleAttribute('hidden', !nodes.some((node) => key.classList.contains(kindOf(node))));
}
