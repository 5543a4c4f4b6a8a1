import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { decideAccess } from './access-decision.js';
import { type Denial, isDeniedFor } from '../denial.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { answerInFull } from '../test-support/answer-in-full.js';
import { AccessGate } from './access-gate.js';
import type { RevocationInformation } from '../trust-snapshot/revocation-information.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { firstOf } from '../trust-store/first-of.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import {
  type CallerRequest,
  authorityOf,
  billing,
  getStage,
  issueCaller,
  issueIntermediate,
  issuedDocument,
} from '../test-support/authority-stage.js';
import { createAuthorityScenes } from '../test-support/authority-scenes.js';
import { documentOf } from '../test-support/documents.js';
import { clientExtensions, now } from '@certgate/x509/test-support/certificates.js';
import {
  authorityExtensions,
  issue,
  type MadeAuthority,
  makeCrl,
  readCrl,
} from '@certgate/x509/test-support/revocation.js';
import { stillClock } from '../test-support/gate-stage.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import type { Decision } from './decision.js';

const { caller, headers, lists: listsOf, documents } = createAuthorityScenes();

describe('what the gate remembers ends', () => {
  const required = { mode: 'required', scope: 'end-entity' };

  /** Creates a gate over lists that can be replaced, with a counter of the questions to its store. */
  function createGate(
    document: object,
    lists: (typeof listsOf)[number],
  ): {
    readonly decideAt: (at: number, header?: string) => Promise<string>;
    readonly replace: (lists: (typeof listsOf)[number]) => void;
    readonly count: () => number;
  } {
    const trust = parseTrustDocument(document);
    let [crls, version, asked] = [lists, 1, 0];
    const gate = new AccessGate({
      trustStore: {
        get version() {
          return `v${version}`;
        },
        find: (certificate, at) => {
          asked += 1;
          return findInSnapshot(trust, certificate, at, {
            revocation: { find: () => ({ crls, findOcspResponses: () => [] }) },
          });
        },
      },
    });
    return {
      decideAt: async (at, header = caller.header) =>
        (await gate.decide(header, { functionName: 'f', roles: [] }, at)).code,
      replace: (next) => {
        crls = next;
        version += 1;
      },
      count: () => asked,
    };
  }
  const document = (more: object = {}): object =>
    issuedDocument([billing], { authorities: [authorityOf({ revocation: required, ...more })] });

  test("with the revocation list, so that the store is asked again a millisecond after the list's end", async () => {
    const gate = createGate(document(), listsOf[3] ?? []);
    assert.equal(await gate.decideAt(now), 'allowed');
    assert.equal(await gate.decideAt(now + 9_999), 'allowed');
    assert.equal(gate.count(), 1);
    assert.equal(await gate.decideAt(now + 10_000), 'revocation_unavailable');
    gate.replace(listsOf[1] ?? []);
    assert.equal(await gate.decideAt(now + 10_000), 'allowed');
  });
  test('with the version of the lists, for admissions and for refusals', async () => {
    const gate = createGate(document(), listsOf[1] ?? []);
    assert.equal(await gate.decideAt(now), 'allowed');
    gate.replace(listsOf[2] ?? []);
    assert.equal(await gate.decideAt(now), 'certificate_revoked');
    gate.replace(listsOf[0] ?? []);
    assert.equal(await gate.decideAt(now), 'revocation_unavailable');
    gate.replace(listsOf[1] ?? []);
    assert.equal(await gate.decideAt(now), 'allowed');
  });
  test('with an intermediate that ends before the caller', async () => {
    const short = issueIntermediate({ notAfter: '20270101000010Z' });
    const { header } = issueCaller({ issuer: short });
    const gate = createGate(document({ intermediates: [short], revocation: { mode: 'off' } }), []);
    assert.equal(await gate.decideAt(now, header), 'allowed');
    // The last second still belongs to the certificate's validity (RFC 5280 §4.1.2.5).
    assert.equal(await gate.decideAt(now + 10_000, header), 'allowed');
    assert.equal(gate.count(), 1);
    assert.equal(await gate.decideAt(now + 10_001, header), 'path_certificate_expired');
  });
  test('when an authority begins or ends under which the certificate belongs to another identity', async () => {
    const issuer = issue({ name: 'Brief root', notBefore: '20270101000010Z', notAfter: '20270101000019Z' });
    const { header, certificate } = issueCaller({ issuer });
    const document = (denied: readonly object[]): object =>
      issuedDocument([{ pins: [{ thumbprintSha256: certificate.thumbprintSha256 }] }, billing], {
        authorities: [authorityOf({ anchors: [issuer], intermediates: [] })],
        denied,
      });
    for (const [denied, refusal] of [
      [[], 'identity_ambiguous'],
      [[{ thumbprintSha256: issuer.certificate.thumbprintSha256 }], 'certificate_on_deny_list'],
    ] as const) {
      for (const [outside, inside] of [
        [9.999, 10],
        [19.001, 19],
      ] as const) {
        const gate = createGate(document(denied), []);
        const decide = async (at: number): Promise<string> => gate.decideAt(now + at * 1000, header);
        assert.equal(await decide(outside), 'allowed');
        assert.equal(await decide(outside), 'allowed');
        assert.equal(gate.count(), 1);
        assert.equal(await decide(inside), refusal);
      }
    }
  });
  test('when an authority of another store begins under which the certificate belongs to another identity', async () => {
    const issuer = issue({ name: 'Brief root', notBefore: '20270101000010Z', notAfter: '20270101000019Z' });
    const { header, certificate } = issueCaller({ issuer });
    const authorities = [authorityOf({ anchors: [issuer], intermediates: [] })];
    const pinned = trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256: certificate.thumbprintSha256 }] }]));
    const named = trustStoreFromDocument(issuedDocument([billing], { authorities }));
    for (const trustStore of [firstOf(pinned, named), firstOf(firstOf(named), pinned)]) {
      const gate = new AccessGate({ trustStore }, stillClock);
      const decide = async (at: number): Promise<string> =>
        (await gate.decide(header, { functionName: 'f', roles: [] }, now + at * 1000)).code;
      assert.equal(await decide(9.999), 'allowed');
      assert.equal(await decide(10), 'identity_ambiguous');
      assert.equal(await decide(19.001), 'allowed');
    }
  });
  test('when the one of two authorities of the same name begins, whatever the order in which firstOf nests their stores', async () => {
    const issuer = issue({ name: 'Shared root', notBefore: '20270101000010Z', notAfter: '20270101000019Z' });
    const namesake = issue({ name: 'Shared root', key: 'p-384' });
    const { header, certificate } = issueCaller({ issuer });
    const pinned = trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256: certificate.thumbprintSha256 }] }]));
    const [lasting, brief] = [namesake, issuer].map((anchor) =>
      trustStoreFromDocument(
        issuedDocument([billing], { authorities: [authorityOf({ anchors: [anchor], intermediates: [] })] }),
      ),
    );
    assert.ok(lasting !== undefined && brief !== undefined);
    for (const trustStore of [firstOf(firstOf(lasting, brief), pinned), firstOf(pinned, firstOf(brief, lasting))]) {
      const gate = new AccessGate({ trustStore }, stillClock);
      const decide = async (at: number): Promise<string> =>
        (await gate.decide(header, { functionName: 'f', roles: [] }, now + at * 1000)).code;
      assert.equal(await decide(9.999), 'allowed');
      assert.equal(await decide(10), 'identity_ambiguous');
    }
  });
  test('when a CA certificate ends, if another with the same name and key is denied', async () => {
    const old = issue({ name: 'Twin root', notAfter: '20270101000019Z' });
    const renewed = issue({ name: 'Twin root', notBefore: '20270101000010Z' });
    const { header } = issueCaller({ issuer: old });
    const denied = [{ thumbprintSha256: renewed.certificate.thumbprintSha256 }];
    for (const anchors of [
      [renewed, old],
      [old, renewed],
    ]) {
      const authorities = [authorityOf({ anchors, intermediates: [] })];
      const gate = createGate(issuedDocument([billing], { authorities, denied }), []);
      assert.equal(await gate.decideAt(now + 9_999, header), 'allowed');
      assert.equal(await gate.decideAt(now + 10_000, header), 'allowed');
      assert.equal(await gate.decideAt(now + 20_000, header), 'certificate_on_deny_list');
    }
  });
  test('after a minute, if revocation information is missing and the authority does not require it', async () => {
    const gate = createGate(document({ revocation: { ...required, mode: 'when-available' } }), []);
    for (const at of [now, now + 59_999, now + 60_000, now + 119_999]) assert.equal(await gate.decideAt(at), 'allowed');
    assert.equal(gate.count(), 2);
  });
});

