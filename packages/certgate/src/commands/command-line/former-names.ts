const resultInstead =
  'Pass the result of the query of --print-query: az monitor log-analytics query … --output json | certgate … --log -.';

/**
 * Verbs, options and values of options that no longer exist: by the command that had them and by their name, one
 * sentence that says what to use instead. A script that uses one of them ends with exit code 2 and this sentence.
 */
export const formerNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  certgate: {
    fleet: 'Whether a document has arrived: certgate trust arrived. What runs where: the queries in examples/queries.',
  },
  'certgate certificate issue': {
    '--organization': 'The subject is the common name; certgate authority create --organization names the issuer.',
    '--organizational-unit': 'The subject is the common name; bind a --dns, --uri or --email of the certificate.',
  },
  'certgate certificate verify': {
    '--max-intermediates': 'Gates allow ten; openssl verify -verify_depth sets another number.',
    '--ocsp-response': 'With --store, the responder of the document is asked; openssl ocsp reads an answer in a file.',
    '--policy': 'Gates accept any policy; openssl verify -policy checks one.',
    '--profile': 'Gates use only the strict profile; openssl verify checks what RFC 5280 requires.',
    '--purpose': 'Gates ask for clientAuth; openssl verify -purpose checks another one.',
    '--require-policy': 'Gates accept any policy; openssl verify -policy checks one, with -explicit_policy.',
  },
  'certgate trust diff': {
    '--fail-on possible-gains':
      '--fail-on gains ends with exit code 3 if the documents do not show whether somebody gains.',
    '--replay': 'What callers would lose that they use: --log <file> --fail-on used-losses.',
    '--app': 'Whether a function of the app admits a caller: certgate trust explain --app',
    '--workspace': resultInstead,
  },
  'certgate trust import': {
    '--name-prefix': 'Give each its name: a line NAME=THUMBPRINT of the list, or the column name of a CSV.',
    '--without-revocation': 'docs/from-pins-to-a-ca.md finds the thumbprints of policies.',
  },
  'certgate trust log': { '--all': 'Attempts that were not applied are always shown.' },
  'certgate trust': { show: 'Everything about one identity: certgate trust list NAME' },
  'certgate trust explain': {
    '--thumbprint': 'Whose pin it is: certgate trust list --pin HEX',
    '--workspace': resultInstead,
  },
  'certgate trust rotate': { '--from': 'Rotate each file in a loop, as docs/operations.md does.' },
  'certgate trust usage': { '--workspace': resultInstead },
};
