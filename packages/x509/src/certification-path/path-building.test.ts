import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type CertificateWriting,
  type WrittenName,
  makeWritingKey,
  writeCrl,
} from '../test-support/certificate-writing.js';
import { authorityExtensions, clientExtensions, extensions } from '../test-support/extension-writing.js';
import {
  askAbout,
  newName,
  pathNow,
  readCrls,
  requireCrls,
  write,
  writeAuthority,
  writeClient,
} from '../test-support/written-path.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { type PathQuestion, findCertificationPath } from './certification-path.js';
import type { PathCheck } from './path-check.js';
import type { PathFault } from './path-fault.js';
import { describePathFault } from './path-fault-sentence.js';

const [root, a, b] = [newName('Root'), newName('A'), newName('B')];
const anchor = writeAuthority(root);
const client = writeClient(a);
const past = { notAfter: pathNow - 1000 };
const writeOld = (
  subject: WrittenName,
  issuer: WrittenName,
  dates: Partial<CertificateWriting> = past,
): PathCertificate => write({ subject, issuer, extensions: authorityExtensions(subject.key, issuer.key), ...dates });
/** A CA certificate with A's name and a key that has signed nothing. */
const impostor = (issuer = root): PathCertificate => writeAuthority(newName('A'), issuer);

function ask(intermediates: readonly PathCertificate[], rest: Partial<PathQuestion> = {}, target = client): string {
  const verdict = findCertificationPath(askAbout(target, anchor, { intermediates, ...rest }));
  return verdict.outcome === 'valid' ? 'valid' : verdict.code;
}

function fail(intermediates: readonly PathCertificate[], rest: Partial<PathQuestion> = {}, target = client): PathFault {
  const verdict = findCertificationPath(askAbout(target, anchor, { intermediates, ...rest }));
  assert.ok(verdict.outcome === 'invalid');
  return verdict;
}

function listChecks(
  intermediates: readonly PathCertificate[],
  target = client,
  rest: Partial<PathQuestion> = {},
): readonly PathCheck[] {
  const checks: PathCheck[] = [];
  fail(intermediates, { ...rest, onCheck: (check) => checks.push(check) }, target);
  return checks;
}
const listEnds = (...question: Parameters<typeof listChecks>): readonly PathCheck[] =>
  listChecks(...question).filter(({ check }) => check === 'search');

describe('a target', () => {
  it('that is a trust anchor itself has no path, even to another anchor', () => {
    for (const trustAnchors of [[anchor], [writeAuthority(b), anchor]]) {
      const fault = fail([], { trustAnchors }, anchor);
      assert.equal(fault.code, 'path_not_found');
      assert.match(describePathFault(fault), /is a trust anchor itself/);
      const [end, more] = listEnds([], anchor, { trustAnchors });
      assert.deepEqual(
        [end?.certificates, end?.role, end?.certificate, more],
        [[anchor], 'end-entity', anchor, undefined],
      );
    }
  });

  it('that is unfit gets its own fault, whether anybody issued it or not', () => {
    const old = write({ subject: newName('client'), issuer: a, extensions: clientExtensions(a.key), ...past });
    const fault = fail([], {}, old);
    assert.equal(fault.code, 'path_certificate_expired');
    const checks = listChecks([], old);
    assert.deepEqual(
      checks.map(({ check, certificates }) => [check, certificates]),
      [['validity', [old]]],
    );
    assert.deepEqual(checks[0]?.fault, fault);
  });
});

describe('a certificate that the operator denied', () => {
  const [first, again] = [writeAuthority(a, root), writeAuthority(a, root)];
  const denying = (...denied: readonly PathCertificate[]): Partial<PathQuestion> => ({
    isDenied: (certificate) => denied.includes(certificate),
  });

  it('is in no path, and another path is found in any order', () => {
    for (const intermediates of [
      [first, again],
      [again, first],
    ]) {
      assert.equal(ask(intermediates, denying(first)), 'valid');
      const fault = fail(intermediates, denying(first, again));
      assert.equal(fault.code, 'certificate_on_deny_list');
      assert.deepEqual(fault.about, { certificate: intermediates[0], role: 'intermediate' });
    }
    const anchors = [anchor, writeAuthority(root)];
    for (const trustAnchors of [anchors, anchors.toReversed()]) {
      assert.equal(ask([first], { trustAnchors, ...denying(anchor) }), 'valid');
      const { about } = fail([first], { trustAnchors, ...denying(...anchors) });
      assert.deepEqual(about, { certificate: trustAnchors[0], role: 'trust-anchor' });
    }
    assert.equal(fail([first], denying(client)).about?.role, 'end-entity');
  });

  it('is the fault if a path is valid otherwise; a longer path, a spent budget or a candidate never hides that', () => {
    const above = [writeAuthority(root, b), writeOld(b, b)];
    assert.equal(ask([first, ...above], denying(first)), 'certificate_on_deny_list');
    assert.equal(ask([first], { candidates: [again], ...denying(first) }), 'certificate_on_deny_list');
    const limits = { steps: 100, signatures: 2, comparisons: 100 };
    assert.equal(ask([first, impostor(), impostor()], { limits, ...denying(first) }), 'certificate_on_deny_list');
  });
});

