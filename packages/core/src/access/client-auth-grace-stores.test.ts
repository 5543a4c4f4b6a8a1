import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { now } from '@certgate/x509/test-support/certificates.js';
import { authorityExtensions, issueCertificate } from '@certgate/x509/test-support/issued-certificates.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { documentOf } from '../test-support/documents.js';
import { iso, open, stillClock } from '../test-support/gate-stage.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { firstOf } from '../trust-store/first-of.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import { AccessGate } from './access-gate.js';

const hour = 3_600_000;
const root = issueCertificate({ name: ['CN = CA'], extensions: authorityExtensions });
const stranger = issueCertificate({ name: ['CN = Stranger'], extensions: authorityExtensions });
const authorities = [{ name: 'corp', trustAnchors: [readFileSync(root.pemPath, 'utf8')] }];

const usages = ['serverAuth', 'serverAuth, codeSigning', 'serverAuth, anyExtendedKeyUsage', 'emailProtection'] as const;
/** No certificate has clientAuth, so that only a grace period can admit one. */
const certificates = usages.flatMap((usage) =>
  [root, stranger].map((issuer) => {
    const extensions = ['basicConstraints = critical, CA:FALSE', `extendedKeyUsage = ${usage}`];
    const { certificate } = issueCertificate({ extensions: [...extensions, 'subjectAltName = DNS:a.example'] }, issuer);
    const presented = presentCertificate(certificate.der);
    const header = Buffer.from(certificate.der).toString('base64');
    return { usage, isIssued: issuer === root, presented, header };
  }),
);

const instant = fc.integer({ min: -2, max: 2 }).map((hours) => now + hours * hour);
const pin = fc.record({
  kind: fc.constantFrom('thumbprintSha256', 'thumbprintSha1', 'publicKeySha256'),
  grace: fc.option(fc.tuple(instant, fc.integer({ min: 1, max: 4 })), { freq: 8 }),
  isOfAuthority: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, fc.constant(true)),
  isEnabled: fc.oneof({ weight: 8, arbitrary: fc.constant(true) }, fc.constant(false)),
});
const document = fc.record({
  name: fc.constantFrom('a', 'a', 'a', 'b'),
  pins: fc.uniqueArray(pin, { maxLength: 3, selector: ({ kind }) => kind }),
  hasName: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
});
type Given<T> = T extends fc.Arbitrary<infer Value> ? Value : never;
type GivenPin = Given<typeof pin>;
type GivenDocument = Given<typeof document>;

function storeOf({ name, pins, hasName }: GivenDocument, { presented }: (typeof certificates)[number]): TrustStore {
  const written = pins.map(({ kind, grace, isOfAuthority, isEnabled }) => ({
    [kind]: presented[kind],
    enabled: isEnabled,
    ...(kind === 'publicKeySha256' && { notAfter: iso(now + 9 * hour) }),
    ...(isOfAuthority && { issuedBy: 'corp' }),
    ...(grace !== null &&
      !isOfAuthority && {
        acceptWithoutClientAuth: { since: iso(grace[0]), until: iso(endOf(grace)), reason: 'test' },
      }),
  }));
  const names = hasName ? [{ issuedBy: 'corp', dns: 'a.example' }] : [];
  return trustStoreFromDocument(documentOf([{ name, pins: written, names }], { authorities }));
}

const endOf = ([since, hours]: NonNullable<GivenPin['grace']>): number => since + hours * hour;
const isOpenAt = ({ grace, isOfAuthority, isEnabled }: GivenPin, at: number): boolean =>
  grace !== null && !isOfAuthority && isEnabled && at >= grace[0] && at < endOf(grace);

describe('whatever the pins and names of one document or two', () => {
  test('a certificate without clientAuth is admitted if every pin of it accepts that and no authority is asked', async () => {
    const seen = { in: 0, out: 0 };
    const times = fc.array(fc.tuple(instant, fc.constantFrom(-1, 0)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(certificates[0], certificates[1], ...certificates),
        fc.array(document, { minLength: 1, maxLength: 2 }),
        times,
        async (certificate, documents, asked) => {
          assert.ok(certificate !== undefined);
          const { usage, isIssued, header } = certificate;
          const stores = documents.map((each) => storeOf(each, certificate));
          const gate = new AccessGate({ trustStore: firstOf(...stores) }, stillClock);
          const pins = documents.flatMap((each) => each.pins);
          const isAuthorityAsked = documents.some(
            (each) => (each.hasName && isIssued) || each.pins.some(({ isOfAuthority }) => isOfAuthority),
          );
          const holders = new Set(documents.filter((each) => each.pins.length > 0).map(({ name }) => name));
          // One gate is asked at all times, so that what it remembers from one time must not be used at another.
          for (const [hours, step] of asked) {
            const at = hours + step;
            const decision = await gate.decide(header, open, at);
            const isForServers = usage.startsWith('serverAuth') && !usage.includes('any');
            const isExcused = holders.size === 1 && pins.every((each) => isOpenAt(each, at));
            const isLetIn = isForServers && !isAuthorityAsked && isExcused;
            assert.equal(decision.outcome === 'allowed', isLetIn, decision.code);
            seen[isLetIn ? 'in' : 'out'] += 1;
            if (decision.outcome !== 'allowed') continue;
            const ends = pins.flatMap(({ grace }) => (grace === null ? [] : [endOf(grace)]));
            assert.equal(decision.identity.withoutClientAuthUntil, Math.min(...ends));
          }
        },
      ),
      { numRuns: countRuns(300) },
    );
    assert.ok(seen.in > 20 && seen.out > 20, JSON.stringify(seen));
  });
});
