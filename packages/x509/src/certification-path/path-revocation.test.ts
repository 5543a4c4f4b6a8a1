import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CrlWriting, type WrittenName, makeWritingKey, writeCrl } from '../test-support/certificate-writing.js';
import { authorityExtensions, clientExtensions, extensions } from '../test-support/extension-writing.js';
import {
  askAbout,
  newName,
  pathNow,
  readCrls,
  requireCrls,
  write,
  writeAuthority,
} from '../test-support/written-path.js';
import type { CertificateRevocationList } from '../revocation/certificate-revocation-list.js';
import type { CrlEntry } from '../revocation/crl-entry.js';
import { type CertificationPath, findCertificationPath, type PathQuestion } from './certification-path.js';
import type { PathCheck } from './path-check.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { type PathRevocation, checkRevocation } from './path-revocation.js';
import type { ValidationProfile } from './validation-profile.js';
import { describePathFault } from './path-fault-sentence.js';

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
  readonly maximumIntermediates?: number;
}

function find(
  crls: readonly CertificateRevocationList[],
  situation: Situation = {},
): ReturnType<typeof findCertificationPath> {
  const { anchors = [anchor], others = [], profile = 'strict', maximumIntermediates = 10, ...revocation } = situation;
  const plain = { mode: 'required', scope: 'chain', graceMilliseconds: 0, findOcspResponses: () => [] } as const;
  return findCertificationPath(
    askAbout(client, anchor, {
      trustAnchors: anchors,
      intermediates: [intermediate, ...others],
      profile,
      maximumIntermediates,
      revocation: { ...plain, crls, ...revocation },
    }),
  );
}

function judge(...parameters: Parameters<typeof find>): string {
  const verdict = find(...parameters);
  return verdict.outcome === 'valid' ? 'valid' : verdict.code;
}

const outcomeOf = { outcome: 'valid', validFrom: 0, validUntil: 0, userConstrainedPolicySet: [] } as const;
const list = (...writings: readonly CrlWriting[]): readonly CertificateRevocationList[] =>
  readCrls(writings.map(writeCrl));
const ofRoot = (...revoked: readonly number[]): CrlWriting => ({ issuer: root, revoked });
const ofIssuing = (...revoked: readonly number[]): CrlWriting => ({ issuer: issuing, revoked });

