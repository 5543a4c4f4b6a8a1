import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decodePathCertificate } from '@certgate/x509/path';
import { findSpiffeId } from '@certgate/x509';
import { findSerialNumber } from '@certgate/x509/internal';
import { getAuthorityPems } from '../test-support/authority-certificates.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { type IdentityInput, documentOf } from '../test-support/documents.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import {
  deniedSerialKey,
  listNameKeys,
  nameKey,
  type NameType,
  type TrustSnapshot,
} from '../trust-snapshot/trust-snapshot.js';
import { parseTrustDocument } from './parse-document.js';
import { readTrustFinding } from '../trust-store/trust-store.js';
import { answerInFull } from '../test-support/answer-in-full.js';

const pems = getAuthorityPems();
const corp = { name: 'Corp', trustAnchors: [pems.corp] };

const read = (more: Record<string, unknown>, ...identities: readonly IdentityInput[]): TrustSnapshot =>
  parseTrustDocument(documentOf(identities, { authorities: [corp], ...more }));

describe('authorities', () => {
  test('have decoded certificates, and defaults for what the document leaves out', () => {
    const { authorities } = read({ authorities: [{ ...corp, intermediates: [pems.issuing] }] });
    const [authority] = authorities;
    assert.equal(authority?.trustAnchors[0]?.subjectText, 'CN=Corp CA');
    assert.equal(authority.intermediates[0]?.subjectText, 'CN=Corp Issuing CA');
    const revocation = {
      mode: 'off',
      isModeStated: false,
      scope: 'chain',
      crls: [],
      ocsp: undefined,
      ocspNonce: 'required',
      graceMilliseconds: 0,
      minimumCrlNumbers: new Map(),
      noRevAvailMaximumLifetimeMilliseconds: undefined,
    };
    assert.deepEqual(authority.revocation, revocation);
    for (const part of [authorities, authority, authority.trustAnchors, authority.intermediates, authority.revocation])
      assert.ok(Object.isFrozen(part));
  });
  test('require revocation information if a source is named, unless the document says otherwise', () => {
    const modeOf = (revocation: object): string | undefined =>
      read({ authorities: [{ ...corp, revocation }] }).authorities[0]?.revocation.mode;
    assert.equal(modeOf({ crls: ['file:a'] }), 'required');
    assert.equal(modeOf({ ocsp: 'http://a/' }), 'required');
    assert.equal(modeOf({ crls: [] }), 'off');
    assert.equal(modeOf({ crls: ['file:a'], mode: 'when-available' }), 'when-available');
    assert.equal(modeOf({ mode: 'required' }), 'required');
    const [authority] = read({ authorities: [{ ...corp, revocation: { graceSeconds: 90 } }] }).authorities;
    assert.equal(authority?.revocation.graceMilliseconds, 90_000);
  });
  test('have exact minimum CRL numbers by issuer', () => {
    const number = String(2n ** 159n - 1n);
    const minimumCrlNumbers = [
      { issuer: 'CN=Corp CA', number },
      { issuer: 'CN=Corp Issuing CA', number: '0' },
    ];
    const revocation = { mode: 'required', crls: ['file:a'], minimumCrlNumbers };
    const [authority] = read({ authorities: [{ ...corp, intermediates: [pems.issuing], revocation }] }).authorities;
    assert.deepEqual(
      [...(authority?.revocation.minimumCrlNumbers ?? [])],
      [
        ['CN=Corp CA', 2n ** 159n - 1n],
        ['CN=Corp Issuing CA', 0n],
      ],
    );
  });
  test('are empty if the document has none', () => {
    const { authorities, denied, names } = parseTrustDocument(documentOf([]));
    assert.deepEqual([authorities, names.size], [[], 0]);
    assert.equal(denied.thumbprintsSha256.size + denied.serialNumbers.size, 0);
  });
  test('have warnings if they are unused, or have no revocation or no source of it, and otherwise none', () => {
    const codesOf = (snapshot: TrustSnapshot): readonly string[] =>
      snapshot.warnings.map(({ code, path }) => `${code} ${path}`);
    const named = { names: [{ issuedBy: 'corp', dns: 'a.example' }] };
    const revocation = { crls: ['file:a'] };
    assert.deepEqual(codesOf(read({ authorities: [{ ...corp, revocation }] }, named)), []);
    assert.deepEqual(codesOf(read({}, named)), ['authority_without_revocation authorities[0]']);
    const denied = [{ issuedBy: 'corp', serialNumber: '1' }];
    assert.deepEqual(codesOf(read({ authorities: [{ ...corp, revocation }], denied })), [
      'authority_unused authorities[0]',
    ]);
    const required = { ...corp, revocation: { mode: 'required' } };
    const pinned = { pins: [{ publicKeySha256: 'A1'.repeat(32), issuedBy: 'corp' }] };
    assert.deepEqual(codesOf(read({ authorities: [required] }, pinned)), [
      'revocation_without_source authorities[0].revocation',
    ]);
    assert.deepEqual(codesOf(read({ authorities: [] }, {}, { names: [] })), [
      'identity_without_pins identities[0]',
      'identity_without_pins identities[1]',
    ]);
  });
});

