import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type Decision, type FunctionRequirement, presentCertificate } from '@certgate/core/internal';
import { authorityOf, getStage, issueCaller } from '@certgate/core/test-support/authority-stage.js';
import { clientExtensions, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { listSignatureTwins } from '@certgate/x509/internal-certificates';
import { Replay } from './replay-calls.js';
import type { ReplayReport, UntoldReason } from './replay-report.js';
import { recordCall, recordDocument } from './test-support/recorded-calls.js';

const iso = (instant: number): string => new Date(instant).toISOString();
const hour = 3_600_000;

const { impostor } = getStage();
const own = [
  makeCertificate(),
  // One key with the first.
  makeCertificate({ name: ['CN = sibling'], extensions: ['extendedKeyUsage = serverAuth'] }),
  issueCaller({ serialNumber: '1234' }),
  issueCaller({ names: ['DNS:billing.corp.example', 'URI:urn:corp:billing'], key: 'p-256' }),
  issueCaller({ issuer: impostor, serialNumber: '1234' }),
  // A path processes this extension; without one, it refuses the certificate.
  issueCaller({
    names: ['DNS:critical.corp.example'],
    extensions: [...clientExtensions, 'certificatePolicies = critical, 1.2.3.4'],
  }),
];
const twins = own.flatMap(({ der }) => listSignatureTwins(der).map((twin) => Buffer.from(twin)));
const certificates = [...own.map(({ der }) => Buffer.from(der)), ...twins];

type PinValue = Readonly<Record<string, string>>;
/** All pins there can be. */
const pinValues: readonly PinValue[] = [
  ...certificates.map((der) => ({ thumbprintSha256: presentCertificate(der).thumbprintSha256 })),
  ...own.map(({ der }) => ({ thumbprintSha1: presentCertificate(der).thumbprintSha1 })),
  ...[0, 2].map((index) => ({
    publicKeySha256: presentCertificate(own[index]?.der ?? Buffer.of()).publicKeySha256 ?? '',
  })),
];
const nameValues = [
  { dns: 'billing.corp.example' },
  { dns: '*.corp.example' },
  { uri: 'urn:corp:billing' },
  { commonName: 'billing' },
];
const authorities = [
  [],
  [authorityOf()],
  [authorityOf({ spiffeTrustDomains: ['corp.example'] })],
  [authorityOf({ anchors: [getStage().impostorRoot], intermediates: [impostor] })],
  // No list is ever read, so that it refuses.
  [authorityOf({ revocation: { mode: 'required' } })],
];
const deniedValues = [
  ...[0, 2, own.length, own.length + 2].map((index) => ({
    thumbprintSha256: presentCertificate(certificates[index] ?? Buffer.of()).thumbprintSha256,
  })),
  { thumbprintSha256: presentCertificate(getStage().issuing.der).thumbprintSha256 },
  { issuedBy: 'corp', serialNumber: '1234' },
];

const rarely = <T>(arbitrary: fc.Arbitrary<T>, weight = 9): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, arbitrary);
const instant = fc.integer({ min: -2, max: 2 }).map((hours) => now + hours * hour);
const usuallyTrue = fc.oneof({ weight: 11, arbitrary: fc.constant(true) }, fc.constant(false));

const identity = fc.record({
  name: fc.constantFrom('', ' two'),
  isUpperCase: rarely(fc.constant(true)),
  enabled: usuallyTrue,
  expiresAt: rarely(instant),
  roles: fc.subarray(['r', 's']),
  functions: rarely(fc.subarray(['F', 'g']), 3),
});
const pin = fc.oneof(fc.constant(null), {
  weight: 2,
  arbitrary: fc.record({
    /** Undefined: that of the certificate's other pins. */
    holder: rarely(fc.nat({ max: 2 }), 7),
    isTwin: rarely(fc.constant(true), 5),
    enabled: usuallyTrue,
    notBefore: rarely(instant),
    notAfter: rarely(instant),
    isIssued: rarely(fc.constant(true)),
    grace: rarely(fc.tuple(instant, fc.integer({ min: 1, max: 3 })), 3),
  }),
});
const trustName = fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, fc.nat({ max: 2 }));
type Value<Arbitrary> = Arbitrary extends fc.Arbitrary<infer T> ? T : never;

interface Slots {
  readonly identities: readonly Value<typeof identity>[];
  /** Who has the pins of each certificate. */
  readonly homes: readonly number[];
  readonly pins: readonly Value<typeof pin>[];
  readonly names: readonly (number | null)[];
  readonly authority: number;
  readonly denied: readonly boolean[];
  readonly isLocked: boolean;
}

