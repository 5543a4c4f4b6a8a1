import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientExtensions as ofClients, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { authorityExtensions, issueCertificate } from '@certgate/x509/test-support/issued-certificates.js';
import * as fc from 'fast-check';
import { ReportingGate } from '../hosting/reporting-gate.js';
import type { GateOptions } from '../hosting/host-gate-options.js';
import { toPem } from '../test-support/authority-certificates.js';
import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { listTwins, presentCertificate } from '../certificate-header/certificate-header.js';
import { deny } from '../denial.js';
import { firstOf } from '../trust-store/first-of.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import type { TrustStore, TrustStoreReport } from '../trust-store/trust-store.js';
import type { CallDescription } from './decision-channel.js';
import type { DecisionLogLine } from './decision-log-line.js';
import { DecisionLog } from './decision-log.js';

interface Bytes {
  readonly der: Uint8Array;
}

const about: CallDescription = { method: 'GET', route: 'invoices/{supplierId}' };
const functionName = 'ReceivePartnerOrders';
const identity = 'partner-order-intake';
const correlationId = 'c5d4702f-931f-46df-aaea-a764834bf463';

const clientExtensions = [...ofClients, 'authorityKeyIdentifier = keyid'];
const ofAuthority = { name: ['CN = Corp CA'], extensions: [...authorityExtensions, 'subjectKeyIdentifier = hash'] };
const authority = issueCertificate(ofAuthority);
const authorities = [{ name: 'corp', trustAnchors: [toPem(authority.certificate.der)] }];
const issue = (dns: string): Bytes =>
  issueCertificate({ extensions: [...clientExtensions, `subjectAltName = DNS:${dns}`] }, authority).certificate;
const caller = makeCertificate({ name: ['CN = billing'] });
const { thumbprintSha256, thumbprintSha1, publicKeySha256 = '' } = presentCertificate(caller.der);

interface Written extends DecisionLogLine {
  readonly length: number;
}

/** Makes a call and returns the line that an adapter would write about it. */
async function call(
  document: object | readonly object[],
  { der }: Bytes,
  options: Partial<GateOptions> & { readonly roles?: readonly string[]; readonly route?: string } = {},
): Promise<Written> {
  const { roles, route = about.route, ...rest } = options;
  const stores = [document].flat().map((each) => trustStoreFromDocument({ schemaVersion: 1, revision: 12, ...each }));
  const [only] = stores;
  const trustStore = stores.length === 1 && only ? only : firstOf(...stores);
  const gate = new ReportingGate({ trustStore, ...rest }, () => ({ host: 'functions', closed: [], open: [] }));
  const leaf = Buffer.from(der).toString('base64');
  const extraction = { outcome: 'extracted', leaf, encoding: 'base64', chain: undefined } as const;
  const requirement = { functionName, roles: roles === undefined ? [] : [roles] };
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const subject = { functionName, invocationId: correlationId, about: { ...about, route }, log: write, warn: write };
  gate.report({ subject, requirement }, { decision: await gate.decide(extraction, requirement, now), now, extraction });
  const [text = ''] = lines;
  return { ...(JSON.parse(text) as DecisionLogLine), length: Buffer.byteLength(text) };
}

const pinned = (pin: object, more: object = {}): object => ({
  identities: [{ name: identity, roles: [], pins: [pin], ...more }],
});
const named = (dns: string): object => ({
  authorities,
  identities: [{ name: identity, roles: [], names: [{ issuedBy: 'corp', dns }] }],
});

