import '../add-block.js';
