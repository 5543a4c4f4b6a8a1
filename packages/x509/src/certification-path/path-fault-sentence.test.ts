import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientAuthentication } from '../certificate/certificate-verification.js';
import { decodePathCertificate, type PathCertificate } from '../certificate/path-certificate.js';
import { extension, writeCrl } from '../test-support/certificate-writing.js';
import { makeCertificate } from '../test-support/certificates.js';
import { extensions, generalNames } from '../test-support/extension-writing.js';
import {
  askAbout,
  newName,
  pathNow,
  readCrls,
  readWritten,
  requireCrls,
  writeAuthority,
  writeClient,
} from '../test-support/written-path.js';
import { findAuthorityFault } from './authority-review.js';
import { findCertificationPath, type PathQuestion } from './certification-path.js';
import { failPath, type PathFault, type PathFaultCode, type PathFaultFacts } from './path-fault.js';
import { describePathFault } from './path-fault-sentence.js';

const root = newName('Root');
const anchor = writeAuthority(root);
const client = writeClient(root);

type ReasonsOf<Facts> = Facts extends { readonly reason: infer Reason extends string } ? Reason : 'any';
type FactsOf<Facts, Reason> = Facts extends { readonly reason: infer Known }
  ? Reason extends Known
    ? Omit<Facts, 'reason'>
    : never
  : Facts;
/** The compiler asks for a sample of each reason. */
type Samples = {
  readonly [Code in PathFaultCode]: {
    readonly [Reason in ReasonsOf<PathFaultFacts[Code]>]: readonly [
      facts: FactsOf<PathFaultFacts[Code], Reason>,
      sentence: RegExp,
    ];
  };
};

