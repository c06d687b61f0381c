/** What the colours of the dots mean. */

import { byId, classed, element } from './dom.js';
import { GROUPS } from './kinds.js';

export function showLegend() {
  const items = GROUPS.map(({ group, title }) =>
    element('li', classed('span', `key ${group}`, title)),
  );
  byId('legend').replaceChildren(...items);
}
