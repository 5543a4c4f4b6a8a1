import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { listSignatureTwins } from '@certgate/x509/internal-certificates';
import { clientExtensions, now } from '@certgate/x509/test-support/certificates.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { authorityExtensions, issue, makeCrl, readCrl } from '@certgate/x509/test-support/revocation.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { answerInFull, askInFull } from '../test-support/answer-in-full.js';
import { authorityOf, billing, issueCaller, issuedDocument, issuedSnapshot } from '../test-support/authority-stage.js';
import { decideWith, dersOf, getCandidateStage, rootOnly } from '../test-support/candidate-stage.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { firstOf } from '../trust-store/first-of.js';
import type { AuthorityContext } from './authority-path.js';
import { listIssuerNames, readCandidates } from './candidate-issuers.js';
import { findDeniedSerial } from './deny-list.js';
import {
  type DeniedCertificate,
  deniedSerialKey,
  type TrustedAuthority,
  type TrustSnapshot,
} from './trust-snapshot.js';

const { root, upper, lower, leaf, otherRoot, crossUpper, madeUp, madeUpLeaf, loop } = getCandidateStage();
const trust = rootOnly();
const decide = (...candidates: readonly Buffer[]): string => decideWith(trust, leaf.der, candidates);

describe('a path over CA certificates that came with the request', () => {
  test('leads to the root, in any order and whatever else came with them', () => {
    assert.equal(decideWith(trust, leaf.der), 'notFound');
    const junk = [Buffer.from('3000', 'hex'), Buffer.from('nothing'), Buffer.alloc(0)];
    for (const candidates of [
      dersOf(upper, lower),
      dersOf(lower, upper),
      dersOf(leaf, lower, upper, root),
      dersOf(lower, lower, upper, upper),
      [...junk, upper.der, ...junk, lower.der],
      dersOf(...madeUp, lower, upper),
      dersOf(...loop, ...madeUp, upper, lower),
      dersOf(crossUpper, lower, upper),
    ]) {
      assert.equal(decide(...candidates), 'billing');
    }
    const finding = answerInFull(trust, presentCertificate(leaf.der, dersOf(leaf, lower, upper)), now);
    assert.ok(finding.outcome === 'found');
    assert.deepEqual(finding.pathAuthorities, dersOf(root, upper, lower));
  });

  test('needs every intermediate CA, from the request or from the document', () => {
    for (const candidates of [dersOf(upper), dersOf(lower), dersOf(crossUpper, lower), dersOf(root, otherRoot)]) {
      assert.equal(decide(...candidates), 'notFound');
    }
    const withUpper = rootOnly({ intermediates: [upper] });
    assert.equal(decideWith(withUpper, leaf.der, dersOf(lower)), 'billing');
    const withLower = rootOnly({ intermediates: [lower] });
    assert.equal(decideWith(withLower, leaf.der, dersOf(upper)), 'billing');
    assert.equal(decideWith(withLower, leaf.der), 'path_not_found');
  });

  test('is not found if the CA certificates only have the names of the authority', () => {
    for (const candidates of [dersOf(...madeUp), dersOf(...madeUp, ...loop), dersOf(...madeUp, upper, lower)]) {
      assert.match(decideWith(trust, madeUpLeaf.der, candidates), /^path_(not_found|signature_invalid)$/);
    }
    // By their names, the made-up CAs lead from the leaf's issuer to the authority, so the authority's own key is
    // tried.
    assert.match(decide(...dersOf(...madeUp)), /^path_/);
    assert.equal(decideWith(trust, madeUpLeaf.der, dersOf(...loop)), 'notFound');
  });

  test('can use any CA below a trust anchor, but none that the anchor did not issue', () => {
    const sibling = issue({ name: 'Corp other CA', key: 'p-521', issuer: root });
    const ofSibling = issueCaller({ issuer: sibling });
    assert.equal(decideWith(rootOnly({ intermediates: [lower] }), ofSibling.der), 'notFound');
    assert.equal(decideWith(rootOnly({ intermediates: [lower] }), ofSibling.der, dersOf(sibling)), 'billing');
    const lowerOnly = rootOnly({ anchors: [lower] });
    assert.equal(decideWith(lowerOnly, leaf.der), 'billing');
    assert.equal(decideWith(lowerOnly, ofSibling.der, dersOf(sibling, root, upper, lower)), 'notFound');
  });

  test('is found for pins with issuedBy as well', () => {
    const pin = { thumbprintSha256: presentCertificate(leaf.der).thumbprintSha256, issuedBy: 'corp' };
    const authorities = [authorityOf({ intermediates: [] })];
    const pinned = issuedSnapshot([{ name: 'pinned', pins: [pin] }], { authorities });
    assert.equal(decideWith(pinned, leaf.der), 'path_not_found');
    assert.equal(decideWith(pinned, leaf.der, dersOf(lower, upper)), 'pinned');
  });

  test('is not tried with nine certificates, and the detail says so', () => {
    const others = Array.from({ length: 7 }, (_, index) => Buffer.from(`300302010${index}`.slice(0, 10), 'hex'));
    assert.equal(decide(...others.slice(1), ...dersOf(upper, lower), leaf.der), 'billing');
    const presented = presentCertificate(leaf.der, [...others, ...dersOf(upper, lower)]);
    const finding = answerInFull(trust, presented, now);
    assert.ok(finding.outcome === 'notFound');
    assert.match(finding.detail ?? '', /9 certificates came with it; with more than 8, none is looked at/);
    const large = Buffer.concat([Buffer.from('30824000', 'hex'), Buffer.alloc(16_384)]);
    assert.equal(decide(...dersOf(upper, lower), large), 'notFound');
  });

  test('respects the constraints of its CA certificates', () => {
    const limitedUpper = (extensions: readonly string[]): string => {
      const limited = issue({ name: 'Corp upper CA', key: 'p-256', issuer: root, extensions });
      return decide(...dersOf(limited, lower));
    };
    const [, ...others] = authorityExtensions;
    assert.equal(limitedUpper(authorityExtensions), 'billing');
    assert.equal(limitedUpper(['basicConstraints = critical, CA:TRUE, pathlen:0', ...others]), 'path_length_exceeded');
    const permitted = 'nameConstraints = critical, permitted;DNS:elsewhere.example';
    assert.equal(limitedUpper([...authorityExtensions, permitted]), 'path_name_not_permitted');
    assert.equal(limitedUpper(clientExtensions), 'path_authority_unfit');
    const expired = issue({ name: 'Corp upper CA', key: 'p-256', issuer: root, notAfter: '20260101000000Z' });
    assert.equal(decide(...dersOf(expired, lower)), 'path_certificate_expired');
  });

  test('is refused with a sentence that says why a certificate can’t be read', () => {
    const odd = breakConstraints(upper.der);
    const finding = answerInFull(trust, presentCertificate(leaf.der, [odd, lower.der]), now);
    assert.ok(finding.outcome === 'denied' && finding.code === 'path_not_found');
    assert.match(finding.detail, /A certificate that came with it can’t be read: /);
  });
});

