/** The page of the lab: all of it shows one moment of the recording, which the player chooses. */

import { openBlock } from './block.js';
import { Chain } from './chain.js';
import { Connection } from './connection.js';
import { byId } from './dom.js';
import { Dots } from './dots.js';
import { Follow } from './follow.js';
import { showLegend } from './legend.js';
import { listenToLessons, showLesson, showLessons } from './lesson.js';
import { Mesh } from './mesh.js';
import { Messages } from './messages.js';
import { NodeList } from './node-list.js';
import { Player } from './player.js';
import { stillForMs } from './pointer.js';
import { Pools } from './pools.js';
import { Recording } from './recording.js';
import { Selected } from './selected.js';
import { Size } from './size.js';
import { TimeControls } from './time-controls.js';
import { act, allowTouch } from './touch.js';

/** @import { Entry, MessageEntry } from '../entries.js' */
/** @import { Manner } from './player.js' */

const SHOW_INTERVAL_MS = 200;
/** In a crowd of messages nobody can follow one: then the nodes need the processors more. */
const CROWD_INTERVAL_MS = 600;
/** What takes long to show is shown less often: so many times as long passes before the next time. */
const REST = 15;
const MOST_COST_MS = 50;
/** What is told later than this has no dot any more. */
const TOO_LATE_MS = 2000;

const stillness = matchMedia('(prefers-reduced-motion: reduce)');
const recording = new Recording();
const player = new Player(recording, onMove);
const stage = new Size(byId('stage'), showSoon);
const mesh = new Mesh(
  /** @type {SVGSVGElement} */ (/** @type {unknown} */ (byId('mesh'))),
  stage,
  select,
);
const dots = new Dots(/** @type {HTMLCanvasElement} */ (byId('dots')), stage, (address, other) =>
  mesh.placeOf(address, other),
);
const nodeList = new NodeList(select);
const selectedPanel = new Selected();
const follow = new Follow(showSoon, showMessage);
const rowActs = {
  onOpen: () => player.pause(),
  onFollow: (/** @type {string} */ id) => follow.follow(id),
  onShow: showMessage,
};
const messages = new Messages(rowActs, showSoon);
const chain = new Chain(
  (block) => openBlock(block, recording.stateAt(recording.end), (id) => follow.follow(id)),
  showSoon,
);
const pools = new Pools((id) => follow.follow(id));
const time = new TimeControls(player, recording, (message) => follow.isAbout(message));

/** @type {string[]} */
let selected = [];
let shownAt = -Infinity;
let costMs = 0;
let shownMode = '';
let isStale = true;
/** @type {number | undefined} */
let showTimer;

const connection = new Connection(
  (hello) => {
    allowTouch(hello);
    showLessons(hello);
    recording.begin(hello.since);
    dots.clear();
    player.begin(hello.now);
  },
  (entries) => {
    if (recording.add(entries)) showSoon();
    player.grow();
  },
  showSoon,
);

showLegend();
listenToLessons(showSoon);
onAct('add-node', 'add-node');
onAct('halve', 'halve');
onAct('join-all', 'join-all');
connection.open();

/**
 * @param {readonly Entry[]} passed
 * @param {Manner} manner
 */
function onMove(passed, manner) {
  if (manner === 'jump') dots.clear();
  dots.run(player.mode !== 'paused');
  for (const entry of passed) {
    if (entry.kind === 'left-out') dots.flood();
    if (entry.kind !== 'message' || entry.at < player.time - TOO_LATE_MS) continue;
    if (follow.isAbout(entry)) startDot(entry, manner === 'step');
  }
  const isSame = passed.length === 0 && manner === 'play' && player.mode === shownMode;
  if (isSame && follow.id === '') showTimeSoon();
  else showSoon();
}

/**
 * @param {MessageEntry} message
 * @param {boolean} isStep
 */
function startDot(message, isStep) {
  const speed = player.mode === 'replay' ? player.speed : 1;
  const late = (player.time - message.at) / speed;
  if (!stillness.matches) dots.start(message, { speed, late, isStep });
  else if (message.from !== null && message.to !== null) mesh.flash(message.from, message.to);
}

/** @param {string[]} addresses of a node, or of a pair */
function select(addresses) {
  selected = addresses;
  // At once: the next click on a button must not reach the node that was selected before.
  clearTimeout(showTimer);
  isStale = true;
  show();
}

/** @param {MessageEntry} message */
function showMessage(message) {
  player.seekTo(message);
}

/** Shows the moment: at once if that was not done lately. */
function showSoon() {
  isStale = true;
  showTimeSoon();
}

/** Shows the time, which passes even when nothing happens. */
function showTimeSoon() {
  // Whoever has pressed Pause, or plays on, is not kept waiting.
  const isAsked = player.mode !== shownMode;
  if (showTimer !== undefined && !isAsked) return;
  clearTimeout(showTimer);
  const interval = dots.isCrowd ? CROWD_INTERVAL_MS : SHOW_INTERVAL_MS;
  const wait = shownAt + Math.max(interval, REST * costMs) - performance.now();
  showTimer = setTimeout(showWhenStill, isAsked ? 0 : Math.max(0, wait));
}

function showWhenStill() {
  const wait = stillForMs();
  if (wait > 0) showTimer = setTimeout(showWhenStill, wait);
  else show();
}

function show() {
  showTimer = undefined;
  shownAt = performance.now();
  time.show();
  if (isStale) showAll();
  dots.redraw();
  costMs = Math.min(performance.now() - shownAt, MOST_COST_MS);
}

function showAll() {
  isStale = false;
  shownMode = player.mode;
  const { index } = player;
  const state = recording.stateAt(index);
  const isStill = player.mode === 'paused';
  const last = isStill ? recording.at(index - 1) : undefined;
  const current = last?.kind === 'message' && follow.isAbout(last) ? last : undefined;
  const way = follow.show(recording, index, state, player.time);
  mesh.show(state, { selected, having: way?.having, current });
  nodeList.show(state, selected);
  selectedPanel.show(state, selected);
  const isListed = messages.show(recording, {
    index,
    state,
    followed: follow.id,
    current,
    isStill,
  });
  chain.show(state);
  pools.show(state, player.mode === 'live');
  showLesson(state, player.time, player.mode === 'live');
  if (!isListed) showSoon();
}

/**
 * @param {string} id of a button
 * @param {'add-node' | 'halve' | 'join-all'} what
 */
function onAct(id, what) {
  const button = /** @type {HTMLButtonElement} */ (byId(id));
  button.addEventListener('click', () => act({ do: what }, button));
}
