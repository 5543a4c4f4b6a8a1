import { type FactsOf, needsAllowedCaller } from './probe-facts.js';

const forged = {
  failure:
    'The app accepted a header that the caller wrote as proof of a private key. Anybody who has a copy of an allowed certificate, which is not secret, can call.',
  wouldTell: needsAllowedCaller,
};

/** Facts of the probes with headers in which a caller claims a certificate. */
export const headerFacts: FactsOf<'headers'> = {
  'forged-header': {
    ...forged,
    sends:
      "the fields of --front-end (usually X-ARR-ClientCert) with the allowed certificate's bytes, without a certificate",
    claim: 'A header that the caller wrote does not replace a certificate.',
    remedy:
      'Set the client certificate mode to Required, without exclusion paths, and make the front end the only way to the app. Until then, stop the app.',
    ofAnyServer: {
      remedy:
        'What ends TLS must remove the field from every request, also where no certificate came, and must be the only way to the app: a secret that it adds shows that.',
    },
  },
  'forged-header-beside-denied': {
    ...forged,
    sends: 'the same, with the denied certificate',
    claim: "A header that the caller wrote has no effect beside the caller's certificate.",
    remedy: 'The front end must replace the header, not append to it, and the app must refuse more than one value.',
  },
  'forged-header-twice': {
    ...forged,
    sends: 'the header in two lines, and in one line with a comma; without a certificate, and with the denied one',
    claim: 'A repeated header does not get past the front end.',
    remedy: 'The front end must remove every line of the header, and the app must refuse more than one value.',
  },
  'forged-header-case': {
    ...forged,
    sends:
      'the names in lower case, in upper case and as X-Arr-Clientcert; without a certificate, and with the denied one',
    claim: 'No letter case of the name gets past the front end.',
    remedy: 'The front end must compare header names without regard to case (RFC 9110 §5.1).',
  },
  'forged-header-underscore': {
    ...forged,
    sends: 'the names with "_" or "." for "-", like X_ARR_ClientCert; without a certificate, and with the denied one',
    claim: 'A name with other separators is not accepted as the header.',
    remedy: 'A layer before the app turns "_" or "." into "-". Make it drop such names, or remove the layer.',
  },
  'forged-header-whitespace': {
    ...forged,
    sends:
      'the name with a space or tab before the colon, and before the name; without a certificate, and with the denied one',
    claim: 'A name with white space is not accepted as the header.',
    remedy: 'A layer before the app accepts malformed header lines (RFC 9112 §5.1). Update or remove it.',
  },
  'forged-header-encoding': {
    ...forged,
    sends:
      'the header with the certificate in other encodings, such as PEM instead of base64, and without a value; without a certificate, and with the denied one',
    claim: 'Other encodings of the certificate, and a header without a value, do not get past the front end.',
    remedy: 'The front end must remove or replace the header, whatever is in it.',
  },
  'forged-header-of-others': {
    ...forged,
    sends:
      "the fields of every other front end that Certgate knows, each with the allowed certificate's bytes; without a certificate, and with the denied one",
    claim: 'The fields of other front ends that Certgate knows do not replace a certificate.',
    remedy:
      'The front end must remove or replace the field that the app reads (docs/front-ends.md), and CERTGATE_FRONT_END must name this front end. Then run doctor with --front-end.',
    ofAnyServer: { remedy: 'What ends TLS must remove the field, or the app must not read it.' },
  },
};