test('a longer path that has expired hides no revocation, and no pin of another identity admits the certificate', () => {
  const { root, issuing } = getStage();
  const expired = issue({ name: 'Old root', notAfter: '20260101000000Z' });
  const cross = issue({ name: 'Corp root', key: 'p-384', issuer: expired });
  const { header, certificate } = issueCaller();
  const pinned = { name: 'pinned', pins: [{ thumbprintSha256: certificate.thumbprintSha256 }] };
  const revoking = readCrl(makeCrl({ authority: root, revoked: [{ serialNumber: '0A01' }] }));
  const decide = (
    identities: readonly object[],
    intermediates: readonly MadeAuthority[],
    anchors: readonly MadeAuthority[],
  ) =>
    decideAccess({
      header,
      trust: parseTrustDocument(
        issuedDocument([...identities, billing] as never, {
          authorities: [
            authorityOf({ anchors, intermediates, revocation: { mode: 'when-available', scope: 'chain' } }),
          ],
        }),
      ),
      revocation: { find: () => ({ crls: [revoking], findOcspResponses: () => [] }) },
      requirement: { functionName: 'f', roles: [] },
      now,
    }).code;
  for (const identities of [[], [pinned]]) {
    assert.equal(decide(identities, [issuing], [root]), 'certificate_revoked');
    assert.equal(decide(identities, [issuing, cross], [root, expired]), 'certificate_revoked');
  }
});

