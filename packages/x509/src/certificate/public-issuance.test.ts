import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type IssuedCertificate, authorityExtensions, issueCertificate } from '../test-support/issued-certificates.js';
import { countRuns } from '../test-support/random-runs.js';
import { judgePublicIssuance, type PublicIssuance, publicIssuanceEvidence } from './public-issuance.js';

// openssl makes these certificates, modelled on certificates of the public web in 2026.

const publicCa = issueCertificate({
  name: ['C = US', 'O = "Let\'s Encrypt"', 'CN = R12'],
  extensions: authorityExtensions,
});
const ownCa = issueCertificate({ name: ['O = Corp', 'CN = Corp CA'], extensions: authorityExtensions });

const leaf = ['basicConstraints = critical, CA:FALSE', 'keyUsage = critical, digitalSignature'];
const bothUses = 'extendedKeyUsage = serverAuth, clientAuth';
const publicHost = 'subjectAltName = DNS:api.contoso.com';
const domainValidated = 'certificatePolicies = 2.23.140.1.2.1';
// The code under test does not read the content of a list of timestamps.
const timestamps = '1.3.6.1.4.1.11129.2.4.2 = DER:04020000';
const issuersAddress = 'authorityInfoAccess = caIssuers;URI:http://r12.i.lencr.org/';
const revocationLists = 'crlDistributionPoints = URI:http://r12.c.lencr.org/77.crl';

function judge(
  extensions: readonly string[],
  { issuer = ownCa, ...more }: { issuer?: IssuedCertificate; notBefore?: string; notAfter?: string } = {},
): PublicIssuance {
  const validity = { notBefore: '20260401000000Z', notAfter: '20260630000000Z', ...more };
  const { certificate } = issueCertificate(
    { name: ['CN = api.contoso.com'], extensions: [...leaf, ...extensions], ...validity },
    issuer,
  );
  return judgePublicIssuance(certificate.der);
}

describe('a certificate as a public CA issues it', () => {
  test('shows all the evidence', () => {
    const all = [bothUses, publicHost, domainValidated, timestamps, issuersAddress, revocationLists];
    assert.deepEqual(judge(all, { issuer: publicCa }), {
      verdict: 'likely',
      evidence: ['embedded_timestamps', 'tls_server_policy', 'issuer_organization', 'issuer_address', 'server_auth'],
      hasClientAuth: true,
    });
  });
  test('has nothing to lose if it has no clientAuth', () => {
    const { verdict, hasClientAuth } = judge(['extendedKeyUsage = serverAuth', publicHost, timestamps]);
    assert.deepEqual([verdict, hasClientAuth], ['likely', false]);
  });
  test('may act as a client if it has no extended key usage at all', () => {
    assert.equal(judge([publicHost, timestamps]).hasClientAuth, true);
  });
});

