import { getAuthorityPems } from './authority-certificates.js';
import { type RefusedDocument, documentOf } from './documents.js';

const sha256 = '9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08';
const pems = getAuthorityPems();

const corp = { name: 'corp', trustAnchors: [pems.corp] };
const partner = { name: 'partner', trustAnchors: [pems.partner] };

type Fields = Readonly<Record<string, unknown>>;

const names = (...items: readonly unknown[]): object =>
  documentOf([{ names: items }], {
    authorities: [{ ...corp, spiffeTrustDomains: ['example.org'] }, partner],
  });
const named = (fields: Fields): object => names({ issuedBy: 'corp', ...fields });
const pin = (fields: Fields): object => documentOf([{ pins: [fields] }], { authorities: [corp] });

const name = 'identities[0].names[0]';
const isBeyond = false;

function refuse(what: string, document: unknown, path: string, words: RegExp, isSeenBySchema = true): RefusedDocument {
  return { what, document, path, words, isSeenBySchema };
}

const refusedDns = (text: unknown, words = /DNS name/): RefusedDocument =>
  refuse(`the DNS name ${String(text)}`, named({ dns: text }), `${name}.dns`, words);
const refusedUri = (text: unknown, words = /absolute URI/, isSeenBySchema = true): RefusedDocument =>
  refuse(`the URI ${String(text)}`, named({ uri: text }), `${name}.uri`, words, isSeenBySchema);
const refusedEmail = (text: unknown): RefusedDocument =>
  refuse(`the mailbox ${String(text)}`, named({ email: text }), `${name}.email`, /mailbox|empty/);

export const refusedNameDocuments: readonly RefusedDocument[] = [
  // names
  refuse('names as an object', documentOf([{ names: {} }]), 'identities[0].names', /list/),
  refuse('a name without its authority', names({ dns: 'a.example' }), `${name}.issuedBy`, /missing/),
  refuse('an authority without a name', names({ issuedBy: 'corp' }), name, /exactly one of dns, uri/),
  refuse('two names', named({ dns: 'a.example', uri: 'urn:a:b' }), name, /exactly one of/),
  refuse('an IP address', named({ ip: '10.0.0.1' }), `${name}.ip`, /unknown key; the known keys are issuedBy, dns/),
  refuse('a pattern', named({ dnsPattern: '.*' }), `${name}.dnsPattern`, /unknown key/),
  refuse(
    'an authority that is not there',
    named({ issuedBy: 'corporation', dns: 'a.example' }),
    `${name}.issuedBy`,
    /no authority of this document; there are corp, partner/,
    isBeyond,
  ),
  refuse(
    'an authority where none is',
    documentOf([{ names: [{ issuedBy: 'corp', dns: 'a.example' }] }]),
    `${name}.issuedBy`,
    /which has none/,
    isBeyond,
  ),
  refuse('an authority that is null', named({ issuedBy: null, dns: 'a.example' }), `${name}.issuedBy`, /a string/),
  ...[
    '',
    ' a.example',
    'a..example',
    '.example',
    'a.example.',
    '-a.example',
    'a-.example',
    'ä.example',
    '10.0.0.1',
    '1',
    'a_b.',
    'https://a.example',
    'a.example:443',
    `${'a'.repeat(64)}.example`,
  ].map((text) => refusedDns(text, /DNS name|empty/)),
  ...['*', '*.example', '*.', '*a.corp.example', 'a.*.example', '*.*.corp.example', '**.corp.example', '*.1.2'].map(
    (text) => refusedDns(text, /wildcard/),
  ),
  refusedDns(`${'a.'.repeat(130)}example`, /253/),
  refusedDns(null, /a string/),
  ...['', 'billing', '/billing', '//host/billing', 'urn:', 'urn:ä', 'urn:a b', 'urn:%zz', 'urn:a\n'].map((text) =>
    refusedUri(text, /absolute URI|empty/),
  ),
  ...[
    'spiffe://example.org',
    'spiffe://example.org/',
    'spiffe://Example.org/a',
    'SPIFFE://example.org/a',
    'spiffe://example.org/a/',
    'spiffe://example.org//a',
    'spiffe://example.org/a/../b',
    'spiffe://example.org/.',
    'spiffe://example.org/a?b',
    'spiffe://example.org/a#b',
    'spiffe://example.org/%61',
    'spiffe://example.org:443/a',
    'spiffe://me@example.org/a',
    'spiffe:example.org/a',
    'spiffe:///a',
  ].map((text) => refusedUri(text, /SPIFFE ID like/)),
  refusedUri('spiffe://elsewhere.org/a', /not among the spiffeTrustDomains of the authority corp/, isBeyond),
  refuse(
    'a SPIFFE ID under another authority',
    names({ issuedBy: 'partner', uri: 'spiffe://example.org/a' }),
    `${name}.uri`,
    /of the authority partner/,
    isBeyond,
  ),
  ...[
    '',
    'billing',
    '@a.example',
    'a@',
    'a@b@c.example',
    'a b@c.example',
    '.a@c.example',
    'a@10.0.0.1',
    'Bill <a@c.example>',
  ].map(refusedEmail),
  refuse('a common name with a space behind', named({ commonName: 'billing ' }), `${name}.commonName`, /white space/),
  refuse('an empty organizational unit', named({ organizationalUnit: '' }), `${name}.organizationalUnit`, /empty/),
  refuse(
    'a name twice under one authority',
    names({ issuedBy: 'corp', dns: 'a.example' }, { issuedBy: 'Corp', dns: 'A.Example' }),
    'identities[0].names[1]',
    /dns a.example of the authority corp is already/,
    isBeyond,
  ),
  refuse(
    'a name of one authority in two identities',
    documentOf(
      [
        { names: [{ issuedBy: 'corp', email: 'a@b.example' }] },
        { names: [{ issuedBy: 'corp', email: 'a@B.example' }] },
      ],
      { authorities: [corp] },
    ),
    'identities[1].names[0]',
    /is already in the identity "caller-0"/,
    isBeyond,
  ),
  // pins
  refuse(
    'a key without notAfter or authority',
    pin({ publicKeySha256: sha256 }),
    'identities[0].pins[0]',
    /its own notAfter, or an authority/,
  ),
  refuse(
    'a pin of an authority that is not there',
    pin({ thumbprintSha256: sha256, issuedBy: 'x' }),
    'identities[0].pins[0].issuedBy',
    /no authority/,
    isBeyond,
  ),
  refuse(
    'a pin of an authority that is empty',
    pin({ publicKeySha256: sha256, issuedBy: '' }),
    'identities[0].pins[0].issuedBy',
    /empty/,
  ),
];

