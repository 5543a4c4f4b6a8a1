/** What people read about a probe (in the table of findings, and in docs/doctor.md, which a test holds to this), and when it may run. */
export interface ProbeFacts {
  readonly sends: string;
  /** What holds, when it holds. */
  readonly claim: string;
  readonly failure: string;
  readonly remedy: string;
  readonly wouldTell: string;
  /** Of a server of which nothing is known, where the texts above speak of Certgate or of App Service. */
  readonly ofAnyServer?: Partial<Pick<ProbeFacts, 'failure' | 'remedy'>>;
  /** Sends nothing, so that it is run also after a forged admission. */
  readonly isPassive?: true;
  /** Sends nothing to the app's address, or only what anybody may see: it needs no verified server. */
  readonly isIndependent?: true;
  /** Looks at no server. */
  readonly readsFileOnly?: true;
  /** It concludes nothing from refusals. Those of any other probe count only if the allowed caller is admitted before and after. */
  readonly needsNoControl?: true;
}

const needsAllowedCaller =
  'An allowed certificate that the function answers with 2xx, and a refusal without a certificate.';
const forged = {
  failure:
    'The app accepted a header that the caller wrote as proof of a private key. Anybody who has a copy of an allowed certificate, which is not secret, can call.',
  wouldTell: needsAllowedCaller,
};
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

/** Every probe, in the order in which they run. */
export const probeIds = [
  'server-certificate',
  'no-certificate',
  'denied-certificate',
  'allowed-certificate',
  'public-function',
  'client-certificate-mode',
  'allowed-certificate-expiry',
  'clock',
  'cached-answer',
  'forged-header',
  'forged-header-beside-denied',
  'forged-header-twice',
  'forged-header-case',
  'forged-header-underscore',
  'forged-header-whitespace',
  'forged-header-encoding',
  'forged-header-of-others',
  'lookalike-certificate',
  'key-proof-tls-1.2',
  'key-proof-tls-1.3',
  'forwarded-for',
  'browser',
  'http-1.0',
  'upgrade',
  'second-request',
  'trace',
  'other-method',
  'other-path',
  'other-host',
  'post',
  'tls-1.2',
  'tls-1.3',
  'http-2',
  'plain-http',
  'scm-site',
  'refusal-reason',
  'refusal-content',
  'software-version',
  'large-body',
] as const;
export type ProbeId = (typeof probeIds)[number];

