import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AccessGate } from './access-gate.js';
import type { FunctionRequirement } from './decision.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { issueCaller } from '../test-support/authority-stage.js';
import { documentOf } from '../test-support/documents.js';
import { allowed, found, header, iso, open } from '../test-support/gate-stage.js';
import { ManualClock } from '../test-support/scripted-source.js';
import { defaultNotAfter, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { firstOf } from '../trust-store/first-of.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import type { ConfirmedFinding, FoundFinding, TrustFinding } from '../trust-snapshot/trust-finding.js';

const second = 1_000;
const known = found as FoundFinding;
const { thumbprintSha256 } = presentCertificate(allowed.der);

/**
 * How time passes while a store answers: the process runs, is frozen so that only one clock goes on, or has its clock
 * set back.
 */
type Passing = (clock: ManualClock, milliseconds: number) => void;
const passings: readonly (readonly [string, Passing])[] = [
  [
    'runs',
    (clock, milliseconds) => {
      clock.pass(milliseconds);
    },
  ],
  [
    'is frozen',
    (clock, milliseconds) => {
      clock.sleep(milliseconds);
    },
  ],
  [
    'has its clock set back',
    (clock, milliseconds) => {
      clock.pass(milliseconds);
      clock.set(now - 60 * second);
    },
  ],
];

describe('what has ended while the store answered admits nobody', () => {
  for (const [how, pass] of passings) {
    const decideBy = async (
      storeOf: (wait: (milliseconds: number) => Promise<void>) => TrustStore,
      {
        text = header,
        at = now,
        requirement = open,
      }: { text?: string; at?: number; requirement?: FunctionRequirement } = {},
    ): Promise<string> => {
      const clock = new ManualClock(at);
      const wait = async (milliseconds: number): Promise<void> => {
        await Promise.resolve();
        pass(clock, milliseconds);
      };
      const gate = new AccessGate({ trustStore: storeOf(wait) }, clock);
      return (await gate.decide(text, requirement, at)).code;
    };
    const slowly =
      (finding: TrustFinding) =>
      (wait: (milliseconds: number) => Promise<void>): TrustStore => ({
        find: async () => {
          await wait(14 * second);
          return finding;
        },
      });
    const confirmedSlowly =
      (confirmed: ConfirmedFinding) =>
      (wait: (milliseconds: number) => Promise<void>): TrustStore => ({
        find: async () => {
          await wait(8 * second);
          const confirm = async (): Promise<ConfirmedFinding> => {
            await wait(6 * second);
            return confirmed;
          };
          return { outcome: 'nominated', confirm };
        },
      });

    for (const [what, storeOf] of [
      ['a store of the user', slowly],
      ['a nomination', confirmedSlowly],
    ] as const) {
      test(`${what} that ends while the process ${how} is refused`, async () => {
        const until = (milliseconds: number): FoundFinding => ({ ...known, validUntil: now + milliseconds });
        assert.equal(await decideBy(storeOf(until(14 * second + 1))), 'allowed');
        assert.equal(await decideBy(storeOf(until(14 * second))), 'pin_expired');
        const current = { ...known, currentUntil: now + 14 * second };
        assert.equal(await decideBy(storeOf(current)), 'revocation_unavailable');
        const last = defaultNotAfter - 14 * second;
        assert.equal(await decideBy(storeOf(known), { at: last }), 'allowed');
        assert.equal(await decideBy(storeOf(known), { at: last + 1 }), 'certificate_expired');
      });

      test(`the end of report-only applies to ${what}, while the process ${how}`, async () => {
        const requirement = { ...open, roles: [['admin']], reportOnlyUntil: now + 14 * second };
        assert.equal(await decideBy(storeOf(known), { requirement }), 'role_missing');
        const later = { ...requirement, reportOnlyUntil: now + 14 * second + 1 };
        assert.equal(await decideBy(storeOf(known), { requirement: later }), 'allowed');
      });
    }

    test(`a document's pin next to a slow custom store is refused if it ends while the process ${how}`, async () => {
      const pinUntil = (milliseconds: number): TrustStore =>
        trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256, notAfter: iso(now + milliseconds) }] }]));
      const slow = slowly({ outcome: 'notFound' });
      // The slow store is asked twice: also about the certificate under its other signature.
      assert.equal(await decideBy((wait) => firstOf(pinUntil(60 * second), slow(wait))), 'allowed');
      for (const milliseconds of [14 * second, 28 * second]) {
        assert.equal(await decideBy((wait) => firstOf(pinUntil(milliseconds), slow(wait))), 'pin_expired');
        assert.equal(await decideBy((wait) => firstOf(slow(wait), pinUntil(milliseconds))), 'pin_expired');
      }
    });

    test(`a pin's grace period that ends while the process ${how} is over`, async () => {
      const made = makeCertificate({
        extensions: ['basicConstraints = critical, CA:FALSE', 'extendedKeyUsage = serverAuth'],
      });
      const graceUntil = (milliseconds: number): TrustStore => {
        const grace = { since: iso(now - second), until: iso(now + milliseconds), reason: 'renewal' };
        const pin = { thumbprintSha256: presentCertificate(made.der).thumbprintSha256, acceptWithoutClientAuth: grace };
        return trustStoreFromDocument(documentOf([{ pins: [pin] }]));
      };
      const slow = slowly({ outcome: 'notFound' });
      const decide = (milliseconds: number): Promise<string> =>
        decideBy((wait) => firstOf(graceUntil(milliseconds), slow(wait)), { text: made.header });
      assert.equal(await decide(60 * second), 'allowed');
      assert.equal(await decide(20 * second), 'certificate_extended_key_usage_unsuitable');
    });
  }

  test('an answer that came too late is not remembered', async () => {
    const clock = new ManualClock(now);
    const { header: text } = issueCaller();
    const validUntil = now + 5 * second;
    let calls = 0;
    const trustStore: TrustStore = {
      version: '1',
      find: async () => {
        calls += 1;
        await Promise.resolve();
        clock.pass(6 * second);
        return { ...known, validUntil };
      },
    };
    const gate = new AccessGate({ trustStore }, clock);
    assert.equal((await gate.decide(text, open, now)).code, 'pin_expired');
    assert.equal((await gate.decide(text, open, now)).code, 'pin_expired');
    assert.equal(calls, 2);
  });
});
