import {
  type Decision,
  decideAccess,
  parseTrustDocument,
  presentCertificate,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { authorityOf, getStage, issueCaller, type MadeCaller } from '@certgate/core/test-support/authority-stage.js';
import { documentOf } from '@certgate/core/test-support/documents.js';
import { clientExtensions, now } from '@certgate/x509/test-support/certificates.js';
import { issue } from '@certgate/x509/test-support/revocation.js';
import * as fc from 'fast-check';

const hour = 3_600_000;
const forServers = clientExtensions.map((line) => line.replace('clientAuth', 'serverAuth'));
const partnerRoot = issue({ name: 'Partner root', key: 'p-384' });
/** The key of corp's issuing CA, certified by the partner too, so that either authority may vouch for its callers. */
const cross = issue({ name: 'Corp issuing CA', issuer: partnerRoot, serialNumber: '0A02' });

/** Certificates made so that several entries match each of them. */
export const callers: readonly MadeCaller[] = [
  issueCaller({ names: ['DNS:a.corp.example', 'DNS:b.corp.example'], name: 'a', serialNumber: '0B01' }),
  issueCaller({ names: ['DNS:a.corp.example', 'URI:https://corp.example/a', 'email:a@corp.example'], name: 'b' }),
  issueCaller({ names: ['URI:spiffe://corp.example/a'], name: 'a' }),
  issueCaller({ names: ['DNS:b.corp.example'], name: 'b', issuer: partnerRoot }),
  issueCaller({
    names: ['DNS:c.example'],
    name: 'c',
    issuer: getStage().impostor,
    key: 'p-256',
    extensions: forServers,
  }),
];

type Attributes = Readonly<Record<string, unknown>>;
interface Entry {
  readonly key: 'pins' | 'names';
  readonly fields: Attributes;
}
const pinsOf = callers.map(({ der }) => presentCertificate(der));
const keys = [...new Set(pinsOf.map(({ publicKeySha256 }) => publicKeySha256))];
/** All entries that a document may contain, each at most once. */
const entries: readonly Entry[] = [
  ...pinsOf.flatMap(({ thumbprintSha256, thumbprintSha1 }) => [
    { key: 'pins' as const, fields: { thumbprintSha256 } },
    { key: 'pins' as const, fields: { thumbprintSha1 } },
  ]),
  ...keys.map((publicKeySha256) => ({
    key: 'pins' as const,
    fields: { publicKeySha256, notAfter: '2099-01-01T00:00:00Z' },
  })),
  ...[
    { issuedBy: 'corp', dns: 'a.corp.example' },
    { issuedBy: 'corp', dns: 'b.corp.example' },
    { issuedBy: 'corp', dns: '*.corp.example' },
    { issuedBy: 'corp', uri: 'https://corp.example/a' },
    { issuedBy: 'corp', uri: 'spiffe://corp.example/a' },
    { issuedBy: 'corp', email: 'a@corp.example' },
    { issuedBy: 'corp', commonName: 'a' },
    { issuedBy: 'corp', commonName: 'b' },
    { issuedBy: 'partner', dns: 'a.corp.example' },
    { issuedBy: 'partner', dns: '*.corp.example' },
    { issuedBy: 'partner', commonName: 'b' },
  ].map((fields) => ({ key: 'names' as const, fields })),
];
const holders = ['x', 'y', 'z'];

const iso = (hours: number): string => new Date(now + hours * hour).toISOString();
const rarely = <T>(arbitrary: fc.Arbitrary<T>, weight = 5): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, arbitrary);
const start = fc.constantFrom(-3, -1, 1).map(iso);
const end = fc.constantFrom(-2, 0, 2).map(iso);
const attributes: fc.Arbitrary<Attributes> = fc.record({
  enabled: rarely(fc.constant(false)),
  issuedBy: rarely(fc.constantFrom('corp', 'partner'), 3),
  notBefore: rarely(start),
  notAfter: rarely(end),
  acceptWithoutClientAuth: rarely(
    fc.constantFrom(-2, -1, 1).map((from) => ({ since: iso(from), until: iso(from + 2), reason: 'test' })),
    2,
  ),
});
const held = fc.record({ holder: fc.nat({ max: 2 }), attributes });
const identity = fc.record({ enabled: rarely(fc.constant(false)), expiresAt: rarely(end, 7) });
const denial = fc.constantFrom<Attributes>(
  ...pinsOf.map(({ thumbprintSha256 }) => ({ thumbprintSha256 })),
  ...[getStage().root, getStage().issuing, partnerRoot].map(({ certificate }) => ({
    thumbprintSha256: certificate.thumbprintSha256,
  })),
  ...['corp', 'partner'].flatMap((issuedBy) =>
    ['0B01', '0A01', '0A02'].map((serialNumber) => ({ issuedBy, serialNumber })),
  ),
);
const authorities = fc.record({
  corp: fc.constantFrom('issuing', 'issuing', 'issuing', 'none'),
  partner: fc.constantFrom('none', 'none', 'cross'),
  isRevocationRequired: rarely(fc.constantFrom('corp', 'partner'), 9),
});

