/**
 * The page of a node: shows what the node tells at /events, and changes nothing. All that comes
 * from there may have been written by a stranger: it is shown as text, never as HTML.
 */

import cytoscape from '/cytoscape.mjs';

/**
 * @typedef {{ address: string, version: string, uptimeMs: number }} Own
 * @typedef {'self' | 'connected' | 'dialling' | 'lost' | 'reported'} State
 * @typedef {{ address: string, state: State, isStranger?: boolean }} MappedNode
 * @typedef {{ nodes: MappedNode[], links: [number, number][], leftOut: number }} NetworkMap
 * @typedef {{ id: string | number, from: string | null, at: number, delayMs: number | null }} Arrival
 * @typedef {{ accepted: number, duplicate: number, rejected: number, relayed: number,
 *   rate: number[], latest: Arrival[] }} Transactions
 * @typedef {{ transactions: number, bytes: number, maxBytes: number }} Pool
 * @typedef {{ height: number, hash: string, timestamp: number, transactions: number }} Block
 * @typedef {{ height: number, blocks: Block[] }} Chain
 * @typedef {{ at: number, event: string, detail: string }} Line
 */

/** The node says something every two seconds: after this long it is not there. */
const SILENCE_MS = 6000;
const RETRY_MS = 1000;
/** What comes faster is not drawn each time: under load a browser would take more than the node. */
const REDRAW_MS = 500;
/** Of more nodes than these the labels stand around the graph, like the rays of a star. */
const FEW_NODES = 16;
const LABEL_PIXELS = { few: 13, many: 10 };
/** How much of the drawing a label may take; what is longer loses its middle. */
const LABEL_SHARE = { few: 0.44, many: 0.24 };
const FONT = 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif';
/** How many links a line of the list names; of more, it tells the number. */
const NAMED_LINKS = 6;
/** More links than these are drawn so faintly that those of this node stand out. */
const FEW_LINKS = 60;
/** More new transactions at once than these only flicker. */
const FEW_ARRIVALS = 4;
const FLASH_MS = 600;
const SVG = 'http://www.w3.org/2000/svg';
const STATES = {
  self: 'this node',
  connected: 'connected',
  dialling: 'dialling',
  lost: 'not there',
  reported: 'heard of',
};

let own = '';
let startedMs = 0;
/** The sections that have come and are not shown yet. */
let news = {};
let shownMs = -Infinity;
let rateShown = '';
let hasShownTransactions = false;
/** @type {EventSource | undefined} */
let feed;
/** @type {number | undefined} */
let silence;
/** @type {number | undefined} */
let retry;
const pen = /** @type {CanvasRenderingContext2D} */ (
  document.createElement('canvas').getContext('2d')
);

const graph = cytoscape({
  container: byId('graph'),
  style: graphStyle(),
  userZoomingEnabled: false,
  userPanningEnabled: false,
  boxSelectionEnabled: false,
  autoungrabify: true,
  autounselectify: true,
});
graph.on('tap', 'node', ({ target }) => {
  const page = target.data('page');
  if (page) location.assign(page);
});
graph.on('mouseover', 'node', ({ target }) => {
  byId('graph').style.cursor = target.data('page') ? 'pointer' : '';
});
graph.on('mouseout', 'node', () => {
  byId('graph').style.cursor = '';
});
graph.on('resize', placeNodes);
// What changes its height above the drawing moves it, and cytoscape does not see that.
const movers = new ResizeObserver(() => graph.resize());
for (const id of ['notice', 'head', 'summary']) movers.observe(byId(id));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  graph.style(graphStyle());
});

const bars = Array.from({ length: 60 }, (_, second) => {
  const bar = document.createElementNS(SVG, 'rect');
  bar.setAttribute('x', String(second + 0.1));
  bar.setAttribute('width', '0.8');
  byId('rate').append(bar);
  return bar;
});

const show = {
  node: showOwn,
  network: showNetwork,
  transactions: showTransactions,
  pool: showPool,
  chain: showChain,
  log: showLog,
};

setInterval(showUptime, 1000);
document.addEventListener('visibilitychange', watch);
watch();

/**
 * Shows what the node tells, and when it is silent; then tries again until it is back. A page that
 * nobody sees asks for nothing: a browser opens six connections to one node, and no more.
 */
