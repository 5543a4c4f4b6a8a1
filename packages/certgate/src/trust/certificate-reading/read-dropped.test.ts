import assert from 'node:assert/strict';
import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { parseTrustDocument } from '@certgate/core/internal';
import fc from 'fast-check';
import { olderForms, writeOlderAuthority } from '@certgate/x509/test-support/older-authorities.js';
import { newName } from '@certgate/x509/test-support/written-path.js';
import { createTemporaryFolder, makeOpensslPair, runOpenssl } from '../../certificates/test-support/openssl.js';
import type { ReadCertificateView, ReadResult } from '../views/page-views.js';
import { type ReadingTrust, readDropped } from './read-dropped.js';

describe('what is dropped on the page', () => {
  const folder = createTemporaryFolder();
  const file = (name: string): Buffer => readFileSync(folder.file(name));
  // A time within the validity of the certificates that are made below, even if that takes a while.
  const now = Date.now() + 60_000;
  let leaf: X509Certificate;
  let root: X509Certificate;

  before(() => {
    const key = folder.file('root.key');
    runOpenssl(['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-subj', '/CN=Root', '-days', '3650', '-out', folder.file('root.pem'), '-addext', 'keyUsage=critical,keyCertSign,cRLSign']); // prettier-ignore
    runOpenssl(['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', folder.file('leaf.key'), '-subj', '/CN=billing', '-days', '90', '-out', folder.file('leaf.pem'), '-CA', folder.file('root.pem'), '-CAkey', key, '-set_serial', '0x8F01', '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'subjectAltName=DNS:billing.corp.example', '-addext', 'extendedKeyUsage=clientAuth', '-addext', 'keyUsage=critical,digitalSignature']); // prettier-ignore
    leaf = new X509Certificate(file('leaf.pem'));
    root = new X509Certificate(file('root.pem'));
    folder.file('chain.pem', Buffer.concat([file('leaf.pem'), file('root.pem')]));
    runOpenssl(['pkcs12', '-export', '-in', folder.file('chain.pem'), '-inkey', folder.file('leaf.key'), '-out', folder.file('leaf.pfx'), '-passout', 'pass:secret']); // prettier-ignore
    runOpenssl(['crl2pkcs7', '-nocrl', '-certfile', folder.file('chain.pem'), '-out', folder.file('chain.p7b')]);
    runOpenssl(['crl2pkcs7', '-nocrl', '-certfile', folder.file('chain.pem'), '-outform', 'DER', '-out', folder.file('chain.der.p7b')]); // prettier-ignore
    runOpenssl(['pkey', '-in', folder.file('leaf.key'), '-outform', 'DER', '-out', folder.file('key.der')]);
    runOpenssl(['pkey', '-in', folder.file('leaf.key'), '-aes256', '-passout', 'pass:secret', '-out', folder.file('encrypted.key')]); // prettier-ignore
    runOpenssl(['req', '-new', '-key', folder.file('leaf.key'), '-subj', '/CN=x', '-out', folder.file('request.pem')]);
    folder.file('index.txt', `R\t300101000000Z\t270101000000Z,keyCompromise\t8A1B\tunknown\t/CN=lost\n`);
    folder.file('ca.cnf', `[ca]\ndefault_ca=d\n[d]\ndatabase=${folder.file('index.txt')}\ncrlnumber=${folder.file('number')}\ndefault_md=sha256\n`); // prettier-ignore
    folder.file('number', '07\n');
    runOpenssl(['ca', '-gencrl', '-config', folder.file('ca.cnf'), '-cert', folder.file('root.pem'), '-keyfile', key, '-crldays', '30', '-out', folder.file('list.pem')]); // prettier-ignore
    runOpenssl(['crl', '-in', folder.file('list.pem'), '-outform', 'DER', '-out', folder.file('list.crl')]);
  });
  after(() => {
    folder.remove();
  });

  const read = (content: Uint8Array | string, more: { password?: string; trust?: ReadingTrust } = {}): Promise<ReadResult> =>
    readDropped(
      { name: 'dropped', base64: Buffer.from(content).toString('base64'), password: more.password ?? null },
      { now, ...(more.trust && { trust: more.trust }) },
    ); // prettier-ignore
  const thumbprints = ({ certificates }: ReadResult): readonly (string | undefined)[] =>
    certificates.map((each) => new Map(each.thumbprints).get('SHA-256'));
  const plain = (certificate: X509Certificate): string => certificate.fingerprint256.replaceAll(':', '');
  const field = (view: ReadCertificateView | undefined, label: string): string | undefined =>
    new Map(view?.fields).get(label);
  /** Encodes a PEM block in the way nginx and Envoy do. */
  const encode = (pem: string): string => pem.replace(/[\n+/= ]/g, (character) => encodeURIComponent(character));

  const encodeOtherwise = (pem: string): string => encode(pem).replace(/%2[BF]/g, (escape) => escape.toLowerCase());

  it('is read if it is a trust anchor in an older form, and refused as a caller', async () => {
    for (const form of olderForms) {
      const der = writeOlderAuthority(form, newName('Old root'));
      for (const content of [der, der.toString('base64'), new X509Certificate(der).toString()]) {
        const { fault, certificates } = await read(content);
        const [view, ...others] = certificates;
        assert.deepEqual([fault, view?.role, others], [null, 'ca', []], form);
        assert.match(field(view, 'Subject') ?? '', /Old root/);
        assert.match(field(view, 'As a caller') ?? '', /^refused\. /);
        assert.match(field(view, 'On a path') ?? '', /trust anchor/);
      }
    }
  });

  it('is read as the same certificate in every form', async () => {
    const pem = leaf.toString();
    const base64 = leaf.raw.toString('base64');
    const forms: readonly (readonly [string, ReadResult['kind'], Uint8Array | string])[] = [
      ['PEM', 'certificate', pem],
      ['PEM with text around it', 'certificate', `Bag Attributes\r\n${pem.replaceAll('\n', '\r\n')}\r\n`],
      ['DER', 'certificate', leaf.raw],
      ['base64', 'header', base64],
      ['base64, wrapped', 'header', base64.replace(/.{76}/g, '$&\r\n')],
      ['X-ARR-ClientCert', 'header', `X-ARR-ClientCert: ${base64}\r\n`],
      ['percent-encoded PEM', 'header', encode(pem)],
      ['ssl-client-cert', 'header', `ssl-client-cert: ${encode(pem)}\nssl-client-verify: SUCCESS`],
      ['percent-encoded otherwise', 'header', encodeOtherwise(pem)],
      ['X-Forwarded-Client-Cert', 'header', `By=spiffe://a/b;Hash=${'0'.repeat(64)};Cert="${encode(pem)}";Subject="CN=billing"`],
      ['X-Forwarded-Client-Cert of two proxies', 'header', `x-forwarded-client-cert: Hash=${'0'.repeat(64)},Cert="${encode(pem)}"`],
      ['RFC 9440', 'header', `:${base64}:`],
      ['Client-Cert', 'header', `Client-Cert: :${base64}:`],
    ]; // prettier-ignore
    for (const [name, kind, content] of forms) {
      const result = await read(content);
      assert.deepEqual([result.kind, result.fault], [kind, null], name);
      assert.deepEqual(thumbprints(result), [plain(leaf)], name);
    }
    assert.match((await read(encodeOtherwise(pem))).notes.join(), /the gate would refuse the header/);
  });

  it('is read as a chain, with the leaf first', async () => {
    const chain = [plain(leaf), plain(root)];
    const base64 = [leaf, root].map((each) => each.raw.toString('base64'));
    const encoded = [leaf, root].map((each) => encode(each.toString()));
    for (const content of [
      file('chain.pem'),
      `:${base64.join(':, :')}:`,
      `client-cert: :${base64[0] ?? ''}:\nclient-cert-chain: :${base64[1] ?? ''}:`,
      encoded.join(''),
      base64.join(','),
      `X-Forwarded-Tls-Client-Cert: ${base64.join(',')}`,
      `Cert="${encoded[0] ?? ''}";Chain="${encoded.join('')}"`,
    ]) {
      const result = await read(content);
      assert.deepEqual(thumbprints(result), chain);
      assert.deepEqual(
        result.certificates.map(({ role }) => role),
        ['leaf', 'ca'],
      );
    }
    for (const name of ['chain.p7b', 'chain.der.p7b']) {
      const { kind, fault } = await read(file(name));
      assert.equal(kind, 'chain', name);
      assert.match(fault ?? '', /openssl pkcs7 -print_certs/);
    }
  });

  it('is read as a PFX with its password, but not with a wrong one or none', async () => {
    const result = await read(file('leaf.pfx'), { password: 'secret' });
    assert.deepEqual([result.kind, result.fault], ['pfx', null]);
    assert.deepEqual(thumbprints(result), [plain(leaf), plain(root)]);
    assert.match(result.notes.join(' '), /holds the private key/);
    assert.match((await read(file('leaf.pfx'), { password: 'no' })).fault ?? '', /The password is wrong/);
    assert.match((await read(file('leaf.pfx'))).fault ?? '', /It needs a password/);
    assert.deepEqual(thumbprints(await read(file('leaf.pfx').toString('base64'), { password: 'secret' })), [
      plain(leaf),
      plain(root),
    ]);
  });

  it('is described in words, with its hashes in the notations of other tools', async () => {
    const [view] = (await read(leaf.raw)).certificates;
    assert.deepEqual(
      view?.fields.map(([label]) => label),
      ['Subject', 'Issuer', 'Valid from', 'Valid until', 'Key', 'Usages', 'Names', 'Authority (CA)', 'Serial number', 'Signature', 'As a caller'],
    ); // prettier-ignore
    assert.equal(field(view, 'Subject'), 'CN=billing');
    assert.equal(
      field(view, 'Usages'),
      'identify a client (clientAuth); sign data, as a TLS handshake does (digitalSignature)',
    );
    assert.match(field(view, 'Valid until') ?? '', /\(in (?:89|90) days\)$/);
    assert.equal(field(view, 'Serial number'), '8F01');
    assert.match(field(view, 'As a caller') ?? '', /^suitable/);
    const hashes = new Map(view.thumbprints);
    const spki = leaf.publicKey.export({ type: 'spki', format: 'der' });
    assert.equal(hashes.get('SHA-256, OpenSSL'), leaf.fingerprint256);
    assert.equal(hashes.get('SHA-1, OpenSSL'), leaf.fingerprint);
    assert.equal(hashes.get('SHA-1, certutil'), leaf.fingerprint.replaceAll(':', '').toLowerCase());
    assert.equal(hashes.get('SHA-256, JWT x5t#S256'), createHash('sha256').update(leaf.raw).digest('base64url'));
    assert.equal(hashes.get('SHA-1, JWT x5t'), createHash('sha1').update(leaf.raw).digest('base64url'));
    assert.equal(
      hashes.get('Public key, curl --pinnedpubkey'),
      `sha256//${createHash('sha256').update(spki).digest('base64')}`,
    );
    const [ca] = (await read(root.raw)).certificates;
    assert.equal(ca?.role, 'ca');
    assert.match(field(ca, 'As a caller') ?? '', /^refused\. certificate_is_authority/);
  });

  it('is shown with its lifetime if its CA publishes no revocation information for it', async () => {
    const make = (constraints: string): Promise<ReadResult> => {
      const path = folder.file('short.pem');
      runOpenssl(['req', '-x509', '-key', folder.file('leaf.key'), '-subj', '/CN=svid', '-days', '1', '-out', path, '-addext', `basicConstraints=critical,${constraints}`, '-addext', '2.5.29.56=DER:0500']); // prettier-ignore
      return read(readFileSync(path));
    };
    const [short] = (await make('CA:FALSE')).certificates;
    assert.equal(field(short, 'Revocation'), 'its CA publishes none (noRevAvail); its lifetime is 86401 seconds');
    const [ca] = (await make('CA:TRUE')).certificates;
    assert.equal(field(ca, 'Revocation'), 'invalid: it has noRevAvail and is a CA certificate');
    assert.equal(field((await read(leaf.raw)).certificates[0], 'Revocation'), undefined);
  });

  it('is explained by the trust document, which lets it in or not', async () => {
    const trustOf = (identities: readonly object[]): ReadingTrust => ({
      store: 'file:trust.json',
      trust: parseTrustDocument({ schemaVersion: 1, revision: 1, identities }),
      isSigned: false,
      unverified: [],
    });
    const explain = async (identities: readonly object[], content: Uint8Array = leaf.raw): Promise<unknown[]> => {
      const { certificates } = await read(content, { trust: trustOf(identities) });
      return certificates.map(({ explanation }) => explanation && [explanation.outcome, explanation.code, explanation.function]);
    }; // prettier-ignore
    const pins = [{ thumbprintSha256: plain(leaf) }];
    assert.deepEqual(await explain([]), [['denied', 'certificate_not_trusted', 'FUNCTION']]);
    assert.deepEqual(await explain([{ name: 'billing', roles: [], pins }]), [['allowed', 'allowed', 'FUNCTION']]);
    // The identity may call only one function, so the explanation is about that function.
    assert.deepEqual(await explain([{ name: 'billing', roles: [], functions: ['GetOrder'], pins }]), [
      ['allowed', 'allowed', 'getorder'],
    ]);
    assert.deepEqual(await explain([{ name: 'billing', roles: [], pins }], file('chain.pem')), [
      ['allowed', 'allowed', 'FUNCTION'],
      null,
    ]);
  });

  it('is read as a revocation list, in PEM, DER and base64', async () => {
    for (const content of [file('list.pem'), file('list.crl'), file('list.crl').toString('base64')]) {
      const { kind, fault, crl } = await read(content);
      assert.deepEqual([kind, fault], ['crl', null]);
      const fields = new Map(crl?.fields);
      assert.deepEqual([fields.get('Issuer'), fields.get('Number'), fields.get('Kind')], ['CN=Root', '7', 'complete list']); // prettier-ignore
      assert.deepEqual(crl?.revoked, [{ serial: '8A1B', at: '2027-01-01T00:00:00Z', reason: 'keyCompromise' }]);
    }
  });

  it('is recognized as a private key, of which nothing else is shown', async () => {
    const contents = [file('leaf.key'), file('key.der'), file('encrypted.key')];
    for (const [index, content] of contents.entries()) {
      const result = await read(content);
      assert.deepEqual([result.kind, result.fault, result.certificates], ['private-key', null, []]);
      assert.match(result.notes.join(' '), index === 2 ? /under a password/ : /EC prime256v1/);
      assert.match(result.notes.join(' '), /never send it/);
    }
    const secrets = [
      file('leaf.key').toString().split('\n')[1] ?? '',
      file('key.der').toString('base64').slice(40, 80),
      'secret',
    ];
    for (const content of [...contents, Buffer.concat([file('leaf.pem'), file('leaf.key')]), file('leaf.pfx')]) {
      const shown = JSON.stringify(await read(content, { password: 'secret' }));
      for (const secret of secrets) assert.ok(!shown.includes(secret));
    }
  });

  it('has the reason as its fault if it cannot be read', async () => {
    const cases: readonly (readonly [Uint8Array | string, RegExp])[] = [
      ['', /empty/],
      ['hello', /contains no certificate/],
      [file('request.pem'), /certificate signing request/],
      [file('leaf.pem').subarray(0, 200), /no complete PEM block/],
      [leaf.raw.subarray(0, 300), /not a certificate, PFX or revocation list/],
      [Buffer.concat([leaf.raw, Buffer.from([0])]), /not a certificate, PFX or revocation list/],
      ['-----BEGIN%20CERTIFICATE-----%0AMIIB', /cut short/],
      [':MIIB', /not a byte sequence/],
      ['By=a;Cert=b', /./],
      // Another separator than Traefik's means that several lines were joined.
      [Array.from({ length: 2 }, () => leaf.raw.toString('base64')).join(', '), /more than one/],
      ['hello,there', /contains no certificate/],
      [leaf.raw.toString('base64url'), /./],
      [Buffer.alloc(1_048_577, 0x41), /larger than 1 MiB/],
    ];
    for (const [content, message] of cases) {
      const { fault, certificates } = await read(content);
      assert.match(fault ?? '', message, String(content).slice(0, 40));
      assert.deepEqual(certificates, []);
    }
    const result = await readDropped({ name: 'x', base64: 'no base64!', password: null }, { now });
    assert.match(result.fault ?? '', /not base64/);
    const many = await read(Buffer.concat(Array.from({ length: 40 }, () => file('leaf.pem'))));
    assert.equal(many.certificates.length, 32);
    assert.match(many.notes.join(' '), /8 more certificates/);
  });

  it('never makes the reader throw', async () => {
    const pair = makeOpensslPair(folder, 'other', 'rsa');
    const samples = [
      ...['leaf.pem', 'chain.pem', 'leaf.pfx', 'list.pem', 'list.crl', 'chain.p7b', 'key.der', 'encrypted.key'].map(file),
      readFileSync(pair.certificate), leaf.raw,
      ...[encode(leaf.toString()), `:${leaf.raw.toString('base64')}:`, `Cert="${encode(leaf.toString())}",By=a;Cert="x"`].map((text) => Buffer.from(text)),
    ]; // prettier-ignore
    const edit = fc.record({ at: fc.nat(4000), octets: fc.uint8Array({ maxLength: 6 }), removed: fc.nat(6) });
    const damaged = fc.tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 4 })).map(([sample, edits]) =>
      edits.reduce((bytes, { at, octets, removed }) => {
        const place = at % (bytes.length + 1);
        return Buffer.concat([bytes.subarray(0, place), octets, bytes.subarray(place + removed)]);
      }, sample),
    );
    const content = fc.oneof(damaged, fc.uint8Array({ maxLength: 200 }), fc.string({ unit: 'binary' }).map((text) => Buffer.from(text))); // prettier-ignore
    const trust: ReadingTrust = {
      store: 'file:trust.json',
      trust: parseTrustDocument({ schemaVersion: 1, revision: 1, identities: [{ name: 'a', roles: [] }] }),
      isSigned: false,
      unverified: [],
    };
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        const { fault, certificates, crl, kind, notes } = await read(bytes, { trust, password: 'secret' });
        const isRead = certificates.length > 0 || crl !== null || (kind === 'private-key' && notes.length > 0);
        assert.equal(fault === null, isRead);
      }),
      { numRuns: 400 },
    );
  });
});