describe('the fault that is reported', () => {
  it('is that of the attempt that got farthest', () => {
    // First an anchor with the right name and another key, then a longer path that fails at an expired CA.
    const direct = writeClient(root);
    const [upper, old] = [writeAuthority({ name: root.name, key: root.key }, a), writeOld(a, b)];
    const impostors = { trustAnchors: [writeAuthority(newName('Root'))] };
    const fault = fail([upper, old], impostors, direct);
    assert.equal(fault.code, 'path_certificate_expired');
    assert.deepEqual(fault.about, { certificate: old, role: 'intermediate' });
  });

  it('is the first one of those that got equally far', () => {
    const old = writeOld(a, root);
    const early = writeOld(a, root, { notBefore: pathNow + 1000 });
    assert.equal(ask([old, early]), 'path_certificate_expired');
    assert.equal(ask([early, old]), 'path_certificate_not_yet_valid');
  });

  it('is that of a complete path rather than an incomplete one of the same length', () => {
    // Both have A's key. One leads to an expired B, the other to an anchor with the root's name and another key.
    const [broken, whole] = [writeAuthority(a, b), writeAuthority(a, root)];
    const trustAnchors = [writeAuthority(newName('Root'))];
    for (const intermediates of [
      [broken, writeOld(b, root), whole],
      [whole, broken, writeOld(b, root)],
    ]) {
      const fault = fail(intermediates, { trustAnchors });
      assert.equal(fault.code, 'path_signature_invalid');
      assert.deepEqual(fault.about, { certificate: whole, role: 'intermediate' });
    }
    const long = fail([broken, writeAuthority(b, root), whole], { trustAnchors, maximumIntermediates: 1 });
    assert.equal(long.code, 'path_signature_invalid');
    // If the path is too long, the fault is about no certificate.
    const tooLong = fail([broken, writeAuthority(b, root)], { trustAnchors, maximumIntermediates: 1 });
    assert.deepEqual([tooLong.code, Object.hasOwn(tooLong, 'about')], ['path_length_exceeded', false]);
  });

  it('is a missing issuer, for the highest certificate, if nothing else is known', () => {
    const ofClient = fail([]);
    assert.equal(ofClient.code, 'path_not_found');
    assert.match(describePathFault(ofClient), /has the name of the issuer of the certificate "CN=client"/);
    assert.deepEqual(ofClient.about, { certificate: client, role: 'end-entity' });
    const upper = writeAuthority(a, b);
    const ofUpper = fail([upper]);
    assert.match(describePathFault(ofUpper), /has the name of the issuer of the CA certificate "CN=A"/);
    assert.deepEqual(ofUpper.about, { certificate: upper, role: 'intermediate' });
    assert.equal(ask([], { maximumIntermediates: 0 }), 'path_not_found');
  });

  it('is an unfit CA rather than a missing issuer, in any order', () => {
    const [upper, old] = [writeAuthority(a, b), writeOld(a, b)];
    for (const intermediates of [[upper, old], [old, upper], [old]])
      assert.equal(ask(intermediates), 'path_certificate_expired');
  });

  it('is about the certificate whose signature is invalid', () => {
    const fault = fail([impostor()]);
    assert.equal(fault.code, 'path_signature_invalid');
    assert.deepEqual(fault.about, { certificate: client, role: 'end-entity' });
    assert.match(describePathFault(fault), /is not signed by "CN=A"/);
    const upper = writeAuthority(a, b);
    const ofUpper = fail([upper, writeAuthority(newName('B'), root)]);
    assert.deepEqual(ofUpper.about, { certificate: upper, role: 'intermediate' });
  });

  it('is absent if a path is valid, whatever other certificates have the name', () => {
    assert.equal(ask([impostor(), writeOld(a, root), writeAuthority(a, b), writeAuthority(a, root)]), 'valid');
  });
});