describe('names and pins', () => {
  test("have the authority's name as the authority writes it, and are found by any spelling", () => {
    const { identities, names } = read(
      {},
      {
        names: [{ issuedBy: 'CORP', dns: 'Billing.Corp.example' }],
        pins: [{ publicKeySha256: 'A1'.repeat(32), issuedBy: 'corp' }],
      },
    );
    const [identity] = identities;
    assert.deepEqual(identity?.names, [{ issuedBy: 'Corp', type: 'dns', value: 'billing.corp.example' }]);
    assert.equal(identity.pins[0]?.issuedBy, 'Corp');
    const named = names.get(nameKey('cORP', 'dns', 'BILLING.corp.example'));
    assert.ok(named?.identity === identity && named.trustName === identity.names[0]);
    assert.equal(names.get(nameKey('corp', 'commonName', 'billing.corp.example')), undefined);
  });
  test('find exactly one label for a wildcard, and nothing for a certificate whose own name has the wildcard', () => {
    const { names: trustNames } = read({}, { names: [{ issuedBy: 'corp', dns: '*.corp.example' }] });
    const isFound = (name: string, type: NameType = 'dns'): boolean =>
      listNameKeys('corp', type, name).some((key) => trustNames.has(key));
    for (const name of ['a.corp.example', 'A.CORP.example', 'a_1-b.corp.example']) assert.ok(isFound(name), name);
    for (const name of [
      'corp.example',
      'a.b.corp.example',
      '*.corp.example',
      '.corp.example',
      'xcorp.example',
      '',
      '.',
      ' .corp.example',
      'a b.corp.example',
      'a@b.corp.example',
      'https://a.corp.example',
      '-a.corp.example',
      'a-.corp.example',
      `${'a'.repeat(64)}.corp.example`,
    ])
      assert.ok(!isFound(name), name);
    assert.ok(!isFound('a.corp.example', 'commonName'));
  });
  test('have different keys, whatever names a certificate has', () => {
    const type = fc.constantFrom<NameType>('dns', 'uri', 'email', 'commonName', 'organizationalUnit');
    const authority = fc.constantFrom('corp', 'partner', 'a b');
    const value = fc.string({ unit: fc.constantFrom('\n', 'a', '@', 'uri', 'corp', '.') });
    fc.assert(
      fc.property(fc.tuple(authority, type, value), fc.tuple(authority, type, value), (one, other) => {
        assert.equal(
          nameKey(...one) === nameKey(...other),
          one.every((part, index) => part === other[index]),
        );
      }),
    );
  });
  test('are found at once among 20,000 names', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => ({
      issuedBy: 'corp',
      dns: `c${index}.corp.example`,
    }));
    const snapshot = read({}, ...many.map((trustName) => ({ names: [trustName] })));
    assert.equal(snapshot.names.size, 20_000);
    const key = nameKey('corp', 'dns', 'c19999.corp.example');
    const last = snapshot.identities[19_999];
    assert.ok(last !== undefined);
    assert.equal(snapshot.names.get(key)?.identity, last);
  });
  test('have a trust domain and a path if they are SPIFFE IDs', () => {
    assert.deepEqual(findSpiffeId('spiffe://example.org/ns/a'), { trustDomain: 'example.org', path: '/ns/a' });
    assert.equal(findSpiffeId(`spiffe://${'a'.repeat(255)}/b`)?.trustDomain.length, 255);
    for (const text of [
      `spiffe://${'a'.repeat(256)}/b`,
      `spiffe://a/${'b'.repeat(2048)}`,
      'spiffe://a',
      'spiffe://a/\n',
    ])
      assert.equal(findSpiffeId(text), undefined);
  });
});

