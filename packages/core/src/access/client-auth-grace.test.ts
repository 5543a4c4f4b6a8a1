import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type MadeCertificate, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { authorityExtensions, issueCertificate } from '@certgate/x509/test-support/issued-certificates.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { assertDenied, documentOf } from '../test-support/documents.js';
import { createGate, iso, open, stillClock } from '../test-support/gate-stage.js';
import { pollute } from '../test-support/prototype-pollution.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import type { FoundFinding } from '../trust-snapshot/trust-finding.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { firstOf } from '../trust-store/first-of.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import { decideAccess } from './access-decision.js';
import { AccessGate } from './access-gate.js';
import type { Decision } from './decision.js';

const unsuitable = 'certificate_extended_key_usage_unsuitable';
const hour = 3_600_000;
const publicLooks = ['subjectAltName = DNS:api.contoso.com', 'certificatePolicies = 2.23.140.1.2.1'];

function makeWithUsages(usages: readonly string[], ...more: readonly string[]): MadeCertificate {
  const usage = usages.length === 0 ? [] : [`extendedKeyUsage = ${usages.join(', ')}`];
  return makeCertificate({ extensions: ['basicConstraints = critical, CA:FALSE', ...usage, ...more] });
}

const server = makeWithUsages(['serverAuth']);
const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = presentCertificate(server.der);

const authority = issueCertificate({ name: ['CN = CA'], extensions: authorityExtensions });

/** Its validity is not longer than a public certificate's may be. */
function issueServer(extensions: readonly string[]): MadeCertificate {
  const { certificate, keyPath } = issueCertificate(
    {
      extensions: ['basicConstraints = critical, CA:FALSE', 'extendedKeyUsage = serverAuth', ...extensions],
      notBefore: '20261201000000Z',
      notAfter: '20270301000000Z',
    },
    authority,
  );
  const der = Buffer.from(certificate.der);
  return { der, header: der.toString('base64'), keyPath };
}

const graceOf = (since: number, until: number): object => ({ since: iso(since), until: iso(until), reason: 'renewal' });
const pinOf = ({ der }: MadeCertificate, grace?: object): object => ({
  thumbprintSha256: presentCertificate(der).thumbprintSha256,
  ...(grace && { acceptWithoutClientAuth: grace }),
});
const pinned = (...pins: readonly object[]): object => documentOf([{ name: 'partner', pins }]);

function decide({ header }: MadeCertificate, document: object, at: number = now): Decision {
  return decideAccess({ header, trust: parseTrustDocument(document), requirement: open, now: at });
}

function detailIn(decision: Decision): string {
  return decision.outcome === 'denied' ? decision.detail : decision.code;
}

