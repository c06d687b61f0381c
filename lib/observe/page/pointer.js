/**
 * When the page has to keep still for the pointer. What moves away between a look at it and the press,
 * or between press and release, is missed, or something else is hit.
 */

const TO_PRESS = 'button, summary, a';
/** From aiming at something to the press. */
const AIM_MS = 400;
/** From press to release, if the browser never tells of that. */
const PRESS_MS = 15_000;
/** From release to the click: a touch has a task of its own for each. */
const CLICK_MS = 100;
/** The release may come at any time. */
const ASK_AGAIN_MS = 100;

let stillUntil = 0;

document.addEventListener('pointermove', ({ target }) => keepStill(target, AIM_MS));
document.addEventListener('pointerdown', ({ target }) => keepStill(target, PRESS_MS));
for (const end of ['pointerup', 'pointercancel']) {
  document.addEventListener(end, () => {
    stillUntil = Math.min(stillUntil, performance.now() + CLICK_MS);
  });
}

/** @returns in how many ms to ask again, for until then nothing may move; 0 if it may */
export function stillForMs() {
  return Math.min(ASK_AGAIN_MS, Math.max(0, stillUntil - performance.now()));
}

/**
 * @param {EventTarget | null} target
 * @param {number} ms
 */
function keepStill(target, ms) {
  if (!(target instanceof Element) || target.closest(TO_PRESS) === null) return;
  stillUntil = Math.max(stillUntil, performance.now() + ms);
}