describe('how sure it is', () => {
  const cases: readonly (readonly [string, PublicIssuance['verdict'], readonly string[], IssuedCertificate?])[] = [
    ['both usages of an own authority', 'unlikely', [bothUses, publicHost]],
    ['a policy alone, which anybody can write', 'possible', [bothUses, publicHost, domainValidated]],
    ['extended validation', 'possible', [bothUses, publicHost, 'certificatePolicies = 2.23.140.1.1']],
    ['a name alone, which anybody can write', 'possible', [bothUses, publicHost], publicCa],
    ['an address alone', 'possible', [bothUses, publicHost, revocationLists]],
    ['a policy with an address', 'likely', [bothUses, publicHost, domainValidated, issuersAddress]],
    ['a timestamp alone', 'likely', [bothUses, publicHost, timestamps]],
    ['an address that only ends alike', 'unlikely', [bothUses, publicHost, 'crlDistributionPoints = URI:http://notlencr.org/a']],
    ['a policy of another arc', 'unlikely', [bothUses, publicHost, 'certificatePolicies = 2.23.140.1.2.11']],
    ['a certificate for mail', 'unlikely', [bothUses, publicHost, 'certificatePolicies = 2.23.140.1.5.1.1'], publicCa],
    ['one for clients alone', 'unlikely', ['extendedKeyUsage = clientAuth', publicHost, timestamps], publicCa],
    ['a private host with a timestamp', 'possible', [bothUses, 'subjectAltName = DNS:billing.internal', timestamps]],
    ['a private host with a name', 'unlikely', [bothUses, 'subjectAltName = DNS:billing'], publicCa],
    ['a SPIFFE ID', 'unlikely', [bothUses, 'subjectAltName = DNS:api.contoso.com, URI:spiffe://a.example/b', domainValidated]],
    ['a private address', 'unlikely', [bothUses, 'subjectAltName = IP:10.1.2.3', domainValidated]],
    ['a private IPv6 address', 'unlikely', [bothUses, 'subjectAltName = IP:fd00::1', domainValidated]],
    ['a public address', 'possible', [bothUses, 'subjectAltName = IP:8.8.8.8, IP:2606:4700::1', domainValidated]],
    ['no name but the common name', 'unlikely', [bothUses, domainValidated]],
  ]; // prettier-ignore
  for (const [what, verdict, extensions, issuer] of cases) {
    test(`${what}: ${verdict}`, () => {
      assert.equal(judge(extensions, issuer && { issuer }).verdict, verdict);
    });
  }

  test('a self-issued certificate is not public, whatever else it contains', () => {
    const { certificate } = issueCertificate({
      extensions: [...leaf, bothUses, publicHost, domainValidated, timestamps],
    });
    const { verdict, evidence } = judgePublicIssuance(certificate.der);
    assert.equal(verdict, 'unlikely');
    assert.ok(evidence.includes('self_signed'));
  });

  test('the longest permitted validity depends on the day of issue (SC-081v3), and includes both ends', () => {
    const lifetime = (notBefore: string, notAfter: string): boolean =>
      judge([bothUses, publicHost, timestamps], { notBefore, notAfter }).evidence.includes('long_lifetime');
    for (const [notBefore, last, next] of [
      ['20260314235959Z', '20270416235958Z', '20270416235959Z'],
      ['20260315000000Z', '20260930235959Z', '20261001000000Z'],
      ['20270315000000Z', '20270622235959Z', '20270623000000Z'],
      ['20290315000000Z', '20290430235959Z', '20290501000000Z'],
    ] as const) {
      assert.deepEqual([lifetime(notBefore, last), lifetime(notBefore, next)], [false, true], notBefore);
    }
  });
});

describe('the certificate of a CA', () => {
  test('is judged by its issuer and its policies, even if it is self-issued', () => {
    const { verdict, evidence } = judgePublicIssuance(publicCa.certificate.der);
    assert.deepEqual([verdict, evidence], ['possible', ['issuer_organization']]);
    assert.equal(judgePublicIssuance(ownCa.certificate.der).verdict, 'unlikely');
    const intermediate = issueCertificate(
      { extensions: [...authorityExtensions, bothUses, domainValidated, issuersAddress], name: ['CN = R12'] },
      publicCa,
    );
    assert.equal(judgePublicIssuance(intermediate.certificate.der).verdict, 'likely');
  });
});

describe('whatever the bytes', () => {
  const { der } = issueCertificate(
    { extensions: [...leaf, bothUses, publicHost, domainValidated, timestamps, issuersAddress, revocationLists] },
    publicCa,
  ).certificate;

  test('bytes that are not a certificate give "cannot tell"', () => {
    for (const bytes of [Buffer.of(), Buffer.from('3000', 'hex'), der.subarray(1)]) {
      assert.deepEqual(judgePublicIssuance(bytes), { verdict: 'cannot_tell', evidence: [], hasClientAuth: false });
    }
  });
  test('it answers, and lists evidence in the fixed order', () => {
    const flips = fc.array(fc.tuple(fc.nat({ max: der.length - 1 }), fc.integer({ min: 1, max: 255 })), {
      maxLength: 3,
    });
    let told = 0;
    fc.assert(
      fc.property(flips, (places) => {
        const changed = Buffer.from(der);
        for (const [place, mask] of places) changed[place] = (changed[place] ?? 0) ^ mask;
        const { verdict, evidence } = judgePublicIssuance(changed);
        if (verdict !== 'cannot_tell') told += 1;
        assert.deepEqual(
          evidence,
          publicIssuanceEvidence.filter((each) => evidence.includes(each)),
        );
      }),
      { numRuns: countRuns(1000) },
    );
    assert.ok(told > 100, `${told}`);
  });
});
