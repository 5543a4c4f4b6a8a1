// Holds what a tool can hold of CONTRIBUTING.md's rules for the language: this, and the wording of textlint-rules.
module.exports = { rules: { 'sentence-length': { max: 200 }, 'prose-patterns': true } };
