import { toPem } from '@certgate/x509/test-support/openssl.js';
import type { Authority, Document, Identity } from '../reference/document.js';
import { day, getPool, hour, type Made, type MadeAuthority, start } from './certificates.js';
import type { Random } from './random.js';

/** Whose key signed a document: the store's, another one, both, or none. `garbage` is not a signature. */
export type Signature = 'own' | 'foreign' | 'both' | 'none' | 'garbage';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Pin = Mutable<NonNullable<Identity['pins']>[number]>;
type Name = NonNullable<Identity['names']>[number];
type Revocation = NonNullable<Authority['revocation']>;

interface DraftAuthority {
  readonly name: string;
  trustAnchors: readonly MadeAuthority[];
  intermediates: readonly MadeAuthority[];
  revocation: Revocation | undefined;
}

/**
 * A document that scenes change. Its authorities refer to certificates of the pool, so that it can be written both as
 * JSON for the gate and as a `Document` for the reference.
 */
export interface Draft {
  revision: number;
  isLocked: boolean;
  audience?: readonly string[] | undefined;
  signature?: Signature;
  authorities: DraftAuthority[];
  denied: NonNullable<Document['denied']>[number][];
  identities: (Mutable<Omit<Identity, 'pins' | 'names'>> & { pins: Pin[]; names: Name[] })[];
}

export const iso = (instant: number): string => new Date(instant).toISOString().replace('.000Z', 'Z');

const because = { reason: 'test' };
const moments = [-2 * day, -hour, 0, hour, 3 * hour, day, 4 * day, 30 * day].map((offset) => start + offset);

/** A random document. `usual` is an identity that most documents of a scene list, so that several stores may agree. */
export function makeDraft(random: Random, focus: readonly Made[], usual: Usual): Draft {
  const authorities = random.chance(0.75) ? makeAuthorities(random) : [];
  const draft: Draft = { revision: 1, isLocked: random.chance(0.02), authorities, denied: [], identities: [] };
  draft.identities.push(makeIdentity(random, usual));
  if (random.chance(0.15)) {
    // The second identity needs another name: two identities of one name would make the document invalid.
    draft.identities.push({ ...makeIdentity(random, { name: 'reports', roles: [] }), name: 'reports' });
  }
  for (let index = random.below(3); index >= 0; index -= 1) addPin(random, draft, focus);
  for (let index = random.below(3); index >= 0; index -= 1) addName(random, draft);
  if (random.chance(0.05)) addDenied(random, draft, focus);
  return draft;
}

/** A document for scenes about lists: a name under an authority with two keys, and little else. */
export function makeListDraft(random: Random, usual: Usual): Draft {
  const { root, issuing, renewed, secondKey, lister, listerRenewed } = getPool();
  const ofLists = random.pick([[], [lister], [lister, listerRenewed], [listerRenewed, lister]]);
  const intermediates = [
    ...random.pick([
      [issuing, secondKey],
      [secondKey, issuing],
      [renewed, issuing, secondKey],
    ]),
    ...ofLists,
  ];
  const mode = random.pick(['required', 'when-available'] as const);
  const scope = random.pick(['end-entity', 'end-entity', 'chain'] as const);
  const revocation = { mode, scope, ...(random.chance(0.2) ? { graceSeconds: 7200 } : {}) };
  const identity = { ...makeIdentity(random, usual), names: [{ issuedBy: 'corp', dns: '*.corp.example' }] };
  const authorities = [{ name: 'corp', trustAnchors: [root], intermediates, revocation }];
  const draft: Draft = { revision: 1, isLocked: false, authorities, denied: [], identities: [identity] };
  if (random.chance(0.08)) denySigner(random, draft);
  return draft;
}

/** Denies a CA that signs lists of certificates that another CA or key issued. */
function denySigner(random: Random, { denied }: Draft): void {
  const { secondKey, lister } = getPool();
  const { facts } = random.pick([secondKey, lister, lister]);
  const { thumbprintSha256, path } = facts;
  const entry = random.pick([{ thumbprintSha256 }, { issuedBy: 'corp', serialNumber: path?.serialNumber ?? '' }]);
  if (denied.length === 0) denied.push(entry);
}

function makeAuthorities(random: Random): DraftAuthority[] {
  const { root, rootRenewed, issuing, renewed, secondKey, lister, otherRoot, otherIssuing } = getPool();
  const ofCorp = random.pick([
    ...[
      [issuing, secondKey],
      [secondKey, issuing],
      [issuing, secondKey, lister],
      [issuing, renewed, secondKey],
    ],
    ...[[issuing], [issuing, renewed], [secondKey]],
  ]);
  const all: DraftAuthority[] = [
    {
      name: random.pick(['corp', 'Corp']),
      trustAnchors: random.pick([[root], [root], [root, rootRenewed], [rootRenewed, root]]),
      intermediates: ofCorp,
      revocation: makeRevocation(random, 'CN=Issuing CA'),
    },
    { name: 'other', trustAnchors: [otherRoot], intermediates: [otherIssuing], revocation: makeRevocation(random) },
    { name: 'direct', trustAnchors: [issuing], intermediates: [], revocation: makeRevocation(random) },
  ];
  return all.filter((_, index) => random.chance([0.9, 0.3, 0.3][index] ?? 0));
}