function watch() {
  stopWatching();
  if (document.hidden) return;
  let hasSpoken = false;
  const lose = () => loseNode(hasSpoken);
  feed = new EventSource('/events');
  silence = setTimeout(lose, SILENCE_MS);
  feed.addEventListener('error', lose);
  feed.addEventListener('status', ({ data }) => {
    hasSpoken = true;
    clearTimeout(silence);
    silence = setTimeout(lose, SILENCE_MS);
    setConnection('live');
    const isWaiting = Object.keys(news).length > 0;
    news = { ...news, ...JSON.parse(data) };
    if (!isWaiting) setTimeout(showNews, shownMs + REDRAW_MS - performance.now());
  });
}

function stopWatching() {
  feed?.close();
  clearTimeout(silence);
  clearTimeout(retry);
}

/** @param {boolean} hasSpoken whether it did, this time */
function loseNode(hasSpoken) {
  stopWatching();
  retry = setTimeout(watch, RETRY_MS);
  setConnection('lost');
  if (hasSpoken) return;
  fetch('/healthz', { signal: AbortSignal.timeout(SILENCE_MS) }).then(() => {
    if (document.body.dataset.connection !== 'lost') return;
    setText('notice', 'Too many pages of this node are open: close one. Trying again…');
  }, setNotice);
}

function showNews() {
  const sections = Object.entries(news);
  news = {};
  shownMs = performance.now();
  for (const [section, value] of sections) {
    show[/** @type {keyof typeof show} */ (section)]?.(/** @type {never} */ (value));
  }
}

/** @param {'live' | 'lost'} connection */
function setConnection(connection) {
  if (document.body.dataset.connection === connection) return;
  document.body.dataset.connection = connection;
  byId('notice').hidden = connection === 'live';
  setNotice();
}

function setNotice() {
  const was = own ? ' What you see is how it was.' : '';
  setText('notice', `${own ? shortOf(own) : 'The node'} does not answer.${was} Trying again…`);
}

/** @param {Own} node */
function showOwn({ address, version, uptimeMs }) {
  own = address;
  startedMs = performance.now() - uptimeMs;
  setText('address', shortOf(address));
  setText('command', `node add-transaction.js --address ${address}`);
  setText('version', `Version ${version}.`);
  showUptime();
}

function showUptime() {
  const isLost = document.body.dataset.connection === 'lost';
  if (startedMs !== 0 && !isLost) setText('uptime', durationOf(performance.now() - startedMs));
}

/** @param {NetworkMap} map */
function showNetwork({ nodes, links, leftOut }) {
  const addressAt = (/** @type {number} */ place) =>
    /** @type {MappedNode} */ (nodes[place]).address;
  const linked = new Map(nodes.map(({ address }) => [address, /** @type {string[]} */ ([])]));
  for (const [a, b] of links) {
    linked.get(addressAt(a))?.push(addressAt(b));
    linked.get(addressAt(b))?.push(addressAt(a));
  }
  const others = nodes.slice(1).sort((a, b) => inOrder(a.address, b.address));
  const sorted = [...nodes.slice(0, 1), ...others];
  const peers = nodes.filter(({ state }) => state === 'connected').length;
  document.title = `${shortOf(addressAt(0))} – ${countOf(peers, 'peer')}`;
  setText('peers', numberOf(peers));
  setText('summary', summaryOf(nodes.length, links.length, leftOut));
  for (const key of document.querySelectorAll('.key')) showKey(key, nodes);
  showGraph(
    nodes,
    links.map(([a, b]) => [addressAt(a), addressAt(b)]),
  );
  const items = sorted.map((node) => itemOf(node, linked.get(node.address) ?? []));
  replaceItems(byId('nodes'), items);
}

/** @param {number} nodes @param {number} links @param {number} leftOut */
function summaryOf(nodes, links, leftOut) {
  if (nodes === 1) return 'It knows of no other node. Start one, and it appears here.';
  const others = leftOut > 0 ? ` ${numberOf(leftOut)} more not shown.` : '';
  return `${countOf(nodes, 'node')}, ${countOf(links, 'link')}; those of this node are thick, and light up when a transaction comes over them. Click a node to see the network as it does.${others}`;
}

/**
 * The legend has the kinds of nodes that there are.
 *
 * @param {Element} key
 * @param {MappedNode[]} nodes
 */
function showKey(key, nodes) {
  key.toggleAttribute('hidden', !nodes.some((node) => key.classList.contains(kindOf(node))));
}

/** @param {MappedNode} node */
function kindOf({ state, isStranger }) {
  if (isStranger) return 'stranger';
  return state === 'dialling' ? 'lost' : state;
}

