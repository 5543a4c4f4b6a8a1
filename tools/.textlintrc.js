// Checks those of CONTRIBUTING.md's rules for the language that a tool can check: the length of sentences, and the
// wording that textlint-rules/ looks for.
module.exports = { rules: { 'sentence-length': { max: 200 }, 'prose-patterns': true } };