describe('the ends of a search', () => {
  it('are reported once each, with the path up to them', () => {
    const upper = writeAuthority(a, b);
    const [missing, ...none] = listEnds([upper]);
    assert.deepEqual(none, []);
    assert.deepEqual(
      [missing?.certificates, missing?.role, missing?.certificate],
      [[upper, client], 'intermediate', upper],
    );
    assert.equal(missing?.fault?.code, 'path_not_found');
    const [alone] = listEnds([]);
    assert.deepEqual([alone?.certificates, alone?.role], [[client], 'end-entity']);
    const old = writeOld(a, root);
    const [unfit, ...more] = listEnds([old]);
    assert.deepEqual([unfit?.certificates, unfit?.fault?.code, more], [[old, client], 'path_certificate_expired', []]);
  });

  it('are not reported where a trust anchor was tried', () => {
    const trustAnchors = [writeAuthority(newName('Root'))];
    assert.deepEqual(listEnds([], writeClient(root), { trustAnchors }), []);
  });

  it('are reported where too many CA certificates would be in between', () => {
    const upper = writeAuthority(a, b);
    const [end] = listEnds([upper, writeAuthority(b, root)], client, { maximumIntermediates: 1 });
    assert.deepEqual([end?.certificates, end?.fault?.code], [[upper, client], 'path_length_exceeded']);
  });
});

describe('several issuers of one name', () => {
  const signatures = (count: number): Partial<PathQuestion> => ({
    limits: { steps: 100, signatures: count, comparisons: 0 },
  });
  const other = newName('A');
  /** Makes new certificates each time, because a signature that was verified is remembered and costs nothing again. */
  const judgeNew = (
    { hint, isWrongFirst }: { readonly hint: WrittenName; readonly isWrongFirst: boolean },
    rest: Partial<PathQuestion>,
  ): string => {
    const target = write({ subject: newName('client'), issuer: a, extensions: clientExtensions(hint.key) });
    const [right, wrong] = [writeAuthority(a, root), writeAuthority(other, root)];
    return ask(isWrongFirst ? [wrong, right] : [right, wrong], rest, target);
  };

  it('are tried in the order of the key identifiers, which are only a hint', () => {
    for (const isWrongFirst of [false, true]) {
      assert.equal(judgeNew({ hint: a, isWrongFirst }, signatures(2)), 'valid');
      // The hint points to the wrong issuer.
      assert.equal(judgeNew({ hint: other, isWrongFirst }, signatures(3)), 'valid');
      assert.equal(judgeNew({ hint: other, isWrongFirst }, signatures(2)), 'path_budget_exhausted');
    }
  });

  it('are each tried once', () => {
    const old = writeOld(a, root);
    const wrong = writeAuthority(other, root);
    for (const [steps, expected] of [
      [1, 'path_budget_exhausted'],
      [2, 'path_certificate_expired'],
    ] as const) {
      for (const intermediates of [
        [wrong, old],
        [old, wrong],
      ])
        assert.equal(ask(intermediates, { limits: { steps, signatures: 9, comparisons: 0 } }), expected);
    }
  });

  it('are tried in their own order if the certificate has no key identifier', () => {
    const judgeBare = (rest: Partial<PathQuestion>): string => {
      const bare = write({ subject: newName('client'), issuer: a, extensions: [] });
      const authority = [extensions.basicConstraints(true), extensions.keyUsage('keyCertSign')];
      const withoutIdentifier = write({ subject: a, issuer: root, extensions: authority });
      return ask([writeAuthority(other, root), withoutIdentifier], { profile: 'rfc5280', ...rest }, bare);
    };
    assert.equal(judgeBare(signatures(3)), 'valid');
    assert.equal(judgeBare(signatures(2)), 'path_budget_exhausted');
  });
});

it('a caller that is known to be revoked gets no other path on which that is unknown', () => {
  const serialNumber = 4711;
  const other = newName('Other root');
  const revoked = write({ subject: newName('client'), issuer: a, serialNumber, extensions: clientExtensions(a.key) });
  // Lists of A are signed with a key that only one of the two anchors vouches for.
  const signer = { name: a.name, key: makeWritingKey() };
  const crls = readCrls([writeCrl({ issuer: signer, revoked: [serialNumber] })]);
  const question = askAbout(revoked, anchor, {
    trustAnchors: [anchor, writeAuthority(other)],
    intermediates: [writeAuthority(a, root), writeAuthority(a, other), writeAuthority(signer, root)],
    revocation: { ...requireCrls(crls), mode: 'when-available' },
  });
  const verdict = findCertificationPath(question);
  assert.equal(verdict.outcome === 'invalid' && verdict.code, 'certificate_revoked');
});