describe('a CA certificate on the deny list, next to another with the same name and key,', () => {
  const { root, issuing } = getStage();
  const [lasting, renewed] = [issue({ name: 'Twin root' }), issue({ name: 'Twin root', serialNumber: '0B' })];
  const cross = issueIntermediate({ serialNumber: '0A02' });
  const direct = issueCaller({ issuer: lasting });
  const { header, certificate } = issueCaller();
  const pinned = { name: 'pinned', pins: [{ thumbprintSha256: certificate.thumbprintSha256 }] };
  const deny = (...made: readonly MadeAuthority[]): readonly object[] =>
    made.map(({ certificate: { thumbprintSha256 } }) => ({ thumbprintSha256 }));
  const bothOrders = <T>(one: T, two: T): readonly (readonly T[])[] => [
    [one, two],
    [two, one],
  ];
  const decideBy = (trustStore: TrustStore, text = header): Promise<Decision> | Decision =>
    new AccessGate({ trustStore }, stillClock).decide(text, { functionName: 'f', roles: [] }, now);
  const storeOf = (
    authority: Parameters<typeof authorityOf>[0],
    denied: readonly object[],
    identities: readonly object[] = [billing],
  ) => trustStoreFromDocument(issuedDocument(identities as never, { authorities: [authorityOf(authority)], denied }));

  test('leaves the paths over the other one valid, whatever their order', async () => {
    for (const anchors of bothOrders(lasting, renewed)) {
      const authority = { anchors, intermediates: [] };
      for (const denied of [deny(lasting), deny(renewed)]) {
        assert.equal((await decideBy(storeOf(authority, denied), direct.header)).code, 'allowed');
        const combined = firstOf(storeOf(authority, []), trustStoreFromDocument(documentOf([], { denied })));
        assert.equal((await decideBy(combined, direct.header)).code, 'allowed', 'a second document denies it');
      }
      const both = await decideBy(storeOf(authority, deny(lasting, renewed)), direct.header);
      assert.equal(both.code, 'certificate_on_deny_list');
    }
    for (const intermediates of bothOrders(issuing, cross)) {
      for (const denied of [deny(issuing), deny(cross), [{ issuedBy: 'corp', serialNumber: '0A02' }]])
        assert.equal((await decideBy(storeOf({ intermediates }, denied))).code, 'allowed');
      for (const denied of [deny(issuing, cross), deny(root)])
        assert.equal((await decideBy(storeOf({ intermediates }, denied))).code, 'certificate_on_deny_list');
    }
  });
  test('does not affect a gate whose store does not include the deny list, warm or cold', async () => {
    const store = storeOf({}, []);
    const gate = new AccessGate({ trustStore: store }, stillClock);
    const ask = async (asked: AccessGate) => (await asked.decide(header, { functionName: 'f', roles: [] }, now)).code;
    assert.equal(await ask(gate), 'allowed');
    const whole = firstOf(firstOf(store), trustStoreFromDocument(documentOf([], { denied: deny(issuing) })));
    assert.equal((await decideBy(whole)).code, 'certificate_on_deny_list');
    // The version of this store says nothing about the other store, so what is remembered must not depend on that one.
    assert.equal(await ask(gate), 'allowed');
    assert.equal((await decideBy(store)).code, 'allowed');
  });
  test('refuses the caller if every valid path leads over it, whatever longer path or CA certificate of the request exists', async () => {
    const expired = issue({ name: 'Old root', notAfter: '20260101000000Z' });
    const above = issue({ name: 'Corp root', key: 'p-384', issuer: expired });
    for (const anchors of bothOrders(root, expired)) {
      const decision = await decideBy(
        storeOf({ anchors, intermediates: [issuing, above] }, deny(issuing), [billing, pinned]),
      );
      assert.ok(decision.outcome === 'denied' && isDeniedFor(decision, 'certificate_on_deny_list'));
      assert.equal(decision.facts?.certificate?.thumbprintSha256, issuing.certificate.thumbprintSha256);
      assert.equal(decision.facts.certificate.role, 'intermediate');
      assert.equal(decision.facts.entry.path, 'denied[0]');
    }
    const trust = parseTrustDocument(
      issuedDocument([billing], { authorities: [authorityOf()], denied: deny(issuing) }),
    );
    const finding = answerInFull(trust, presentCertificate(Buffer.from(header, 'base64'), [cross.der]), now);
    assert.ok(finding.outcome === 'denied' && finding.code === 'certificate_on_deny_list');
  });
});

