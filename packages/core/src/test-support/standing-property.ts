import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type * as Core from '../internal.js';
import type {
  ClientIdentity,
  EntryStanding,
  ListedEntry,
  PresentedCertificate,
  TrustSnapshot,
  TrustStore,
} from '../internal.js';
import { listSignatureTwins } from '@certgate/x509/internal-certificates';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { issue } from '@certgate/x509/test-support/revocation.js';
import { authorityOf, getStage, issueCaller, issueIntermediate } from './authority-stage.js';
import { stillClock } from './gate-stage.js';

const iso = (instant: number): string => new Date(instant).toISOString();
/** Certificates, the authorities that issued them, and the parts of documents about them. */
function createStage(core: typeof Core) {
  const short = issue({ name: 'Short root', key: 'p-256', notBefore: '20270101000001Z', notAfter: '20270101000009Z' });
  // Longer than any anchor is valid, so that a certificate's own dates never decide.
  const validity = { notBefore: '20240101000000Z', notAfter: '20360101000000Z' };
  const lasting = issueCaller({ serialNumber: '1234', ...validity });
  const brief = issueCaller({ issuer: short, serialNumber: '4321', ...validity });
  const own = makeCertificate({ name: ['CN = own'], ...validity });
  const extensions = ['extendedKeyUsage = serverAuth'];
  const serverOnly = makeCertificate({ name: ['CN = server'], extensions, ...validity });
  const present = (der: Uint8Array): PresentedCertificate => core.presentCertificate(der);
  const withTwin = (der: Uint8Array): readonly PresentedCertificate[] => [der, ...listSignatureTwins(der)].map(present);
  const { root, issuing } = getStage();
  const dates = { notBefore: '20270101000002Z', notAfter: '20270101000006Z' };
  const again = issue({ name: 'Corp root', key: 'p-384', ...dates });
  const renewed = issueIntermediate({ ...dates, serialNumber: '0A05' });
  const issued = [
    [withTwin(lasting.der), 'corp'],
    [withTwin(brief.der), 'brief'],
  ] as const;
  return {
    named: present(lasting.der),
    briefly: present(brief.der),
    own: present(own.der),
    server: present(serverOnly.der),
    certificates: [...issued.flatMap(([each]) => each), ...withTwin(own.der), present(serverOnly.der)],
    issuers: new Map(issued.flatMap(([each, name]) => each.map(({ thumbprintSha256 }) => [thumbprintSha256, name]))),
    authorities: [
      { anchors: [root], intermediates: [issuing] },
      { anchors: [root, again], intermediates: [renewed, issuing] },
      { anchors: [again, root], intermediates: [issuing, renewed] },
    ].map((corp) => [authorityOf(corp), authorityOf({ name: 'brief', anchors: [short], intermediates: [] })]),
    others: [root, again, short, renewed].map(({ der }) => present(der).thumbprintSha256),
    /** When an intermediate begins, and after it ended. This decides nothing, because there is another intermediate. */
    bounds: [2000, 7000].map((each) => now + each),
    intermediate: present(issuing.der).thumbprintSha256,
  };
}

/**
 * Documents in which many pins match the certificate that is asked about, and many of the entries are in force.
 */
