/** The layout of the drawing: the places of the nodes and their labels. */

import { shortOf } from './format.js';
import { shortestOf } from './labels.js';

/** @import { Ruler } from './labels.js' */

/**
 * @typedef {{ x: number, y: number }} Point in pixels
 * @typedef {{ width: number, height: number }} Size in pixels
 * @typedef {{ rotation: number, dx: number, dy: number }} LabelPlace in radians; pixels from the node
 * @typedef {{ position: Point, data: LabelPlace & { size: number, label: string, font: number } }} Placement
 */

/** With more nodes than this, the labels point outwards, like the rays of a star. */
const MAX_FEW_NODES = 16;
const FONT_PIXELS = { few: 13, many: 10 };
/** The part of the width, or of the shorter side, that a label may take. */
const LABEL_SHARE = { few: 0.44, many: 0.24 };
/** With more nodes than this, lines would run through labels below; where there is room, they are outside. */
const MAX_WITHOUT_LINES = 4;
/** The part of the width that two labels outside may take. */
const OUTSIDE_SHARE = 0.5;
const NODE_PIXELS = { min: 4, max: 22 };
/** From the centre of a node to that of the label above or below, or to the start of a ray. */
const LABEL_DISTANCE = { few: 24, many: 12 };

/**
 * Places nodes on an ellipse, in the order given. If they are ordered by address, a node that joins
 * or leaves moves few others.
 *
 * @param {string[]} addresses
 * @param {string} own the address of this node
 * @param {Size} size the size of the drawing
 * @param {Ruler} ruler
 * @returns {Placement[]} in the same order
 */
export function placeNodes(addresses, own, size, ruler) {
  const { width, height } = size;
  const areFew = addresses.length <= MAX_FEW_NODES;
  const font = areFew ? FONT_PIXELS.few : FONT_PIXELS.many;
  const maxWidth = areFew ? LABEL_SHARE.few * width : LABEL_SHARE.many * Math.min(width, height);
  const labels = addresses.map((address) =>
    ruler.cut(areFew ? shortOf(address) : shortestOf(address, own), font, maxWidth),
  );
  const widths = labels.map((label) => ruler.widthOf(label, font));
  const longest = Math.max(...widths);
  const isOutside =
    areFew && addresses.length > MAX_WITHOUT_LINES && 2 * longest < OUTSIDE_SHARE * width;
  const margin = isOutside
    ? { x: longest + LABEL_DISTANCE.few, y: 40 }
    : marginFor(longest, areFew);
  const angles = anglesFor(addresses.length);
  const across = scale(angles.map(Math.cos), margin.x, width - margin.x);
  const down = scale(angles.map(Math.sin), margin.y, height - margin.y);
  const apart = (2 * (width + height - 2 * margin.x - 2 * margin.y)) / addresses.length;
  const diameter = Math.max(NODE_PIXELS.min, Math.min(NODE_PIXELS.max, apart / 3));
  return angles.map((angle, place) => {
    const label = /** @type {string} */ (labels[place]);
    const labelWidth = /** @type {number} */ (widths[place]);
    const labelPlace = areFew ? beside(angle, isOutside, labelWidth) : outwards(angle, labelWidth);
    return {
      position: { x: across(Math.cos(angle)), y: down(Math.sin(angle)) },
      data: { size: diameter, label, font, ...labelPlace },
    };
  });
}

/**
 * The margin between the nodes and the edge of the drawing, so that no label is cut off.
 *
 * @param {number} longest the width of the longest label
 * @param {boolean} areFew
 * @returns {Point}
 */
function marginFor(longest, areFew) {
  if (areFew) return { x: longest / 2 + 6, y: 40 };
  return { x: longest + 18, y: longest + 18 };
}

/**
 * The angles of the nodes, clockwise from the top; two nodes start at the left, to be side by side.
 *
 * @param {number} count
 */
function anglesFor(count) {
  const first = count === 2 ? Math.PI : -Math.PI / 2;
  return Array.from({ length: count }, (_, place) => first + (2 * Math.PI * place) / count);
}

/**
 * Returns a function that maps the range of some numbers to the range from `low` to `high`.
 *
 * @param {number[]} numbers
 * @param {number} low
 * @param {number} high
 */
function scale(numbers, low, high) {
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
  const range = max - min;
  return (/** @type {number} */ number) =>
    // A range this small is a rounding error: all numbers are the same.
    range < 1e-9 ? (low + high) / 2 : low + ((number - min) / range) * (high - low);
}

/**
 * Puts a label above a node in the upper half, and below any other; or outside, to the left or right,
 * but for those at the top and at the bottom.
 *
 * @param {number} angle
 * @param {boolean} isOutside
 * @param {number} labelWidth
 * @returns {LabelPlace}
 */
function beside(angle, isOutside, labelWidth) {
  const distance = LABEL_DISTANCE.few;
  if (isOutside && Math.abs(Math.cos(angle)) > 0.1) {
    const dx = Math.sign(Math.cos(angle)) * (distance * 0.75 + labelWidth / 2);
    return { rotation: 0, dx, dy: 0 };
  }
  return { rotation: 0, dx: 0, dy: Math.sin(angle) < -0.1 ? -distance : distance };
}

/**
 * Puts a label along the ray from the centre; on the left, turned so that it is not upside down.
 *
 * @param {number} angle
 * @param {number} labelWidth
 * @returns {LabelPlace}
 */
function outwards(angle, labelWidth) {
  const distance = LABEL_DISTANCE.many + labelWidth / 2;
  const isLeft = Math.cos(angle) < 0;
  return {
    rotation: isLeft ? angle + Math.PI : angle,
    dx: distance * Math.cos(angle),
    dy: distance * Math.sin(angle),
  };
}