/** Changes a BOOLEAN in the basic constraints to a value that DER doesn't allow. */
function breakConstraints(der: Buffer): Buffer {
  const copy = Buffer.from(der);
  const identifier = copy.indexOf(Buffer.from('0603551d13', 'hex'));
  const value = copy.indexOf(Buffer.from('30030101ff', 'hex'), identifier);
  assert.ok(identifier > 0 && value > identifier);
  copy[value + 4] = 0x01;
  return copy;
}

describe('CA certificates that came with a certificate', () => {
  test('are decoded as far as possible, with a fault if one can’t be read', () => {
    const read = (...ders: readonly Buffer[]): object => {
      const { candidates, fault } = readCandidates(presentCertificate(leaf.der, ders));
      return [candidates.map(({ subjectText }) => subjectText), fault === undefined];
    };
    assert.deepEqual(readCandidates(presentCertificate(leaf.der)), { candidates: [], fault: undefined });
    assert.deepEqual(read(upper.der, lower.der), [['CN=Corp upper CA', 'CN=Corp lower CA'], true]);
    assert.deepEqual(read(breakConstraints(upper.der), lower.der), [['CN=Corp lower CA'], false]);
  });

  test('add no issuer names to bytes that have no issuer', () => {
    const { candidates } = presentCertificate(leaf.der, dersOf(upper, lower));
    assert.deepEqual(listIssuerNames({ issuer: undefined, candidates }), []);
  });
});

