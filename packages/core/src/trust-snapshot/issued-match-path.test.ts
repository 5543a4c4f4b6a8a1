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

describe('answers about a certification path', () => {
  const pin = { thumbprintSha256: caller.thumbprintSha256 };

  test('a certificate that path validation can’t read is refused by a pin with issuedBy, and found by a pin without', () => {
    // An extension for distribution points that has no point; the end-entity checks don't look into it.
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
    // `confirm` also refuses if its caller has not looked at the decoding.
    const trust = issuedSnapshot([{ pins: [{ thumbprintSha256: odd.thumbprintSha256, issuedBy: 'corp' }] }]);
    const finding = findInSnapshot(trust, odd, now);
    assert.ok(finding.outcome === 'nominated');
    const confirmed = finding.confirm();
    assert.ok(confirmed.outcome === 'denied');
    assert.deepEqual([confirmed.step, confirmed.code], ['certification-path', 'path_certificate_malformed']);
    assert.ok(!odd.pathDecoding.ok);
    assert.deepEqual(confirmed.facts, { fault: odd.pathDecoding.fault });
  });

  test('a certificate of the authority that can’t be decoded at all is unknown, also by its serial number', () => {
    const broken = editCertificate(issueCaller().der, (certificate) => {
      getNode(certificate, 0, tbsFields.validity, 1).content = Buffer.from('never');
    });
    const denied = [{ issuedBy: 'corp', serialNumber: '4711' }];
    const finding = findInSnapshot(issuedSnapshot([billing], { denied }), presentCertificate(broken), now);
    assert.ok(finding.outcome === 'notFound');
    assert.match(finding.detail ?? '', /can't be (?:read|decoded)|malformed|not/);
  });

  test('the issuer of a twin’s pin is asked only if something else may admit the certificate', () => {
    const other = authorityOf({ name: 'other', anchors: [impostorRoot], intermediates: [impostor] });
    const [twin] = listTwins(caller);
    assert.ok(twin !== undefined);
    const pins = [{ thumbprintSha256: twin.thumbprintSha256, issuedBy: 'other' }];
    // The CA of the authority "other" has the same name, and did not issue the certificate.
    const answerTo = (...issuers: readonly string[]): ReturnType<typeof answerInFull> => {
      const names = issuers.map((issuedBy) => ({ issuedBy, dns: 'billing.corp.example' }));
      const trust = issuedSnapshot([{ name: 'billing', names, pins }], { authorities: [authorityOf(), other] });
      return answerInFull(trust, caller, now);
    };
    for (const [answer, isUnproven] of [
      [answerTo('other'), true],
      [answerTo('corp', 'other'), false],
    ] as const) {
      assert.ok(answer.outcome === 'denied');
      assert.deepEqual([answer.code, 'isUnproven' in answer], ['path_signature_invalid', isUnproven]);
    }
  });

  test('a fault of the certificates that came with the request is reported only if no path was found', () => {
    const many = Array.from({ length: 9 }, (_, index) => Buffer.from([0x30, 1, index]));
    const chainFaultOf = (made: ReturnType<typeof issueCaller>, authorities = [authorityOf()]): unknown => {
      const finding = answerInFull(issuedSnapshot([billing], { authorities }), presentCertificate(made.der, many), now);
      assert.ok(finding.outcome === 'denied');
      // Also whether the facts say that a CA of the document signed the certificate.
      return [finding.code, ...['chainFault', 'isSigned'].map((each) => each in (finding.facts ?? {}))];
    };
    assert.deepEqual(chainFaultOf(issueCaller({ issuer: impostor })), ['path_signature_invalid', false, false]);
    // The key belongs to a CA of the document with another name: that CA issued nothing under this name.
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

  test('the revocation list is reported only if the denial is about revocation', () => {
    const list = { issuer: 'CN=Corp issuing CA', end: now };
    const revocation = { find: () => ({ crls: [], findOcspResponses: () => [], findList: () => list }) };
    const refuse = (made: ReturnType<typeof issueCaller>, authority = authorityOf()): readonly unknown[] => {
      const trust = issuedSnapshot([billing], { authorities: [authority] });
      const answer = answerInFull(trust, presentCertificate(made.der), now, { revocation });
      assert.ok(answer.outcome === 'denied');
      return [answer.code, 'list' in (answer.facts ?? {})];
    };
    const required = authorityOf({ revocation: { mode: 'required' } });
    assert.deepEqual(refuse(issueCaller(), required), ['revocation_unavailable', true]);
    assert.deepEqual(refuse(issueCaller({ issuer: impostor })), ['path_signature_invalid', false]);
  });

  test('an authority is asked once, however many pins and names refer to it', () => {
    let asked = 0;
    const find = (): undefined => void (asked += 1);
    const names = [...(billing['names'] as object[]), { issuedBy: 'corp', commonName: 'billing' }];
    const trust = issuedSnapshot([{ name: 'billing', names, pins: [{ ...pin, issuedBy: 'corp' }] }]);
    assert.equal(answerInFull(trust, caller, now, { revocation: { find } }).outcome, 'found');
    assert.equal(asked, 1);
  });

  test('a name denies if its revocation status is unknown, even if a pin matches too', () => {
    const authorities = [authorityOf({ revocation: { mode: 'required' } })];
    const both = { ...billing, pins: [pin] };
    assert.equal(outcomeOf(issuedSnapshot([both], { authorities })), 'revocation_unavailable');
    assert.equal(outcomeOf(issuedSnapshot([{ pins: [pin] }], { authorities })), 'found');
  });

  test('of two authorities, the one whose revocation list ends first ends the answer', () => {
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

test('the log verifies a signature with at most 32 CA certificates of one name', () => {
  const namesakes = Array.from({ length: 33 }, () => newName('Authority'));
  const trustAnchors = namesakes.map((name) => toPem(writeAuthority(name).der));
  const [authority] = issuedSnapshot([billing], { authorities: [{ name: 'corp', trustAnchors }] }).authorities;
  assert.ok(authority !== undefined);
  const signed = namesakes.map((name) => isSignedByAuthority(authority, writeClient(name)));
  assert.deepEqual(signed, [...Array.from({ length: 32 }, () => true), false]);
});

test('an error says what to deploy if the code that validates paths was left out', async (context) => {
  const { default: modules } = (await import('node:module')) as unknown as {
    default: { _load: (name: string) => unknown };
  };
  const cause = new Error('Cannot find module\nRequire stack: secret');
  context.mock.method(modules, '_load', () => {
    throw cause;
  });
  // A second copy of the module, which has not loaded the code yet.
  const name = '../load-path-validation.js?left-out';
  const { loadPathValidation } = (await import(name)) as typeof loading;
  assert.throws(() => loadPathValidation(), {
    code: 'CERTGATE_PATH_VALIDATION_MISSING',
    message: /which can't be loaded \(Error: Cannot find module\)\. Deploy @certgate\/core and @certgate\/x509/,
    cause,
  });
});
