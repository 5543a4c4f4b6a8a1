import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CrlWriting, type WrittenName, makeWritingKey, writeCrl } from '../test-support/certificate-writing.js';
import { authorityExtensions, clientExtensions } from '../test-support/extension-writing.js';
import { askAbout, newName, pathNow, readCrls, write, writeAuthority } from '../test-support/written-path.js';
import type { CertificateRevocationList } from '../revocation/certificate-revocation-list.js';
import { type CertificationPath, findCertificationPath } from './certification-path.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import type { PathRevocation } from './path-revocation.js';
import type { ValidationProfile } from './validation-profile.js';

const root = newName('Root');
const issuing = newName('Issuing');
const numberOf = { client: 4711, issuing: 42, signer: 43 } as const;
const anchor = writeAuthority(root);
const writeSub = (subject: WrittenName, issuer: WrittenName, serialNumber: number): PathCertificate =>
  write({ subject, issuer, serialNumber, extensions: authorityExtensions(subject.key, issuer.key) });
const intermediate = writeSub(issuing, root, numberOf.issuing);
const client = write({
  subject: newName('client'),
  issuer: issuing,
  serialNumber: numberOf.client,
  extensions: clientExtensions(issuing.key),
});

interface Situation extends Partial<PathRevocation> {
  readonly anchors?: readonly PathCertificate[];
  readonly others?: readonly PathCertificate[];
  readonly profile?: ValidationProfile;
}

function find(
  crls: readonly CertificateRevocationList[],
  situation: Situation = {},
): ReturnType<typeof findCertificationPath> {
  const { anchors = [anchor], others = [], profile = 'strict', ...revocation } = situation;
  const plain = { mode: 'required', scope: 'chain', graceMilliseconds: 0, findOcspResponses: () => [] } as const;
  return findCertificationPath(
    askAbout(client, anchor, {
      trustAnchors: anchors,
      intermediates: [intermediate, ...others],
      profile,
      revocation: { ...plain, crls, ...revocation },
    }),
  );
}

function judge(...parameters: Parameters<typeof find>): string {
  const verdict = find(...parameters);
  return verdict.outcome === 'valid' ? 'valid' : verdict.code;
}

const list = (...writings: readonly CrlWriting[]): readonly CertificateRevocationList[] =>
  readCrls(writings.map(writeCrl));
const ofRoot = (...revoked: readonly number[]): CrlWriting => ({ issuer: root, revoked });
const ofIssuing = (...revoked: readonly number[]): CrlWriting => ({ issuer: issuing, revoked });