describe('the line of an admitted call', () => {
  it('has the time, the place, what matched and the document, in 480 bytes', async () => {
    const sha256 = (document: object): string =>
      trustStoreFromDocument({ schemaVersion: 1, revision: 12, ...document })
        .report?.()
        .sha256?.slice(0, 16) ?? '';
    for (const [document, certificate, matched] of [
      [pinned({ thumbprintSha256 }), caller, undefined],
      [pinned({ thumbprintSha1 }), caller, thumbprintSha1.slice(0, 16)],
      [pinned({ publicKeySha256, notAfter: '2030-01-01T00:00:00Z' }), caller, publicKeySha256.slice(0, 16)],
      [named('orders.partner.example'), issue('orders.partner.example'), 'orders.partner.example'],
    ] as const) {
      const line = await call(document, certificate);
      assert.deepEqual(
        [line.code, line.time, line.function, line.method, line.matched, line.trustSha256],
        ['allowed', '2027-01-01T00:00:00.000Z', functionName, 'GET', matched, sha256(document)],
      );
      assert.ok(line.length <= 480, JSON.stringify(line));
    }
  });

  it("has the route, unless that is the function's name", async () => {
    assert.equal((await call(pinned({ thumbprintSha256 }), caller, { route: 'i/{id}' })).route, 'i/{id}');
    assert.equal(
      (await call(pinned({ thumbprintSha256 }), caller, { route: functionName })).matched,
      thumbprintSha256.slice(0, 16),
    );
    assert.equal((await call(pinned({ thumbprintSha256 }), caller, { route: functionName })).route, undefined);
  });

  it('has the hash of every document of firstOf', async () => {
    const { trustSha256 = '', code } = await call([pinned({ thumbprintSha256 }), { identities: [] }], caller);
    assert.deepEqual([code, trustSha256.split(',').map(({ length }) => length)], ['allowed', [16, 16]]);
  });
});

describe('the line of a refused caller that the document lists', () => {
  it('has what matched, in 730 bytes', async () => {
    const past = '2026-12-01T00:00:00Z';
    const entry = { thumbprintSha256 };
    const twice = [identity, 'another-supplier'].map((name, index) => ({
      name,
      roles: [],
      pins: [index === 0 ? entry : { publicKeySha256, notAfter: '2030-01-01T00:00:00Z' }],
    }));
    const digits = thumbprintSha256.slice(0, 16);
    for (const [code, document, roles, matched] of [
      ['role_missing', pinned(entry), ['invoices.write'], digits],
      ['function_not_allowed', pinned(entry, { functions: ['Other'] }), undefined, digits],
      ['identity_disabled', pinned(entry, { enabled: false }), undefined, digits],
      ['identity_expired', pinned(entry, { expiresAt: past }), undefined, digits],
      ['pin_disabled', pinned({ ...entry, enabled: false }), undefined, digits],
      ['pin_expired', pinned({ ...entry, notAfter: past }), undefined, digits],
      ['identity_ambiguous', { identities: twice }, undefined, `${digits},${publicKeySha256.slice(0, 16)}`],
      ['path_not_found', { authorities, ...pinned({ ...entry, issuedBy: 'corp' }) }, undefined, digits],
    ] as const) {
      const line = await call(document, caller, roles === undefined ? {} : { roles });
      assert.deepEqual([line.code, line.matched, line.claimedBy], [code, matched, undefined]);
      assert.ok(line.length <= 730, `${code}: ${line.length}`);
    }
  });

  it('has at most 730 bytes with any detail', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (fault) => {
        const lines: string[] = [];
        const write = (line: string): void => void lines.push(line);
        const subject = { functionName, invocationId: correlationId, about, log: write, warn: write };
        const decision = deny('trust_unavailable', { fault }, { identityName: identity, thumbprintSha256 });
        new DecisionLog().write(subject, { decision, trustRevision: 7, trustSha256: thumbprintSha256 });
        assert.ok(Buffer.byteLength(lines[0] ?? '') <= 730);
        assert.doesNotThrow(() => JSON.parse(lines[0] ?? '') as unknown);
      }),
    );
  });
});

