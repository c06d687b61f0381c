import '../add-transaction.js';
