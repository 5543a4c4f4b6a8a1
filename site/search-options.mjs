/**
 * How the search of the site reads the pages and a question: the options of MiniSearch. VitePress sends the functions
 * to the browser as text, so each of them must be complete in itself.
 */
export const searchOptions = {
  options: {
    fields: ['title', 'titles', 'text'],
    storeFields: ['title', 'titles'],
    processTerm: toStem,
  },
  searchOptions: {
    boost: { title: 4, titles: 1, text: 1 },
    // A reader may still be typing the last word.
    prefix: (term, index, terms) => index === terms.length - 1,
    fuzzy: (term) => (term.length > 5 ? 0.2 : false),
    boostDocument: weighPage,
  },
};

/** Leaves out the words that questions have in common, and the endings in which the words of a question and its answer differ. */
function toStem(word) {
  const common =
    /^(a|an|and|are|as|at|be|been|but|by|can|do|does|for|from|has|have|how|i|if|in|is|it|its|me|my|of|on|or|our|s|so|that|the|their|there|they|this|to|use|was|we|what|when|where|which|who|why|will|with|you|your)$/;
  const term = word.toLowerCase();
  if (common.test(term)) return null;
  return term.length > 3 ? term.replace(/(?<=..)(?:ing|ed|e?s(?<!ss)|e)$/, '') : term;
}

/** Pages for somebody who changes Certgate come after those for its users. */
function weighPage(address) {
  if (/\/api\//.test(address)) return 0.3;
  return /\/(?:architecture|changelog|contributing|maintaining|probes|security)(?:#|$)/.test(address) ? 0.5 : 1;
}
