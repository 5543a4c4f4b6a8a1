const resultInstead =
  'Pass the result of the query of --print-query: az monitor log-analytics query … --output json | certgate … --log -.';

/**
 * Verbs and options that are gone: the command that had them → the name → one sentence that says what to use instead. A
 * script that has one of them ends with exit code 2 and this sentence.
 */
export const formerNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  certgate: {
    fleet: 'Whether a document has arrived: certgate trust arrived. What runs where: the queries in examples/queries.',
  },
  'certgate trust diff': {
    '--replay': 'Who would be refused: --fail-on losses. Whether they called: certgate trust usage --log.',
    '--workspace': resultInstead,
  },
  'certgate trust import': {
    '--without-revocation': 'Policies are not read any more; docs/from-pins-to-a-ca.md finds their thumbprints.',
  },
  'certgate trust explain': { '--workspace': resultInstead },
  'certgate trust usage': { '--workspace': resultInstead },
};
