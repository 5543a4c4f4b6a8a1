import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decideAccess } from './access-decision.js';
import type { Decision } from './decision.js';
import { AccessGate } from './access-gate.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import { defaultNotAfter, defaultNotBefore, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { documentOf } from '../test-support/documents.js';
import { CountingStore, allowed, header, iso, open, presented, stillClock } from '../test-support/gate-stage.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = presented;

const other = makeCertificate({ key: 'ed25519' });

describe('the gate, compared with decideAccess,', () => {
  const trailing = `${header.startsWith('MIIB') ? 'MIIC' : 'MIIB'}${header.slice(4)}`;
  const headers = fc.constantFrom<string | null | undefined>(
    // The valid header is repeated, because the gate refuses most of the others before it looks at anything else.
    ...Array.from({ length: 8 }, () => header),
    ` ${header}\t`,
    other.header,
    trailing,
    `${header},${header}`,
    `${header}A`,
    header.slice(0, -4),
    header.toLowerCase(),
    '',
    null,
    undefined,
    'x'.repeat(20_000),
    'MAA=',
  );
  const moment = fc.constantFrom(
    now,
    now,
    now - 1000,
    now + 1000,
    now + 999,
    defaultNotBefore - 1,
    defaultNotBefore,
    defaultNotAfter,
    defaultNotAfter + 1,
  );
  const pin = fc.record(
    {
      enabled: fc.constantFrom(true, true, false),
      notBefore: fc.constantFrom(iso(now - 1000), iso(now)),
      notAfter: fc.constant(iso(now + 1000)),
    },
    { requiredKeys: ['notAfter'] },
  );
  const identity = fc.record(
    {
      roles: fc.subarray(['reader', 'admin']),
      functions: fc.subarray(['F', 'g']),
      enabled: fc.constantFrom(true, true, true, false),
      expiresAt: fc.constantFrom(iso(now + 1000), iso(now)),
    },
    { requiredKeys: ['roles'] },
  );
  const kinds = { thumbprintSha256, thumbprintSha1, publicKeySha256 } as const;
  const identities = fc
    .tuple(
      fc.array(identity, { minLength: 1, maxLength: 2 }),
      fc.subarray(Object.keys(kinds) as (keyof typeof kinds)[]),
      fc.array(pin, { minLength: 3, maxLength: 3 }),
      fc.nat({ max: 5 }),
    )
    .map(([owners, chosen, pins, spread]) =>
      owners.map((owner, index) => ({
        ...owner,
        pins: chosen.flatMap((kind, position) =>
          (spread + position) % owners.length === index ? [{ ...pins[position], [kind]: kinds[kind] }] : [],
        ),
      })),
    );
  const requirement = fc.record({
    functionName: fc.constantFrom('f', 'G', 'h'),
    roles: fc.array(fc.subarray(['reader', 'admin', 'owner']), { maxLength: 2 }),
  });

  test('decides the same, cold and warm, now and later, whatever the header, document, requirement and time', async () => {
    const codes = new Set<string>();
    const requests = fc.array(fc.tuple(headers, requirement, moment), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(identities, requests, async (given, asked) => {
        const trust = parseTrustDocument(documentOf(given));
        const later: TrustStore = {
          version: 'later',
          find: async (certificate, at) => {
            await Promise.resolve();
            return findInSnapshot(trust, certificate, at);
          },
        };
        const gates = [trustStoreFromDocument(documentOf(given)), later].map(
          (trustStore) => new AccessGate({ trustStore }, stillClock),
        );
        for (const [text, wanted, at] of [...asked, ...asked]) {
          const expected = decideAccess({ header: text, trust, requirement: wanted, now: at });
          codes.add(expected.code);
          for (const gate of gates) {
            const decision = await gate.decide(text, wanted, at);
            assert.equal(decision.code, expected.code);
            assert.deepEqual(nameIn(decision), nameIn(expected));
            if (decision.outcome === 'denied') assert.deepEqual(decision, expected);
          }
        }
      }),
      { numRuns: countRuns(600) },
    );
    assert.ok(codes.size >= 13, `only ${[...codes].join(', ')} came up`);
  });

  test('admits only the byte-exact certificate when it is warm', () => {
    const gate = new AccessGate({
      trustStore: trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256 }] }])),
    });
    const decide = (text: string): string => {
      const decision = gate.decide(text, open, now);
      assert.ok(!(decision instanceof Promise));
      return decision.outcome;
    };
    assert.equal(decide(header), 'allowed');
    for (let at = 0; at < header.length; at += 1) {
      const character = header.charAt(at);
      for (const changed of [
        character === 'A' ? 'B' : 'A',
        '',
        `${character}A`,
        `${character} `,
        `${character},`,
        '-',
        '\0',
      ]) {
        const text = header.slice(0, at) + changed + header.slice(at + 1);
        assert.equal(decide(text), text.trim() === header ? 'allowed' : 'denied');
      }
    }
    assert.equal(decide(header.slice(-64)), 'denied');
    assert.equal(decide(`${header}${header}`), 'denied');
    assert.equal(decide(header), 'allowed');
  });
  test('keeps a trusted caller in its memory under a flood of unknown callers', async () => {
    const store = new CountingStore();
    const trusted = presentCertificate(allowed.der).thumbprintSha256;
    const trustStore: TrustStore = {
      version: '1',
      find: (certificate) => (certificate.thumbprintSha256 === trusted ? store.find() : { outcome: 'notFound' }),
    };
    const gate = new AccessGate({ trustStore });
    await gate.decide(header, open, now);
    for (let index = 0; index < 5_000; index += 1) {
      const stranger = Buffer.from(allowed.der);
      // The change is near the beginning, so that the header's tail is the same as the trusted one's.
      stranger.writeUInt16BE(index ^ stranger.readUInt16BE(20), 20);
      const decision = gate.decide(stranger.toString('base64'), open, now);
      if (index > 0) assert.equal((await decision).code, 'certificate_not_trusted');
    }
    const before = store.calls;
    await gate.decide(header, open, now);
    assert.equal(store.calls, before);
  });
});

function nameIn(decision: Decision): string | undefined {
  return decision.outcome === 'allowed' ? decision.identity.name : decision.identityName;
}