function createDocuments(stage: Stage, asked: PresentedCertificate): fc.Arbitrary<object> {
  const { certificates, authorities, others, intermediate } = stage;
  const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
  const moment = (...seconds: readonly number[]) => fc.constantFrom(...seconds).map((each) => iso(now + each * 1000));
  const switched = fc.constantFrom(undefined, undefined, undefined, true, false);
  const hash = fc
    .tuple(fc.constantFrom(...certificates), fc.constantFrom('thumbprintSha256', 'thumbprintSha1', 'publicKeySha256'))
    .map(([certificate, kind]) => ({ [kind]: certificate[kind as 'thumbprintSha256'] }));
  const pin = fc
    .record({
      hash,
      enabled: switched,
      notBefore: sometimes(moment(-3, 0, 2)),
      notAfter: sometimes(moment(3, 5, 8)),
      issuedBy: fc.constantFrom(undefined, undefined, 'corp', 'brief'),
      grace: sometimes(fc.constant({ since: iso(now), until: iso(now + 4000), reason: 'until renewed' })),
    })
    .map(({ hash: value, issuedBy, grace, notAfter, ...more }) => ({
      ...value,
      ...more,
      issuedBy,
      notAfter: 'publicKeySha256' in value && issuedBy === undefined ? (notAfter ?? iso(now + 8000)) : notAfter,
      acceptWithoutClientAuth: issuedBy === undefined ? grace : undefined,
    }));
  const name = fc.constantFrom(
    { issuedBy: 'corp', dns: 'billing.corp.example' },
    { issuedBy: 'brief', dns: 'billing.corp.example' },
    { issuedBy: 'corp', commonName: 'billing' },
  );
  const identity = fc.record({
    enabled: switched,
    expiresAt: sometimes(moment(-1, 4, 6)),
    pins: fc.array(pin, { maxLength: 2 }),
    names: fc.array(name, { maxLength: 1 }),
  });
  const deny = (thumbprintSha256: string): readonly object[] => [{ thumbprintSha256 }];
  const denied = fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.constant(deny(asked.thumbprintSha256)) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        ...[...certificates.map(({ thumbprintSha256 }) => thumbprintSha256), ...others, ...others, intermediate].map(
          deny,
        ),
        [{ issuedBy: 'corp', serialNumber: '1234' }],
      ),
    },
  );
  const locked = fc.constantFrom(...[undefined, undefined, undefined, undefined, undefined], {
    since: iso(now),
    by: 'operations',
    reason: 'a key was lost',
  });
  const all = { authorities: fc.constantFrom(...authorities), denied, locked };
  return fc.record({ identities: fc.array(identity, { minLength: 1, maxLength: 2 }), ...all }).map((given) => {
    const seen = new Set<string>();
    const isNew = (entry: object): boolean => seen.size < seen.add(keyOf(entry)).size;
    const identities = given.identities.map(({ pins, names, ...identity }, index) => ({
      ...identity,
      name: `caller-${index}`,
      roles: [],
      pins: pins.filter(isNew),
      names: names.filter(isNew),
    }));
    return withoutUndefined({ schemaVersion: 1, revision: 1, ...given, identities });
  });
}

/** What a document must not contain twice. */
function keyOf(entry: object): string {
  const isName = Object.hasOwn(entry, 'dns') || Object.hasOwn(entry, 'commonName');
  return JSON.stringify(Object.entries(entry).filter(([key]) => isName || /Sha/.test(key)));
}

function withoutUndefined(document: object): object {
  return JSON.parse(JSON.stringify(document)) as object;
}

type Stage = ReturnType<typeof createStage>;

/**
 * Checks that `findEntryStanding` agrees with the gate: with `decideAccess`, and with one `AccessGate` that remembers
 * decisions. It asks one millisecond before, at and after three of the moments at which a rule changes, with the clock
 * going forward and back. A matching entry that is not in force admits nobody. If only one entry matches, the gate
 * gives the entry's first reason, or admits. `core` may be the sources or a bundle.
 */
export async function expectStandings(core: typeof Core, numRuns: number): Promise<void> {
  const stage = createStage(core);
  const met = new Map<string, number>();
  const scene = fc
    .constantFrom(...stage.certificates)
    .chain((certificate) => fc.tuple(createDocuments(stage, certificate), fc.constant(certificate), fc.nat()));
  const property = fc.asyncProperty(scene, async ([document, certificate, start]) => {
    const trust = core.parseTrustDocument(document);
    const gate = new core.AccessGate({ trustStore: core.trustStoreFromDocument(document) }, stillClock);
    const trustStore = core.firstOf(...splitDenied(core, document));
    const together = new core.AccessGate({ trustStore }, stillClock);
    const matching = listMatching(core, trust, certificate);
    const header = Buffer.from(certificate.der).toString('base64');
    const requirement = { functionName: 'f', roles: [] };
    const refusals = new Set<string>();
    for (const at of chooseMoments(core, trust, matching, start, stage.bounds)) {
      const decision = core.decideAccess({ header, trust, requirement, now: at });
      const warm = await gate.decide(header, requirement, at);
      // A refusal may be repeated for half a minute. Nothing else may differ; above all, an admission must not.
      if (warm.code !== decision.code) assert.ok(refusals.has(warm.code), `${warm.code} at ${iso(at)}`);
      const split = await new core.AccessGate({ trustStore }, stillClock).decide(header, requirement, at);
      assert.equal(split.outcome, decision.outcome, `with the deny list in a second document, at ${iso(at)}`);
      const known = await together.decide(header, requirement, at);
      assert.ok(known.outcome === 'denied' || decision.outcome === 'allowed', `the same, warm, at ${iso(at)}`);
      if (decision.outcome === 'denied') refusals.add(decision.code);
      const standings = matching.map((entry) => core.findEntryStanding(trust, entry, at));
      for (const standing of standings) expectAgreement(core, trust, standing, at);
      if (decision.outcome === 'allowed') expectInForce(decision.identity, standings);
      const [only, ...others] = standings;
      if (only === undefined || others.length > 0 || isDecidedElsewhere(stage, trust, certificate, only.entry))
        continue;
      const expected = only.reasons[0] ?? findOwnAnswer(core, stage, certificate, only.entry, at);
      assert.equal(decision.code, expected, `the only entry that matches, at ${iso(at)}`);
      met.set(expected, (met.get(expected) ?? 0) + 1);
    }
  });
  const examples = listExamples(stage);
  for (const { code, document, certificate, at } of examples) {
    const gate = new core.AccessGate({ trustStore: core.trustStoreFromDocument(document) }, stillClock);
    const header = Buffer.from(certificate.der).toString('base64');
    assert.equal((await gate.decide(header, { functionName: 'f', roles: [] }, at)).code, code);
  }
  await fc.assert(property, {
    numRuns,
    examples: [...examples, ...listTwinRoots(stage, examples)].flatMap(({ document, certificate }) =>
      [0, 1].map((start) => [[document, certificate, start]] as [[object, PresentedCertificate, number]]),
    ),
  });
  for (const code of Object.keys(core.entryRules)) assert.ok(met.has(code), `listExamples has no example of ${code}`);
  assert.deepEqual([...met.keys()].sort(), examples.map(({ code }) => code).sort(), JSON.stringify([...met]));
}

