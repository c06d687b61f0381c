/** Pictures of whole pages, kept for a person to look at. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { inTime } from './browser.js';
import { PROJECT, until } from './helpers.js';

const FOLDER = join(PROJECT, 'test/screenshots');
/** A telephone, a laptop, and a large screen. */
export const SCREENS = [
  { width: 390, height: 844 },
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const;

/**
 * Keeps a picture of a page on each of the screens, if PICTURES is set. Nobody looks at those of every run,
 * and after one of some thousands Chromium does not paint the page again.
 */
export async function keepPictures(page: Page, name: string): Promise<void> {
  if (process.env.PICTURES === undefined) return;
  for (const screen of SCREENS) {
    await inTime('changed its size', page.setViewportSize(screen));
    await untilDrawn(page);
    await mkdir(FOLDER, { recursive: true });
    await page.screenshot({ path: join(FOLDER, `${name}-${screen.width}.png`), fullPage: true });
  }
}

/** Waits until the page fits the window, also the drawing, which is a little late, and is painted. */
export async function untilDrawn(page: Page): Promise<void> {
  await until('the drawing to fit its place', () =>
    page.evaluate<boolean>(`(() => {
      const graph = document.getElementById('graph');
      if (graph === null) {
        // The page of the lab.
        const { clientWidth, clientHeight } = document.getElementById('mesh');
        const { width, height } = document.getElementById('mesh').viewBox.baseVal;
        return width === clientWidth && height === clientHeight;
      }
      const drawing = graph._cyreg.cy;
      return drawing.width() === graph.clientWidth && drawing.height() === graph.clientHeight;
    })()`),
  );
  await inTime(
    'painted the page',
    page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
    ),
  );
}
