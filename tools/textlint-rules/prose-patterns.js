// Reports the wording of `prose-patterns.json` in the text of pages, but not in their code. ESLint looks for the same
// wording in messages.
const patterns = require('../prose-patterns.json').map((each) => ({
  ...each,
  pattern: new RegExp(each.pattern, 'giu'),
}));

module.exports = function reportPatterns(context) {
  const { Syntax, RuleError, report, getSource, locator } = context;
  return {
    [Syntax.Str](node) {
      const text = getSource(node);
      for (const { pattern, instead } of patterns) {
        for (const { 0: found, index } of text.matchAll(pattern)) {
          const padding = locator.range([index, index + found.length]);
          report(node, new RuleError(`"${found}": write ${instead}.`, { padding }));
        }
      }
    },
  };
};