describe('a certificate on the deny list', () => {
  const deny = (denied: object): string =>
    decideWith(rootOnly({}, { denied: [denied] }), leaf.der, dersOf(lower, upper));
  const hashOf = (der: Uint8Array): string => presentCertificate(der).thumbprintSha256;

  test('is denied on a path over CA certificates that came with the request', () => {
    assert.equal(deny({ thumbprintSha256: hashOf(lower.der) }), 'certificate_on_deny_list');
    assert.equal(deny({ thumbprintSha256: hashOf(upper.der) }), 'certificate_on_deny_list');
    for (const serialNumber of ['0B01', '0B02', '0B03']) {
      assert.equal(deny({ issuedBy: 'corp', serialNumber }), 'certificate_on_deny_list');
    }
    assert.equal(deny({ issuedBy: 'corp', serialNumber: '0B04' }), 'billing');
  });

  test('is named in the facts with its role on the path', () => {
    for (const [{ der }, role] of [
      [root, 'trust-anchor'],
      [upper, 'intermediate'],
      [lower, 'intermediate'],
    ] as const) {
      const denied = rootOnly({}, { denied: [{ thumbprintSha256: hashOf(der) }] });
      const finding = answerInFull(denied, presentCertificate(leaf.der, dersOf(lower, upper)), now);
      assert.ok(finding.outcome === 'denied' && finding.code === 'certificate_on_deny_list');
      const { certificate } = finding.facts as { readonly certificate: { readonly [name: string]: unknown } };
      assert.equal(certificate['role'], role);
      assert.equal(certificate['thumbprintSha256'], hashOf(der));
    }
  });

  test('is not denied by its serial number if it is a root, which nobody issued', () => {
    const rootSerial = presentCertificate(root.der).pathDecoding;
    assert.ok(rootSerial.ok);
    const { serialNumber } = rootSerial.value;
    assert.equal(deny({ issuedBy: 'corp', serialNumber }), 'billing');
    // Entries for other certificates don't deny it either.
    assert.equal(deny({ thumbprintSha256: 'AB'.repeat(32) }), 'billing');
  });

  test('is denied by its serial number under any authority that may have issued it', () => {
    const entry = { comment: undefined } as unknown as DeniedCertificate;
    const named = (name: string, ...anchors: readonly string[]): TrustedAuthority =>
      ({ name, trustAnchors: anchors.map((each) => ({ isSelfIssued: true, thumbprintSha256: each })) }) as never;
    const issuers = [named('one', 'X', 'A'), named('other', 'Y')];
    const find = (thumbprintSha256: string, serialNumber: string): DeniedCertificate | undefined => {
      const serialNumbers = new Map([[deniedSerialKey('other', '0A'), entry]]);
      const snapshot = { denied: { serialNumbers }, authorities: issuers } as unknown as TrustSnapshot;
      return findDeniedSerial(snapshot, { thumbprintSha256, serialNumber }, issuers);
    };
    assert.equal(find('B', '0A'), entry);
    assert.equal(find('B', '0B'), undefined);
    assert.equal(find('A', '0A'), undefined, 'a root');
  });

  test('is denied with its other signature as well, which anybody can compute', () => {
    const denied = rootOnly({}, { denied: [{ thumbprintSha256: hashOf(upper.der) }] });
    const twins = listSignatureTwins(upper.der);
    assert.ok(twins.length > 0);
    // Without the deny list, the path accepts the CA certificate with its other valid signature. With it, none is
    // accepted.
    const admitted = twins.map((twin) => decideWith(trust, leaf.der, [twin, lower.der]));
    assert.ok(admitted.includes('billing'), admitted.join());
    for (const twin of twins) assert.notEqual(decideWith(denied, leaf.der, [twin, lower.der]), 'billing');
  });

  test('is denied by the document of another store as well', async () => {
    const authorities = [authorityOf({ intermediates: [] })];
    const first = trustStoreFromDocument(issuedDocument([billing], { authorities }));
    const ask = async (denied: object): Promise<string> => {
      const second = trustStoreFromDocument(issuedDocument([], { authorities, denied: [denied] }));
      const finding = await askInFull(firstOf(first, second), presentCertificate(leaf.der, dersOf(lower, upper)), now);
      return finding.outcome === 'denied' ? finding.code : finding.outcome;
    };
    assert.equal(await ask({ issuedBy: 'corp', serialNumber: '0B04' }), 'found');
    for (const serialNumber of ['0B01', '0B02', '0B03']) {
      assert.equal(await ask({ issuedBy: 'corp', serialNumber }), 'certificate_on_deny_list');
    }
    assert.equal(await ask({ thumbprintSha256: hashOf(lower.der) }), 'certificate_on_deny_list');
  });
});

