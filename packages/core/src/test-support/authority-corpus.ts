import { getAuthorityPems, toPem } from './authority-certificates.js';
import { type RefusedDocument, documentOf } from './documents.js';

const sha256 = '9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08';
const pems = getAuthorityPems();
const { corp: anchor, partner: otherAnchor } = pems;

const corp = { name: 'corp', trustAnchors: [anchor] };
const partner = { name: 'partner', trustAnchors: [otherAnchor] };

type Fields = Readonly<Record<string, unknown>>;

const withAuthorities = (...authorities: readonly unknown[]): object => documentOf([], { authorities });
const authority = (fields: Fields): object => withAuthorities({ ...corp, ...fields });
const revocation = (fields: Fields): object => authority({ revocation: fields });
const minimum = (...minimumCrlNumbers: readonly unknown[]): object =>
  revocation({ mode: 'required', crls: ['file:a'], minimumCrlNumbers });
const crls = (...addresses: readonly unknown[]): object => revocation({ crls: addresses });
const denied = (...entries: readonly unknown[]): object => documentOf([], { authorities: [corp], denied: entries });
const first = 'authorities[0]';
const isBeyond = false;

function refuse(what: string, document: unknown, path: string, words: RegExp, isSeenBySchema = true): RefusedDocument {
  return { what, document, path, words, isSeenBySchema };
}

const refusedAnchor = (what: string, text: unknown, words: RegExp, isSeenBySchema = true): RefusedDocument =>
  refuse(
    `an anchor that is ${what}`,
    authority({ trustAnchors: [text] }),
    `${first}.trustAnchors[0]`,
    words,
    isSeenBySchema,
  );
const refusedCrl = (what: string, address: unknown, words: RegExp, isSeenBySchema = true): RefusedDocument =>
  refuse(`a list at ${what}`, crls(address), `${first}.revocation.crls[0]`, words, isSeenBySchema);