const list = <T>(arbitrary: fc.Arbitrary<T>, length: number): fc.Arbitrary<readonly T[]> =>
  fc.array(arbitrary, { minLength: length, maxLength: length });

/** `style`: pins of the SHA-256 alone, and no names, as most documents have; or everything. */
const slotsOf = (isPlain: boolean): fc.Arbitrary<Slots> =>
  fc.record({
    identities: list(identity, 3),
    homes: list(fc.nat({ max: 2 }), own.length),
    pins: list(pin, pinValues.length).map((pins) =>
      pins.map((each, index) => {
        const isTwin = index >= own.length && index < certificates.length;
        if (each === null || (isPlain && index >= own.length) || (isTwin && each.isTwin !== true)) return null;
        return { ...each, isIssued: isPlain ? undefined : each.isIssued };
      }),
    ),
    names: isPlain ? fc.constant(nameValues.map(() => null)) : list(trustName, nameValues.length),
    authority: isPlain ? fc.constant(0) : fc.constantFrom(0, 1, 1, 1, 1, 2, 3, 4),
    denied: list(
      fc.nat({ max: 19 }).map((chance) => chance === 0),
      deniedValues.length,
    ),
    isLocked: fc.nat({ max: 29 }).map((chance) => chance === 0),
  });

/** Most of the later document is as in the earlier one. */
const pairs = fc
  .boolean()
  .chain((isPlain) =>
    fc.tuple(
      slotsOf(isPlain),
      slotsOf(isPlain),
      list(fc.nat({ max: 4 }), 3 + own.length + pinValues.length + nameValues.length + deniedValues.length + 2),
    ),
  )
  .map(([before, other, chances]) => {
    let place = 0;
    const mix = <T>(mine: readonly T[], theirs: readonly T[]): readonly T[] =>
      mine.map((each, index) => (chances[place++] === 0 ? (theirs[index] ?? each) : each));
    const later = {
      identities: mix(before.identities, other.identities),
      homes: mix(before.homes, other.homes),
      pins: mix(before.pins, other.pins),
      names: mix(before.names, other.names),
      authority: (chances[place++] ?? 0) < 3 ? other.authority : before.authority,
      denied: mix(before.denied, other.denied),
      isLocked: mix([before.isLocked], [other.isLocked])[0] ?? false,
    };
    return [before, later] as const;
  });

function createDocument(scene: Slots, revision: number): object {
  const vouching = authorities[scene.authority] ?? [];
  const hasAuthority = vouching.length > 0;
  const denied = deniedValues.filter(
    (entry, index) => scene.denied[index] === true && (hasAuthority || !('issuedBy' in entry)),
  );
  return {
    schemaVersion: 1,
    revision,
    ...(scene.isLocked && { locked: { since: iso(now), by: 'ada', reason: 'CERTGATE_LOCKED' } }),
    ...(hasAuthority && { authorities: vouching }),
    ...(denied.length > 0 && { denied }),
    identities: scene.identities.map(({ name, isUpperCase, expiresAt, functions, ...rest }, holder) => {
      const called = `${['a', 'b', 'c'][holder] ?? ''}${name}`;
      return {
        ...rest,
        name: isUpperCase === true ? called.toUpperCase() : called,
        ...(functions && { functions }),
        ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }),
        names: nameValues.flatMap((value, index) =>
          hasAuthority && scene.names[index] === holder ? [{ issuedBy: 'corp', ...value }] : [],
        ),
        pins: scene.pins.flatMap((each, index) => {
          const home =
            each?.holder ??
            scene.homes[index < certificates.length ? index % own.length : (index - certificates.length) % own.length];
          return each !== null && home === holder ? [createPin(each, index, hasAuthority)] : [];
        }),
      };
    }),
  };
}

function createPin(each: NonNullable<Value<typeof pin>>, index: number, hasAuthority: boolean): object {
  const value = pinValues[index] ?? {};
  const isIssued = hasAuthority && each.isIssued === true;
  const notAfter = each.notAfter ?? ('publicKeySha256' in value && !isIssued ? now + 9 * hour : undefined);
  const isEmpty = each.notBefore !== undefined && notAfter !== undefined && each.notBefore >= notAfter;
  const [since, hours] = each.grace ?? [];
  return {
    ...value,
    enabled: each.enabled,
    ...(each.notBefore !== undefined && !isEmpty && { notBefore: iso(each.notBefore) }),
    ...(notAfter !== undefined && { notAfter: iso(notAfter) }),
    ...(isIssued && { issuedBy: 'corp' }),
    ...(since !== undefined &&
      !isIssued && {
        acceptWithoutClientAuth: { since: iso(since), until: iso(since + (hours ?? 1) * hour), reason: 'test' },
      }),
  };
}

