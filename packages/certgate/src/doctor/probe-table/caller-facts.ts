import { type FactsOf, needsAllowedCaller } from './probe-facts.js';

/** Facts of the probes about the server, the callers and their certificates, without any forgery. */
export const callerFacts: FactsOf<'callers'> = {
  'server-certificate': {
    seeksNoOpening: true,
    sends: 'a TLS handshake without a certificate',
    claim: "The server's certificate is trusted, and has not expired.",
    failure:
      'Callers that verify the server cannot call. Callers that do not verify it may be talking to somebody else.',
    remedy: "Renew or correct the server's certificate. For an authority of your own, pass --cacert.",
    wouldTell: 'A TLS handshake that completes: check the address, the port and the network.',
    isIndependent: true,
  },
  'no-certificate': {
    sends: 'a request without a certificate to each --function',
    claim: 'A caller without a certificate is refused.',
    failure: 'The function answers everybody.',
    remedy:
      'Close it: call secureApp, and remove allowAnonymous from the function. If it is meant to be public, name it with --public-function instead.',
    wouldTell:
      'A definite answer (2xx or 4xx) to a request without a certificate, and another one with a certificate. Name closed functions with --function.',
    needsNoControl: true,
    ofAnyServer: { remedy: 'Let the server refuse callers without a certificate before the handler runs.' },
  },
  'denied-certificate': {
    sends: 'a request with the denied certificate to each --function',
    claim: 'The denied certificate is refused.',
    failure: 'The app admits a certificate that it should not: perhaps any certificate.',
    remedy:
      'Explain that certificate with `trust explain --certificate`. If the document does not list it, the gate does not cover the function: `app inspect` shows it.',
    wouldTell:
      'A function that refuses callers without a certificate, and a definite answer to the denied one that differs from the one to the allowed.',
    needsNoControl: true,
    ofAnyServer: {
      remedy:
        'Compare the certificate with a list of those that are allowed (by SHA-256 thumbprint), or trust an authority that issues only to allowed callers.',
    },
  },
  'allowed-certificate': {
    seeksNoOpening: true,
    sends: 'a request with the allowed certificate to each --function',
    claim: 'The allowed certificate is admitted.',
    failure: 'The allowed caller cannot call, so nothing can be concluded about forgeries either.',
    remedy:
      "Find the correlation id of the answer in the app's log, and its code in docs/errors.md. Check that client certificates are on, and that the function answers GET with 2xx.",
    wouldTell: 'A function that is closed, named with --function.',
    needsNoControl: true,
    ofAnyServer: { remedy: 'Check the address, the certificate, and that the server answers GET with 2xx.' },
  },
  'public-function': {
    seeksNoOpening: true,
    sends: 'a request without a certificate to each --public-function, and one with the denied certificate',
    claim: 'Public functions answer everybody whom the front end lets through.',
    failure: 'A public function refuses callers.',
    remedy: 'Mark it with allowAnonymous. In mode Required, the front end refuses callers without any certificate.',
    wouldTell: 'A definite answer of the function (2xx or 4xx).',
    needsNoControl: true,
    ofAnyServer: { remedy: 'Let the server answer it without a certificate, or name it with --function instead.' },
  },
  'client-certificate-mode': {
    seeksNoOpening: true,
    sends: 'nothing more: it looks at the handshakes and answers of the other probes',
    claim: 'The front end asks callers for a certificate.',
    failure: 'The front end never asks for a certificate, so no caller can be known by one.',
    remedy:
      'Set clientCertEnabled to true and clientCertMode to Required (or Optional). The mode does nothing unless clientCertEnabled is true.',
    wouldTell: 'A completed request without a certificate.',
    isPassive: true,
    ofAnyServer: { remedy: 'Let the server ask for a certificate in the handshake.' },
  },
  'allowed-certificate-expiry': {
    seeksNoOpening: true,
    sends: 'nothing: it reads the file of --allowed',
    claim: 'The allowed certificate is valid now.',
    failure: 'The gate refuses it because of its dates.',
    remedy: 'Create a new certificate, and add it to the trust document with `trust rotate`.',
    wouldTell: 'A certificate whose dates can be read.',
    isPassive: true,
    isIndependent: true,
    readsFileOnly: true,
    ofAnyServer: {
      failure: 'It is not valid at this time: servers that check dates refuse it.',
      remedy: 'Create a new certificate, and let the server admit it.',
    },
  },
  clock: {
    seeksNoOpening: true,
    sends: 'nothing more: it compares the Date fields of the answers with the clock of this machine',
    claim: "The server's clock and this one differ by less than five minutes.",
    failure: 'One of the two clocks is wrong. Certificates may be refused too early, or accepted too long.',
    remedy: 'Synchronize this machine first, and repeat.',
    wouldTell: 'An answer with a Date field.',
    isPassive: true,
  },
  'cached-answer': {
    sends:
      'requests with the allowed certificate, then the same without a certificate: after five with one query, with another query, without a query, and as a browser that accepts gzip',
    claim: 'What the allowed caller got is not served to callers without a certificate.',
    failure: 'A cache in front of the app serves answers for allowed callers to everybody.',
    remedy: 'Exclude the app from the cache (CDN, Front Door, API Management), or send Cache-Control: no-store.',
    wouldTell: needsAllowedCaller,
  },
};
