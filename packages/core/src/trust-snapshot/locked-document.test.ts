import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type DecisionStep, decideAccess } from '../access/access-decision.js';
import type { Decision, FunctionRequirement } from '../access/decision.js';
import { AccessGate } from '../access/access-gate.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { getPublicCode } from '../denial.js';
import { billing, issueCaller, issuedDocument, issuedSnapshot } from '../test-support/authority-stage.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { validDocument } from '../test-support/document-arbitraries.js';
import { assertDenied, documentOf } from '../test-support/documents.js';
import { certificate, createLoadedStage, known, lookAt, pinned, second } from '../test-support/refreshing-stage.js';
import { settle } from '../test-support/scripted-source.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { formatTrustDocument } from '../trust-document/format-document.js';
import type { TrustDocument } from '../trust-document/trust-document.js';
import { findInSnapshot } from './find-in-snapshot.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { firstOf } from '../trust-store/first-of.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const locked = { since: '2027-01-01T12:00:00Z', by: 'ada', reason: 'breach at a partner' };
const header = Buffer.from(certificate.der).toString('base64');
const open: FunctionRequirement = { functionName: 'f', roles: [] };
const lockedText = (revision: number): string => JSON.stringify(documentOf([pinned], { revision, locked }));

describe('a locked document admits nobody', () => {
  const callers = [certificate, presentCertificate(makeCertificate({ key: 'p-256-again' }).der)];

  test('whatever its other keys are, for every caller', () => {
    fc.assert(
      fc.property(validDocument, fc.constantFrom(...callers), (document, caller) => {
        const finding = findInSnapshot(parseTrustDocument({ ...document, locked }, { audience: 'app' }), caller, now);
        assert.equal(finding.outcome === 'denied' && finding.code, 'trust_locked');
      }),
      { numRuns: countRuns(66) },
    );
  });

  test('and its warning says since when, by whom and why', () => {
    const [warning] = parseTrustDocument(documentOf([pinned], { locked })).warnings;
    assert.equal(warning?.code, 'document_locked');
    assert.match(warning.message, /is locked since 2027-01-01T12:00:00Z by ada: breach at a partner$/);
  });

  test('by a name under an authority, or under a rule in report-only mode', () => {
    const caller = issueCaller({ serialNumber: '51' });
    const ask = (trust: ReturnType<typeof issuedSnapshot>, requirement = open): Decision =>
      decideAccess({ header: caller.header, trust, requirement, now });
    assert.equal(ask(issuedSnapshot([billing])).outcome, 'allowed');
    const trust = issuedSnapshot([billing], { locked });
    assertDenied(ask(trust), 'trust_locked');
    const tried = { functionName: 'f', roles: [['nobody-has-it']], reportOnlyUntil: now + 1 };
    assert.equal(ask(issuedSnapshot([billing]), tried).outcome, 'allowed');
    assertDenied(ask(trust, tried), 'trust_locked');
  });

  test('not even a remembered caller, until the lock is removed', async () => {
    const { store, source, clock } = await createLoadedStage();
    const gate = new AccessGate({ trustStore: store });
    const decide = async (): Promise<Decision> => gate.decide(header, open, clock.wall());
    const refreshTo = async (text: string): Promise<void> => {
      clock.pass(31 * second);
      lookAt(store);
      await source.answer(text, text);
    };
    for (let calls = 0; calls < 2; calls += 1) assert.equal((await decide()).code, 'allowed');
    await refreshTo(lockedText(2));
    for (let calls = 0; calls < 2; calls += 1) assertDenied(await decide(), 'trust_locked');
    await refreshTo(known(3));
    assert.equal((await decide()).code, 'allowed');
  });

  test('and gives every caller the same answer: the service is unavailable', async () => {
    const gate = new AccessGate({ trustStore: trustStoreFromDocument(documentOf([pinned], { locked })) });
    for (const caller of [header, makeCertificate({ key: 'p-256-again' }).header]) {
      const decision = await gate.decide(caller, open, now);
      assertDenied(decision, 'trust_locked');
      assert.ok(decision.outcome === 'denied');
      assert.equal(getPublicCode(decision.code), 'unavailable');
      assert.match(decision.detail, /locked since 2027-01-01T12:00:00Z by ada: breach at a partner\..*trust unlock/);
      assert.equal(decision.identityName, undefined);
    }
  });

  test('and refuses in the step trust-store, before any later step', () => {
    const trace: DecisionStep[] = [];
    const trust = parseTrustDocument(documentOf([pinned], { locked }));
    const decision = decideAccess({ header, trust, requirement: open, now, onStep: (step) => trace.push(step) });
    assert.deepEqual(trace.map(({ step }) => step), ['certificate-header', 'trust-store']); // prettier-ignore
    assert.equal(trace.at(-1)?.denial, decision);
  });

  test('through another store behind it, or a store of the user’s own around it', async () => {
    const lockedStore = trustStoreFromDocument(documentOf([pinned], { locked }));
    const composed = firstOf(lockedStore, trustStoreFromDocument(documentOf([pinned])));
    const gate = new AccessGate({ trustStore: composed });
    assertDenied(await gate.decide(header, open, now), 'trust_locked');
    const own = new AccessGate({ trustStore: { find: (_, at) => lockedStore.find(certificate, at) } });
    assertDenied(await own.decide(header, open, now), 'trust_locked');
  });
});