function makeRevocation(random: Random, issuer?: string): Revocation | undefined {
  const mode = random.pick([
    undefined,
    'off',
    'required',
    'required',
    'required',
    'when-available',
    'when-available',
    'when-available',
  ] as const);
  if (mode === undefined) return undefined;
  const scope = random.pick([undefined, 'chain', 'end-entity', 'end-entity', 'end-entity', 'end-entity'] as const);
  const isOn = mode !== 'off';
  return {
    mode,
    ...(scope === undefined ? {} : { scope }),
    ...(random.chance(0.3) ? { graceSeconds: random.pick([60, 7200, 259_200]) } : {}),
    ...(isOn && random.chance(0.3) ? { noRevAvailMaximumLifetimeSeconds: random.pick([3600, 21_601]) } : {}),
    ...(mode === 'required' && issuer !== undefined && random.chance(0.15)
      ? { minimumCrlNumbers: [{ issuer, number: String(random.below(5)) }] }
      : {}),
  };
}

type Usual = Pick<Identity, 'name' | 'roles' | 'functions'>;

function makeIdentity(random: Random, usual: Usual): Draft['identities'][number] {
  const functions = random.chance(0.95) ? usual.functions : random.pick([undefined, [], ['GetOrder']]);
  return {
    name: random.chance(0.97) ? usual.name : 'orders',
    roles: random.chance(0.95) ? random.shuffle(usual.roles) : random.pick([[], ['reader'], ['writer']]),
    ...(functions === undefined ? {} : { functions }),
    ...(random.chance(0.02) ? { enabled: false } : {}),
    ...(random.chance(0.08) ? { expiresAt: iso(random.pick(moments)) } : {}),
    pins: [],
    names: [],
  };
}

const mostly = <T>(random: Random, [first, ...others]: readonly T[]): T =>
  others.length === 0 || random.chance(0.85) ? (first as T) : random.pick(others);

function addPin(random: Random, draft: Draft, focus: readonly Made[]): void {
  const { facts } = random.pick(focus);
  const kind = random.pick(['thumbprintSha256', 'thumbprintSha256', 'thumbprintSha1', 'publicKeySha256'] as const);
  const value = facts[kind];
  if (value === undefined) return;
  if (draft.identities.some(({ pins }) => pins.some((pin) => pin[kind]?.replaceAll(':', '').toUpperCase() === value)))
    return;
  const written = random.chance(0.2) ? value.toLowerCase().replace(/..(?=.)/g, '$&:') : value;
  const issuedBy =
    draft.authorities.length > 0 && random.chance(0.35) ? random.pick(draft.authorities).name : undefined;
  const window = random.chance(0.2)
    ? [...new Set([random.pick(moments), random.pick(moments)])].sort((a, b) => a - b)
    : [];
  const [notBefore, notAfter] = window;
  const since = random.pick(moments);
  mostly(random, draft.identities).pins.push({
    [kind]: written,
    ...(issuedBy === undefined ? {} : { issuedBy: random.chance(0.3) ? issuedBy.toUpperCase() : issuedBy }),
    ...(random.chance(0.06) ? { enabled: false } : {}),
    ...(notBefore === undefined || notAfter === undefined ? {} : { notBefore: iso(notBefore) }),
    ...(notAfter === undefined
      ? kind === 'publicKeySha256' && issuedBy === undefined
        ? { notAfter: iso(start + 40 * day) }
        : {}
      : { notAfter: iso(notAfter) }),
    ...(issuedBy === undefined && random.chance(0.35)
      ? {
          acceptWithoutClientAuth: {
            since: iso(since),
            until: iso(since + random.pick([2 * hour, day, 60 * day])),
            ...because,
          },
        }
      : {}),
  });
}

const names = [
  { dns: 'a.corp.example' },
  { dns: 'a.corp.example' },
  { dns: 'A.Corp.example' },
  { dns: 'b.corp.example' },
  { dns: '*.corp.example' },
  { email: 'a@corp.EXAMPLE' },
  { commonName: 'caller' },
  { commonName: 'plain' },
] as const;

function addName(random: Random, draft: Draft): void {
  if (draft.authorities.length === 0) return;
  const name = { issuedBy: random.pick(draft.authorities).name, ...random.pick(names) };
  const text = JSON.stringify(name).toLowerCase();
  const isThere = draft.identities.some((identity) =>
    identity.names.some((each) => JSON.stringify(each).toLowerCase() === text),
  );
  if (!isThere) mostly(random, draft.identities).names.push(name);
}

