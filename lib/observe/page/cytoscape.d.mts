/** The types of cytoscape.mjs, which a node serves beside these files. */
import cytoscape from 'cytoscape';

export type StylesheetJson = cytoscape.StylesheetJson;
export default cytoscape;