/** @param {MappedNode[]} nodes @param {[string, string][]} links */
function showGraph(nodes, links) {
  const areMany = links.length > FEW_LINKS;
  const others = areMany ? 'faint' : '';
  const elements = [
    ...nodes.map((node) => ({
      group: /** @type {const} */ ('nodes'),
      data: { id: node.address, page: pageOf(node) },
      classes: kindOf(node),
    })),
    ...links.map(([source, target]) => ({
      group: /** @type {const} */ ('edges'),
      data: { id: linkOf(source, target), source, target, width: areMany ? 1.5 : 3 },
      classes: [source, target].includes(own) ? 'own' : others,
    })),
  ];
  graph.batch(() => {
    const wanted = new Set(elements.map(({ data }) => data.id));
    graph
      .elements()
      .filter((element) => !wanted.has(element.id()))
      .remove();
    for (const element of elements) {
      const shown = graph.getElementById(element.data.id);
      if (shown.empty()) graph.add(element);
      else shown.classes(element.classes).data(element.data);
    }
  });
  placeNodes();
}

/** Around an ellipse, in the order of their addresses: a node that goes or comes moves few others. */
function placeNodes() {
  const nodes = graph.nodes().sort((a, b) => inOrder(a.id(), b.id()));
  const areFew = nodes.length <= FEW_NODES;
  const font = areFew ? LABEL_PIXELS.few : LABEL_PIXELS.many;
  const most = areFew
    ? LABEL_SHARE.few * graph.width()
    : LABEL_SHARE.many * Math.min(graph.width(), graph.height());
  const labels = nodes.map((node) =>
    cut(areFew ? shortOf(node.id()) : nameOf(node.id()), font, most),
  );
  const longest = Math.max(...labels.map((label) => widthOf(label, font)));
  const margin = areFew ? { x: longest / 2 + 6, y: 40 } : { x: longest + 18, y: longest + 18 };
  const first = nodes.length === 2 ? Math.PI : -Math.PI / 2;
  const angles = nodes.map((_, place) => first + (2 * Math.PI * place) / nodes.length);
  const across = stretch(angles.map(Math.cos), margin.x, graph.width() - margin.x);
  const down = stretch(angles.map(Math.sin), margin.y, graph.height() - margin.y);
  const apart = (2 * (graph.width() + graph.height() - 2 * margin.x - 2 * margin.y)) / nodes.length;
  const size = Math.max(4, Math.min(22, apart / 3));
  graph.batch(() => {
    nodes.forEach((node, place) => {
      const angle = /** @type {number} */ (angles[place]);
      node.position({ x: across(Math.cos(angle)), y: down(Math.sin(angle)) });
      const label = /** @type {string} */ (labels[place]);
      node.data({ size, label, font, ...(areFew ? beside(angle) : outwards(label, angle)) });
    });
  });
}

/**
 * Returns what takes numbers from where they are to between `low` and `high`.
 *
 * @param {number[]} numbers
 * @param {number} low
 * @param {number} high
 */
function stretch(numbers, low, high) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const range = most - least;
  return (/** @type {number} */ number) =>
    // Rounding errors alone are no range: all are the same.
    range < 1e-9 ? (low + high) / 2 : low + ((number - least) / range) * (high - low);
}

/** @param {number} angle */
function beside(angle) {
  return { rotation: 0, dx: 0, dy: Math.sin(angle) < -0.1 ? -24 : 24 };
}

/** @param {string} label @param {number} angle */
function outwards(label, angle) {
  const distance = 12 + widthOf(label, LABEL_PIXELS.many) / 2;
  const isLeft = Math.cos(angle) < 0;
  return {
    rotation: isLeft ? angle + Math.PI : angle,
    dx: distance * Math.cos(angle),
    dy: distance * Math.sin(angle),
  };
}

/** @param {string} address */
function nameOf(address) {
  const port = hostOf(address) === hostOf(own) ? new URL(address).port : '';
  return port ? `:${port}` : shortOf(address);
}

/** @param {string} label @param {number} font */
function widthOf(label, font) {
  // The label of this node is bold.
  pen.font = `bold ${font}px ${FONT}`;
  return pen.measureText(label).width;
}

/**
 * What of a text fits into so many pixels, or nearly: the beginning and the end, by which addresses differ.
 *
 * @param {string} text
 * @param {number} font
 * @param {number} most
 */
function cut(text, font, most) {
  const kept = Math.max(2, Math.floor((text.length * most) / widthOf(text, font)) - 1);
  if (kept >= text.length - 1) return text;
  return `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(-Math.floor(kept / 2))}`;
}