interface Scene {
  readonly slots: ReadonlyMap<number, { readonly holder: number; readonly attributes: Attributes }>;
  readonly identities: readonly Attributes[];
  readonly denied: readonly Attributes[];
  readonly authorities: {
    readonly corp: string;
    readonly partner: string;
    readonly isRevocationRequired: string | undefined;
  };
  readonly isLocked: boolean;
}

const slot = fc.tuple(fc.nat({ max: entries.length - 1 }), held);
const scene: fc.Arbitrary<Scene> = fc.record({
  slots: fc.array(slot, { minLength: 1, maxLength: 7 }).map((list) => new Map(list)),
  identities: fc.tuple(identity, identity, identity),
  denied: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(denial, { minLength: 1, maxLength: 2 })),
  authorities,
  isLocked: fc.constantFrom(...Array.from({ length: 19 }, () => false), true),
});

type Edit = (scene: Scene) => Scene;
const edit: fc.Arbitrary<Edit> = fc.oneof(
  // An entry is added, or replaced by another one.
  {
    weight: 4,
    arbitrary: slot.map(([index, one]): Edit => (given) => ({
      ...given,
      slots: new Map([...given.slots, [index, one]]),
    })),
  },
  // An entry is removed.
  {
    weight: 4,
    arbitrary: fc.nat({ max: 6 }).map((which): Edit => (given) => ({
      ...given,
      slots: new Map([...given.slots].filter((_, index) => index !== which)),
    })),
  },
  // An entry gets other attributes or another identity.
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat({ max: 6 }), held).map(([which, one]): Edit => (given) => ({
      ...given,
      slots: new Map([...given.slots].map(([key, old], index) => [key, index === which ? one : old])),
    })),
  },
  fc.tuple(fc.nat({ max: 2 }), identity).map(([which, one]): Edit => (given) => ({
    ...given,
    identities: given.identities.map((old, index) => (index === which ? one : old)),
  })),
  fc.array(denial, { maxLength: 2 }).map((denied): Edit => (given) => ({ ...given, denied })),
  authorities.map((one): Edit => (given) => ({ ...given, authorities: one })),
);

/** Two documents that differ a little. */
export const scenes: fc.Arbitrary<readonly [TrustSnapshot, TrustSnapshot]> = fc
  .tuple(scene, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([before, edits]) => {
    const after = edits.reduce((given, each) => each(given), before);
    return [readScene(before), readScene(after)] as const;
  });

/** A moment at which something may begin or end, or the millisecond before. */
export const instants: fc.Arbitrary<number> = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-1, 0))
  .map(([hours, step]) => now + hours * hour + step);

export function decide(trust: TrustSnapshot, { header }: MadeCaller, at: number): Decision {
  return decideAccess({ header, trust, requirement: { functionName: 'f', roles: [] }, now: at });
}

function readScene({ slots, identities, denied, authorities: made, isLocked }: Scene): TrustSnapshot {
  const list = identities.map((each, holder) => {
    const own = [...slots].filter(([, one]) => one.holder === holder);
    const listOf = (wanted: Entry['key']): readonly object[] =>
      own.flatMap(([index, one]) => {
        const entry = entries[index];
        if (entry?.key !== wanted) return [];
        return [{ ...entry.fields, ...(wanted === 'pins' ? readAttributes(entry.fields, one.attributes) : {}) }];
      });
    return { name: holders[holder], ...drop(each), pins: listOf('pins'), names: listOf('names') };
  });
  const { root, issuing, impostorRoot } = getStage();
  const revocation = (name: string): object =>
    made.isRevocationRequired === name ? { revocation: { mode: 'required', crls: ['file:a.crl'] } } : {};
  const corp = authorityOf({
    anchors: [made.corp === 'none' ? impostorRoot : root],
    intermediates: [issuing],
    spiffeTrustDomains: ['corp.example'],
    ...revocation('corp'),
  });
  const partner = authorityOf({
    name: 'partner',
    anchors: [partnerRoot],
    intermediates: made.partner === 'cross' ? [cross] : [],
    ...revocation('partner'),
  });
  const unique = [...new Map(denied.map((each) => [JSON.stringify(each), each])).values()];
  const locked = isLocked ? { locked: { since: '2026-01-01T00:00:00Z', by: 'ada', reason: 'test' } } : {};
  return parseTrustDocument(documentOf(list, { authorities: [corp, partner], denied: unique, ...locked }));
}

function readAttributes(fields: Attributes, given: Attributes): Attributes {
  const { acceptWithoutClientAuth, issuedBy, notAfter = fields['notAfter'], ...rest } = drop(given);
  // A document must not have a pin with an empty window, or with both a grace and `issuedBy`.
  const more = {
    ...(issuedBy === undefined ? drop({ acceptWithoutClientAuth }) : { issuedBy }),
    ...drop({ notAfter }),
  };
  const { notBefore, ...others } = rest;
  const isEmpty = typeof notBefore === 'string' && typeof notAfter === 'string' && notBefore >= notAfter;
  return { ...others, ...more, ...(isEmpty ? {} : drop({ notBefore })) };
}

function drop(fields: Attributes): Attributes {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