function addDenied(random: Random, draft: Draft, focus: readonly Made[]): void {
  const { authorities } = getPool();
  const of = random.chance(0.7) ? random.pick(focus) : random.pick(authorities);
  const issuedBy = draft.authorities.length > 0 && random.chance(0.3) ? random.pick(draft.authorities).name : undefined;
  const twin = random.chance(0.5) ? of.facts.twins[0] : undefined;
  const entry =
    issuedBy === undefined
      ? { thumbprintSha256: (twin ?? of.facts).thumbprintSha256 }
      : { issuedBy, serialNumber: of.facts.path?.serialNumber ?? '01' };
  if (!draft.denied.some((each) => JSON.stringify(each) === JSON.stringify(entry))) draft.denied.push(entry);
}

/** Changes a document in one way, as an operator might. */
export function changeDraft(random: Random, given: Draft, focus: readonly Made[]): Draft {
  const draft: Draft = {
    ...given,
    revision: given.revision + 1,
    authorities: given.authorities.map((authority) => ({ ...authority })),
    denied: [...given.denied],
    identities: given.identities.map((identity) => ({
      ...identity,
      pins: identity.pins.map((pin) => ({ ...pin })),
      names: [...identity.names],
    })),
  };
  const identity = random.pick(draft.identities);
  const authority = draft.authorities.length === 0 ? undefined : random.pick(draft.authorities);
  const changes: readonly (() => void)[] = [
    () => {
      draft.isLocked = !draft.isLocked;
    },
    () => {
      identity.enabled = identity.enabled === false || random.chance(0.4);
    },
    () => {
      identity.roles = random.pick([[], ['reader'], ['writer']]);
    },
    () => {
      addPin(random, draft, focus);
    },
    () => {
      addPin(random, draft, focus);
    },
    () => {
      addName(random, draft);
    },
    () => {
      if (draft.denied.length === 0 && random.chance(0.6)) addDenied(random, draft, focus);
      else draft.denied = [];
    },
    () => {
      identity.pins.pop();
    },
    () => {
      for (const pin of identity.pins) pin.enabled = pin.enabled === false;
    },
    () => {
      identity.names = identity.names.slice(1);
    },
    () => {
      if (authority !== undefined) authority.revocation = makeRevocation(random);
    },
    () => {
      if (authority?.name.toLowerCase() === 'corp') denySigner(random, draft);
    },
    () => {
      const { issuing, renewed, secondKey, lister, listerRenewed } = getPool();
      if (authority?.name.toLowerCase() === 'corp')
        authority.intermediates = random.pick([
          [issuing, secondKey, listerRenewed],
          [renewed, lister],
          [renewed, secondKey],
          [issuing, renewed, listerRenewed, lister],
        ]);
    },
  ];
  if (draft.isLocked) draft.isLocked = random.chance(0.2);
  else random.pick(changes)();
  return draft;
}

/** Gives the authority "corp" the name "corporate", which the app's code doesn't know, or the reverse. */
export function renameAuthority(draft: Draft): void {
  const isRenamed = (name: string | undefined): boolean => /^corp(?:orate)?$/i.test(name ?? '');
  const rename = (name: string): string => (/^corporate$/i.test(name) ? 'corp' : 'corporate');
  const follow = <Entry extends { readonly issuedBy?: string }>(entries: readonly Entry[]): Entry[] =>
    entries.map((each) => (isRenamed(each.issuedBy) ? { ...each, issuedBy: rename(each.issuedBy ?? '') } : each));
  draft.authorities = draft.authorities.map((each) =>
    isRenamed(each.name) ? { ...each, name: rename(each.name) } : each,
  );
  draft.denied = follow(draft.denied);
  for (const identity of draft.identities) {
    identity.pins = follow(identity.pins);
    identity.names = follow(identity.names);
  }
}

/** The document as JSON, in the form in which it is published. */
export function writeDocument({ revision, audience, isLocked, authorities, denied, identities }: Draft): string {
  return JSON.stringify({
    schemaVersion: 1,
    revision,
    ...(audience === undefined ? {} : { audience }),
    ...(isLocked ? { locked: { since: iso(start + 10 * day), by: 'ada', reason: 'test' } } : {}),
    authorities: authorities.map(({ name, trustAnchors, intermediates, revocation }) => ({
      name,
      trustAnchors: trustAnchors.map(({ der }) => toPem(der)),
      intermediates: intermediates.map(({ der }) => toPem(der)),
      ...(/^corp/i.test(name) ? { spiffeTrustDomains: ['corp.example'] } : {}),
      ...(revocation === undefined ? {} : { revocation }),
    })),
    denied,
    identities,
  });
}

/** The document in the form that the reference reads. */
export function readDraft({ revision, audience, isLocked, authorities, denied, identities }: Draft): Document {
  return {
    revision,
    ...(audience === undefined ? {} : { audience }),
    ...(isLocked ? { locked: {} } : {}),
    authorities: authorities.map(({ name, trustAnchors, intermediates, revocation }) => ({
      name,
      trustAnchors: trustAnchors.map(({ facts }) => facts),
      intermediates: intermediates.map(({ facts }) => facts),
      ...(revocation === undefined ? {} : { revocation }),
    })),
    denied,
    identities,
  };
}