export const refusedAuthorityDocuments: readonly RefusedDocument[] = [
  // authorities
  refuse('authorities as an object', documentOf([], { authorities: {} }), 'authorities', /list/),
  refuse('an authority that is a text', withAuthorities('corp'), first, /JSON object/),
  refuse('an authority with a key', authority({ trustAnchor: anchor }), `${first}.trustAnchor`, /unknown key/),
  refuse('an authority without a name', withAuthorities({ trustAnchors: [anchor] }), `${first}.name`, /missing/),
  refuse('an authority without anchors', withAuthorities({ name: 'corp' }), `${first}.trustAnchors`, /missing/),
  refuse('an empty list of anchors', authority({ trustAnchors: [] }), `${first}.trustAnchors`, /empty/),
  refuse(
    'a name in two cases',
    withAuthorities(corp, { ...partner, name: 'CORP' }),
    'authorities[1].name',
    /letter case/,
    isBeyond,
  ),
  refuse('65 anchors', authority({ trustAnchors: many(65) }), `${first}.trustAnchors`, /64 are read/),
  refuse('1,001 intermediates', authority({ intermediates: many(1001) }), `${first}.intermediates`, /1000 are read/),
  refuse('intermediates null', authority({ intermediates: null }), `${first}.intermediates`, /list/),
  refusedAnchor('a path', 'corp.pem', /not its path/),
  refusedAnchor('base64 alone', anchor.replace(/-----[^-]*-----/g, ''), /PEM/),
  refusedAnchor('null', null, /a string/),
  refusedAnchor('empty', '', /empty/),
  refusedAnchor('two certificates', anchor + otherAnchor, /several certificates/),
  refusedAnchor('a certificate with a text in front', `Corp CA\n${anchor}`, /more in it/),
  refusedAnchor('a certificate with a text behind', `${anchor}end`, /more in it/),
  refusedAnchor('a private key', toPem(Buffer.of(48, 0), 'PRIVATE KEY'), /private key.*replace the key/),
  refusedAnchor('a certificate and its key', anchor + toPem(Buffer.of(48, 0), 'EC PRIVATE KEY'), /private key/),
  refusedAnchor('a request', toPem(Buffer.of(48, 0), 'CERTIFICATE REQUEST'), /something else in PEM/),
  refusedAnchor('half a block', anchor.slice(0, -10), /more in it/),
  refusedAnchor('no base64', anchor.replace(/\n(.)/, '\n$1='), /not base64/, isBeyond),
  refusedAnchor('no certificate', toPem(Buffer.of(48, 0)), /no certificate that can be read/, isBeyond),
  refusedAnchor('more than 16 KB', anchor.padEnd(16_385, '\n'), /16384 characters/),
  refusedAnchor('a leaf', pems.leaf, /"CN=billing" is not a CA certificate.*pinned under identities/, isBeyond),
  refusedAnchor('without basicConstraints', pems.withoutConstraints, /not a CA certificate/, isBeyond),
  refusedAnchor('without keyCertSign', pems.withoutSigning, /keyCertSign/, isBeyond),
  refusedAnchor('of version 1', pems.version1, /version 1/, isBeyond),
  refuse(
    'a leaf as an intermediate',
    authority({ intermediates: [pems.leaf] }),
    `${first}.intermediates[0]`,
    /not a CA certificate/,
    isBeyond,
  ),
  refuse(
    'an anchor twice',
    authority({ trustAnchors: [anchor, `${anchor}\n`] }),
    `${first}.trustAnchors[1]`,
    /"CN=Corp CA" is already at/,
    isBeyond,
  ),
  refuse(
    'an anchor as an intermediate',
    authority({ intermediates: [anchor] }),
    `${first}.intermediates[0]`,
    /is already at/,
    isBeyond,
  ),
  refuse(
    'an anchor of two authorities',
    withAuthorities(corp, { ...partner, trustAnchors: [otherAnchor, anchor] }),
    'authorities[1].trustAnchors[1]',
    /one authority, one name/,
    isBeyond,
  ),
  refuse(
    'the renewed anchor of another authority',
    withAuthorities(corp, { ...partner, trustAnchors: [pems.corpRenewed] }),
    'authorities[1].trustAnchors[0]',
    /one authority, one name/,
    isBeyond,
  ),
  // SPIFFE trust domains
  refuse(
    'a trust domain in upper case',
    authority({ spiffeTrustDomains: ['Example.org'] }),
    `${first}.spiffeTrustDomains[0]`,
    /trust domain like/,
  ),
  refuse(
    'a trust domain with its scheme',
    authority({ spiffeTrustDomains: ['spiffe://a'] }),
    `${first}.spiffeTrustDomains[0]`,
    /trust domain like/,
  ),
  refuse('a trust domain twice', authority({ spiffeTrustDomains: ['a', 'a'] }), `${first}.spiffeTrustDomains`, /twice/),
  refuse(
    'a trust domain of two authorities',
    withAuthorities({ ...corp, spiffeTrustDomains: ['a'] }, { ...partner, spiffeTrustDomains: ['a'] }),
    'authorities[1].spiffeTrustDomains[0]',
    /belongs to one authority.*authorities\[0\]/,
    isBeyond,
  ),
  refuse(
    'a reading of leading dots that there is not',
    authority({ dnsConstraintsWithLeadingDot: 'subdomains' }),
    `${first}.dnsConstraintsWithLeadingDot`,
    /one of refuse, subdomains-only/,
  ),
  refuse(
    'a leading dot read as true',
    authority({ dnsConstraintsWithLeadingDot: true }),
    `${first}.dnsConstraintsWithLeadingDot`,
    /one of refuse, subdomains-only/,
  ),
  // revocation
  refuse('revocation as a text', authority({ revocation: 'required' }), `${first}.revocation`, /JSON object/),
  refuse(
    'a misspelt mode',
    revocation({ mode: 'Required' }),
    `${first}.revocation.mode`,
    /one of required, when-available, off/,
  ),
  refuse('mode null', revocation({ mode: null }), `${first}.revocation.mode`, /one of/),
  refuse('an unknown scope', revocation({ scope: 'leaf' }), `${first}.revocation.scope`, /one of chain, end-entity/),
  refuse('an unknown key of revocation', revocation({ crl: [] }), `${first}.revocation.crl`, /unknown key/),
  refuse(
    'a grace period of more than a week',
    revocation({ graceSeconds: 604_801 }),
    `${first}.revocation.graceSeconds`,
    /at most 604800/,
  ),
  refuse(
    'a grace period of half a second',
    revocation({ graceSeconds: 0.5 }),
    `${first}.revocation.graceSeconds`,
    /whole number/,
  ),
  refuse(
    'a negative grace period',
    revocation({ graceSeconds: -1 }),
    `${first}.revocation.graceSeconds`,
    /whole number/,
  ),
  refuse(
    'a minimum CRL number where "mode": "required" is not written out',
    revocation({ crls: ['file:a'], minimumCrlNumbers: [] }),
    `${first}.revocation.minimumCrlNumbers`,
    /"mode": "required"/,
  ),
  refuse(
    'a minimum CRL number where revocation is read when available',
    revocation({ mode: 'when-available', minimumCrlNumbers: [] }),
    `${first}.revocation.minimumCrlNumbers`,
    /"mode": "required"/,
  ),
  ...[12, '012', '-1', '0x0C', '1.5', '', ' 12', '1'.repeat(49), null].map((number) =>
    refuse(
      `the minimum CRL number ${JSON.stringify(number)}`,
      minimum({ issuer: 'CN=Corp CA', number }),
      `${first}.revocation.minimumCrlNumbers[0].number`,
      /decimal digits/,
    ),
  ),
  refuse(
    'a minimum CRL number of more than 20 octets',
    minimum({ issuer: 'CN=Corp CA', number: String(2n ** 159n) }),
    `${first}.revocation.minimumCrlNumbers[0].number`,
    /20 octets/,
    isBeyond,
  ),
  refuse(
    'a minimum CRL number of an issuer that the authority lacks',
    minimum({ issuer: 'CN=corp ca', number: '1' }),
    `${first}.revocation.minimumCrlNumbers[0].issuer`,
    /there are CN=Corp CA/,
    isBeyond,
  ),
  refuse(
    'two minimum CRL numbers of one issuer',
    minimum({ issuer: 'CN=Corp CA', number: '1' }, { issuer: 'CN=Corp CA', number: '2' }),
    `${first}.revocation.minimumCrlNumbers[1].issuer`,
    /is already at/,
    isBeyond,
  ),
  refuse(
    'a minimum CRL number without its issuer',
    minimum({ number: '1' }),
    `${first}.revocation.minimumCrlNumbers[0].issuer`,
    /missing/,
  ),
  refuse(
    'an unknown key of a minimum CRL number',
    minimum({ issuer: 'CN=Corp CA', number: '1', delta: true }),
    `${first}.revocation.minimumCrlNumbers[0].delta`,
    /unknown key/,
  ),
  ...(
    [
      ['0', 0, /at least 1/],
      ['31 days', 2_678_400, /at most 2592000/],
      ['half a second', 0.5, /whole number/],
      ['a text', '3600', /whole number/],
      ['nothing', null, /whole number/],
    ] as const
  ).map(([what, noRevAvailMaximumLifetimeSeconds, words]) =>
    refuse(
      `noRevAvail for ${what}`,
      revocation({ mode: 'required', noRevAvailMaximumLifetimeSeconds }),
      `${first}.revocation.noRevAvailMaximumLifetimeSeconds`,
      words,
    ),
  ),
  ...['off', undefined].map((mode) =>
    refuse(
      `noRevAvail where the mode is ${mode ?? 'not written out'}`,
      revocation({ crls: ['file:a'], noRevAvailMaximumLifetimeSeconds: 1, ...(mode === undefined ? {} : { mode }) }),
      `${first}.revocation.noRevAvailMaximumLifetimeSeconds`,
      /"mode": "required" or "when-available"/,
    ),
  ),
  refuse('lists as a text', revocation({ crls: 'file:a' }), `${first}.revocation.crls`, /list/),
  refuse('a list twice', crls('file:a', 'file:a'), `${first}.revocation.crls[1]`, /is already at/),
  refuse(
    'a list twice, in two notations',
    crls('https://A/', 'https://a'),
    `${first}.revocation.crls[1]`,
    /is already at/,
    isBeyond,
  ),
  refuse(
    'a list of two authorities',
    withAuthorities({ ...corp, revocation: { crls: ['file:a'] } }, { ...partner, revocation: { crls: ['file:a'] } }),
    'authorities[1].revocation.crls[0]',
    /is already at authorities\[0\]/,
    isBeyond,
  ),
  refusedCrl('nothing', '', /empty/),
  refusedCrl('a path', 'corp.crl', /file:PATH or an https/),
  refusedCrl('a file URL', 'file:///etc/corp.crl', /file: and a path/),
  refusedCrl('file: alone', 'file:', /file: and a path/),
  refusedCrl('a blob', 'blob:https://a/b', /file:PATH/),
  refusedCrl('ldap:', 'ldap://dc/cn=corp', /file:PATH/),
  refusedCrl('plain http', 'http://pki.example.com/corp.crl', /http: is for this machine/, isBeyond),
  refusedCrl('a URL with a password', 'https://me:secret@pki.example.com/', /user name or password/, isBeyond),
  refusedCrl('a URL with a fragment', 'https://pki.example.com/#a', /fragment|https/),
  refusedCrl('a URL with a space', 'https://pki.example.com/a b', /https/),
  refusedCrl('a path with a line end', 'file:a\nb', /invisible/),
  refuse(
    'an unknown ocspNonce',
    revocation({ ocsp: 'http://a/', ocspNonce: 'off' }),
    `${first}.revocation.ocspNonce`,
    /one of required, optional/,
  ),
  refuse('an OCSP responder in a file', revocation({ ocsp: 'file:a' }), `${first}.revocation.ocsp`, /http: or https:/),
  refuse(
    'an OCSP responder with a user',
    revocation({ ocsp: 'http://me@ocsp/' }),
    `${first}.revocation.ocsp`,
    /user name/,
    isBeyond,
  ),
  // the deny list
  refuse('a denied text', denied(sha256), 'denied[0]', /JSON object/),
  refuse('nothing denied', denied({ reason: 'x' }), 'denied[0]', /only thumbprintSha256, or/),
  refuse(
    'a denied thumbprint with a reason of nothing',
    denied({ thumbprintSha256: sha256, reason: ' ' }),
    'denied[0].reason',
    /empty/,
  ),
  refuse('a serial number without its authority', denied({ serialNumber: '01' }), 'denied[0]', /together/),
  refuse('an authority without a serial number', denied({ issuedBy: 'corp' }), 'denied[0]', /together/),
  refuse(
    'both ways to deny',
    denied({ thumbprintSha256: sha256, issuedBy: 'corp', serialNumber: '01' }),
    'denied[0]',
    /only thumbprintSha256/,
  ),
  refuse(
    'a thumbprint with an empty serial number',
    denied({ thumbprintSha256: sha256, serialNumber: '' }),
    'denied[0]',
    /only thumbprintSha256/,
  ),
  refuse(
    'a denied thumbprint by SHA-1',
    denied({ thumbprintSha256: 'A9'.repeat(20) }),
    'denied[0].thumbprintSha256',
    /64 hex/,
  ),
  refuse(
    'a serial number of no digits',
    denied({ issuedBy: 'corp', serialNumber: '0x1' }),
    'denied[0].serialNumber',
    /hexadecimal/,
  ),
  refuse(
    'a serial number of 129 digits',
    denied({ issuedBy: 'corp', serialNumber: '1'.repeat(129) }),
    'denied[0].serialNumber',
    /128/,
  ),
  refuse(
    'a serial number of nobody',
    denied({ issuedBy: 'corporation', serialNumber: '01' }),
    'denied[0].issuedBy',
    /there are corp/,
    isBeyond,
  ),
  refuse(
    'a thumbprint twice',
    denied({ thumbprintSha256: sha256 }, { thumbprintSha256: sha256.toLowerCase() }),
    'denied[1]',
    /is already at denied\[0\]/,
    isBeyond,
  ),
  refuse(
    'a serial number twice',
    denied({ issuedBy: 'corp', serialNumber: '8f' }, { issuedBy: 'CORP', serialNumber: '00:8F' }),
    'denied[1]',
    /008F of corp is already at/,
    isBeyond,
  ),
];

