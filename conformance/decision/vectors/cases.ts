import { type Certificate, describeCertificate } from '../facts.js';
import { toPem } from '@certgate/x509/test-support/openssl.js';
import { billing, type Case, type CaseBook, named } from './case-book.js';
import { askAboutChains } from './chain-cases.js';
import { listFrontEndCases } from './front-end-cases.js';
import { askAboutLists } from './list-cases.js';
import type { Material } from './make-material.js';
import { askAboutReadings } from './reading-cases.js';
import { askAboutRules } from './rule-cases.js';
import { askAboutSpellings } from './spelling-cases.js';

export interface Cases {
  readonly documents: Readonly<Record<string, object>>;
  readonly cases: readonly Case[];
}

const time = '2027-01-01T00:00:00Z';
const usual = { time, function: 'GetOrder', roles: [] };

export function describeCases(material: Material): Cases {
  const { certificates } = material;
  const documents: Record<string, object> = {};
  const cases: Case[] = [];
  const get = (label: string): Buffer => {
    const base64 = certificates[label];
    if (base64 === undefined)
      throw new Error(
        `No certificate is called ${label}: add it to make-material.ts, and run npm run write -- vectors --new-material.`,
      );
    return Buffer.from(base64, 'base64');
  };
  const factsOf = (label: string): Certificate => describeCertificate(get(label));
  const pem = (label: string): string => toPem(get(label));
  const sha256 = (label: string): { readonly thumbprintSha256: string } => ({
    thumbprintSha256: factsOf(label).thumbprintSha256,
  });
  const write = (name: string, identities: readonly object[], more: object = {}): string => {
    if (documents[name] !== undefined) throw new Error(`Two documents are called ${name}.`);
    documents[name] = { schemaVersion: 1, revision: 1, ...more, identities };
    return name;
  };
  const pinned: CaseBook['pinned'] = (name, label, pin = {}, identity = {}, more = {}) =>
    write(name, [{ ...billing, ...identity, pins: [{ ...sha256(label), ...pin }] }], more);
  const corp = (more: object = {}, anchor = 'root', intermediates: readonly string[] = ['issuing']): object => ({
    name: 'corp',
    trustAnchors: [pem(anchor)],
    intermediates: intermediates.map(pem),
    ...more,
  });
  const field = (more: object = {}): object => ({
    name: 'field',
    trustAnchors: [pem('fieldRoot')],
    intermediates: [pem('fieldIssuing')],
    ...more,
  });
  const issued = (
    name: string,
    authority: object = corp(),
    more: object = {},
    identities: readonly object[] = [named],
  ): string => write(name, identities, { authorities: [authority], ...more });
  const ask = (
    name: string,
    document: string | readonly (string | null)[],
    certificate: string,
    more: Partial<Case> = {},
  ): void => {
    cases.push({
      name,
      documents: typeof document === 'string' ? [document] : document,
      certificate,
      ...usual,
      ...more,
    });
  };

  const own = pinned('pin', 'own');
  ask('a pin', own, 'own');
  ask('a pin, by a time that is not a whole second', own, 'own', { time: '2027-01-01T00:00:00.500Z' });
  ask('nobody', own, 'server');
  ask('the twin of a pin is another certificate', own, 'ownTwin');
  ask('roles', own, 'own', { roles: [['orders.read', 'orders.write']] });
  ask('a role that is missing', own, 'own', { roles: [['orders.read'], ['orders.write']] });
  const functions = pinned('functions', 'own', {}, { functions: ['getorder'] });
  ask('a function of the list, in any letter case', functions, 'own');
  ask('a function that is not on the list', functions, 'own', { function: 'List' });
  ask('no function', pinned('no-functions', 'own', {}, { functions: [] }), 'own');
  ask(
    'a thumbprint in lower case with colons',
    write('colons', [
      {
        ...billing,
        pins: [
          {
            thumbprintSha256: factsOf('own')
              .thumbprintSha256.toLowerCase()
              .replace(/..(?=.)/g, '$&:'),
          },
        ],
      },
    ]),
    'own',
  );
  ask(
    'a SHA-1 pin',
    write('pin-sha1', [{ ...billing, pins: [{ thumbprintSha1: factsOf('own').thumbprintSha1 }] }]),
    'own',
  );
  const key = write('public-key', [
    { ...billing, pins: [{ publicKeySha256: factsOf('own').publicKeySha256, notAfter: '2027-03-01T00:00:00Z' }] },
  ]);
  ask('a pin of the public key admits every certificate with it', key, 'ownRenewed');
  ask('and the twin of one', key, 'ownTwin');

  const window = pinned('window', 'own', { notBefore: '2027-01-02T00:00:00Z', notAfter: '2027-01-03T00:00:00Z' });
  ask('the millisecond before a window', window, 'own', { time: '2027-01-01T23:59:59.999Z' });
  ask('the start of a window', window, 'own', { time: '2027-01-02T00:00:00Z' });
  ask('the last millisecond of a window', window, 'own', { time: '2027-01-02T23:59:59.999Z' });
  ask('the end of a window', window, 'own', { time: '2027-01-03T00:00:00Z' });
  const ending = pinned('expires', 'own', {}, { expiresAt: '2027-01-02T00:00:00Z' });
  ask('before an identity ends', ending, 'own', { time: '2027-01-01T23:59:59.999Z' });
  ask('when an identity ends', ending, 'own', { time: '2027-01-02T00:00:00Z' });
  ask('a disabled identity', pinned('identity-disabled', 'own', {}, { enabled: false }), 'own');
  ask('a disabled pin', pinned('pin-disabled', 'own', { enabled: false }), 'own');
  ask(
    'a pin of two, of which the other is disabled',
    write('one-disabled', [
      { ...billing, pins: [sha256('own'), { thumbprintSha1: factsOf('own').thumbprintSha1, enabled: false }] },
    ]),
    'own',
  );
  const twinDisabled = write('twin-disabled', [
    { ...billing, pins: [sha256('own'), { ...sha256('ownTwin'), enabled: false }] },
  ]);
  ask('a pin whose twin is disabled', twinDisabled, 'own');
  ask(
    'two identities',
    write('two', [
      { ...billing, pins: [sha256('own')] },
      { name: 'reports', roles: [], pins: [{ thumbprintSha1: factsOf('own').thumbprintSha1 }] },
    ]),
    'own',
  );

  ask(
    'a denied certificate',
    write('denied', [{ ...billing, pins: [sha256('own')] }], { denied: [sha256('own')] }),
    'own',
  );
  ask(
    'a certificate whose twin is denied',
    write('twin-denied', [{ ...billing, pins: [sha256('own')] }], { denied: [sha256('ownTwin')] }),
    'own',
  );
  const locked = write('locked', [{ ...billing, pins: [sha256('own')] }], {
    locked: { since: '2028-01-01T00:00:00Z', by: 'ada', reason: 'test' },
  });
  ask('a locked document, also of the future', locked, 'own');
  ask('a locked document, and a stranger', locked, 'server');

  const grace = pinned('grace', 'server', {
    acceptWithoutClientAuth: { since: '2027-01-01T00:00:00Z', until: '2027-01-02T00:00:00Z', reason: 'test' },
  });
  ask('before a grace period', grace, 'server', { time: '2026-12-31T23:59:59.999Z' });
  ask('a grace period', grace, 'server');
  ask('the end of a grace period', grace, 'server', { time: '2027-01-02T00:00:00Z' });
  for (const label of [
    'server',
    'expired',
    'notYetValid',
    'authority',
    'noSigner',
    'unknownExtension',
    'weakKey',
    'unsupportedKey',
  ])
    ask(`a pin of a certificate that is not a client's: ${label}`, pinned(`${label}-pin`, label), label);
  ask('the last second of a certificate', 'expired-pin', 'expired', { time: '2026-12-31T23:59:59Z' });

  const names = issued('names');
  ask('a name under an authority', names, 'billing');
  ask('the same by the twin', names, 'billingTwin');
  ask('the same name of another CA', names, 'billingOfOtherRoot');
  ask('a name that is forged', names, 'forged');
  const kinds = {
    dns: '*.reports.corp.example',
    uri: 'spiffe://corp.example/reports',
    email: 'Reports@corp.EXAMPLE',
    commonName: 'reports',
  };
  for (const [kind, value] of Object.entries(kinds))
    ask(
      `a name of the kind ${kind}`,
      issued(`name-${kind}`, corp({ spiffeTrustDomains: ['corp.example'] }), {}, [
        { ...billing, names: [{ issuedBy: 'corp', [kind]: value }] },
      ]),
      'reports',
    );
  ask(
    'a name of the kind organizationalUnit',
    issued('name-organizationalUnit', corp(), {}, [
      { ...billing, names: [{ issuedBy: 'corp', organizationalUnit: 'payments' }] },
    ]),
    'ofUnit',
  );
  ask(
    'a wildcard stands for one label',
    issued('wildcard', corp(), {}, [{ ...billing, names: [{ issuedBy: 'corp', dns: '*.corp.example' }] }]),
    'reports',
  );
  ask(
    'names of two identities',
    issued('ambiguous', corp(), {}, [
      named,
      { name: 'reports', roles: [], names: [{ issuedBy: 'corp', dns: '*.reports.corp.example' }] },
    ]),
    'billingAndReports',
  );
  ask(
    'a denied serial number',
    issued('serial-denied', corp(), { denied: [{ issuedBy: 'corp', serialNumber: '12:34' }] }),
    'billing',
  );
  ask('a denied CA', issued('ca-denied', corp(), { denied: [sha256('issuing')] }), 'billing');
  const bothOf = corp({}, 'root', ['issuing', 'issuingRenewed']);
  const otherIs = issued('ca-of-two-denied', bothOf, { denied: [sha256('issuing')] });
  ask('a denied CA, beside another certificate of its key', otherIs, 'billing');
  const twinPin = issued('twin-pin', corp(), {}, [
    { ...named, pins: [{ ...sha256('billingTwin'), notAfter: '2026-12-01T00:00:00Z' }] },
  ]);
  ask('a name, and a pin of the twin that is over', twinPin, 'billing');
  const other = { name: 'other', trustAnchors: [pem('otherRoot')] };
  const byOther = write('pin-of-other', [{ ...named, pins: [{ ...sha256('billing'), issuedBy: 'other' }] }], {
    authorities: [corp(), other],
  });
  ask('a pin whose authority did not issue the certificate', byOther, 'billing');
  ask('the same by the twin, which has a name under another authority', byOther, 'billingTwin');

  const paths: readonly (readonly [certificate: string, authority: object])[] = [
    ...['manyNames', 'noKeyIdentifier', 'unknownExtensionIssued', 'sha1', 'ofEd448'].map(
      (label) => [label, corp()] as const,
    ),
    ...[
      'NotYetValid',
      'Expired',
      'Unfit',
      'OfOtherNames',
      'OfSubdomains',
      'OfPolicies',
      'ForServers',
      'UnsupportedKey',
      'WeakKey',
    ].map((label) => [`below${label}`, corp({}, 'root', [`intermediate${label}`])] as const),
  ];
  for (const [label, authority] of paths) ask(`a path that is refused: ${label}`, issued(label, authority), label);
  ask(
    'a name constraint with a leading dot, where it is read as subdomains',
    issued(
      'subdomains',
      corp({ dnsConstraintsWithLeadingDot: 'subdomains-only' }, 'root', ['intermediateOfSubdomains']),
    ),
    'belowOfSubdomains',
  );
  ask('a path that is too long', issued('shallow', corp({}, 'shallowRoot')), 'billing');
  const byKey = issued('no-path', corp(), {}, [{ ...billing, pins: [{ ...sha256('stranger'), issuedBy: 'corp' }] }]);
  ask('a pin with issuedBy of a certificate that somebody else issued', byKey, 'stranger');

  const book: CaseBook = { ask, issued, corp, sha256, factsOf, write, pinned, field };
  askAboutLists(book);
  const unlike = pinned('other-roles', 'own', {}, { roles: ['orders.write'] });
  const denying = write('denying', [], { denied: [sha256('own')] });
  ask('two stores that agree', [own, own], 'own');
  ask('two stores with different roles', [own, unlike], 'own');
  ask('a store that denies', [own, denying], 'own');
  ask('a store that does not know the certificate', [own, names], 'own');
  ask('a store that has no document', [own, null], 'own');
  ask('one that has no document, and one that denies', [null, denying], 'own');
  ask('a locked store', [own, locked], 'own');
  ask('a locked store, and one that denies', [denying, locked], 'own');
  ask(
    'a store with a disabled pin of the twin',
    [names, pinned('pin-of-twin', 'billingTwin', { enabled: false })],
    'billing',
  );
  ask(
    'a store that denies a CA of the path',
    [names, write('denying-ca', [], { denied: [sha256('issuing')] })],
    'billing',
  );
  ask('the window of the other store', [own, window], 'own');
  askAboutRules(book);
  askAboutSpellings(book);
  askAboutChains(book);
  askAboutReadings(book, material);

  cases.push(...listFrontEndCases(own, get('own')).map((each) => ({ ...each, ...usual })));
  return { documents, cases };
}