describe('a certificate that needs no revocation information (RFC 9608)', () => {
  const noRevAvail = '2.5.29.56 = DER:0500';
  // From 00:00:00 to 01:00:00, both ends included, in seconds.
  const hour = 3601;
  const { header } = issueCaller({
    serialNumber: '7A',
    notBefore: '20270101000000Z',
    notAfter: '20270101010000Z',
    extensions: [...clientExtensions, noRevAvail],
  });
  const decide = (revocation: object, lists: (typeof listsOf)[number] = [], more: object = {}): Decision =>
    decideAccess({
      header,
      trust: parseTrustDocument(issuedDocument([billing], { authorities: [authorityOf({ revocation })], ...more })),
      revocation: { find: () => ({ crls: lists, findOcspResponses: () => [] }) },
      requirement: { functionName: 'f', roles: [] },
      now,
    });
  const excused = { mode: 'required', scope: 'end-entity', noRevAvailMaximumLifetimeSeconds: hour };
  test('is refused if a revocation list or the deny list names it', () => {
    const revoked = readCrl(makeCrl({ authority: getStage().issuing, revoked: [{ serialNumber: '7A' }] }));
    assert.equal(decide(excused, [revoked]).code, 'certificate_revoked');
    assert.equal(decide({ ...excused, mode: 'when-available' }, [revoked]).code, 'certificate_revoked');
    const denied = [{ issuedBy: 'corp', serialNumber: '7A' }];
    assert.equal(decide(excused, [], { denied }).code, 'certificate_on_deny_list');
  });
});