describe('the line of an unknown caller', () => {
  const long = [
    'O = Supplier of very many things with a very long name in it',
    'CN = supplier.with.a.long.name.example.com',
  ];

  it('has subject, issuer, serial number and end, in 1,130 bytes', async () => {
    const certificate = makeCertificate({ name: long });
    const line = await call(named('orders.partner.example'), certificate);
    assert.equal(line.code, 'certificate_not_trusted');
    assert.match(line.subject ?? '', /^CN=supplier\.with\.a\.long\.name\.example\.com,O=Supplier of .*…$/);
    assert.deepEqual([line.subject?.length, line.issuer], [96, line.subject]);
    assert.match(line.serialNumber ?? '', /^[0-9A-F]+$/);
    assert.deepEqual([line.notAfter, line.claimedBy], ['2035-01-01T00:00:00Z', undefined]);
    assert.ok(line.length <= 1130, `${line.length}`);
  });

  it('has at most 1,130 bytes with names in any script', async () => {
    const name = ['O', 'OU', 'CN'].map((type) => `${type} = ${'\u5b57'.repeat(60)}`);
    const line = await call(named('orders.partner.example'), makeCertificate({ name }));
    assert.equal(line.code, 'certificate_not_trusted');
    assert.ok(line.length <= 1130 && (line.subject?.length ?? 0) >= 64, `${line.length}`);
  });

  it('has no e-mail address and no personal number, in whatever attribute', async () => {
    const name = [
      'CN = Ada Lovelace ada@example.com 47101010033',
      'O = a 120190-123X b',
      'serialNumber = PNOEE-47101010033',
      'emailAddress = ada@example.com',
      'UID = ada',
      'organizationIdentifier = VATDE-123456789',
    ];
    const certificate = issueCertificate(
      { name, extensions: [...clientExtensions, 'subjectAltName = email:ada@example.com, DNS:h1234567.example'] },
      authority,
    ).certificate;
    const line = await call(named('orders.partner.example'), certificate);
    assert.deepEqual(
      [line.subject, line.issuer, line.claimedBy],
      ['O=a [number] b,CN=Ada Lovelace [e-mail] [number]', 'CN=Corp CA', 'path'],
    );
    assert.match(line.detail ?? '', /dns \[number\]\.example, email \[e-mail\], commonName Ada/);
    // These members are hexadecimal and may have seven numerals in a row by chance.
    const texts = JSON.stringify({ ...line, process: '', thumbprintSha256: '', serialNumber: '', trustSha256: '' });
    assert.doesNotMatch(texts, /ada|\d{7}|PNOEE|VATDE/);
  });

  it('has none even if the certificate has a name of the document but no valid path', async () => {
    const impostor = issueCertificate({ ...ofAuthority, key: 'p-256-again' });
    const name = ['CN = Ada 47101010033', 'emailAddress = ada@example.com', 'serialNumber = PNOEE-47101010033'];
    const extensions = [...clientExtensions, 'subjectAltName = DNS:other.example'];
    const { certificate } = issueCertificate({ name, extensions }, impostor);
    for (const [options, said] of [
      [{}, 'The certificate "CN=Ada [number]" is not signed'],
      [{ strangerNames: false }, 'The certificate is not signed'],
    ] as const) {
      const line = await call(named('other.example'), certificate, options);
      assert.equal(line.code, 'path_signature_invalid');
      assert.equal(line.detail?.startsWith(said), true, line.detail);
    }
  });

  it('hides the personal numbers of many countries', async () => {
    const numbers = [
      '131052A308T',
      '85.07.30-033.61',
      '123-45-6789',
      'QQ123456C',
      '123.456.789-01',
      'RSSMRA85T10A562S',
    ];
    for (const number of numbers) {
      const { subject } = await call(named('other.example'), makeCertificate({ name: [`CN = Ada ${number}`] }));
      assert.equal(subject, 'CN=Ada [number]', number);
    }
  });

  it('has no names with strangerNames: false', async () => {
    const certificate = issue('somebody.else.example');
    const line = await call(named('orders.partner.example'), certificate, { strangerNames: false });
    assert.deepEqual([line.subject, line.issuer, line.claimedBy], [undefined, undefined, 'path']);
    assert.ok(line.serialNumber !== undefined);
    assert.doesNotMatch(line.detail ?? '', /somebody/);
    assert.match(line.detail ?? '', /bound there to any of its names; before/);
  });

  it('shows the identity that the certificate points to, and why', async () => {
    const [twin] = listTwins(presentCertificate(makeCertificate({ name: ['CN = twin'], key: 'p-256' }).der));
    assert.ok(twin !== undefined);
    const [original] = listTwins(twin);
    const other = named('other.example') as { readonly identities: readonly object[] };
    const both = { authorities, identities: [...other.identities, { name: 'self.example', roles: [], pins: [] }] };
    for (const [document, certificate, claim] of [
      [pinned({ thumbprintSha256: original?.thumbprintSha256 }), twin, ['pin', identity]],
      [pinned({ thumbprintSha256 }), makeCertificate({ name: [`CN = ${identity}`] }), ['name', identity]],
      [pinned({ thumbprintSha256 }), makeCertificate({ name: ['CN = nobody'] }), [undefined, undefined]],
      [
        named('other.example'),
        makeCertificate({ extensions: ['subjectAltName = DNS:other.example'] }),
        ['name', identity],
      ],
      [both, issue('self.example'), ['path', 'self.example']],
      [both, issue('nobody.example'), ['path', undefined]],
    ] as const) {
      const line = await call(document, certificate);
      assert.deepEqual([line.code, line.claimedBy, line.claimedIdentity], ['certificate_not_trusted', ...claim]);
    }
    // The authority signed the certificate, and the path refuses it. The caller is therefore not unknown.
    for (const [code, request] of [
      ['certificate_expired', { notAfter: '20260101000000Z' }],
      ['path_certificate_malformed', { extensions: [...ofClients, 'subjectAltName = DNS:other.example'] }],
    ] as const) {
      const extensions = [...clientExtensions, 'subjectAltName = DNS:other.example'];
      const signed = issueCertificate({ extensions, ...request }, authority).certificate;
      const refused = await call(named('other.example'), signed);
      assert.deepEqual([refused.code, refused.claimedBy, refused.claimedIdentity], [code, 'path', identity]);
    }
    // A certificate with a name of the document and an issuer with the authority's name, which the authority did not
    // issue.
    const impostor = issueCertificate({ ...ofAuthority, key: 'p-256-again' });
    const { certificate } = issueCertificate(
      { extensions: [...clientExtensions, 'subjectAltName = DNS:other.example'] },
      impostor,
    );
    const line = await call(named('other.example'), certificate);
    assert.match(line.code, /^path_/);
    assert.deepEqual([line.identity, line.claimedBy, line.claimedIdentity], [undefined, 'name', identity]);
  });
});

