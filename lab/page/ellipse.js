/** Where the nodes are: on an ellipse, so that no link passes a node or a label. Pure. */

/**
 * @typedef {object} Place
 * @property {number} x
 * @property {number} y
 * @property {number} outX a step of length 1 away from the ellipse
 * @property {number} outY
 */

/** How finely the ellipse is measured. */
const PARTS = 720;

/**
 * Spreads places evenly along an ellipse, from its top clockwise.
 *
 * @param {number} count
 * @param {{ width: number, height: number, marginX: number, marginY: number }} box
 * @returns {Place[]}
 */
export function placesOnEllipse(count, { width, height, marginX, marginY }) {
  const radiusX = Math.max(40, width / 2 - marginX);
  const radiusY = Math.max(40, height / 2 - marginY);
  const angles = evenAngles(count, radiusX, radiusY);
  return angles.map((angle) => {
    const [x, y] = [radiusX * Math.cos(angle), radiusY * Math.sin(angle)];
    // At right angles to the ellipse, which leads straight away from all links.
    const [nx, ny] = [x / radiusX ** 2, y / radiusY ** 2];
    const length = Math.hypot(nx, ny);
    return { x: width / 2 + x, y: height / 2 + y, outX: nx / length, outY: ny / length };
  });
}

/**
 * @param {number} count
 * @param {number} radiusX
 * @param {number} radiusY
 */
function evenAngles(count, radiusX, radiusY) {
  const angleOf = (/** @type {number} */ part) => (2 * Math.PI * part) / PARTS - Math.PI / 2;
  const lengths = [0];
  for (let part = 1; part <= PARTS; part++) {
    const angle = angleOf(part - 0.5);
    const step = Math.hypot(radiusX * Math.sin(angle), radiusY * Math.cos(angle));
    lengths.push(/** @type {number} */ (lengths[part - 1]) + step);
  }
  const around = /** @type {number} */ (lengths[PARTS]);
  return Array.from({ length: count }, (_, i) =>
    angleOf(lengths.findIndex((length) => length >= (around * i) / count)),
  );
}
