// Holds what a tool can hold of CONTRIBUTING.md's rules for the language. ESLint holds comments and messages in the
// sources to the same words (eslint.config.mjs).
const retiredWords = require('./retired-words.json');

module.exports = {
  rules: {
    'sentence-length': { max: 200 },
    terminology: {
      defaultTerms: false,
      terms: retiredWords.map(([word, better]) => [`\\b${word}\\b`, better]),
    },
  },
};