describe('names that a CA of the path is not permitted to give', () => {
  const constrained = issueIntermediate({
    extensions: [...authorityExtensions, 'nameConstraints = critical, permitted;DNS:apps.example'],
  });
  const trust = parseTrustDocument(
    issuedDocument(
      [
        { name: 'a', names: [{ issuedBy: 'corp', commonName: 'billing.corp.example' }] },
        { name: 'b', names: [{ issuedBy: 'corp', dns: 'x.apps.example' }] },
        billing,
      ],
      { authorities: [authorityOf({ intermediates: [constrained] })] },
    ),
  );
  const decide = (request: CallerRequest): string => {
    const { header } = issueCaller({ issuer: constrained, ...request });
    return decideAccess({ header, trust, requirement: { functionName: 'f', roles: [] }, now }).code;
  };
  test('are refused as the only name, next to a permitted one, and as a host in the common name', () => {
    assert.equal(decide({ names: ['DNS:x.apps.example'] }), 'allowed');
    assert.equal(decide({ names: ['DNS:billing.corp.example'] }), 'path_name_not_permitted');
    assert.equal(decide({ names: ['DNS:x.apps.example', 'DNS:evil.example'] }), 'path_name_not_permitted');
    assert.equal(decide({ names: [], name: 'billing.corp.example' }), 'path_name_not_permitted');
    assert.equal(decide({ names: ['email:a@b.example'], name: 'billing.corp.example' }), 'path_name_not_permitted');
  });
});

interface Refusal {
  readonly denial: Denial;
  readonly header: string;
  readonly version: number;
  readonly at: number;
}

function isSameAs(decision: Decision, header: string, version: number, at: number): (refusal: Refusal) => boolean {
  return (refusal) =>
    refusal.header === header &&
    refusal.version === version &&
    at < refusal.at + 30_000 &&
    isDeepStrictEqual(refusal.denial, decision);
}

test('the gate and decideAccess agree, cold and warm, whatever the document, its lists, the header and the time', async () => {
  const codes = new Map<string, number>();
  const request = fc.record({
    header: fc.constantFrom(...headers),
    // No identity has the last of these roles.
    wanted: fc.constantFrom([], [['reader']], [['owner']]),
    elapsed: fc.constantFrom(0, 0, 1, 5_000, 5_001, 10_000, 40_000),
    lists: fc.constantFrom(undefined, undefined, ...listsOf),
  });
  await fc.assert(
    fc.asyncProperty(
      documents,
      fc.constantFrom(...listsOf),
      fc.array(request, { minLength: 4, maxLength: 8 }),
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
        const stores = [store(false), store(true), firstOf(store(false))];
        const gates = stores.map((trustStore) => new AccessGate({ trustStore }, stillClock));
        let at = now;
        const refusals: Refusal[] = [];
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
              // The gate may repeat a refusal for half a minute, although `decideAccess` would now give another reason.
              const isRepeated =
                expected.outcome === 'denied' && refusals.some(isSameAs(decision, header, version, at));
              if (!isRepeated && decision.outcome === 'denied') assert.deepEqual(decision, expected);
              if (!isRepeated) assert.equal(decision.code, expected.code);
              if (decision.outcome !== 'allowed' || expected.outcome !== 'allowed') continue;
              const { name, roles, matchedBy, accessEndsAt } = decision.identity;
              const { identity: other } = expected;
              assert.deepEqual(
                [name, roles, matchedBy, accessEndsAt],
                [other.name, other.roles, other.matchedBy, other.accessEndsAt],
              );
            }
          }
          if (expected.outcome === 'denied') refusals.push({ denial: expected, header, version, at });
        }
      },
    ),
    { numRuns: countRuns(90) },
  );
  for (const code of [
    ...['allowed', 'certificate_not_trusted', 'identity_ambiguous', 'identity_disabled', 'identity_expired'],
    ...['certificate_revoked', 'revocation_unavailable', 'certificate_on_deny_list', 'path_signature_invalid'],
    ...['certificate_expired', 'certificate_extended_key_usage_unsuitable', 'role_missing'],
  ])
    assert.ok((codes.get(code) ?? 0) > 0, `${code} never came up: ${[...codes].join(' ')}`);
});