export const probeTable: Readonly<Record<ProbeId, ProbeFacts>> = {
  'server-certificate': {
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
    claim: 'A caller with a certificate that is not allowed is refused.',
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
    sends: 'a request with the allowed certificate to each --function',
    claim: 'A caller with an allowed certificate is admitted.',
    failure: 'The allowed caller cannot call, so nothing can be concluded about forgeries either.',
    remedy:
      "Find the correlation id of the answer in the app's log, and its code in docs/errors.md. Check that client certificates are on, and that the function answers GET with 2xx.",
    wouldTell: 'A function that is closed, named with --function.',
    needsNoControl: true,
    ofAnyServer: { remedy: 'Check the address, the certificate, and that the server answers GET with 2xx.' },
  },
  'public-function': {
    sends: 'a request without a certificate to each --public-function, and one with the denied certificate',
    claim: 'Public functions answer everybody whom the front end lets through.',
    failure: 'A public function refuses callers.',
    remedy: 'Mark it with allowAnonymous. In mode Required, the front end refuses callers without any certificate.',
    wouldTell: 'A definite answer of the function (2xx or 4xx).',
    needsNoControl: true,
    ofAnyServer: { remedy: 'Let the server answer it without a certificate, or name it with --function instead.' },
  },
  'client-certificate-mode': {
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
    sends: 'nothing more: it compares the Date fields of the answers with the clock of this machine',
    claim: "The server's clock and this one differ by less than five minutes.",
    failure: 'One of the two clocks is wrong. Certificates may be refused too early, or accepted too long.',
    remedy: 'Synchronize this machine first, and repeat.',
    wouldTell: 'An answer with a Date field.',
    isPassive: true,
  },
  'cached-answer': {
    sends:
      'a request with the allowed certificate, then the same without a certificate: with the same query, with another one, and without a query',
    claim: 'What the allowed caller got is not served to callers without a certificate.',
    failure: 'A cache in front of the app serves answers for allowed callers to everybody.',
    remedy: 'Exclude the app from the cache (CDN, Front Door, API Management), or send Cache-Control: no-store.',
    wouldTell: needsAllowedCaller,
  },
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
      'the header with the certificate in other encodings, such as PEM instead of base64; without a certificate, and with the denied one',
    claim: 'Other encodings of the certificate do not get past the front end.',
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
  'lookalike-certificate': {
    sends:
      "two certificates made on the spot with the allowed one's names and serial number: one names itself as issuer, one the allowed certificate's issuer",
    claim: 'A certificate with the names and the serial number of an allowed one is refused.',
    failure: 'The app compares names or numbers, not keys: anybody can make a certificate that it admits.',
    remedy: 'Pin the certificate by its SHA-256 thumbprint, or trust names only under their authority.',
    wouldTell: 'A function that admits the allowed certificate and refuses the denied one.',
  },
  'key-proof-tls-1.2': proveKey('1.2'),
  'key-proof-tls-1.3': proveKey('1.3'),
  'forwarded-for': {
    sends: 'X-Forwarded-For: 127.0.0.1, by the four callers',
    claim: 'An address that the caller wrote opens nothing.',
    failure: 'The front end or the app lets in callers who claim an address: anybody can write X-Forwarded-For.',
    remedy: 'Remove the rule that trusts the address, or let it read the address of the connection.',
    wouldTell: needsAllowedCaller,
  },
  browser: {
    sends: 'User-Agent: Mozilla/…, by the four callers',
    claim: 'A browser needs a certificate too.',
    failure: 'Callers who claim to be a browser get in.',
    remedy:
      'Set the client certificate mode to Required. In OptionalInteractiveUser, browsers are treated differently.',
    wouldTell: needsAllowedCaller,
    ofAnyServer: { remedy: 'Remove the rule that depends on the name of the program.' },
  },
  'http-1.0': {
    sends: 'a request over HTTP/1.0, by the four callers',
    claim: 'Callers who must be refused are also refused over HTTP/1.0.',
    failure: 'Over HTTP/1.0 the front end passes on something else: no certificate, or a forged one.',
    remedy: 'Let the front end refuse HTTP/1.0.',
    wouldTell: needsAllowedCaller,
  },
  upgrade: {
    sends: 'a request to switch to the WebSocket protocol, by the four callers',
    claim: 'A request to switch the protocol needs a certificate too.',
    failure: 'A caller who asks for a WebSocket gets past the gate.',
    remedy: 'Switch WebSockets off, or let the gate decide before the switch.',
    wouldTell: needsAllowedCaller,
  },
  'second-request': {
    sends: 'two requests on one connection, by the four callers: the forged header is in the second',
    claim: 'The second request on a connection is decided like the first.',
    failure: 'The front end removes or replaces the header in the first request on a connection only.',
    remedy: 'Update the front end, or let it close the connection after each answer.',
    wouldTell: needsAllowedCaller,
  },
  trace: {
    sends: 'TRACE with Max-Forwards: 0; without a certificate, and with the denied one',
    claim: 'Nothing on the way answers TRACE.',
    failure: 'What answers TRACE repeats the request, with the header fields and secrets that were added on the way.',
    remedy: 'Switch TRACE off (Apache: TraceEnable off).',
    wouldTell: needsAllowedCaller,
  },
  'other-method': {
    sends: 'HEAD and OPTIONS, by the four callers',
    claim: 'HEAD and OPTIONS need a certificate too, or are not answered by the function.',
    failure: 'A caller who must be refused gets an answer with another method.',
    remedy: 'Remove the rule that depends on the method. Run `certgate app inspect`.',
    wouldTell: 'An answer that is a refusal, or the same for a function that does not exist.',
    ofAnyServer: { remedy: 'Remove the rule that depends on the method.' },
  },
  'other-path': {
    sends:
      'the path with a slash at the end, in upper and lower case, with a percent-encoded letter, double slashes, ;x, /x/.. and a static extension; without a certificate, and with the denied one',
    claim: 'Other spellings of the path open nothing.',
    failure: 'Another spelling of the path gets past the gate.',
    remedy:
      'Remove rules and exclusion paths that compare the path. Everything that reaches the function must pass the gate.',
    wouldTell: 'An answer that is a refusal, or the same for a function that does not exist.',
  },
  'other-host': {
    sends: 'with --also-host NAME: the request with that Host, to the same address, by the four callers',
    claim: 'The other hosts open nothing.',
    failure: 'Under another host the front end lets in callers who must be refused.',
    remedy: 'Let the front end treat every host that reaches the app in the same way, and refuse other hosts.',
    wouldTell: 'An answer that is a refusal, or the same for a function that does not exist.',
  },
  post: {
    sends: 'with --with-post: a POST, and one with X-HTTP-Method-Override: GET, by the four callers',
    claim: 'POST needs a certificate too.',
    failure: 'A caller who must be refused is let in with POST.',
    remedy: 'Remove the rule that depends on the method. Run `certgate app inspect`.',
    wouldTell: needsAllowedCaller,
    ofAnyServer: { remedy: 'Remove the rule that depends on the method.' },
  },
  'tls-1.2': {
    sends: 'over TLS 1.2 only: without a certificate, with a forged header, with the allowed certificate',
    claim: 'Over TLS 1.2 the gate decides the same.',
    failure: 'Over TLS 1.2 the front end passes on something else: no certificate, or a forged one.',
    remedy:
      'Set the client certificate mode to Required, without exclusion paths. If a proxy is in front of the app, check its TLS 1.2.',
    wouldTell: needsAllowedCaller,
    ofAnyServer: { remedy: 'Ask for the certificate in the handshake, and not after the request.' },
  },
  'tls-1.3': {
    sends: 'over TLS 1.3 only: without a certificate, with a forged header, with the allowed certificate',
    claim: 'Over TLS 1.3 the gate decides the same.',
    failure: 'Over TLS 1.3 the front end passes on something else: no certificate, or a forged one.',
    remedy: 'Remove exclusion paths and the mode OptionalInteractiveUser, which need TLS 1.2 and must switch 1.3 off.',
    wouldTell: needsAllowedCaller,
    ofAnyServer: { remedy: 'Ask for the certificate in the handshake, and not after the request.' },
  },
  'http-2': {
    sends: 'over HTTP/2: without a certificate, with a forged header, with the allowed certificate',
    claim: 'Over HTTP/2 the gate decides the same.',
    failure: 'Over HTTP/2 the front end passes on something else: no certificate, or a forged one.',
    remedy: 'Switch HTTP/2 off (http20Enabled: false).',
    wouldTell: needsAllowedCaller,
    ofAnyServer: { remedy: 'Let the server treat HTTP/2 like HTTP/1.1, or switch it off.' },
  },
  'plain-http': {
    sends: 'a request over plain HTTP, without any certificate or header of one',
    claim: 'Plain HTTP reaches no function.',
    failure:
      'The app answers over plain HTTP, where there is no certificate, and others can read and change what is sent.',
    remedy: 'Set httpsOnly to true.',
    wouldTell: 'A redirect to https, or a port on which nothing answers. Run `az functionapp show --query httpsOnly`.',
    isIndependent: true,
    ofAnyServer: { remedy: 'Switch plain HTTP off, or redirect it to https.' },
  },
  'scm-site': {
    sends: 'a request without a certificate to NAME.scm.azurewebsites.net',
    claim: 'The SCM site requires a sign-in.',
    failure: 'The SCM site, from which the app can be replaced, answers without a sign-in.',
    remedy: 'Restrict access to the SCM site (scmIpSecurityRestrictions), and switch basic publishing credentials off.',
    wouldTell: 'A definite answer of the SCM site.',
    isIndependent: true,
  },
  'refusal-reason': {
    sends: 'nothing more: it reads the refusals of the other probes',
    claim: 'A refused caller does not learn why.',
    failure:
      'A refusal says why, or differs between no certificate and a denied one: anyone who probes the app learns what to try next.',
    remedy:
      'Send one answer to all refused callers, and write the reason to the log. Certgate says more only in Development.',
    wouldTell: 'A refusal with an answer.',
    isPassive: true,
    ofAnyServer: { remedy: 'Send one answer to all refused callers, and write the reason to the log.' },
  },
  'refusal-content': {
    sends: 'nothing more: it compares the refusals with what the allowed caller got',
    claim: 'A refusal does not contain what the allowed caller gets.',
    failure: 'A refused caller still gets the content: the function runs before the gate decides.',
    remedy: 'Let the gate decide before the function runs.',
    wouldTell: 'An allowed caller who gets an answer of some length.',
    isPassive: true,
  },
  'software-version': {
    sends: "nothing more: it reads the header fields and the bodies of the other probes' refusals",
    claim: 'The answers name no version of the software.',
    failure: 'The answers name software and its version: anyone who probes the app knows which faults to try.',
    remedy: 'Remove the field (Server, X-Powered-By, X-AspNet-Version) or the text.',
    wouldTell: 'An answer.',
    isPassive: true,
  },
  'large-body': {
    sends: 'with --with-large-body: a POST of 1 byte and one of 128 KiB, with the allowed certificate',
    claim: 'A body of more than 100 KB is accepted.',
    failure:
      'The front end asks for the certificate after the request (exclusion paths, OptionalInteractiveUser) and refuses larger bodies.',
    remedy: 'Remove the exclusion paths, and use the mode Required or Optional.',
    wouldTell: 'A function that answers a small POST of the allowed caller with 2xx.',
    needsNoControl: true,
    ofAnyServer: {
      failure: 'It is refused. The server may have a lower limit, or ask for the certificate after the request.',
      remedy: 'Raise the limit, or ask for the certificate in the handshake.',
    },
  },
};
