/**
 * Verbs and options that are gone: the command that had them → the name → one sentence that says what to use instead. A
 * script that has one of them ends with exit code 2 and this sentence.
 */
export const formerNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  certgate: {},
  'certgate trust import': {
    '--without-revocation': 'Policies are not read any more; docs/from-pins-to-a-ca.md finds their thumbprints.',
  },
};
