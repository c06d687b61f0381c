/** The lessons: the menu that starts one, and the banner that tells what it does. */

import { offer } from './controls.js';
import { byId, setText } from './dom.js';
import { act } from './touch.js';

/** @import { Hello } from '../entries.js' */
/** @import { State } from './state.js' */

/** How long the last sentence of a lesson is shown. */
const SHOWN_MS = 120_000;

/** @type {Map<string, string>} */
const titles = new Map();
/** When somebody closed the lesson that was shown. */
let closedAt = -Infinity;

/** @param {Hello} hello */
export function showLessons({ lessons }) {
  titles.clear();
  for (const { name, title } of lessons) titles.set(name, title);
  const select = /** @type {HTMLSelectElement} */ (byId('lesson'));
  offer(
    select,
    lessons.map(({ name, title }) => ({ value: name, text: title })),
  );
}

/** @param {() => void} onChange */
export function listenToLessons(onChange) {
  const run = /** @type {HTMLButtonElement} */ (byId('run-lesson'));
  const end = /** @type {HTMLButtonElement} */ (byId('end-lesson'));
  const select = /** @type {HTMLSelectElement} */ (byId('lesson'));
  run.addEventListener('click', () => act({ do: 'lesson', lesson: select.value }, run));
  end.addEventListener('click', async () => {
    const isOver = end.dataset.over === 'yes';
    if (!isOver && !(await act({ do: 'end-lesson' }, end))) return;
    // Those with the buttons are on the machine of the lab, and have its clock.
    closedAt = Date.now();
    onChange();
  });
}

/**
 * @param {State} state
 * @param {number} time
 * @param {boolean} isLive
 */
export function showLesson({ lesson }, time, isLive) {
  const [now, before] = [lesson.at(-1), lesson.at(-2)];
  const isOver = now?.step === now?.of;
  const isPast = now !== undefined && (now.at <= closedAt || (isOver && now.at < time - SHOWN_MS));
  // Who goes back in time sees it again.
  const isShown = now !== undefined && !(isLive && isPast);
  byId('lesson-banner').hidden = !isShown;
  if (!isShown) return;
  const end = byId('end-lesson');
  end.dataset.over = isOver ? 'yes' : 'no';
  setText('end-lesson', isOver ? 'Close' : 'End the lesson');
  setText('lesson-title', titles.get(now.lesson) ?? now.lesson);
  setText('lesson-step', `· step ${now.step} of ${now.of}`);
  setText('lesson-before', before?.text ?? '');
  setText('lesson-text', now.text);
}