describe('a pin that accepts a certificate without clientAuth', () => {
  const purposes = ['serverAuth', 'clientAuth', 'emailProtection', 'anyExtendedKeyUsage'] as const;
  const made = new Map<string, MadeCertificate>();
  const certificateOf = (usages: readonly string[]): MadeCertificate => {
    const key = usages.join();
    const known = made.get(key) ?? makeWithUsages(usages);
    made.set(key, known);
    return known;
  };

  test('admits by clientAuth, or by serverAuth within the grace period, whatever the usages, the period and the time', () => {
    const seen = { byUsage: 0, byGrace: 0, refused: 0 };
    const bound = fc.tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -1, max: 1 }));
    fc.assert(
      fc.property(
        fc.subarray([...purposes]),
        fc.option(fc.tuple(bound, fc.integer({ min: 1, max: 4 * hour }))),
        bound,
        (usages, window, [hours, step]) => {
          const at = now + hours * hour + step;
          const since = window === null ? 0 : now + window[0][0] * hour + window[0][1];
          const until = window === null ? 0 : since + window[1];
          const certificate = certificateOf(usages);
          const decision = decide(
            certificate,
            pinned(pinOf(certificate, window === null ? undefined : graceOf(since, until))),
            at,
          );
          const byUsage = usages.length === 0 || usages.includes('clientAuth');
          const isForServers = usages.includes('serverAuth') && !usages.includes('anyExtendedKeyUsage');
          const byGrace = !byUsage && isForServers && at >= since && at < until;
          seen[byUsage ? 'byUsage' : byGrace ? 'byGrace' : 'refused'] += 1;
          if (!byUsage && !byGrace) {
            assertDenied(decision, unsuitable);
            return;
          }
          assert.ok(decision.outcome === 'allowed');
          assert.equal(decision.identity.withoutClientAuthUntil, byGrace ? until : undefined);
          if (byGrace) assert.equal(decision.identity.accessEndsAt, until);
        },
      ),
      { numRuns: countRuns(750) },
    );
    for (const [way, times] of Object.entries(seen)) assert.ok(times > 5, `${way}: ${JSON.stringify(seen)}`);
  });

  test('accepts it from since up to until (excluded), to the millisecond, also in the memory of the gate', async () => {
    const since = now + hour;
    const until = since + 90 * 24 * hour;
    const gate = new AccessGate({ trustStore: trustStoreFromDocument(pinned(pinOf(server, graceOf(since, until)))) });
    const at = async (time: number): Promise<string> => (await gate.decide(server.header, open, time)).code;
    const times = [since - 1, since - 1, since, since, until - 1, until - 1, until, until, since - 1, since];
    const codes: string[] = [];
    for (const time of times) codes.push(await at(time));
    const [no, yes] = [unsuitable, 'allowed'];
    assert.deepEqual(codes, [no, no, yes, yes, yes, yes, no, no, no, yes]);
  });

  test('appears in the denial with the beginning of the grace period, or with its end', () => {
    const document = pinned(pinOf(server, graceOf(now, now + hour)));
    for (const [at, words] of [
      [now - 1, /accepts that from 2027-01-01T00:00:00Z on \(acceptWithoutClientAuth\)/],
      [now + hour, /accepted that until 2027-01-01T01:00:00Z \(acceptWithoutClientAuth\)/],
    ] as const) {
      const decision = decide(server, document, at);
      assert.ok(decision.outcome === 'denied');
      assert.match(decision.detail, words);
    }
  });

  test('excuses nothing else', () => {
    const lasting = graceOf(now - hour, now + hour);
    for (const [code, certificate] of [
      ['certificate_key_usage_unsuitable', makeWithUsages(['serverAuth'], 'keyUsage = critical, keyEncipherment')],
      ['certificate_critical_extension_unknown', makeWithUsages(['serverAuth'], '1.2.3.4 = critical, DER:0500')],
      [
        'certificate_is_authority',
        makeCertificate({ extensions: ['basicConstraints = critical, CA:TRUE', 'extendedKeyUsage = serverAuth'] }),
      ],
      ['certificate_key_too_weak', makeCertificate({ key: 'rsa-1024', extensions: ['extendedKeyUsage = serverAuth'] })],
      [
        'certificate_expired',
        makeCertificate({ extensions: ['extendedKeyUsage = serverAuth'], notAfter: '20261231000000Z' }),
      ],
    ] as const) {
      assertDenied(decide(certificate, pinned(pinOf(certificate, lasting))), code);
    }
    const pins = [{ enabled: false }, { notAfter: iso(now) }, { notBefore: iso(now + 1) }];
    const codes = pins.map((more) => decide(server, pinned({ ...pinOf(server, lasting), ...more })).code);
    assert.deepEqual(codes, ['pin_disabled', 'pin_expired', 'pin_not_yet_valid']);
  });

  test('accepts the certificate that it matches, and no other of the identity', () => {
    const lasting = graceOf(now - hour, now + hour);
    const other = makeCertificate({ key: 'p-384', extensions: ['extendedKeyUsage = serverAuth'] });
    const document = pinned(pinOf(server, lasting), pinOf(other));
    assert.equal(decide(server, document).code, 'allowed');
    assertDenied(decide(other, document), unsuitable);
  });

  test('accepts it only while every matching pin has a grace period', () => {
    const withGrace = { acceptWithoutClientAuth: graceOf(now - hour, now + hour) };
    const longer = { acceptWithoutClientAuth: graceOf(now - 2 * hour, now + 3 * hour) };
    const end = { notAfter: iso(now + 9 * hour) };
    assertDenied(decide(server, pinned({ thumbprintSha256, ...withGrace }, { thumbprintSha1 })), unsuitable);
    assertDenied(decide(server, pinned({ thumbprintSha256 }, { thumbprintSha1, ...withGrace })), unsuitable);
    const three = pinned(
      { thumbprintSha256, ...longer },
      { thumbprintSha1, ...longer },
      { publicKeySha256, ...end, ...withGrace },
    );
    const decision = decide(server, three);
    assert.ok(decision.outcome === 'allowed');
    assert.equal(decision.identity.withoutClientAuthUntil, now + hour);
    assertDenied(decide(server, three, now + hour), unsuitable);
    const apart = decide(
      server,
      pinned(
        { thumbprintSha256, acceptWithoutClientAuth: graceOf(now - hour, now) },
        { thumbprintSha1, acceptWithoutClientAuth: graceOf(now + hour, now + 2 * hour) },
      ),
    );
    assertDenied(apart, unsuitable);
    assert.match(detailIn(apart), /Its pins never accept that at the same time/);
  });

  test('does not help if a name matches under an authority, because a path needs clientAuth', () => {
    const authorities = [{ name: 'public', trustAnchors: [readFileSync(authority.pemPath, 'utf8')] }];
    const issued = issueServer(publicLooks);
    const pins = [pinOf(issued, graceOf(now - hour, now + hour))];
    // The authority issued the certificate, but no name in the document asks for it, so only the pin decides.
    assert.equal(decide(issued, documentOf([{ name: 'partner', pins }], { authorities })).code, 'allowed');
    const names = [{ issuedBy: 'public', dns: 'api.contoso.com' }];
    const outvoted = decide(issued, documentOf([{ name: 'partner', pins, names }], { authorities }));
    assertDenied(outvoted, unsuitable);
    assert.match(
      detailIn(outvoted),
      /No grace period of a pin applies here .*an authority is asked about the certificate/,
    );
    const byName = decide(issued, documentOf([{ name: 'partner', names }], { authorities }));
    assertDenied(byName, unsuitable);
    assert.doesNotMatch(detailIn(byName), /grace/);
    const issuedBy = pins.map((pin) => ({ ...pin, issuedBy: 'public' }));
    assert.throws(
      () => parseTrustDocument(documentOf([{ name: 'partner', pins: issuedBy }], { authorities })),
      /identities\[0\]\.pins\[0\]\.acceptWithoutClientAuth: it can't be combined with issuedBy/,
    );
  });
});