/** Documents with two roots that have the same name and key. The deny list names the one that is valid now. */
function listTwinRoots({ authorities, others: [root] }: Stage, examples: readonly Example[]): readonly Example[] {
  return examples
    .filter(({ code }) => code === 'allowed')
    .map((each) => ({
      ...each,
      document: { ...each.document, authorities: authorities.at(-1), denied: [{ thumbprintSha256: root }] },
    }));
}

/** The document in two parts: a deny list in a document of its own must deny as it does in the whole document. */
function splitDenied(core: typeof Core, document: object): readonly [TrustStore, TrustStore] {
  const { denied, ...rest } = document as { readonly denied?: readonly object[] };
  const denying = { ...rest, denied, identities: [], locked: undefined };
  return [core.trustStoreFromDocument(rest), core.trustStoreFromDocument(withoutUndefined(denying))];
}

interface Example {
  readonly code: string;
  readonly document: object;
  readonly certificate: PresentedCertificate;
  readonly at: number;
}

/** Examples for codes, by the rules that the documentation of the trust document states. */
function listExamples({ named, briefly, own, server, authorities: [authorities = []] }: Stage): readonly Example[] {
  const { thumbprintSha256 } = own;
  const about = (code: string, certificate: PresentedCertificate, identity: object, more: object = {}): Example => {
    const identities = [{ name: 'a', roles: [], ...identity }];
    return {
      code,
      document: { schemaVersion: 1, revision: 1, authorities, identities, ...more },
      certificate,
      at: now,
    };
  };
  const pinned = (code: string, pin: object, more?: object): Example =>
    about(code, own, { pins: [{ thumbprintSha256, ...pin }] }, more);
  const [names, brief] = ['corp', 'brief'].map((issuedBy) => ({ names: [{ issuedBy, dns: 'billing.corp.example' }] }));
  return [
    about('certificate_extended_key_usage_unsuitable', server, {
      pins: [{ thumbprintSha256: server.thumbprintSha256 }],
    }),
    pinned('pin_disabled', { enabled: false }),
    pinned('pin_not_yet_valid', { notBefore: iso(now + 1) }),
    pinned('pin_expired', { notAfter: iso(now) }),
    pinned('certificate_on_deny_list', {}, { denied: [{ thumbprintSha256 }] }),
    pinned('trust_locked', {}, { locked: { since: iso(now), by: 'operations', reason: 'a key was lost' } }),
    about('allowed', named, { ...names }),
    about('identity_disabled', named, { ...names, enabled: false }),
    about('identity_expired', named, { ...names, expiresAt: iso(now) }),
    about('path_certificate_not_yet_valid', briefly, { ...brief }),
    { ...about('path_certificate_expired', briefly, { ...brief }), at: now + 9001 },
  ];
}

/**
 * The entries that match the certificate. They include pins of the certificate with its other ECDSA signature, which
 * refuse, and names whose authority owns a CA with the issuer's name.
 */
