/** The labels in the drawing: their font, text and width. */

import { hostOf, shortOf } from './format.js';

export const FONT = 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif';

/** Measures text in the font of the labels. */
export class Ruler {
  #pen = /** @type {CanvasRenderingContext2D} */ (
    document.createElement('canvas').getContext('2d')
  );

  /**
   * The width of a text in bold, like the label of this node; other labels are a little narrower.
   *
   * @param {string} text
   * @param {number} fontPixels
   * @returns {number} in pixels
   */
  widthOf(text, fontPixels) {
    this.#pen.font = `bold ${fontPixels}px ${FONT}`;
    return this.#pen.measureText(text).width;
  }

  /**
   * Shortens a text in the middle, because addresses differ at their ends, until it nearly fits.
   *
   * @param {string} text
   * @param {number} fontPixels
   * @param {number} maxWidth in pixels
   */
  cut(text, fontPixels, maxWidth) {
    const fitting = Math.floor((text.length * maxWidth) / this.widthOf(text, fontPixels));
    // One character is the ellipsis.
    const kept = Math.max(2, fitting - 1);
    if (kept >= text.length - 1) return text;
    return `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(-Math.floor(kept / 2))}`;
  }
}

/**
 * The port alone for a node on the same host as this node, otherwise the whole address.
 *
 * @param {string} address
 * @param {string} own the address of this node
 */
export function shortestOf(address, own) {
  const host = hostOf(address);
  if (host === '' || host !== hostOf(own)) return shortOf(address);
  const { port } = new URL(address);
  return port ? `:${port}` : shortOf(address);
}
