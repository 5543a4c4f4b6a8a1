/** The flags that verbs word in different ways: what each means wherever it stands, and the wordings that say so. */
export const flagMeanings: Readonly<
  Record<string, { readonly meaning: string; readonly wordings: readonly string[] }>
> = {
  '--at': {
    meaning: 'The time that is taken for now.',
    wordings: [
      '--at <time>  the time to check for, like 2027-03-01T00:00:00Z (default: now)',
      '--at <time>  the time of the call, like 2027-03-01T00:00:00Z (default: now)',
    ],
  },
  '--audience': {
    meaning: 'The name of an app that the trust document is for.',
    wordings: [
      "--audience <app>  the app's option `audience`: a name that the document's audience must contain",
      '--audience <app>  the name of an app that the document is for (repeatable)',
    ],
  },
  '--authority': {
    meaning:
      'A certificate authority: one kept by certgate authority, a file of its certificates, or one of the trust document.',
    wordings: [
      '--authority <file|name>  the authority to trust: a file, each certificate of which is a trust anchor; the name of your own authority (certgate authority create); or with --store its name in the document (repeatable)',
      '--authority <name>  an authority of your own, whose register tells what it issued (repeatable)',
      '--authority <name>  the authority that issues it; certgate authority create creates one',
    ],
  },
  '--certificate': {
    meaning: "The file of a caller's certificate.",
    wordings: [
      '--certificate <file>  PFX, PEM, DER or a header value; - reads standard input',
      '--certificate <file>  a PFX, or a PEM file with the certificate and its key',
      '--certificate <file>  pin this certificate: PFX, PEM, DER or base64; a private key in it is ignored',
    ],
  },
  '--certificate-folder': {
    meaning: 'A folder of certificates at hand.',
    wordings: [
      '--certificate-folder <folder>  a folder of certificates, which tell when pinned ones begin and end, and what authorities issued',
      '--certificate-folder <folder>  a folder of certificates: report pins of those that the gate would refuse, or that will lose clientAuth at renewal',
      '--certificate-folder <folder>  a folder of certificates: those in the list are pinned by SHA-256, with their end',
    ],
  },
  '--crl': {
    meaning: 'A revocation list: its file, or where apps read it.',
    wordings: [
      '--crl <address>  a revocation list: file:PATH or an https: URL (repeatable)',
      '--crl <file>  a revocation list, DER or PEM (repeatable)',
    ],
  },
  '--days': {
    meaning: 'How long the certificate that is made is valid.',
    wordings: [
      '--days <days>  how long it is valid, 1 to 3650',
      '--days <days>  how long it is valid, 1 to 3650 (default: 3650; below a parent 1825)',
      "--days <days>  how long it is valid, 1 to 3650 (default: 90, or up to the authority's end)",
    ],
  },
  '--dns': {
    meaning: 'A DNS name in the certificate.',
    wordings: [
      '--dns <name>  a DNS name of the certificate (repeatable)',
      '--dns <name>  a DNS name of the certificate, or *.corp.example for one label (repeatable)',
    ],
  },
  '--dry-run': {
    meaning: 'Say what would change, and change nothing.',
    wordings: ['--dry-run  print what would change, and write nothing', '--dry-run  show the changes and make none'],
  },
  '--fail-on': {
    meaning: 'What the exit code 1 is for.',
    wordings: [
      '--fail-on <severity>  the lowest severity that causes exit code 1',
      '--fail-on <what>  what causes exit code 1',
    ],
  },
  '--front-end': {
    meaning: 'The front end that ends TLS before the app.',
    wordings: [
      '--front-end <name>  the front end before the app: its header fields are forged in every spelling, those of the others in one',
      '--front-end <name>  the front end whose header fields the app gets (default: the app setting CERTGATE_FRONT_END, or else app-service). Only app-service refuses calls by itself; the others request a certificate, verify nothing, and let callers without one through',
    ],
  },
  '--function': {
    meaning: 'A function, by its name in the app.',
    wordings: [
      '--function <name>  a function that it may call (repeatable); without one, it may call every function',
      '--function <name>  a function that new identities may call (repeatable); without one, they may call every function',
      '--function <name>  a function that must be closed, and that the allowed caller may call: its name, or its path (repeatable)',
      '--function <name>  only this function (repeatable)',
      '--function <name>  the function that is called',
    ],
  },
  '--intermediate': {
    meaning: 'A CA certificate between a trust anchor and the callers.',
    wordings: [
      '--intermediate <file>  CA certificates that may be on the path, also a bundle (repeatable)',
      '--intermediate <file>  a CA certificate between an anchor and the callers (repeatable)',
    ],
  },
  '--issued-by': {
    meaning: 'The authority of the trust document that issued the certificate.',
    wordings: [
      '--issued-by <authority>  an authority of the document: what is added applies only to certificates that it issued',
      '--issued-by <authority>  with --serial: the authority that issued it',
      '--issued-by <authority>  with a name: the authority of that name',
    ],
  },
  '--json': {
    meaning: 'Print JSON for programs on stdout, and nothing else.',
    wordings: [
      '--json  one JSON object when ready, then one line of JSON per request',
      '--json  print one JSON object',
      "--json  print one JSON object, and don't ask",
      '--json  print one JSON object: status, code, headers, body, certificate; with --mcp-tool also mcp',
      '--json  print the functions, and the results of a check, as one JSON object',
      '--json  serve no page; print what it would show as one JSON object',
    ],
  },
  '--key': {
    meaning: 'The private key of the certificate, PEM.',
    wordings: [
      '--key <file>  its key in PEM',
      '--key <file>  the private key in PEM, if the file of --certificate contains only the certificate',
    ],
  },
  '--mode': {
    meaning: 'The client certificate mode that the gateway plays.',
    wordings: [
      '--mode <mode>  the client certificate mode of app-service, as in Azure (default: optional)',
      '--mode <mode>  the client certificate mode of app-service, as in Azure (default: required)',
    ],
  },
  '--not-after': {
    meaning: 'Until when the pin counts.',
    wordings: [
      "--not-after <time>  the pin is valid until then (default with --certificate: the end of the certificate's validity)",
      "--not-after <time>  when the pin ends, e.g. 2028-03-01T00:00:00Z; none: at the end of the certificate's validity",
    ],
  },
  '--not-before': {
    meaning: 'From when on the pin counts.',
    wordings: [
      '--not-before <time>  the pin is valid from then on, e.g. 2027-03-01T00:00:00Z',
      '--not-before <time>  when the pin becomes valid, e.g. 2027-03-01T00:00:00Z; none: at once',
    ],
  },
  '--organizational-unit': {
    meaning: "An organizational unit in the certificate's subject.",
    wordings: [
      '--organizational-unit <text>  an exact organizational unit of its subject (repeatable)',
      '--organizational-unit <text>  the organizational unit in its subject',
    ],
  },
  '--owner': {
    meaning: 'Who answers for the identity.',
    wordings: [
      '--owner <text>  who is responsible for it',
      '--owner <text>  who is responsible for the new identities',
    ],
  },
  '--port': {
    meaning: "The gateway's port.",
    wordings: [
      '--port <port>  default 7443, or the next free one; 0 picks a free one',
      "--port <port>  the gateway's port (default 7443, or the next free one; 0 picks one)",
    ],
  },
  '--reason': {
    meaning: 'Why it is done.',
    wordings: [
      '--reason <reason>  a reason of RFC 5280; removeFromCRL ends a certificateHold',
      '--reason <text>  why the document is changed, for the log of changes',
    ],
  },
  '--request': {
    meaning: 'The HTTP method.',
    wordings: [
      '-X, --request <method>  the HTTP method of the probes; others than GET and HEAD may change data',
      '-X, --request <method>  the HTTP method; default GET, or POST with a body',
    ],
  },
  '--revocation': {
    meaning:
      'How revocation is dealt with: what it means that nothing is known of it, or in a check, that it is looked at.',
    wordings: [
      '--revocation  also read the revocation lists and ask the OCSP responders that the document names; relative paths of lists start in the current folder',
      '--revocation <mode>  required: refuse certificates whose revocation status is unknown (the default with lists or answers; otherwise off)',
      '--revocation <mode>  what to do if the revocation status is unknown (default: required with --crl or --ocsp, else off)',
    ],
  },
  '--role': {
    meaning: 'A role of the identity.',
    wordings: [
      '--role <role>  a role that it gets (repeatable); without one, it may call only functions that require no role',
      '--role <role>  a role that new identities get (repeatable); without one, they may call only functions that require no role',
      '--role <role>  only this role (repeatable)',
    ],
  },
  '--signed-by': {
    meaning: 'A public key in PEM; the document as it is must be signed by one of these.',
    wordings: [
      "--signed-by <key>  the app's option `signedBy`: a public key in PEM, or its file (repeatable: one of these must have signed)",
      '--signed-by <file>  a public key in PEM with which the present document is signed (repeatable; default: that of the signing key)',
    ],
  },
  '--store': {
    meaning: 'Where the trust document is.',
    wordings: [
      '--store <location>  use an authority of this trust document as an app does, with the lists that it names and its OCSP responder: a path, blob:https://… or https://…',
      '--store <location>  where the trust document is: a path, file:PATH, https://… (read-only), or a blob: blob:https://….blob.core.windows.net/CONTAINER/NAME',
      '--store <location>  where the trust document is: a path, file:PATH, https://… (read-only), or a blob: blob:https://….blob.core.windows.net/CONTAINER/NAME (repeatable)',
    ],
  },
  '--thumbprint-sha256': {
    meaning: 'The SHA-256 thumbprint of the certificate in question.',
    wordings: [
      '--thumbprint-sha256 <hex>  only the certificate with this thumbprint, or with at least its first eight digits (repeatable)',
      '--thumbprint-sha256 <hex>  pin the certificate with this thumbprint',
    ],
  },
  '--to-existing': {
    meaning: 'Add to what is there already.',
    wordings: [
      '--to-existing  add certificates, lists and trust domains to an existing authority, or change a setting',
      '--to-existing  add the certificate, names, roles or functions to an existing identity',
      '--to-existing  also add certificates to existing identities; they get the access of these identities',
    ],
  },
  '--upstream': {
    meaning: 'The address of the app, behind the gateway.',
    wordings: [
      '--upstream <url>  put the gateway in front of this address (func start) instead of the embedded host',
      '--upstream <url>  the app, e.g. http://localhost:7071 of func start',
    ],
  },
};