/** The look of the graph, in the colours of the page. */
function graphStyle() {
  const colours = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => colours.getPropertyValue(`--${name}`).trim();
  return /** @type {cytoscape.StylesheetJson} */ ([
    {
      selector: 'node',
      style: {
        width: 'data(size)',
        height: 'data(size)',
        'background-color': colour('absent'),
        'border-width': 2,
        'border-color': colour('absent'),
        label: 'data(label)',
        color: colour('text'),
        'font-size': 'data(font)',
        'font-family': FONT,
        'text-valign': 'center',
        'text-rotation': 'data(rotation)',
        'text-margin-x': 'data(dx)',
        'text-margin-y': 'data(dy)',
        'text-background-color': colour('card'),
        'text-background-opacity': 0.8,
        'text-background-padding': '2px',
        'overlay-opacity': 0,
      },
    },
    {
      selector: 'node.self',
      style: {
        'background-color': colour('self'),
        'border-color': colour('self'),
        'font-weight': 'bold',
      },
    },
    {
      selector: 'node.connected',
      style: { 'background-color': colour('connected'), 'border-color': colour('connected') },
    },
    {
      selector: 'node.stranger',
      style: {
        shape: 'rectangle',
        'background-color': colour('stranger'),
        'border-color': colour('stranger'),
      },
    },
    {
      selector: 'node.lost',
      style: {
        'background-color': colour('card'),
        'border-style': 'dashed',
        color: colour('muted'),
      },
    },
    { selector: 'node.reported', style: { color: colour('muted') } },
    {
      selector: 'edge',
      style: { width: 1.25, 'line-color': colour('link'), 'haystack-radius': 0 },
    },
    { selector: 'edge.faint', style: { opacity: 0.15 } },
    { selector: 'edge.own', style: { width: 'data(width)', 'z-index': 1 } },
    {
      selector: '.busy',
      style: { 'line-color': colour('busy'), 'border-color': colour('busy') },
    },
  ]);
}

/** @param {MappedNode} node @param {string[]} linked */
function itemOf(node, linked) {
  const { address, state, isStranger = false } = node;
  const page = pageOf(node);
  const name = element(page === undefined ? 'b' : 'a', shortOf(address));
  if (page !== undefined) name.setAttribute('href', page);
  const links = [...linked].sort(inOrder);
  const named = links.map(shortOf).join(', ') || 'no other node';
  const text = links.length > NAMED_LINKS ? countOf(links.length, 'node') : named;
  const item = element('li', name, ` ${isStranger ? 'stranger' : STATES[state]}`);
  item.append(element('br'), classed('span', 'links', `linked with ${text}`));
  item.classList.toggle('stranger', isStranger);
  item.dataset.address = address;
  item.dataset.state = state;
  item.dataset.links = links.join(' ');
  return item;
}

/**
 * Puts items in the place of a list's, but leaves alone those that say the same: whoever has tabbed
 * to one, or selected its text, keeps it.
 *
 * @template {HTMLElement} T
 * @param {HTMLElement} list
 * @param {T[]} items
 * @returns which of the items are new
 */
function replaceItems(list, items) {
  const focused = document.activeElement?.closest('li')?.dataset.address;
  const shown = new Map([...list.children].map((item) => [item.outerHTML, item]));
  const placed = items.map((item) => {
    const same = shown.get(item.outerHTML) ?? item;
    shown.delete(item.outerHTML);
    return same;
  });
  for (const item of [...list.children]) if (!placed.includes(item)) item.remove();
  placed.forEach((item, place) => {
    const there = list.children[place];
    if (there !== item) list.insertBefore(item, there ?? null);
  });
  const again = items.find((item) => focused !== undefined && item.dataset.address === focused);
  if (again && list.contains(again)) again.querySelector('a')?.focus({ preventScroll: true });
  return items.filter((item) => placed.includes(item));
}