describe('a locked document among several', () => {
  const made = [
    issueCaller(),
    issueCaller({ notAfter: '20260101000000Z' }),
    issueCaller({ name: 'stranger', names: ['DNS:stranger.example'] }),
    makeCertificate({ key: 'p-256-again' }),
  ];

  test('refuses as if nothing were looked up, whatever the other store knows or refuses', async () => {
    const [caller] = made;
    assert.ok(caller !== undefined);
    const { thumbprintSha256 } = presentCertificate(caller.der);
    const lockedStore = trustStoreFromDocument(documentOf([], { locked }));
    for (const identity of [
      billing,
      { ...billing, enabled: false },
      { pins: [{ thumbprintSha256 }] },
      { pins: [{ thumbprintSha256, enabled: false }] },
      { pins: [{ thumbprintSha256, issuedBy: 'corp' }] },
    ]) {
      const other = trustStoreFromDocument(issuedDocument([identity]));
      for (const trustStore of [firstOf(lockedStore, other), firstOf(other, firstOf(lockedStore, other))]) {
        const gate = new AccessGate({ trustStore });
        for (const each of made) assertDenied(await gate.decide(each.header, open, now), 'trust_locked');
      }
    }
  });
});

describe('a runtime that does not know a lock', () => {
  // Another unknown key plays the lock: a runtime refuses every key that it does not know.
  const later = JSON.stringify(documentOf([pinned], { revision: 2, lockedForLater: locked }));

  test('refuses the document', () => {
    assert.throws(() => parseTrustDocument(later), /lockedForLater: unknown key/);
  });

  test('keeps its previous document, but not for long', async () => {
    const { store, source, clock, ask } = await createLoadedStage({ maximumStalenessSeconds: 100 });
    for (let elapsed = 31; elapsed <= 93; elapsed += 31) {
      clock.pass(31 * second);
      lookAt(store);
      await source.answer(later);
      assert.match(store.report().fault ?? '', /lockedForLater/);
    }
    clock.pass(8 * second);
    const outcome = ask();
    await settle();
    await source.answer(later);
    await outcome;
    assert.equal(await ask(), 'unavailable');
  });
});

describe('a locked document', () => {
  const shut = parseTrustDocument(documentOf([pinned], { locked }));

  test('has a warning, and keeps its lock when it is formatted', () => {
    assert.deepEqual(shut.warnings.map(({ code }) => code), ['document_locked']); // prettier-ignore
    const text = formatTrustDocument(JSON.parse(lockedText(4)) as TrustDocument);
    assert.deepEqual((JSON.parse(text) as { locked: object; schemaVersion: number }).locked, locked);
    assert.equal((JSON.parse(text) as { schemaVersion: number }).schemaVersion, 1);
  });
});