type Told = 'break' | 'opens' | 'renamed' | 'same' | UntoldReason;

/** What a report of one call says. */
function readReport({ wouldBreak, wouldGetIn, asAnother, cannotTell, ...rest }: ReplayReport): Told {
  const told: readonly Told[] = [
    ...wouldBreak.map(() => 'break' as const),
    ...wouldGetIn.map(() => 'opens' as const),
    ...asAnother.map(() => 'renamed' as const),
    ...cannotTell.map(({ reason }) => reason),
    ...(rest.unaffected + rest.notAboutDocument + rest.decidedByAfter > 0 ? ['same' as const] : []),
  ];
  assert.equal(told.length, 1);
  return told[0] ?? 'same';
}

function isTold(told: Told): boolean {
  return told === 'break' || told === 'opens' || told === 'renamed' || told === 'same';
}

/** What really becomes of it. */
function compare(before: Decision, after: Decision): Told {
  if (before.outcome === 'denied') return after.outcome === 'denied' ? 'same' : 'opens';
  if (after.outcome === 'denied') return 'break';
  return before.identity.name === after.identity.name ? 'same' : 'renamed';
}

const requirement: fc.Arbitrary<FunctionRequirement> = fc.record(
  {
    functionName: fc.constantFrom('F', 'G', 'h'),
    roles: fc.constantFrom<FunctionRequirement['roles'][]>([], [], [['r']], [['r', 's']], [['r'], ['s']]),
    reportOnlyUntil: instant,
  },
  { requiredKeys: ['functionName', 'roles'] },
);
const calls = fc.array(
  fc.record({
    certificate: fc.oneof(
      { weight: 4, arbitrary: fc.nat({ max: own.length - 1 }) },
      fc.nat({ max: certificates.length - 1 }),
    ),
    requirement: fc.oneof(
      { weight: 4, arbitrary: requirement.map(({ functionName, roles }) => ({ functionName, roles })) },
      requirement,
    ),
    at: fc.tuple(instant, fc.constantFrom(-1, 0)).map(([at, step]) => at + step),
  }),
  { minLength: 6, maxLength: 6 },
);

/** All pins are SHA-256 thumbprints, and there is no authority. */
function isPlain({ authority, pins }: Slots): boolean {
  return authority === 0 && pins.every((each, index) => each === null || index < certificates.length);
}

/** An entry of either document is about the certificate's other signature, which is taken for granted not to be. */
function isTwinTouched(certificate: number, [before, after]: readonly [Slots, Slots]): boolean {
  const other = certificate < own.length ? certificate + own.length : certificate - own.length;
  const isPinned = ({ pins }: Slots): boolean =>
    [other, certificates.length + other].some((each) => pins[each] != null);
  const isDenied = ({ denied }: Slots): boolean =>
    deniedValues.some(
      (value, index) =>
        denied[index] === true &&
        'thumbprintSha256' in value &&
        value.thumbprintSha256 === pinValues[other]?.['thumbprintSha256'],
    );
  return [before, after].some((each) => isPinned(each) || isDenied(each));
}