/** Texts that are not certificates. Their number is checked before they are read. */
function many(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => toPem(Buffer.from(`no certificate ${index}`)));
}

export const acceptedAuthorityDocuments: readonly (readonly [string, object])[] = [
  ['empty lists', documentOf([{ names: [] }], { authorities: [], denied: [] })],
  ['an authority', withAuthorities(corp)],
  ['two authorities', withAuthorities(corp, partner)],
  [
    'an anchor of the same name and another key',
    withAuthorities(corp, { ...partner, trustAnchors: [pems.corpImpostor] }),
  ],
  ['an anchor and the renewed one', authority({ trustAnchors: [anchor, pems.corpRenewed] })],
  ['intermediates', authority({ intermediates: [pems.issuing] })],
  [
    'an intermediate of two authorities',
    withAuthorities({ ...corp, intermediates: [pems.issuing] }, { ...partner, intermediates: [pems.issuing] }),
  ],
  ['PEM in one line', authority({ trustAnchors: [anchor.replaceAll('\n', '')] })],
  ['PEM with CRLF and blanks around', authority({ trustAnchors: [` \r\n${anchor.replaceAll('\n', '\r\n')}\t`] })],
  ['trust domains', authority({ spiffeTrustDomains: ['example.org', 'a_b-c.d'] })],
  [
    'both readings of leading dots',
    withAuthorities(
      { ...corp, dnsConstraintsWithLeadingDot: 'refuse' },
      { ...partner, dnsConstraintsWithLeadingDot: 'subdomains-only' },
    ),
  ],
  ['an empty revocation', revocation({})],
  [
    'every mode and scope',
    withAuthorities(
      { ...corp, revocation: { mode: 'off', scope: 'end-entity' } },
      { ...partner, revocation: { mode: 'when-available', scope: 'chain' } },
    ),
  ],
  [
    'lists',
    crls(
      'file:corp.crl',
      'file:/etc/corp.crl',
      'file:C:\\corp lists\\a.crl',
      'https://pki.example.com/corp.crl?a=b',
      'http://127.0.0.1:8080/corp.crl',
      'http://localhost/corp.crl',
    ),
  ],
  ['a minimum CRL number', minimum({ issuer: 'CN=Corp CA', number: String(2n ** 159n - 1n) })],
  ['OCSP', revocation({ ocsp: 'http://ocsp.corp.example/', graceSeconds: 604_800 })],
  ['noRevAvail', revocation({ mode: 'when-available', noRevAvailMaximumLifetimeSeconds: 2_592_000 })],
  [
    'what is denied',
    denied(
      { thumbprintSha256: sha256, reason: 'laptop\nstolen' },
      { issuedBy: 'CORP', serialNumber: ' 0a:1B 2c' },
      { issuedBy: 'corp', serialNumber: '0' },
    ),
  ],
];