describe('a trust store and the grace period', () => {
  const answer: FoundFinding = { outcome: 'found', identity: { name: 'partner', roles: [] }, matchedBy: 'table' };

  test("a custom store can't give it, so no store accepts everybody without clientAuth", async () => {
    const { store, gate } = createGate();
    store.answer = {
      ...answer,
      acceptWithoutClientAuth: { since: now - hour, until: now + hour, reason: 'all of them' },
    };
    assertDenied(await gate.decide(server.header, open, now), unsuitable);
    assertDenied(await firstOfAll(store), unsuitable);
  });

  test('two stores that know the certificate must both give it, in either order', async () => {
    const withGrace = trustStoreFromDocument(pinned(pinOf(server, graceOf(now - hour, now + hour))));
    const longer = trustStoreFromDocument(pinned(pinOf(server, graceOf(now - hour, now + 2 * hour))));
    const without = trustStoreFromDocument(pinned(pinOf(server)));
    const unknown = trustStoreFromDocument(documentOf([]));
    for (const stores of [
      [withGrace, without],
      [without, withGrace],
    ] as const)
      assertDenied(await firstOfAll(...stores), unsuitable);
    for (const stores of [
      [withGrace, unknown],
      [unknown, withGrace],
      [longer, withGrace],
    ] as const) {
      const decision = await firstOfAll(...stores);
      assert.ok(decision.outcome === 'allowed');
      assert.equal(decision.identity.withoutClientAuthUntil, now + hour);
    }
  });

  test('no value on Object.prototype gives it', async () => {
    const grace = { since: 0, until: Number.MAX_SAFE_INTEGER, reason: 'x' };
    for (const value of [grace, true, () => grace]) {
      const restore = pollute({ acceptWithoutClientAuth: value, grace: value });
      try {
        assertDenied(decide(server, pinned(pinOf(server))), unsuitable);
        const [one, other] = [pinned(pinOf(server)), documentOf([])].map((document) =>
          trustStoreFromDocument(document),
        );
        assert.ok(one !== undefined && other !== undefined);
        assertDenied(await firstOfAll(one, other), unsuitable);
      } finally {
        restore();
      }
    }
  });

  async function firstOfAll(...stores: readonly TrustStore[]): Promise<Decision> {
    return new AccessGate({ trustStore: firstOf(...stores) }, stillClock).decide(server.header, open, now);
  }
});

describe('the denial of a certificate without clientAuth', () => {
  const detailOf = (certificate: MadeCertificate): string => {
    const decision = decide(certificate, pinned(pinOf(certificate)));
    assert.ok(decision.outcome === 'denied');
    assert.equal(decision.code, unsuitable);
    return decision.detail;
  };

  test('explains the end of clientAuth only for certificates that look public', () => {
    assert.match(
      detailOf(issueServer([...publicLooks, '1.3.6.1.4.1.11129.2.4.2 = DER:04020000'])),
      /public CA \(likely: embedded_timestamps, tls_server_policy, server_auth\)\. Those no longer issue clientAuth, .* an authority of your own/,
    );
    assert.match(detailOf(issueServer(publicLooks)), /public CA \(possible: tls_server_policy, server_auth\)/);
    assert.doesNotMatch(detailOf(issueServer([])), /public CA/);
    assert.doesNotMatch(detailOf(server), /public CA/);
    assert.doesNotMatch(detailOf(makeWithUsages(['emailProtection'], ...publicLooks)), /public CA/);
  });
});
