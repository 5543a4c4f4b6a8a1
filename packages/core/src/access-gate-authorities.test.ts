import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decideAccess } from './access-decision.js';
import { AccessGate } from './access-gate.js';
import type { RevocationInformation } from './revocation-information.js';
import { parseTrustDocument } from './trust-document.js';
import { findInSnapshot } from './trust-finding.js';
import type { TrustStore } from './trust-store.js';
import { authorityOf, getStage, issueCaller, issuedDocument } from './test-support/authority-stage.js';
import { now } from './test-support/certificates.js';
import { makeCrl, readCrl } from './test-support/revocation.js';

const { issuing, root, impostor } = getStage();
const caller = issueCaller({ serialNumber: '1234' });
const { thumbprintSha256 } = caller.certificate;
const headers = [
  caller.header,
  caller.header,
  caller.header,
  issueCaller({ issuer: impostor }).header,
  issueCaller({ names: ['DNS:a.apps.example', 'DNS:billing.corp.example'] }).header,
  issueCaller({ names: ['DNS:stranger.example'], name: 'stranger' }).header,
  issueCaller({ extensions: ['extendedKeyUsage = serverAuth'] }).header,
  issueCaller({ notAfter: '20270101000000Z' }).header,
];
const [empty, revoking, early] = [
  makeCrl({ authority: issuing }),
  makeCrl({ authority: issuing, number: '02', revoked: [{ serialNumber: '1234' }] }),
  makeCrl({ authority: issuing, nextUpdate: '20270101000010Z' }),
].map(readCrl);
const listsOf = [[], [empty], [revoking], [early]].map((lists) => lists.flatMap((list) => list ?? []));

const revocations = fc.record(
  {
    mode: fc.constantFrom('required', 'when-available', 'off'),
    scope: fc.constant('end-entity'),
    graceSeconds: fc.constantFrom(0, 5),
  },
  { requiredKeys: ['scope'] },
);
const subjects = fc.subarray(
  [{ dns: 'billing.corp.example' }, { dns: '*.apps.example' }, { commonName: 'billing' }].map((name) => ({
    issuedBy: 'corp',
    ...name,
  })),
);
const identity = fc.record(
  {
    roles: fc.subarray(['reader', 'admin']),
    enabled: fc.constantFrom(true, true, true, false),
    expiresAt: fc.constant(new Date(now + 5_000).toISOString()),
  },
  { requiredKeys: ['roles'] },
);
const documents = fc
  .tuple(
    fc.tuple(identity, identity),
    subjects,
    fc.nat({ max: 3 }),
    fc.option(fc.constantFrom({ thumbprintSha256 }, { thumbprintSha256, issuedBy: 'corp' })),
    revocations,
    fc.constantFrom([], [], [], [{ thumbprintSha256 }], [{ issuedBy: 'corp', serialNumber: '1234' }]),
  )
  .map(([owners, names, spread, pin, revocation, denied]) =>
    issuedDocument(
      owners.map((owner, index) => ({
        ...owner,
        subjects: names.filter((_, position) => ((spread >> position) & 1) === index),
        certificates: pin !== null && index === 0 ? [pin] : [],
      })),
      { authorities: [authorityOf({ revocation, anchors: [root] })], denied },
    ),
  );

test('cold and warm, whatever the document, its lists, the header and the time: the gate and decideAccess agree', async () => {
  const codes = new Map<string, number>();
  const request = fc.record({
    header: fc.constantFrom(...headers),
    wanted: fc.constantFrom([], [['reader']]),
    elapsed: fc.constantFrom(0, 0, 1, 5_000, 5_001, 10_000, 40_000),
    lists: fc.constantFrom(undefined, undefined, ...listsOf),
  });
  await fc.assert(
    fc.asyncProperty(
      documents,
      fc.constantFrom(...listsOf),
      fc.array(request, { maxLength: 8 }),
      async (document, atFirst, requests) => {
        const trust = parseTrustDocument(document);
        let crls = atFirst;
        let version = 1;
        const revocation: RevocationInformation = { find: () => ({ crls, findOcspResponses: () => [] }) };
        const store = (wait: boolean): TrustStore => ({
          get version() {
            return `v${version}`;
          },
          find: (certificate, at) => {
            const finding = findInSnapshot(trust, certificate, at, { revocation });
            return wait ? Promise.resolve(finding) : finding;
          },
        });
        const gates = [false, true].map((wait) => new AccessGate({ trustStore: store(wait) }));
        let at = now;
        for (const { header, wanted, elapsed, lists } of requests) {
          at += elapsed;
          if (lists !== undefined) {
            crls = lists;
            version += 1;
          }
          const requirement = { functionName: 'f', roles: wanted };
          const expected = decideAccess({ header, trust, revocation, requirement, now: at });
          codes.set(expected.code, (codes.get(expected.code) ?? 0) + 1);
          for (const gate of gates) {
            for (let time = 0; time < 2; time += 1) {
              const decision = await gate.decide(header, requirement, at);
              if (decision.outcome === 'denied') assert.deepEqual(decision, expected);
              assert.equal(decision.code, expected.code);
              if (decision.outcome !== 'allowed' || expected.outcome !== 'allowed') continue;
              const { name, roles, matchedBy, accessEndsAt } = decision.identity;
              const { identity: other } = expected;
              assert.deepEqual(
                [name, roles, matchedBy, accessEndsAt],
                [other.name, other.roles, other.matchedBy, other.accessEndsAt],
              );
            }
          }
        }
      },
    ),
    { numRuns: 150 },
  );
  for (const code of [
    ...['allowed', 'certificate_not_trusted', 'identity_ambiguous', 'identity_disabled', 'identity_expired'],
    ...['certificate_revoked', 'revocation_unavailable', 'certificate_on_deny_list', 'path_signature_invalid'],
    ...['certificate_expired', 'certificate_extended_key_usage_unsuitable', 'role_missing'],
  ])
    assert.ok((codes.get(code) ?? 0) > 0, `${code} never came up: ${[...codes].join(' ')}`);
});
