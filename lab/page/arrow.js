/** The arrow along the way of the message at which the page stands. Pure. */

/** @typedef {{ x: number, y: number }} Point */

const HEAD_PX = 6;

/**
 * @param {Point} from
 * @param {Point} to
 * @param {number} gap that it leaves before its end
 * @returns {string} the path of it
 */
export function arrowBetween(from, to, gap) {
  const [wayX, wayY] = [to.x - from.x, to.y - from.y];
  const length = Math.max(1, Math.hypot(wayX, wayY));
  const [x, y] = [wayX / length, wayY / length];
  const tip = { x: to.x - x * gap, y: to.y - y * gap };
  const left = { x: tip.x - HEAD_PX * (2 * x - y), y: tip.y - HEAD_PX * (2 * y + x) };
  const right = { x: tip.x - HEAD_PX * (2 * x + y), y: tip.y - HEAD_PX * (2 * y - x) };
  return `M${at(from)}L${at(tip)}M${at(left)}L${at(tip)}L${at(right)}`;
}

/** @param {Point} point */
function at({ x, y }) {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