/** @param {Transactions} transactions */
function showTransactions({ accepted, duplicate, rejected, relayed, rate, latest }) {
  const most = Math.max(...rate);
  if (rateShown !== rate.join()) {
    rateShown = rate.join();
    bars.forEach((bar, second) => {
      const height = most === 0 ? 0 : (20 * (rate[second] ?? 0)) / most;
      bar.setAttribute('y', String(20 - height));
      bar.setAttribute('height', String(height));
    });
  }
  const minute = rate.reduce((sum, each) => sum + each, 0);
  const text = `${numberOf(rate.at(-1) ?? 0)} in the last second, ${numberOf(minute)} in the last minute`;
  setText('rate-now', text);
  setText('rate-most', most === 0 ? '' : `tallest bar: ${numberOf(most)} a second`);
  setText(
    'counts',
    `Since its start: ${numberOf(accepted)} accepted, ${numberOf(duplicate)} known already, ${numberOf(rejected)} rejected; passed on ${countOf(relayed, 'time')}.`,
  );
  byId('no-transactions').hidden = latest.length > 0;
  byId('transactions').hidden = latest.length === 0;
  const rows = latest.map(rowOf);
  const newRows = replaceItems(byId('latest'), rows);
  if (hasShownTransactions) {
    flash(newRows, new Set(newRows.map((row) => latest[rows.indexOf(row)]?.from ?? null)));
  }
  hasShownTransactions = true;
}

/** @param {Arrival} arrival */
function rowOf({ id, from, delayMs }) {
  const row = element(
    'tr',
    classed('td', 'id', String(id)),
    classed('td', 'from', from === null ? 'a client, no node' : shortOf(from)),
    classed('td', 'delay', delayMs === null ? 'not said' : durationOf(delayMs)),
  );
  for (const cell of row.querySelectorAll('td')) cell.title = cell.textContent ?? '';
  return row;
}

/**
 * Lights up transactions that have come, and the links over which they have.
 *
 * @param {HTMLElement[]} rows
 * @param {Set<string | null>} senders
 */
function flash(rows, senders) {
  for (const from of senders) {
    graph.getElementById(from === null ? own : linkOf(from, own)).flashClass('busy', FLASH_MS);
  }
  if (rows.length > FEW_ARRIVALS) return;
  for (const row of rows) row.animate([{ background: 'var(--new)' }, {}], 2 * FLASH_MS);
}

/** @param {Pool} pool */
function showPool({ transactions }) {
  setText('pool', numberOf(transactions));
}

/** @param {Chain} chain */
function showChain({ height, blocks }) {
  setText('height', numberOf(height));
  const items = blocks.map((block) =>
    element(
      'li',
      classed('span', 'height', `Block ${numberOf(block.height)}`),
      classed('span', 'hash', `${block.hash.slice(0, 12)}…`),
      classed(
        'span',
        'sealed',
        block.height === 0 ? 'the genesis' : countOf(block.transactions, 'transaction'),
      ),
      classed('span', 'when', block.height === 0 ? '' : timeOf(block.timestamp)),
    ),
  );
  replaceItems(byId('blocks'), items);
}

/** @param {Line[]} lines */
function showLog(lines) {
  const items = lines.map(({ at, event, detail }) =>
    element('li', element('time', timeOf(at)), element('span', `${event}: ${detail}`)),
  );
  replaceItems(byId('log'), items);
}

/**
 * Where the page of a node is; undefined if we cannot know that it has one.
 *
 * @param {MappedNode} node
 */
function pageOf({ address, state, isStranger }) {
  if (state !== 'connected' || isStranger) return undefined;
  if (!/^wss?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  return new URL(address.replace(/^ws/i, 'http')).href;
}

/** @param {string} address */
function hostOf(address) {
  return URL.canParse(address) ? new URL(address).hostname : '';
}

/** @param {string} address */
function shortOf(address) {
  return address.replace(/^wss?:\/\//i, '').replace(/\/$/, '');
}

/** @param {string} a @param {string} b */
function inOrder(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** @param {string} a @param {string} b */
function linkOf(a, b) {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** @param {number} number */
function numberOf(number) {
  return number.toLocaleString('en');
}

/** @param {number} amount @param {string} noun */
function countOf(amount, noun) {
  return `${numberOf(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

/** @param {number} ms */
function durationOf(ms) {
  const seconds = Math.abs(ms) / 1000;
  const sign = ms < 0 ? '−' : '';
  if (seconds < 1) return `${sign}${Math.round(1000 * seconds)} ms`;
  if (seconds < 60) return `${sign}${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${sign}${Math.floor(seconds / 3600)} h`;
  return `${sign}${numberOf(Math.floor(seconds / 86_400))} days`;
}

/** @param {number} ms */
function timeOf(ms) {
  return new Date(ms).toLocaleTimeString('en-GB');
}

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id @param {string} text */
function setText(id, text) {
  const shown = byId(id);
  if (shown.textContent !== text) shown.textContent = text;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name
 * @param {...(Node | string)} children
 */
function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name
 * @param {string} className
 * @param {string} text
 */
function classed(name, className, text) {
  const made = element(name, text);
  made.className = className;
  return made;
}
