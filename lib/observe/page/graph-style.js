/** The style of the drawing, as cytoscape takes it, in the colours of page.css. */

import { FONT } from './labels.js';

/** @import { StylesheetJson } from './cytoscape.mjs' */

/** Reads the current colours, which differ between light and dark. */
export function graphStyle() {
  const colours = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => colours.getPropertyValue(`--${name}`).trim();
  return /** @type {StylesheetJson} */ ([
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
    {
      selector: 'node.left',
      style: {
        'background-color': colour('back'),
        'border-style': 'dotted',
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