const issuer = anchor;
const publicKey = { algorithm: 'rsa', bits: 1024 } as const;
const signatureAlgorithm = { scheme: 'rsa-pkcs1', digest: 'sha1' } as const;
const name = { form: 'dNSName', text: 'a.example' } as const;
const named = { name, origin: 'alternative_name', issuer } as const;
const samples: Samples = {
  path_not_found: {
    target_is_anchor: [{}, /"CN=client" is a trust anchor itself, which vouches for others only\.$/],
    issuer_missing: [
      {},
      /^No certificate of the authority has the name of the issuer of the certificate "CN=client"\.$/,
    ],
    issuer_differs: [{}, / names another issuer than the certificate above it\.$/],
    certificate_repeated: [{}, / is already in the path\.$/],
  },
  path_budget_exhausted: {
    steps: [{}, /^Deciding about this path would take more steps than one call may cost; /],
    signatures: [{}, / more signatures than /],
    name_comparisons: [{}, / more name comparisons than /],
    policies: [{}, / more policies than /],
  },
  path_signature_invalid: {
    issuer_of_name: [{ issuer }, / is not signed by "CN=Root"\.$/],
    certificate_above: [{ issuer }, / is not signed by the key of the certificate above it\.$/],
  },
  path_certificate_malformed: {
    issuer_name_empty: [{}, / has an empty issuer name\.$/],
    subject_name_empty: [{}, / has an empty subject name, which only a caller may have\.$/],
    subject_missing: [{}, / has neither a subject name nor a critical subject alternative name\.$/],
    key_usage_not_der: [{}, / has a key usage that is not DER\.$/],
    key_identifier_critical: [{}, / has a critical key identifier\.$/],
    subject_key_identifier_missing: [{}, / has no subject key identifier, which a CA certificate must have\.$/],
    authority_key_identifier_missing: [{}, / has no authority key identifier\.$/],
    path_length_without_authority: [{}, / has a path length without being a CA\.$/],
    name_constraints_without_authority: [{}, / has name constraints without being a CA\.$/],
    name_without_text: [{ name: 'issuer', attributeType: '2.5.4.3' }, / an issuer name .*: its CN is not text\.$/],
    attribute_without_text: [
      { attribute: { type: '2.5.4.3', value: '#0201' } },
      / is known by CN=#0201, which is not /,
    ],
    serial_number: [
      { serialNumber: '00' },
      / has the serial number 00, which must be positive and of 20 octets at most\.$/,
    ],
    no_rev_avail: [{ noRevAvail: { reason: 'authority' } }, / has noRevAvail and is a CA .* \(RFC 9608 section 3\)\.$/],
  },
  path_certificate_not_yet_valid: { any: [{ notBefore: pathNow }, / is valid from 2027-01-01T00:00:00Z\.$/] },
  path_certificate_expired: { any: [{ notAfter: pathNow }, / expired at 2027-01-01T00:00:00Z\.$/] },
  path_authority_unfit: {
    basic_constraints_missing: [{}, / has no basic constraints, so it is not a CA\.$/],
    basic_constraints_not_critical: [{}, / has basic constraints that are not critical\.$/],
    not_authority: [{}, / is not a CA certificate \(basic constraints\)\.$/],
    may_not_sign: [{}, / may not sign certificates \(key usage without keyCertSign\)\.$/],
    key_cert_sign_missing: [{}, / has no key usage with keyCertSign, which a CA needs\.$/],
    authority_as_client: [{}, / is a CA certificate, which may not act as a client\.$/],
    client_may_sign: [{}, / may sign certificates \(keyCertSign\) without being a CA\.$/],
    constraint_not_critical: [{ extension: 'policyConstraints' }, / has policy constraints that are not critical\.$/],
  },
  path_length_exceeded: {
    path_length: [{}, / is deeper than a CA above it allows \(path length\)\.$/],
    maximum_intermediates: [{ maximumIntermediates: 3 }, /^The path has more than 3 CA certificates between /],
  },
  path_name_not_permitted: {
    incomparable: [{ name, origin: 'subject' }, /: the subject "CN=client" can't be compared /],
    excluded: [named, /: the dNSName "a\.example" is excluded by an issuer's name constraints\.$/],
    not_permitted: [named, /: the dNSName "a\.example" is none that an issuer's name constraints permit\.$/],
    unprocessable: [
      { ...named, constraint: name },
      /: the dNSName .* of "CN=Root" that can't be processed: the dNSName /,
    ],
  },
  path_policy_not_satisfied: {
    certificate_missing: [{}, /^The path's certificate policies are not acceptable: a certification path without a /],
    policy_missing: [{}, /: a policy is required, and with this certificate no policy is left\.$/],
    any_policy_mapped: [{}, /: a policy mapping names anyPolicy\.$/],
    policy_not_acceptable: [{}, /: a policy is required, and the path has none of those that are acceptable\.$/],
  },
  path_critical_extension_unknown: { any: [{ extensions: ['1.2.3', '1.2.4'] }, / not process: 1\.2\.3, 1\.2\.4\.$/] },
  path_key_unsupported: {
    kind: [
      { publicKey },
      / has a key \(RSA 1024\) of a kind that Certgate does not support; issue it with RSA of 2048 /,
    ],
    unreadable: [{ publicKey }, / has a key \(RSA 1024\) that OpenSSL can't read\.$/],
  },
  path_key_too_weak: {
    strength: [{ publicKey }, / has a key \(RSA 1024\) that is too weak; issue it with RSA of 2048 bits or more, /],
    explicit_parameters: [{ publicKey }, / has an EC key with explicit curve parameters\.$/],
  },
  path_algorithm_unsupported: {
    any: [{ signatureAlgorithm }, / with sha1, which Certgate does not support; let a CA /],
  },
  path_algorithm_too_weak: { any: [{ signatureAlgorithm }, / with sha1, which is too weak; let the CA sign with /] },
  algorithm_unsupported_by_runtime: {
    key: [{ publicKey }, / has a key for RSA 1024, which this runtime can't verify: run on Node\.js /],
    signature: [
      { signatureAlgorithm },
      / is signed with rsa-pkcs1 with sha1, which this runtime can't verify: run on /,
    ],
    known_answer: [
      { signatureAlgorithm, issuer },
      / by a key \(EC P-256\), which this runtime can't verify: it gave a /,
    ],
  },
  path_extended_key_usage_unsuitable: {
    any: [
      { purpose: clientAuthentication, extendedKeyUsage: [] },
      /, and client authentication is not among the uses\.$/,
    ],
  },
  certificate_revoked: {
    any: [
      { revoked: { at: pathNow, reason: 'keyCompromise' } },
      / since 2027-01-01T00:00:00\.000Z \(keyCompromise\)\.$/,
    ],
  },
  revocation_unavailable: {
    any: [
      { gaps: [{ reason: 'crl_missing' }], noRevAvail: { reason: 'authority' } },
      /: cannot tell whether it is revoked\. No CRL is about .* It has noRevAvail and .*; see "noRevAvailMaximumLifetime/,
    ],
  },
  certificate_on_deny_list: { any: [{}, / is denied by the operator\.$/] },
};

describe('the sentence about each reason', () => {
  for (const [code, reasons] of Object.entries(samples))
    for (const [reason, [facts, sentence]] of Object.entries(reasons as Samples['path_not_found']))
      it(`${code}: ${reason}`, () => {
        const about = { certificate: client, role: 'end-entity' } as const;
        const fault = failPath(code as 'path_not_found', { ...facts, reason } as never, about);
        const words = describePathFault(fault);
        assert.match(words, sentence);
        assert.doesNotMatch(words, /undefined|\[object/);
        assert.match(words, /\.$/);
        assert.equal(
          describePathFault({ ...fault, unvouchedCandidates: 2 }),
          `${words} None of the unknown CA certificates that came with it (2) leads to the authority.`,
        );
      });
});

describe('a fault', () => {
  const find = (target: PathCertificate, changes: Partial<PathQuestion> = {}, from = anchor): PathFault => {
    const verdict = findCertificationPath(askAbout(target, from, changes));
    return verdict.outcome === 'invalid' ? verdict : assert.fail('valid');
  };
  /** Leaves out `outcome` and `about`. */
  const factsOf = ({ outcome, about, ...facts }: PathFault): object => {
    assert.deepEqual([outcome, about?.role], ['invalid', 'end-entity']);
    return facts;
  };

  it('has the end of the validity that the time is beyond', () => {
    const { notBefore, notAfter } = client;
    const [early, late] = [find(client, { now: notBefore - 1 }), find(client, { now: notAfter + 1 })];
    assert.deepEqual(factsOf(early), { code: 'path_certificate_not_yet_valid', notBefore });
    assert.deepEqual(factsOf(late), { code: 'path_certificate_expired', notAfter });
    const reversed = { ...client, notBefore: notAfter, notAfter: notBefore };
    for (const now of [notBefore + 1, notAfter + 1])
      assert.match(
        describePathFault(find(reversed, { now })),
        / ends at .*, before it begins \(.*\), so it is never valid/,
      );
  });

  it('has the time and the reason of a revocation', () => {
    const [revokedAt, serialNumber] = [Date.UTC(2026, 5, 1), BigInt(`0x${client.serialNumber}`)];
    const revoked = [{ serialNumber, revokedAt, reason: 1 }];
    const fault = find(client, { revocation: requireCrls(readCrls([writeCrl({ issuer: root, revoked })])) });
    const facts = { at: revokedAt, reason: 'keyCompromise' };
    assert.deepEqual(factsOf(fault), { code: 'certificate_revoked', revoked: facts, isFinal: true });
  });

  it('has the name, and the certificate whose constraints refuse it', () => {
    const constraints = extensions.nameConstraints([generalNames.dns('corp.example')], []);
    const constrained = writeAuthority(root, root, constraints);
    const alternative = extensions.subjectAlternativeName(generalNames.dns('x.example'));
    const facts = { reason: 'not_permitted', name: { form: 'dNSName', text: 'x.example' }, origin: 'alternative_name' };
    assert.deepEqual(factsOf(find(writeClient(root, alternative), {}, constrained)), {
      code: 'path_name_not_permitted',
      ...facts,
      issuer: constrained,
    });
  });

  it('has the extensions, the key, or the certificate whose key does not verify the signature', () => {
    const unknown = writeClient(root, extension('1.2.3.4', true, Buffer.from('0500', 'hex')));
    assert.deepEqual(factsOf(find(unknown)), { code: 'path_critical_extension_unknown', extensions: ['1.2.3.4'] });
    const weak = readWritten(decodePathCertificate, makeCertificate({ name: ['CN = weak'], key: 'rsa-1024' }).der);
    const ofKey = findCertificationPath(askAbout(weak, anchor, { purposes: [], now: weak.notBefore }));
    assert.ok(ofKey.outcome === 'invalid' && ofKey.code === 'path_key_too_weak');
    assert.deepEqual([ofKey.reason, ofKey.publicKey], ['strength', { algorithm: 'rsa', bits: 1024 }]);
    const other = writeAuthority({ ...newName('Root') });
    assert.deepEqual(factsOf(find(client, {}, other)), {
      code: 'path_signature_invalid',
      reason: 'certificate_above',
      issuer: other,
    });
  });

  it('of a CRL signer has its role', () => {
    const targetRole = 'crl-signer';
    const [other, revocation] = [writeAuthority(newName('Other')), requireCrls([])];
    const revoked = [BigInt(`0x${client.serialNumber}`)];
    for (const fault of [
      find(client, { targetRole }, other),
      find(client, { targetRole, intermediates: [writeAuthority(newName('Root'))] }, other),
      find(client, { targetRole, revocation }),
      find(client, { targetRole, revocation: requireCrls(readCrls([writeCrl({ issuer: root, revoked })])) }),
    ]) {
      assert.deepEqual(fault.about, { certificate: client, role: targetRole });
      assert.match(describePathFault(fault), /the CRL signer "CN=client"/i);
      assert.equal(fault.isFinal, fault.code === 'certificate_revoked' ? true : undefined);
    }
    const roles = new Set<string>();
    findCertificationPath(askAbout(client, anchor, { targetRole, revocation, onCheck: ({ role }) => roles.add(role) }));
    assert.deepEqual([...roles], ['trust-anchor', targetRole]);
  });

  it('about an authority has its role', () => {
    const fault = findAuthorityFault(client, 'intermediate', []);
    assert.ok(fault?.code === 'path_authority_unfit');
    assert.deepEqual([fault.reason, fault.about?.role], ['not_authority', 'intermediate']);
  });
});