describe('revocation along a path', () => {
  it('is asked for as the mode says', () => {
    for (const [crls, required, whenAvailable, off] of [
      [list(ofRoot(), ofIssuing()), 'valid', 'valid', 'valid'],
      [list(ofRoot(), ofIssuing(numberOf.client)), 'certificate_revoked', 'certificate_revoked', 'valid'],
      [list(ofRoot()), 'revocation_unavailable', 'valid', 'valid'],
      [list(ofIssuing()), 'revocation_unavailable', 'valid', 'valid'],
      [[], 'revocation_unavailable', 'valid', 'valid'],
    ] as const) {
      assert.equal(judge(crls), required);
      assert.equal(judge(crls, { mode: 'when-available' }), whenAvailable);
      assert.equal(judge(crls, { mode: 'off' }), off);
    }
  });

  it('is that of the whole chain, or of its end alone', () => {
    for (const [crls, chain, endEntity] of [
      [list(ofRoot(numberOf.issuing), ofIssuing()), 'certificate_revoked', 'valid'],
      [list(ofIssuing()), 'revocation_unavailable', 'valid'],
      [list(ofRoot(), ofIssuing(numberOf.client)), 'certificate_revoked', 'certificate_revoked'],
      [list(ofRoot()), 'revocation_unavailable', 'revocation_unavailable'],
    ] as const) {
      assert.equal(judge(crls, { scope: 'chain' }), chain);
      assert.equal(judge(crls, { scope: 'end-entity' }), endEntity);
    }
  });

  it('that is known is told before what isn’t, and no other path helps a caller who is revoked', () => {
    const caller = find(list(ofIssuing(numberOf.client)));
    assert.ok(caller.outcome === 'invalid' && caller.code === 'certificate_revoked');
    assert.deepEqual(caller.about, { certificate: client, role: 'end-entity' });
    assert.deepEqual(caller.revoked, { at: Date.UTC(2026, 5, 1), reason: 'unspecified' });
    assert.match(caller.detail, /"CN=client".* is revoked since 2026-06-01T00:00:00\.000Z \(unspecified\)\.$/);
    assert.equal(caller.isFinal, true);
    const authority = find(list(ofRoot(numberOf.issuing), ofIssuing()));
    assert.ok(authority.outcome === 'invalid' && authority.code === 'certificate_revoked');
    assert.deepEqual(authority.about, { certificate: intermediate, role: 'intermediate' });
    assert.equal(authority.isFinal, undefined);
  });

  it('that isn’t known of a CA comes with the remedy', () => {
    const verdict = find(list(ofIssuing()));
    assert.ok(verdict.outcome === 'invalid');
    assert.match(verdict.detail, /"CN=Issuing".*whether it is revoked can't be said.*"scope": "end-entity"/);
    assert.deepEqual(verdict.about, { certificate: intermediate, role: 'intermediate' });
    const ofClient = find(list(ofRoot()));
    assert.ok(ofClient.outcome === 'invalid');
    assert.doesNotMatch(ofClient.detail, /scope|noRevAvail/);
    assert.deepEqual(ofClient.about, { certificate: client, role: 'end-entity' });
  });

  it('is asked of the responder for a caller always, for a CA where no list speaks of it', () => {
    for (const [crls, expected] of [
      [list(ofRoot(), ofIssuing()), [client]],
      [list(ofIssuing()), [intermediate, client]],
    ] as const) {
      const wanted: PathCertificate[] = [];
      find(crls, { onOcspWanted: (certificate) => wanted.push(certificate) });
      assert.deepEqual(wanted, expected);
    }
  });

  it('is current while all of it is', () => {
    const hour = 3_600_000;
    const lasting = { thisUpdate: pathNow - 9 * hour, nextUpdate: pathNow + 9 * hour };
    const brief = { thisUpdate: pathNow - hour, nextUpdate: pathNow + hour };
    for (const writings of [
      [
        { ...ofRoot(), ...brief },
        { ...ofIssuing(), ...lasting },
      ],
      [
        { ...ofRoot(), ...lasting },
        { ...ofIssuing(), ...brief },
      ],
    ]) {
      const verdict = find(list(...writings)) as CertificationPath;
      assert.deepEqual([verdict.currentFrom, verdict.currentUntil], [brief.thisUpdate, brief.nextUpdate]);
    }
    // What isn't known now is asked again soon.
    const unknown = find([], { mode: 'when-available' }) as CertificationPath;
    assert.deepEqual([unknown.currentFrom, unknown.currentUntil], [pathNow, pathNow + 60_000]);
  });
});

describe('a CRL signer of the issuer’s name, with another key', () => {
  const signerKey = makeWritingKey();
  const signer = { name: issuing.name, key: signerKey };
  const bySigner: CrlWriting = { issuer: signer };
  const profile = 'rfc5280';

  it('has its own path, from the same anchor, and is not revoked', () => {
    const others = [writeSub(signer, root, numberOf.signer)];
    assert.equal(judge(list(ofRoot(), bySigner), { others, profile }), 'valid');
    assert.equal(judge(list(ofRoot(), { ...bySigner, revoked: [numberOf.client] }), { others }), 'certificate_revoked');
    assert.equal(judge(list(ofRoot(numberOf.signer), bySigner), { others, profile }), 'revocation_unavailable');
    assert.equal(judge(list(ofRoot(), bySigner), { profile }), 'revocation_unavailable');
  });

  it('clears nobody in the strict profile: the list of the key that signed the certificate is wanted', () => {
    const others = [writeSub(signer, root, numberOf.signer)];
    const verdict = find(list(ofRoot(), bySigner), { others });
    assert.ok(verdict.outcome === 'invalid' && verdict.code === 'revocation_unavailable');
    assert.match(verdict.detail, /"CN=client".*other keys of the CA/);
    assert.equal(judge(list(ofRoot(), bySigner), { others, mode: 'when-available' }), 'valid');
    assert.equal(judge(list(ofRoot(), bySigner, ofIssuing()), { others }), 'valid');
    assert.equal(judge(list(ofRoot(), bySigner, ofIssuing(numberOf.client)), { others }), 'certificate_revoked');
    // Of CA certificates alike: the root's second key, certified by the first, signs no list that clears them.
    const secondRoot = { name: root.name, key: makeWritingKey() };
    const crossed = [writeSub(secondRoot, root, 44)];
    const bySecond: CrlWriting = { issuer: secondRoot };
    assert.equal(judge(list(bySecond, ofIssuing()), { others: crossed }), 'revocation_unavailable');
    assert.equal(judge(list(bySecond, ofRoot(), ofIssuing()), { others: crossed }), 'valid');
  });

  it('is nobody under another anchor', () => {
    const otherRoot = newName('Other root');
    const anchors = [anchor, writeAuthority(otherRoot)];
    const others = [writeSub(signer, otherRoot, numberOf.signer)];
    const crls = list(ofRoot(), bySigner, { issuer: otherRoot });
    assert.equal(judge(crls, { anchors, others, profile }), 'revocation_unavailable');
  });

  it('vouches for others only: its own status depends on no list of its own', () => {
    // Certified by the CA of its own name, whose certificates it lists.
    const others = [writeSub(signer, issuing, numberOf.signer)];
    assert.equal(judge(list(ofRoot(), bySigner), { others, profile }), 'revocation_unavailable');
    assert.equal(judge(list(ofRoot(), bySigner, ofIssuing()), { others, profile }), 'valid');
  });
});
