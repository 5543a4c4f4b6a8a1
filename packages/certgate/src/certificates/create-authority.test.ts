import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { ToolFailure } from '#local/tool-failure.js';
import type { CertificateIssuer } from './structure/certificate-issuer.js';
import { createAuthority, type AuthorityOptions } from './create-authority.js';
import { authorityKeyAlgorithms } from './structure/certificate-choices.js';
import { issueCertificate, type IssueOptions } from './issue-certificate.js';
import { createTemporaryFolder, runOpenssl, tryOpenssl } from './test-support/openssl.js';
import type { IssuedCertificate } from './structure/write-certificate.js';
import { writeRevocationList, type Revocation } from './structure/write-revocation-list.js';
import { addDays } from './structure/validity-period.js';
import { encodePem } from './structure/pem-blocks.js';
import { getDecoded } from './describe-certificate.js';

const now = new Date('2026-03-01T12:00:00.500Z');
const instant = String(Math.trunc(now.getTime() / 1000));

const toIssuer = (made: IssuedCertificate, issuers: readonly Buffer[] = []): CertificateIssuer => ({
  certificateDer: made.certificateDer,
  privateKey: createPrivateKey(made.privateKeyPem),
  issuers,
});

const makeRoot = (options: Partial<AuthorityOptions> = {}): CertificateIssuer =>
  toIssuer(createAuthority({ commonName: 'root', now, ...options }));

const makeBelow = (parent: CertificateIssuer, options: Partial<AuthorityOptions> = {}): CertificateIssuer =>
  toIssuer(createAuthority({ commonName: 'below', now, ...options, parent }), [
    parent.certificateDer,
    ...parent.issuers,
  ]);

const issue = (issuer: CertificateIssuer, options: Partial<IssueOptions> = {}): IssuedCertificate =>
  issueCertificate({ commonName: 'billing', now, ...options, issuer });

const makeList = (issuer: CertificateIssuer, revocations: readonly Revocation[] = [], number = 1): Buffer =>
  writeRevocationList({ issuer, number, thisUpdate: now, nextUpdate: addDays(now, 7), revocations });