export const acceptedNameDocuments: readonly (readonly [string, object])[] = [
  [
    'every type of name',
    names(
      { issuedBy: 'corp', dns: 'billing.corp.example' },
      { issuedBy: 'CORP', dns: '*.corp.example' },
      { issuedBy: 'corp', dns: 'localhost' },
      { issuedBy: 'corp', dns: 'xn--bcher-kva.example' },
      { issuedBy: 'corp', uri: 'urn:corp:billing' },
      { issuedBy: 'corp', uri: 'https://corp.example/billing?a=%20#b' },
      { issuedBy: 'corp', uri: 'spiffe://example.org/ns/default/sa/billing' },
      { issuedBy: 'corp', email: 'billing+a@corp.example' },
      { issuedBy: 'corp', commonName: 'Łukasz & the team' },
      { issuedBy: 'corp', organizationalUnit: 'payments' },
    ),
  ],
  [
    'one name under two authorities',
    names({ issuedBy: 'corp', dns: 'a.example' }, { issuedBy: 'partner', dns: 'a.example' }),
  ],
  [
    'one text as two types',
    names({ issuedBy: 'corp', dns: 'a.example' }, { issuedBy: 'corp', commonName: 'a.example' }),
  ],
  [
    'mailboxes that differ in case',
    names({ issuedBy: 'corp', email: 'a@b.example' }, { issuedBy: 'corp', email: 'A@b.example' }),
  ],
  ['a key of an authority', pin({ publicKeySha256: sha256, issuedBy: 'Corp' })],
  [
    'a certificate of an authority',
    pin({ thumbprintSha256: sha256, issuedBy: 'corp', notAfter: '2027-03-01T00:00:00Z' }),
  ],
];