function listMatching(
  core: typeof Core,
  trust: TrustSnapshot,
  certificate: PresentedCertificate,
): readonly ListedEntry[] {
  const hashes = [certificate, ...listSignatureTwins(certificate.der).map((twin) => core.presentCertificate(twin))];
  const pins = trust.identities.flatMap((identity) =>
    identity.pins
      .filter(({ kind, value }) => hashes.some((each) => each[kind] === value))
      .map((pin) => ({ identity, pin })),
  );
  const { pathDecoding } = certificate;
  if (!pathDecoding.ok) return pins;
  const authorities = core.findIssuingAuthorities(trust, certificate);
  return [...pins, ...core.findNominations(trust, core.listNames(pathDecoding.value), authorities)].map(
    ({ identity, ...entry }) =>
      'pin' in entry ? { identity, pin: entry.pin } : { identity, trustName: entry.trustName },
  );
}

function chooseMoments(
  core: typeof Core,
  trust: TrustSnapshot,
  matching: readonly ListedEntry[],
  start: number,
  bounds: readonly number[],
): readonly number[] {
  const all = matching.flatMap((entry) => {
    const { acceptWithoutClientAuth: grace } = entry.pin ?? {};
    const windows = core.findEntryWindows(trust, entry);
    return [
      ...core.listInstants(entry),
      ...windows.flatMap(({ validFrom, validUntil }) => [validFrom, validUntil]),
      ...(grace === undefined ? [] : [grace.since, grace.until]),
    ];
  });
  const finite = [...new Set([now, ...all, ...bounds])].filter((each) => Number.isFinite(each));
  const chosen = [0, 1, 2].map((step) => finite[(start + step) % finite.length] ?? now);
  const moments = [...new Set(chosen.flatMap((each) => [each - 1, each, each + 1]))].sort((one, two) => one - two);
  return [...moments, ...moments.toReversed()];
}

/**
 * Checks that an entry has no reason but a lock within its windows, and that an identity is in use if one of its
 * entries is in force.
 */
function expectAgreement(
  core: typeof Core,
  trust: TrustSnapshot,
  { entry, reasons, windows }: EntryStanding,
  at: number,
): void {
  const isOpen = windows.some(({ validFrom, validUntil }) => at >= validFrom && at < validUntil);
  const others = reasons.filter((code) => code !== 'trust_locked');
  assert.equal(isOpen, others.length === 0, `windows, at ${iso(at)}`);
  const { reasons: together } = core.findStanding(trust, entry.identity, at);
  assert.ok(together.length === 0 || reasons.every((code) => together.includes(code)));
}

/** Checks that the caller is admitted by an entry that is in force, and that no matching pin is out of force. */
function expectInForce({ name, matched }: ClientIdentity, standings: readonly EntryStanding[]): void {
  for (const { entry, reasons } of standings) {
    if (entry.pin !== undefined) assert.deepEqual(reasons, []);
  }
  const by = standings.filter(({ entry }) => (entry.pin ?? entry.trustName).value === matched);
  assert.ok(by.some(({ entry, reasons }) => entry.identity.name === name && reasons.length === 0));
}

/**
 * Whether the certificate decides, and not the entry: by another issuer, by its other ECDSA signature, or by a denial
 * that the pin does not show.
 */
function isDecidedElsewhere(
  { certificates, issuers, intermediate }: Stage,
  { denied }: TrustSnapshot,
  certificate: PresentedCertificate,
  { pin, trustName }: ListedEntry,
): boolean {
  const issuedBy = pin === undefined ? trustName.issuedBy : pin.issuedBy;
  const issuer = issuers.get(certificate.thumbprintSha256);
  if (issuedBy !== undefined && issuedBy !== issuer) return true;
  if (pin !== undefined && certificate[pin.kind] !== pin.value) return true;
  if (denied.serialNumbers.size > 0 || (issuedBy !== undefined && denied.thumbprintsSha256.has(intermediate)))
    return true;
  const isOwn = pin?.kind === 'thumbprintSha256' && denied.thumbprintsSha256.has(pin.value);
  return !isOwn && certificates.some(({ thumbprintSha256 }) => denied.thumbprintsSha256.has(thumbprintSha256));
}

/** What the gate answers about the certificate itself, if the entry is in force. */
function findOwnAnswer(
  core: typeof Core,
  { server }: Stage,
  { thumbprintSha256 }: PresentedCertificate,
  { pin }: ListedEntry,
  at: number,
): string {
  const grace = pin?.acceptWithoutClientAuth;
  const isAccepted =
    thumbprintSha256 !== server.thumbprintSha256 || (grace !== undefined && core.isGraceRunning(grace, at));
  return isAccepted ? 'allowed' : 'certificate_extended_key_usage_unsuitable';
}
