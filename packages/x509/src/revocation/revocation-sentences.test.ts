import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NoRevAvailObstacle } from '../certificate/no-rev-avail.js';
import { newName, pathNow, writeAuthority } from '../test-support/written-path.js';
import { describeNoRevAvailObstacle, describeRevocationGaps } from './revocation-sentences.js';
import type { OcspSignerFault } from './ocsp-responder.js';
import type { RevocationGap, RevocationGapFacts } from './revocation-status.js';

const responder = writeAuthority(newName('Responder'));
const signatureAlgorithm = { scheme: 'rsa-pkcs1', digest: 'sha1' } as const;

/** The compiler asks for a sample of each reason. */
const gaps: { readonly [Reason in keyof RevocationGapFacts]: readonly [RevocationGapFacts[Reason], RegExp] } = {
  issuer_differs: [{}, /^The certificate has another issuer\.$/],
  crl_missing: [{}, /^No CRL is about the certificate\.$/],
  crl_base_missing: [{}, /^There is a delta CRL without its base\.$/],
  crl_of_other_key: [{}, /^The CRLs are signed by other keys of the CA than .*; add the list of that key\.$/],
  crl_from_future: [
    { thisUpdate: pathNow },
    /^A CRL is from the future \(2027-01-01T00:00:00Z\); compare the clocks\.$/,
  ],
  crl_without_next_update: [{}, /^A CRL doesn’t say when the next one comes\.$/],
  crl_ended: [{ nextUpdate: pathNow }, /^A CRL was due to be replaced at 2027-01-01T00:00:00Z\.$/],
  crl_critical_extension: [
    { extension: '1.2.3' },
    /^A CRL has the critical extension 1\.2\.3, which is not understood\.$/,
  ],
  crl_number_unusable: [{}, /^A CRL has no number, or a critical one \(RFC 5280 §5\.2\.3\)\.$/],
  crl_superseded: [{ crlNumber: '4', newerNumber: '5' }, /^The complete CRL 5 is newer than the CRL 4; /],
  crl_reasons_missing: [{}, /^The CRLs don’t cover every reason for a revocation\.$/],
  crl_algorithm_not_accepted: [{ signatureAlgorithm }, /^A CRL is signed with .* \(rsa-pkcs1 with sha1\)\.$/],
  crl_signer_unfit: [{}, /^The signer of a CRL may not sign it\.$/],
  ocsp_missing: [{}, /^No OCSP response is about the certificate\.$/],
  ocsp_failure: [{ responseStatus: 'tryLater' }, /^The OCSP responder answered tryLater\.$/],
  ocsp_algorithm_not_accepted: [{ signatureAlgorithm }, /^An OCSP response is signed .* \(rsa-pkcs1 with sha1\)\.$/],
  ocsp_signer_unfit: [
    { signer: { reason: 'certificate_missing' } },
    / for the issuer: it came without the certificate /,
  ],
  ocsp_certificate_unknown: [{}, /^The OCSP responder doesn’t know the certificate\.$/],
  ocsp_critical_extension: [{ extension: '1.2.3' }, /^An OCSP response has the critical extension 1\.2\.3, which is /],
  ocsp_nonce_differs: [{}, /^An OCSP response is to another request \(nonce\)\.$/],
  ocsp_nonce_missing: [{}, /^An OCSP response lacks the nonce of its request\.$/],
  ocsp_from_future: [{}, /^An OCSP response is from the future; compare the clocks\.$/],
  ocsp_ended: [{}, /^An OCSP response is no longer current\.$/],
  no_rev_avail: [
    {},
    /^It needs no revocation information: its CA publishes none \(noRevAvail\), and it is short-lived\.$/,
  ],
  input_unreadable: [{ input: 'crls[1]', fault: 'empty' }, /^crls\[1\] can't be read: empty\.$/],
  source: [{ fault: 'The list is old.' }, /^The list is old\.$/],
};

const signers: Readonly<Record<OcspSignerFault['reason'], RegExp>> = {
  not_signed_by_issuer: /^it names the issuer, whose key did not sign it$/,
  certificate_missing: /^it came without the certificate of the responder that it names$/,
  certificate_in_question: /^the responder "CN=Responder" is the certificate in question$/,
  extended_key_usage: / has no extended key usage for OCSP signing$/,
  key_usage: / has a key usage without digitalSignature$/,
  critical_extension: / has the critical extension 1\.2\.3, which is not understood$/,
  not_yet_valid: / is valid from \d{4}-01-01T00:00:00Z$/,
  expired: / expired at \d{4}-01-01T00:00:00Z$/,
  key_not_accepted: / has a key \(EC P-256\) that is not accepted$/,
  issuer_differs: / has another issuer$/,
  algorithm_not_accepted: / has a certificate signed with ecdsa with sha256, which is not accepted$/,
  certificate_not_signed: / has a certificate that the issuer did not sign$/,
  not_signed: / did not sign it$/,
  revocation_unknown: / has a certificate without ocsp-nocheck, and nothing says that it is not revoked$/,
};

const obstacles: Readonly<Record<NoRevAvailObstacle['reason'], RegExp>> = {
  absent: /^doesn't have noRevAvail$/,
  critical: /^marks noRevAvail as critical, which it must not be$/,
  authority: /^has noRevAvail and is a CA certificate$/,
  crl_distribution_points: /^has noRevAvail and CRL distribution points$/,
  freshest_crl: /^has noRevAvail and a freshest CRL$/,
  ocsp_address: /^has noRevAvail and the address of an OCSP responder$/,
  information_access: /^has noRevAvail and an authority information access that can't be read \(empty\)$/,
  not_accepted: /^has noRevAvail, which is accepted only of callers, up to a lifetime that is set, and on a path with /,
  lifetime: /^has noRevAvail and a lifetime of 60 seconds, longer than the 1 that the authority accepts$/,
};

describe('the words for each reason', () => {
  it('of a gap', () => {
    for (const [reason, [facts, sentence]] of Object.entries(gaps))
      assert.match(describeRevocationGaps([{ ...facts, reason } as RevocationGap]), sentence);
    assert.equal(
      describeRevocationGaps([{ reason: 'ocsp_ended' }, { reason: 'crl_signer_unfit' }]),
      'An OCSP response is no longer current. The signer of a CRL may not sign it.',
    );
  });

  it('of a signer', () => {
    for (const [reason, words] of Object.entries(signers)) {
      const signer = { reason, responder, extension: '1.2.3' } as OcspSignerFault;
      const known = reason === 'not_signed_by_issuer' || reason === 'certificate_missing';
      const sentence = describeRevocationGaps([{ reason: 'ocsp_signer_unfit', signer: known ? { reason } : signer }]);
      const start = 'The signer of an OCSP response may not answer for the issuer: ';
      assert.ok(sentence.startsWith(start) && sentence.endsWith('.'));
      assert.match(sentence.slice(start.length, -1), words);
    }
  });

  it('of noRevAvail', () => {
    const facts = { fault: 'empty', lifetime: 60_000, maximumLifetime: 1000 };
    for (const [reason, words] of Object.entries(obstacles))
      assert.match(describeNoRevAvailObstacle({ reason, ...facts } as NoRevAvailObstacle), words);
  });
});
