import { type FactsOf, type ProbeFacts } from './probe-facts.js';

const proveKey = (version: string): ProbeFacts => ({
  ofAnyServer: { remedy: 'What ends TLS must verify the handshake. Until then, stop the server.' },
  sends: `over TLS ${version} only: the allowed certificate with its key, and then with a key that has the same public half and other secret numbers`,
  claim: `Over TLS ${version}, a caller who has an allowed certificate but not its key is refused in the handshake.`,
  failure:
    'The front end does not check that the caller has the private key. Anybody who has a copy of an allowed certificate, which is not secret, can call.',
  remedy:
    'Set the client certificate mode to Required, without exclusion paths. A front end of your own must verify the handshake. Until then, stop the app.',
  wouldTell:
    'A server that asks for the certificate in the first handshake, and ends it with an alert where the key is wrong. On App Service, the mode Required without exclusion paths.',
});

/** Facts of the probes with certificates that anybody can make or copy. */
export const certificateFacts: FactsOf<'certificates'> = {
  'lookalike-certificate': {
    sends:
      "certificates made on the spot with the allowed one's names and serial number: each names itself or the allowed one's issuer as its issuer; some have expired, some have the allowed one's key identifiers",
    claim: 'A certificate with the names and the serial number of an allowed one is refused.',
    failure: 'The app compares names or numbers, not keys: anybody can make a certificate that it admits.',
    remedy: 'Pin the certificate by its SHA-256 thumbprint, or trust names only under their authority.',
    wouldTell: 'A function that admits the allowed certificate and refuses the denied one.',
  },
  'unknown-certificate': {
    sends:
      'certificates made on the spot with a new name, and keys on P-256 and P-384 and of RSA: some signed by themselves, one by an unknown authority',
    claim: 'Certificates of unknown callers are refused, whatever their key and issuer are.',
    failure: 'The app admits certificates by the kind of their key or by their issuer: anybody can make one.',
    remedy: 'Pin certificates by their SHA-256 thumbprint, or trust names only under their authority.',
    wouldTell: 'A function that admits the allowed certificate and refuses the denied one.',
  },
  'chained-certificate': {
    sends:
      "in the handshake, the denied certificate with its key, and behind it the allowed certificate, as if it were an issuer's; then the same behind a certificate made on the spot",
    claim: 'The allowed certificate opens nothing behind one that must be refused.',
    failure:
      'The app looks for an allowed certificate among all that the caller sent. Anybody who has a copy of one, which is not secret, can call.',
    remedy: 'Use only the first certificate of the handshake: the caller proves that it has the key of that one.',
    wouldTell: 'A function that admits the allowed certificate and refuses the denied one.',
  },
  'key-proof-tls-1.2': proveKey('1.2'),
  'key-proof-tls-1.3': proveKey('1.3'),
};