describe('an authority and what it issues, checked with openssl', () => {
  const folder = createTemporaryFolder();
  after(() => {
    folder.remove();
  });
  const pem = (...certificates: readonly Buffer[]): string =>
    certificates.map((der) => encodePem('CERTIFICATE', der)).join('');

  interface Verification {
    readonly leaf: IssuedCertificate;
    readonly issuer: CertificateIssuer;
    readonly lists?: readonly Buffer[];
    readonly purpose?: string;
  }

  function verify({ leaf, issuer, lists = [], purpose = 'sslclient' }: Verification): {
    readonly status: number | null;
    readonly text: string;
  } {
    const path = [issuer.certificateDer, ...issuer.issuers];
    const root = folder.file('root.pem', pem(path.at(-1)!));
    const untrusted = folder.file('untrusted.pem', pem(...path.slice(0, -1)));
    const crls = folder.file('lists.pem', lists.map((der) => encodePem('X509 CRL', der)).join(''));
    return tryOpenssl([
      'verify', '-x509_strict', '-check_ss_sig', '-attime', instant, '-purpose', purpose, '-CAfile', root,
      ...(path.length > 1 ? ['-untrusted', untrusted] : []),
      ...(lists.length > 0 ? ['-crl_check_all', '-CRLfile', crls] : []),
      folder.file('leaf.pem', leaf.certificatePem),
    ]); // prettier-ignore
  }

  for (const keyAlgorithm of authorityKeyAlgorithms.filter((each) => each !== 'rsa-4096')) {
    test(`${keyAlgorithm}: root, intermediate and leaf verify strictly, with every revocation list; a revoked leaf doesn't`, () => {
      const root = makeRoot({ keyAlgorithm });
      // A large RSA key takes long to make. The root's key signs a leaf and lists too, so one such key suffices.
      const below = makeBelow(root, { keyAlgorithm: keyAlgorithm === 'ec-p384' ? keyAlgorithm : 'ec-p256' });
      const leaf = issue(below, {
        dns: ['billing.example.org'],
        uri: ['spiffe://example.org/billing'],
        email: ['billing@example.org'],
      });
      const fresh = [makeList(root), makeList(below)];
      assert.match(verify({ leaf, issuer: below, lists: fresh }).text, /: OK/);
      assert.match(verify({ leaf: issue(root), issuer: root, lists: fresh }).text, /: OK/);
      assert.equal(verify({ leaf, issuer: below, lists: fresh.slice(0, 1) }).status, 2);
      assert.equal(verify({ leaf, issuer: below, purpose: 'sslserver' }).status, 2);
      const { serialNumber } = getDecoded(leaf);
      const revoked = makeList(below, [{ serialNumber, revokedAt: now, reason: 'keyCompromise' }], 2);
      assert.match(verify({ leaf, issuer: below, lists: [fresh[0]!, revoked] }).text, /certificate revoked/);
      assert.match(verify({ leaf: issue(below), issuer: below, lists: [fresh[0]!, revoked] }).text, /: OK/);
      const belowRevoked = makeList(root, [
        { serialNumber: getDecoded(below).serialNumber, revokedAt: now, reason: 'cACompromise' },
      ]);
      assert.match(verify({ leaf, issuer: below, lists: [belowRevoked, fresh[1]!] }).text, /certificate revoked/);
    });
  }

  test('the certificate states authority, path length, key usage, identifiers and constraints', () => {
    const root = makeRoot({ organization: 'Acme, Inc.' });
    const below = makeBelow(root, { permitDns: ['example.org'], permitUri: ['example.org'], permitEmail: ['.org'] });
    const text = runOpenssl(['x509', '-noout', '-text'], pem(below.certificateDer));
    assert.match(text, /Issuer: O ?= ?(?:Acme\\?, Inc\.|"Acme, Inc\."), CN ?= ?root/);
    assert.match(text, /Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/);
    assert.match(text, /Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    assert.match(text, /Name Constraints: critical\s+Permitted:\s+DNS:example\.org\s+URI:example\.org\s+email:\.org\n/);
    const identifier = (kind: string, of: string): string =>
      (new RegExp(`${kind} Key Identifier: \\s+(?:keyid:)?([0-9A-F:]{59})`).exec(of) ?? [])[1] ?? kind;
    const rootText = runOpenssl(['x509', '-noout', '-text'], pem(root.certificateDer));
    assert.match(rootText, /CA:TRUE, pathlen:1\n/);
    assert.equal(identifier('Authority', text), identifier('Subject', rootText));
    assert.doesNotMatch(text, /Extended Key Usage|Certificate Policies/);
  });

  test('a revocation list states its number, its times and the reasons by name, but no reason for unspecified', () => {
    const root = makeRoot();
    const revocations: readonly Revocation[] = [
      { serialNumber: '4A'.repeat(16), revokedAt: now, reason: 'superseded' },
      { serialNumber: '01', revokedAt: now, reason: 'unspecified' },
    ];
    const text = runOpenssl(['crl', '-inform', 'DER', '-noout', '-text'], makeList(root, revocations, 4_294_967_299));
    assert.match(text, /Version 2/);
    assert.match(text, /X509v3 CRL Number: \s+(?:4294967299|0x100000003)\n/);
    assert.match(text, /Authority Key Identifier/);
    assert.match(text, /Last Update: Mar {2}1 12:00:00 2026 GMT/);
    assert.match(text, /Next Update: Mar {2}8 12:00:00 2026 GMT/);
    assert.match(text, /Superseded/);
    assert.equal(text.match(/CRL Reason Code/g)?.length, 1);
    assert.match(runOpenssl(['crl', '-inform', 'DER', '-noout', '-text'], makeList(root)), /No Revoked Certificates/);
  });

  test('names outside the constraints are refused, and openssl accepts those inside', () => {
    const below = makeBelow(makeRoot({ permitDns: ['example.org'] }), {
      permitUri: ['.td.example'],
      permitEmail: ['a.example'],
    });
    const refused: readonly Partial<IssueOptions>[] = [
      { dns: ['example.org', 'example.com'] },
      { dns: ['notexample.org'] },
      { commonName: 'api.example.com' },
      { uri: ['spiffe://td.example/x'] },
      { uri: ['urn:example:x'] },
      { email: ['x@b.a.example'] },
    ];
    for (const options of refused) {
      assert.throws(
        () => issue(below, options),
        /may not issue for the (?:DNS name|URI|mailbox)/,
        JSON.stringify(options),
      );
    }
    const leaf = issue(below, {
      dns: ['a.Example.org', 'example.org'],
      uri: ['spiffe://a.td.example/x'],
      email: ['x@A.example'],
    });
    assert.match(verify({ leaf, issuer: below }).text, /: OK/);
    assert.match(verify({ leaf: issue(below), issuer: below }).text, /: OK/);
  });

  test('what an authority signs is valid, whatever its name contains', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
      .filter(
        (text) => !/[\p{Cc}\p{Cs}]/u.test(text) && Array.from(text).length <= 64 && text.toLowerCase() !== 'billing',
      );
    fc.assert(
      fc.property(
        fc.oneof(name, fc.constantFrom('x,O=evil', ' a  b ', '#0500', 'Ä\u0308')),
        name,
        (commonName, organization) => {
          const root = makeRoot({ commonName, organization });
          assert.match(verify({ leaf: issue(root), issuer: root, lists: [makeList(root)] }).text, /: OK/);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('nothing outlives its authority: requested days are refused, default days are shortened', () => {
    const root = makeRoot({ wanted: { days: 30 } });
    assert.throws(
      () => issue(root, { wanted: { days: 31 } }),
      (fault: unknown) => {
        assert.ok(fault instanceof ToolFailure);
        assert.match(fault.message, /The authority root ends before 31 days are over, on 2026-03-31T12:00:00Z/);
        assert.match(fault.remedy ?? '', /--days 29 or fewer|--days 30 or fewer/);
        return true;
      },
    );
    const end = getDecoded(root).notAfter;
    assert.equal(getDecoded(issue(root)).notAfter, end);
    assert.equal(getDecoded(makeBelow(root)).notAfter, end);
    assert.throws(() => issue(root, { now: new Date(end + 1000) }), /ended on .* It can no longer issue anything/);
    // The certificate does not begin before the authority either.
    assert.equal(getDecoded(issue(root)).notBefore, getDecoded(root).notBefore);
  });

  test('names, days and path lengths that an authority may not have are refused', () => {
    const root = makeRoot();
    const below = makeBelow(root);
    const refusals: readonly (readonly [() => unknown, RegExp])[] = [
      [() => makeBelow(below, { commonName: 'third' }), /can't have authorities below it/],
      [() => makeBelow(root, { pathLength: 1 }), /the path length is at most 0/],
      [() => makeBelow(root, { commonName: 'ROOT' }), /name of the authority itself/],
      [() => issue(root, { commonName: 'Root' }), /name of the authority itself/],
      [() => makeRoot({ permitDns: ['.example.org'] }), /not a DNS name/],
      [() => makeRoot({ permitUri: ['https://example.org'] }), /not a DNS name/],
      [() => makeRoot({ organization: '' }), /organization must have/],
      [() => makeRoot({ wanted: { days: 3651 } }), /1 to 3650/],
    ];
    for (const [act, message] of refusals) assert.throws(act, { name: 'ToolFailure', message });
  });
});