describe('a replay tells what becomes of recorded calls, or that it cannot tell', () => {
  test('for any two documents, certificate, function and time', async () => {
    const seen = new Map<string, number>();
    const count = (what: string): void => {
      seen.set(what, (seen.get(what) ?? 0) + 1);
    };
    await fc.assert(
      fc.asyncProperty(pairs, calls, fc.boolean(), async (pair, asked, isAsked) => {
        const [before, after] = [
          recordDocument(createDocument(pair[0], 1)),
          recordDocument(createDocument(pair[1], 2)),
        ];
        for (const { certificate, requirement, at } of asked) {
          const call = { header: certificates[certificate]?.toString('base64') ?? '', requirement, now: at };
          const { decision, record } = await recordCall(before, call);
          const { decision: later } = await recordCall(after, call);
          const known = new Map([[requirement.functionName.toLowerCase(), requirement]]);
          const options = { before: before.loaded, after: after.loaded };
          const replay = new Replay(isAsked ? { ...options, requirements: known } : options);
          replay.note(record);
          const report = replay.conclude([]);
          const told = readReport(report);
          const real = compare(decision, later);
          count(`told ${told}`);
          if (decision.outcome === 'allowed' && pair.every(isPlain))
            assert.ok(isTold(told) || (told === 'roles' && !isAsked) || told === 'reportOnly', told);
          if (!isTold(told)) continue;
          const isDeferred = later.outcome === 'allowed' && later.deferred !== undefined;
          if (told !== real && isDeferred && report.assumptions.some((each) => each.includes('report-only'))) continue;
          if (told !== real && isTwinTouched(certificate, pair)) {
            count('twin');
            assert.match(report.assumptions.join(), /other ECDSA signature/);
            continue;
          }
          const what = `${JSON.stringify(record.line)} → ${JSON.stringify({ ...later, identity: undefined })} told ${told}, is ${real}`;
          assert.equal(told, real, what);
          const [broken] = report.wouldBreak;
          if (broken !== undefined && !isTwinTouched(certificate, pair)) {
            count(broken.code === null ? 'any reason' : 'one reason');
            if (broken.code !== null) assert.equal(broken.code, later.code, what);
          }
          if (later.outcome === 'allowed')
            for (const row of [...report.wouldGetIn, ...report.asAnother.map(({ as }) => ({ identity: as }))])
              assert.equal(row.identity, later.identity.name, what);
        }
      }),
      { numRuns: countRuns(70), includeErrorInReport: true },
    );
    // Not every run has the other answers, which are rarer.
    for (const what of ['told same', 'told entries']) assert.ok(seen.has(what), JSON.stringify([...seen]));
    const changes = ['told break', 'told opens', 'told renamed'].filter((what) => seen.has(what));
    assert.ok(changes.length > 0, JSON.stringify([...seen]));
  });

  const name = { issuedBy: 'corp', dns: 'billing.corp.example' };
  const { thumbprintSha256, thumbprintSha1 } = presentCertificate(certificates[2] ?? Buffer.of());
  const pinned = { thumbprintSha256 };
  const both = { name: 'a', roles: [], pins: [pinned], names: [name] };
  const withList = [authorityOf({ revocation: { mode: 'required' } })];
  const ofIssuer = { thumbprintSha256: presentCertificate(getStage().issuing.der).thumbprintSha256 };
  const cases: readonly (readonly [string, object, object, object, UntoldReason])[] = [
    ['whose name is under an authority that now needs a list', both, both, { authorities: withList }, 'authorities'],
    ['of which the CA is denied', both, both, { denied: [ofIssuer] }, 'denyList'],
    [
      'of which the serial number is denied',
      both,
      both,
      { denied: [{ issuedBy: 'corp', serialNumber: '1234' }] },
      'denyList',
    ],
    [
      'known by a name of which the CA is denied',
      { ...both, pins: [] },
      { ...both, pins: [] },
      { denied: [ofIssuer] },
      'denyList',
    ],
    [
      'whose pin must be issued now',
      { ...both, names: [] },
      { ...both, names: [], pins: [{ ...pinned, issuedBy: 'corp' }] },
      { authorities: withList },
      'authorities',
    ],
    [
      'whose name has a pin of another kind beside it',
      { ...both, pins: [] },
      { ...both, pins: [{ thumbprintSha1, enabled: false }] },
      {},
      'entries',
    ],
  ];
  for (const [what, earlier, later, more, reason] of cases) {
    test(`a certificate ${what}`, async () => {
      const common = { schemaVersion: 1, authorities: [authorityOf()] };
      const before = recordDocument({ ...common, revision: 1, identities: [earlier] });
      const after = recordDocument({ ...common, revision: 2, identities: [later], ...more });
      const call = { header: own[2]?.header ?? '', requirement: { functionName: 'F', roles: [] }, now };
      const [{ decision, record }, refused] = [await recordCall(before, call), await recordCall(after, call)];
      assert.deepEqual([decision.outcome, refused.decision.outcome], ['allowed', 'denied']);
      const replay = new Replay({ before: before.loaded, after: after.loaded });
      replay.note(record);
      assert.equal(readReport(replay.conclude([])), reason);
    });
  }

  test('a certificate with an extension that only a path processes, once a pin takes the place of its name', async () => {
    const common = { schemaVersion: 1, authorities: [authorityOf()] };
    const named = { name: 'a', roles: [], names: [{ issuedBy: 'corp', dns: 'critical.corp.example' }] };
    const pinned = { name: 'a', roles: [], pins: [pinValues[5]] };
    const before = recordDocument({ ...common, revision: 1, identities: [named] });
    const after = recordDocument({ ...common, revision: 2, identities: [pinned] });
    const call = { header: own[5]?.header ?? '', requirement: { functionName: 'F', roles: [] }, now };
    const [{ decision, record }, later] = [await recordCall(before, call), await recordCall(after, call)];
    assert.deepEqual([decision.code, later.decision.code], ['allowed', 'certificate_critical_extension_unknown']);
    const replay = new Replay({ before: before.loaded, after: after.loaded });
    replay.note(record);
    assert.equal(readReport(replay.conclude([])), 'certificate');
  });
});