describe('revocation along a path', () => {
  it('is checked as the mode says', () => {
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

  it('is checked for the whole chain, or only for its end', () => {
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

  it('that is known is reported before an unknown status, and no other path helps a revoked caller', () => {
    const caller = find(list(ofIssuing(numberOf.client)));
    assert.ok(caller.outcome === 'invalid' && caller.code === 'certificate_revoked');
    assert.deepEqual(caller.about, { certificate: client, role: 'end-entity' });
    assert.deepEqual(caller.revoked, { at: Date.UTC(2026, 5, 1), reason: 'unspecified' });
    assert.match(
      describePathFault(caller),
      /"CN=client".* is revoked since 2026-06-01T00:00:00\.000Z \(unspecified\)\.$/,
    );
    assert.equal(caller.isFinal, true);
    const authority = find(list(ofRoot(numberOf.issuing), ofIssuing()));
    assert.ok(authority.outcome === 'invalid' && authority.code === 'certificate_revoked');
    assert.deepEqual(authority.about, { certificate: intermediate, role: 'intermediate' });
    assert.equal(authority.isFinal, undefined);
  });

  it("at a time that can't be read is reported without a time", () => {
    const [ofAll] = list(ofIssuing());
    assert.ok(ofAll);
    const findEntry = (): readonly CrlEntry[] => [{ revokedAt: Number.NaN, reason: 'keyCompromise' }];
    const entries = Object.assign(Object.create(ofAll.entries) as typeof ofAll.entries, { find: findEntry });
    const verdict = find([{ ...ofAll, entries }], { scope: 'end-entity' });
    assert.ok(verdict.outcome === 'invalid' && verdict.code === 'certificate_revoked');
    assert.match(describePathFault(verdict), /"CN=client" is revoked \(keyCompromise\)\.$/);
    assert.deepEqual(verdict.revoked, { at: undefined, reason: 'keyCompromise' });
  });

  it("is shown by lists of any CA of the path, never by the target's own", () => {
    const second = { name: root.name, key: makeWritingKey() };
    const signing = [extensions.keyUsage('cRLSign'), extensions.basicConstraints(true)];
    const upper = writeSub(newName('Upper'), root, 44);
    const middle = write({ subject: second, issuer: newName('Upper'), extensions: signing });
    const below = write({ subject: { name: root.name, key: makeWritingKey() }, issuer: second, extensions: signing });
    const ask = (signer: WrittenName, certificates: readonly PathCertificate[]): string => {
      const path = { ...outcomeOf, certificates, trustAnchor: anchor };
      const revocation = { ...requireCrls(list({ issuer: signer, revoked: [44] })), mode: 'when-available' } as const;
      const isSignerValid = (): boolean => true;
      const verdict = checkRevocation({
        path,
        revocation,
        signers: [],
        isSignerValid,
        profile: 'rfc5280',
        targetRole: 'end-entity',
        now: pathNow,
      });
      return verdict.outcome === 'cleared' ? 'cleared' : verdict.code;
    };
    assert.equal(ask(second, [upper, middle, below]), 'certificate_revoked');
    assert.equal(ask(second, [upper, middle]), 'cleared');
  });

  it('that is unknown for a CA comes with the remedy', () => {
    const verdict = find(list(ofIssuing()));
    assert.ok(verdict.outcome === 'invalid');
    assert.match(describePathFault(verdict), /"CN=Issuing".*cannot tell whether it is revoked.*"scope": "end-entity"/);
    assert.deepEqual(verdict.about, { certificate: intermediate, role: 'intermediate' });
    const ofClient = find(list(ofRoot()));
    assert.ok(ofClient.outcome === 'invalid');
    assert.doesNotMatch(describePathFault(ofClient), /scope|noRevAvail/);
    assert.deepEqual(ofClient.about, { certificate: client, role: 'end-entity' });
  });

  it('is asked of a responder always for a caller or a signer of lists, and for a CA only if no list clears it', () => {
    for (const [crls, expected] of [
      [list(ofRoot(), ofIssuing()), [client]],
      [list(ofIssuing()), [intermediate, client]],
    ] as const) {
      const wanted: PathCertificate[] = [];
      const onOcspWanted = (certificate: PathCertificate): number => wanted.push(certificate);
      find(crls, { onOcspWanted });
      assert.deepEqual(wanted, expected);
      const revocation = { ...requireCrls(crls), onOcspWanted };
      const ofSigner = { intermediates: [intermediate], targetRole: 'crl-signer', revocation } as const;
      findCertificationPath(askAbout(client, anchor, ofSigner));
      assert.deepEqual(wanted, [...expected, ...expected]);
    }
  });

  it('takes as many steps with a listener as without one, and asks no responder more often', () => {
    const hour = 3_600_000;
    const signer = { name: issuing.name, key: makeWritingKey() };
    const signing = { issuer: root, extensions: authorityExtensions(signer.key, root.key) };
    const valid = write({ ...signing, subject: signer });
    const former = write({ ...signing, subject: signer, notAfter: pathNow - hour });
    const crls = list(ofRoot(), ofIssuing(), { issuer: signer, thisUpdate: pathNow - 2 * hour });
    for (const other of [valid, former]) {
      const ask = (steps: number, rest: Partial<PathQuestion> = {}): readonly [string, number] => {
        let wanted = 0;
        const verdict = findCertificationPath(
          askAbout(client, anchor, {
            intermediates: [intermediate, other],
            revocation: { ...requireCrls(crls), onOcspWanted: () => void (wanted += 1) },
            limits: { steps, signatures: 64, comparisons: 250_000 },
            ...rest,
          }),
        );
        return [verdict.outcome, wanted];
      };
      const enough = Array.from({ length: 999 }, (_, steps) => steps).find((steps) => ask(steps)[0] === 'valid');
      assert.ok(enough !== undefined && enough > 50);
      for (const steps of [enough - 1, enough]) {
        const checks = new Set<PathCheck['check']>();
        assert.deepEqual(ask(steps, { onCheck: ({ check }) => checks.add(check) }), ask(steps));
        assert.ok(checks.has('revocation'));
      }
    }
  });

  it('is current as long as all of it is', () => {
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
    // A status that is unknown now is asked for again soon.
    const unknown = find([], { mode: 'when-available' }) as CertificationPath;
    assert.deepEqual([unknown.currentFrom, unknown.currentUntil], [pathNow, pathNow + 60_000]);
  });
});

describe("a CRL signer with the issuer's name and another key", () => {
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

  it('clears nobody in the strict profile, which needs the list of the key that signed the certificate', () => {
    const others = [writeSub(signer, root, numberOf.signer)];
    const verdict = find(list(ofRoot(), bySigner), { others });
    assert.ok(verdict.outcome === 'invalid' && verdict.code === 'revocation_unavailable');
    assert.match(describePathFault(verdict), /"CN=client".*other keys of the CA/);
    assert.equal(judge(list(ofRoot(), bySigner), { others, mode: 'when-available' }), 'valid');
    assert.equal(judge(list(ofRoot(), bySigner, ofIssuing()), { others }), 'valid');
    assert.equal(judge(list(ofRoot(), bySigner, ofIssuing(numberOf.client)), { others }), 'certificate_revoked');
    // The same for CA certificates: the root's second key, certified by the first, signs no list that clears them.
    const secondRoot = { name: root.name, key: makeWritingKey() };
    const crossed = [writeSub(secondRoot, root, 44)];
    const bySecond: CrlWriting = { issuer: secondRoot };
    assert.equal(judge(list(bySecond, ofIssuing()), { others: crossed }), 'revocation_unavailable');
    assert.equal(judge(list(bySecond, ofRoot(), ofIssuing()), { others: crossed }), 'valid');
  });

  it('is not accepted under another anchor', () => {
    const otherRoot = newName('Other root');
    const anchors = [anchor, writeAuthority(otherRoot)];
    const others = [writeSub(signer, otherRoot, numberOf.signer)];
    const crls = list(ofRoot(), bySigner, { issuer: otherRoot });
    assert.equal(judge(crls, { anchors, others, profile }), 'revocation_unavailable');
  });

  it('may be limited to any use, and be as deep as any certificate', () => {
    const forServers = extensions.extendedKeyUsage('1.3.6.1.5.5.7.3.1');
    const limited = write({
      subject: signer,
      issuer: root,
      serialNumber: numberOf.signer,
      extensions: authorityExtensions(signer.key, root.key, forServers),
    });
    assert.equal(judge(list(ofRoot(), bySigner), { others: [limited], profile }), 'valid');
    const [upper, lower] = [newName('Upper'), newName('Lower')];
    const others = [writeSub(upper, root, 50), writeSub(lower, upper, 51), writeSub(signer, lower, numberOf.signer)];
    const crls = list(ofRoot(), bySigner, { issuer: upper }, { issuer: lower });
    for (const [maximumIntermediates, expected] of [
      [2, 'valid'],
      [1, 'revocation_unavailable'],
    ] as const)
      assert.equal(judge(crls, { others, profile, maximumIntermediates }), expected);
  });

  it('may be the trust anchor itself', () => {
    const second = { name: root.name, key: makeWritingKey() };
    const target = write({ subject: newName('client'), issuer: second, extensions: clientExtensions(second.key) });
    const revocation = requireCrls(list(ofRoot()));
    const question = askAbout(target, anchor, { intermediates: [writeSub(second, root, 44)], revocation, profile });
    assert.equal(findCertificationPath(question).outcome, 'valid');
  });

  it('vouches only for others: its own status depends on no list of its own', () => {
    // Certified by the CA of its own name, whose certificates it lists.
    const others = [writeSub(signer, issuing, numberOf.signer)];
    assert.equal(judge(list(ofRoot(), bySigner), { others, profile }), 'revocation_unavailable');
    assert.equal(judge(list(ofRoot(), bySigner, ofIssuing()), { others, profile }), 'valid');
  });
});