describe('the deny list', () => {
  test('has a serial number in the form in which a certificate has it, whatever its digits', () => {
    const hex = fc.string({
      unit: fc.constantFrom('0', '1', '8', '9', 'a', 'b', 'c', 'D', 'E', 'F'),
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(hex, (text) => {
        const number = BigInt(`0x${text}`);
        const found = findSerialNumber(text) ?? '';
        assert.equal(BigInt(`0x${found}`), number);
        // X.690 §8.3.2: a number never begins with nine equal bits. These are never negative.
        assert.match(found, /^(?:00|00[89A-F][0-9A-F]|0[1-9A-F]|[1-7][0-9A-F])(?:[0-9A-F]{2})*$/);
        assert.ok(found === '00' || !/^00[0-7]/.test(found));
      }),
    );
    for (const text of ['', ' ', '-1', '0x1', 'g', '1'.repeat(129)]) assert.equal(findSerialNumber(text), undefined);
  });
  test('finds real certificates by the serial number that openssl prints', () => {
    for (const serial of ['1', '127', '128', '255', '256', '32768', '123456789012345678901234567890']) {
      const printed = BigInt(serial).toString(16);
      const decoding = decodePathCertificate(makeCertificate({ serialNumber: printed }).der);
      assert.ok(decoding.ok);
      const { denied } = read({ denied: [{ issuedBy: 'CORP', serialNumber: printed, reason: 'x' }] });
      const entry = denied.serialNumbers.get(deniedSerialKey('corp', decoding.value.serialNumber));
      assert.deepEqual([entry?.issuedBy, entry?.reason, entry?.path], ['Corp', 'x', 'denied[0]']);
    }
  });
  test('denies a certificate by its thumbprint, whether the certificate is pinned or not', () => {
    const presented = presentCertificate(makeCertificate().der);
    const { thumbprintSha256 } = presented;
    const denied = [{ thumbprintSha256, reason: 'laptop stolen' }];
    for (const snapshot of [read({ denied }), read({ denied }, { pins: [{ thumbprintSha256 }] })]) {
      const finding = answerInFull(snapshot, presented, now);
      assert.ok(finding.outcome === 'denied' && finding.code === 'certificate_on_deny_list');
      assert.match(finding.detail, /laptop stolen/);
    }
  });
  test('a custom store may give its denial code', () => {
    const answer = { outcome: 'denied', code: 'certificate_on_deny_list', detail: 'x' };
    assert.deepEqual(readTrustFinding(answer), answer);
    assert.equal(readTrustFinding({ ...answer, code: 'certificate_on_deny_list_' }).outcome, 'unavailable');
    assert.equal(readTrustFinding({ ...answer, code: 'role_missing' }).outcome, 'unavailable');
  });
});

test('a pin denies a certificate that its authority did not issue', () => {
  const presented = presentCertificate(makeCertificate().der);
  const { thumbprintSha256, publicKeySha256 } = presented;
  for (const pin of [{ thumbprintSha256 }, { publicKeySha256 }]) {
    const snapshot = read({}, { pins: [{ ...pin, issuedBy: 'corp' }] });
    const finding = answerInFull(snapshot, presented, now);
    assert.equal(finding.outcome === 'denied' && finding.code, 'path_not_found');
  }
});
