import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listTwins, presentCertificate, type PresentedCertificate } from '../certificate-header/certificate-header.js';
import type * as loading from '../load-path-validation.js';
import type { RevocationInformation } from './revocation-information.js';
import { findInSnapshot } from './find-in-snapshot.js';
import { answerInFull } from '../test-support/answer-in-full.js';
import type { TrustSnapshot } from './trust-snapshot.js';
import { toPem } from '../test-support/authority-certificates.js';
import { authorityOf, billing, getStage, issueCaller, issuedSnapshot } from '../test-support/authority-stage.js';
import { clientExtensions, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { editCertificate, getNode, tbsFields } from '@certgate/x509/test-support/der-editing.js';
import { issue, makeCrl, readCrl } from '@certgate/x509/test-support/revocation.js';
import { newName, writeAuthority, writeClient } from '@certgate/x509/test-support/written-path.js';
import { isSignedByAuthority } from './authority-path.js';

const { issuing, impostorRoot, impostor } = getStage();
const caller = presentCertificate(issueCaller().der);

function outcomeOf(trust: TrustSnapshot, presented: PresentedCertificate = caller): string {
  const finding = answerInFull(trust, presented, now);
  return finding.outcome === 'denied' ? finding.code : finding.outcome;
}

describe('what can be said of a path', () => {
  const pin = { thumbprintSha256: caller.thumbprintSha256 };

  test('a certificate that no path can be read of has none, whatever identity is pinned to it', () => {
    // Distribution points without a point, which the end-entity checks don't look into.
    const made = makeCertificate({
      extensions: [...clientExtensions, '2.5.29.31 = DER:3000'],
      issuer: issuing,
    }).der;
    const odd = presentCertificate(made);
    assert.equal(odd.pathDecoding.ok, false);
    const outcomeWith = (more: object): string =>
      outcomeOf(issuedSnapshot([{ pins: [{ thumbprintSha256: odd.thumbprintSha256, ...more }] }]), odd);
    assert.equal(outcomeWith({ issuedBy: 'corp' }), 'certificate_malformed');
    assert.equal(outcomeWith({}), 'found');
    // Whoever confirms without having looked.
    const trust = issuedSnapshot([{ pins: [{ thumbprintSha256: odd.thumbprintSha256, issuedBy: 'corp' }] }]);
    const finding = findInSnapshot(trust, odd, now);
    assert.ok(finding.outcome === 'nominated');
    const confirmed = finding.confirm();
    assert.ok(confirmed.outcome === 'denied');
    assert.deepEqual([confirmed.step, confirmed.code], ['certification-path', 'path_certificate_malformed']);
    assert.ok(!odd.pathDecoding.ok);
    assert.deepEqual(confirmed.facts, { fault: odd.pathDecoding.fault });
  });

  test('a certificate of the authority that cannot be read at all is a stranger, and no serial number of it is known', () => {
    const broken = editCertificate(issueCaller().der, (certificate) => {
      getNode(certificate, 0, tbsFields.validity, 1).content = Buffer.from('never');
    });
    const denied = [{ issuedBy: 'corp', serialNumber: '4711' }];
    const finding = findInSnapshot(issuedSnapshot([billing], { denied }), presentCertificate(broken), now);
    assert.ok(finding.outcome === 'notFound');
    assert.match(finding.detail ?? '', /can't be (?:read|decoded)|malformed|not/);
  });

  test('a pin of its twin is asked about its issuer where something else stands, and not otherwise', () => {
    const other = authorityOf({ name: 'other', anchors: [impostorRoot], intermediates: [impostor] });
    const [twin] = listTwins(caller);
    assert.ok(twin !== undefined);
    const pins = [{ thumbprintSha256: twin.thumbprintSha256, issuedBy: 'other' }];
    // The other authority bears the same name, and did not issue it.
    const answerTo = (...issuers: readonly string[]): ReturnType<typeof answerInFull> => {
      const names = issuers.map((issuedBy) => ({ issuedBy, dns: 'billing.corp.example' }));
      const trust = issuedSnapshot([{ name: 'billing', names, pins }], { authorities: [authorityOf(), other] });
      return answerInFull(trust, caller, now);
    };
    for (const [answer, isUnissued] of [
      [answerTo('other'), true],
      [answerTo('corp', 'other'), false],
    ] as const) {
      assert.ok(answer.outcome === 'denied');
      assert.deepEqual([answer.code, 'isUnissued' in answer], ['path_signature_invalid', isUnissued]);
    }
  });

  test('what is wrong with the certificates that came with it is told where no path was found, and nowhere else', () => {
    const many = Array.from({ length: 9 }, (_, index) => Buffer.from([0x30, 1, index]));
    const chainFaultOf = (made: ReturnType<typeof issueCaller>, authorities = [authorityOf()]): unknown => {
      const finding = answerInFull(issuedSnapshot([billing], { authorities }), presentCertificate(made.der, many), now);
      assert.ok(finding.outcome === 'denied');
      // And whether the signature is that of a CA of the document anyway.
      return [finding.code, ...['chainFault', 'isSigned'].map((each) => each in (finding.facts ?? {}))];
    };
    assert.deepEqual(chainFaultOf(issueCaller({ issuer: impostor })), ['path_signature_invalid', false, false]);
    // The key is that of a CA of the document, which has another name: that CA issued nothing under this one.
    const renamed = authorityOf({ intermediates: [issuing, issue({ name: 'Renamed', key: 'ed25519' })] });
    assert.deepEqual(chainFaultOf(issueCaller({ issuer: impostor }), [renamed]), [
      'path_signature_invalid',
      false,
      false,
    ]);
    const between = issue({ name: 'Between', issuer: issue({ name: 'Root elsewhere', key: 'ed25519' }) });
    const authorities = [authorityOf({ intermediates: [issuing, between] })];
    assert.deepEqual(chainFaultOf(issueCaller({ issuer: between }), authorities), ['path_not_found', true, true]);
  });

  test('the list that it rests on is told where it is about revocation, and nowhere else', () => {
    const list = { issuer: 'CN=Corp issuing CA', end: now };
    const revocation = { find: () => ({ crls: [], findOcspResponses: () => [], findList: () => list }) };
    const tell = (made: ReturnType<typeof issueCaller>, authority = authorityOf()): readonly unknown[] => {
      const trust = issuedSnapshot([billing], { authorities: [authority] });
      const answer = answerInFull(trust, presentCertificate(made.der), now, { revocation });
      assert.ok(answer.outcome === 'denied');
      return [answer.code, 'list' in (answer.facts ?? {})];
    };
    const required = authorityOf({ revocation: { mode: 'required' } });
    assert.deepEqual(tell(issueCaller(), required), ['revocation_unavailable', true]);
    assert.deepEqual(tell(issueCaller({ issuer: impostor })), ['path_signature_invalid', false]);
  });

  test('an authority is asked once, whatever refers to it', () => {
    let asked = 0;
    const find = (): undefined => void (asked += 1);
    const names = [...(billing['names'] as object[]), { issuedBy: 'corp', commonName: 'billing' }];
    const trust = issuedSnapshot([{ name: 'billing', names, pins: [{ ...pin, issuedBy: 'corp' }] }]);
    assert.equal(answerInFull(trust, caller, now, { revocation: { find } }).outcome, 'found');
    assert.equal(asked, 1);
  });

  test('a name whose revocation nobody knows denies, also where a pin stands beside it', () => {
    const authorities = [authorityOf({ revocation: { mode: 'required' } })];
    const both = { ...billing, pins: [pin] };
    assert.equal(outcomeOf(issuedSnapshot([both], { authorities })), 'revocation_unavailable');
    assert.equal(outcomeOf(issuedSnapshot([{ pins: [pin] }], { authorities })), 'found');
  });

  test('of two authorities, what the first to end knows ends the answer', () => {
    const otherRoot = issue({ name: 'Other root', key: 'rsa-2048' });
    // The same CA, certified by another root.
    const crossed = issue({ name: 'Corp issuing CA', issuer: otherRoot });
    const revocation = { mode: 'required', scope: 'end-entity' };
    const authorities = [
      authorityOf({ revocation }),
      authorityOf({ name: 'other', anchors: [otherRoot], intermediates: [crossed], revocation }),
    ];
    const names = ['corp', 'other'].map((issuedBy) => ({ issuedBy, dns: 'billing.corp.example' }));
    const trust = issuedSnapshot([{ name: 'billing', names }], { authorities });
    const list = (lastUpdate: string, nextUpdate: string): RevocationInformation['find'] => {
      const crls = [readCrl(makeCrl({ authority: issuing, lastUpdate, nextUpdate }))];
      return () => ({ crls, findOcspResponses: () => [] });
    };
    const brief = list('20261231000000Z', '20270102000000Z');
    const lasting = list('20261230000000Z', '20270301000000Z');
    for (const [ofCorp, ofOther] of [
      [brief, lasting],
      [lasting, brief],
    ] as const) {
      const find = (name: string): ReturnType<typeof brief> => (name === 'corp' ? ofCorp(name) : ofOther(name));
      const finding = answerInFull(trust, caller, now, { revocation: { find } });
      assert.ok(finding.outcome === 'found', JSON.stringify(finding));
      assert.deepEqual([finding.currentFrom, finding.currentUntil], [Date.UTC(2026, 11, 31), Date.UTC(2027, 0, 2)]);
    }
  });
});

test('for the log, a signature is verified by 32 CA certificates of one name at most', () => {
  const namesakes = Array.from({ length: 33 }, () => newName('Authority'));
  const trustAnchors = namesakes.map((name) => toPem(writeAuthority(name).der));
  const [authority] = issuedSnapshot([billing], { authorities: [{ name: 'corp', trustAnchors }] }).authorities;
  assert.ok(authority !== undefined);
  const signed = namesakes.map((name) => isSignedByAuthority(authority, writeClient(name)));
  assert.deepEqual(signed, [...Array.from({ length: 32 }, () => true), false]);
});

test('where the part that validates paths was left out, it is said what to do', async (context) => {
  const { default: modules } = (await import('node:module')) as unknown as {
    default: { _load: (name: string) => unknown };
  };
  const cause = new Error('Cannot find module\nRequire stack: secret');
  context.mock.method(modules, '_load', () => {
    throw cause;
  });
  // Another copy, which has not loaded it yet.
  const name = '../load-path-validation.js?left-out';
  const { loadPathValidation } = (await import(name)) as typeof loading;
  assert.throws(() => loadPathValidation(), {
    code: 'CERTGATE_PATH_VALIDATION_MISSING',
    message: /which can't be loaded \(Error: Cannot find module\)\. Deploy @certgate\/core and @certgate\/x509/,
    cause,
  });
});