describe('a custom trust store that reports anything', () => {
  const written = trustStoreFromDocument({ schemaVersion: 1, revision: 1, ...pinned({ thumbprintSha256 }) });
  const extract = ({ der }: Bytes): CertificateExtraction => ({
    outcome: 'extracted',
    leaf: Buffer.from(der).toString('base64'),
    encoding: 'base64',
    chain: undefined,
  });

  it('refuses nobody because of its report', async () => {
    for (const report of [
      null,
      { sha256: null },
      { sha256: 5, revision: 1n, description: {} },
      { parts: 5 },
      { parts: [null] },
      { revocationLists: 5 },
      { revocationLists: [null] },
      { revocationLists: [{ issuer: 1n, begin: 'a', end: 'b' }] },
      { revocationLists: [{ issuer: 'x', begin: 0, end: -1e20 }] },
    ]) {
      const trustStore: TrustStore = {
        find: (...asked) => written.find(...asked),
        report: () => report as unknown as TrustStoreReport,
        findClaim: () => ({ claimedBy: 'name', claimedIdentity: 1n, code: 'allowed' }) as never,
      };
      const gate = new ReportingGate({ trustStore }, () => ({ host: 'functions', closed: [], open: [] }));
      const requirement = { functionName, roles: [] };
      const codes: unknown[] = [];
      const write = (line: string): void => void codes.push((JSON.parse(line) as DecisionLogLine).code);
      const subject = { functionName, invocationId: correlationId, log: write, warn: write };
      for (const extraction of [caller, makeCertificate({ name: ['CN = nobody'] })].map(extract)) {
        const decision = await gate.decide(extraction, requirement, now);
        gate.report({ subject, requirement }, { decision, now, extraction });
      }
      assert.deepEqual(codes, ['allowed', 'certificate_not_trusted']);
    }
  });
});