describe('revocation over CA certificates that came with the request', () => {
  const lists = [root, upper, lower].map((authority) => readCrl(makeCrl({ authority })));
  const revoking = readCrl(makeCrl({ authority: upper, revoked: [{ serialNumber: '0B02' }] }));
  const ask = (crls: typeof lists, revocation: object): string => {
    const context: AuthorityContext = { revocation: { find: () => ({ crls, findOcspResponses: () => [] }) } };
    return decideWith(rootOnly({ revocation }), leaf.der, dersOf(lower, upper), context);
  };

  test('needs a list of every issuer, also of a CA that came with the request', () => {
    assert.equal(ask(lists, { mode: 'required' }), 'billing');
    assert.equal(ask([...lists, revoking], { mode: 'required' }), 'certificate_revoked');
    for (const missing of lists) {
      const rest = lists.filter((list) => list !== missing);
      assert.equal(ask(rest, { mode: 'required' }), 'revocation_unavailable');
      assert.equal(ask(rest, { mode: 'when-available' }), 'revocation_unavailable');
    }
    assert.equal(ask(lists.slice(2), { mode: 'required', scope: 'end-entity' }), 'billing');
    assert.equal(ask([], { mode: 'off' }), 'billing');
  });
});

describe('any certificates that come with a request', () => {
  const pool = dersOf(upper, lower, root, otherRoot, crossUpper, ...madeUp, ...loop, leaf, madeUpLeaf);
  const flipped = fc
    .record({ der: fc.constantFrom(...pool), at: fc.nat(2000), mask: fc.integer({ min: 1, max: 255 }) })
    .map(({ der, at, mask }) => {
      const copy = Buffer.from(der);
      const index = at % copy.length;
      copy[index] = (copy[index] ?? 0) ^ mask;
      return copy;
    });
  const junk = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
  const hostile = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...pool) }, flipped, junk);
  const names = ['corp', 'other'].map((issuedBy) => ({ issuedBy, dns: 'billing.corp.example' }));
  const identities = names.map((name) => ({ name: `of ${name.issuedBy}`, names: [name] }));
  const authorities = [
    authorityOf({ intermediates: [] }),
    authorityOf({ name: 'other', anchors: [otherRoot], intermediates: [] }),
  ];
  const both = issuedSnapshot(identities, { authorities });
  const leaves = [leaf, madeUpLeaf, issueCaller({ issuer: root }), issueCaller({ issuer: otherRoot })] as const;

  test('leave the answer as it is, complete a genuine path, or lead to a path that is refused', () => {
    const has = (candidates: readonly Buffer[], ...wanted: readonly { readonly der: Buffer }[]): boolean =>
      wanted.every(({ der }) => candidates.some((each) => each.equals(der)));
    fc.assert(
      fc.property(fc.nat(3), fc.array(hostile, { maxLength: 9 }), (which, candidates) => {
        const target = (leaves[which] ?? leaf).der;
        const alone = decideWith(both, target);
        const decided = decideWith(both, target, candidates);
        if (decided === alone) return;
        // Two authorities issued the leaf, each through its own chain, and it has another identity under each.
        if (target === leaf.der && has(candidates, lower)) {
          const ways = [has(candidates, upper), has(candidates, crossUpper)];
          const expected = ways.every(Boolean) ? 'identity_ambiguous' : ways[0] ? 'of corp' : 'of other';
          if (ways.some(Boolean) && decided === expected) return;
        }
        // Otherwise the certificates add a name that leads to an authority, so the path is refused instead of the
        // unknown caller.
        assert.equal(alone, 'notFound');
        assert.match(decided, /^path_/);
      }),
      { numRuns: countRuns(300) },
    );
    assert.deepEqual(
      leaves.map(({ der }) => decideWith(both, der)),
      ['notFound', 'notFound', 'of corp', 'of other'],
    );
  });

  test('hide no genuine chain among at most eight certificates', () => {
    const others = fc.array(fc.constantFrom(...dersOf(root, otherRoot, ...madeUp, ...loop, madeUpLeaf)), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        others.chain((each) => fc.shuffledSubarray([...each, ...dersOf(upper, lower)], { minLength: each.length + 2 })),
        (candidates) => {
          assert.equal(decide(...candidates), 'billing');
        },
      ),
      { numRuns: countRuns(100) },
    );
  });
});
