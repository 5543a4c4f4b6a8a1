import type {
  DecisionLogLine,
  ExpiryLogLine,
  RenewalLogLine,
  RevocationLogLine,
  StartLogLine,
  StatusLogLine,
  SuppressedLogLine,
  TrustLogLine,
} from '@certgate/core/internal';
import { isObject } from './gate-lines.js';
import { findLineInstant } from './instants.js';
import type { GateLine } from './log-record.js';

/** Called with each key that this version doesn't know. */
type Note = (key: string) => void;

interface Member {
  readonly isRequired: boolean;
  readonly fits: (value: unknown, note: Note) => boolean;
}

/** The type of each key that core writes in this kind of line. */
type Members<Line> = Readonly<Record<keyof Line, Member>>;

const required = (fits: Member['fits']): Member => ({ isRequired: true, fits });
const optional = (fits: Member['fits']): Member => ({ isRequired: false, fits });

const isText = (value: unknown): boolean => typeof value === 'string';
const isTime = (value: unknown): boolean => typeof value === 'string' && findLineInstant(value) !== undefined;
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
/** Checks for a finite number that is not negative. JSON can write an infinite one: `1e999`. */
const isAmount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isCount = (value: unknown): boolean => isAmount(value) && Number.isSafeInteger(value);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
/** Checks the values only. The keys are denial codes or names of identities, which may be any text. */
const isCounts = (value: unknown): boolean => isObject(value) && Object.values(value).every(isCount);
const isOneOf =
  (...texts: readonly string[]): Member['fits'] =>
  (value) =>
    typeof value === 'string' && texts.includes(value);

/** Checks an object with these members. It may have other members too, whose keys are passed to `note`. */
function shape<Line extends object>(members: Members<Line>, path = ''): Member['fits'] {
  const table = new Map<string, Member>(Object.entries(members));
  const requiredCount = [...table.values()].filter(({ isRequired }) => isRequired).length;
  return (value, note) => {
    if (!isObject(value)) return false;
    let count = 0;
    for (const key of Object.keys(value)) {
      const member = table.get(key);
      if (member === undefined) note(`${path}${key}`);
      else if (!member.fits(value[key], note)) return false;
      else if (member.isRequired) count += 1;
    }
    return count === requiredCount;
  };
}

function listOf(fits: Member['fits']): Member['fits'] {
  return (value, note) => Array.isArray(value) && value.every((each) => fits(each, note));
}

const start = {
  certgate: required(isCount),
  event: required(isText),
  time: required(isTime),
  process: optional(isText),
};

const revocationList = {
  issuer: required(isText),
  number: optional(isText),
  source: optional(isText),
  end: optional(isTime),
};

const trustStatus = shape<NonNullable<StatusLogLine['trust']>[number]>(
  {
    source: required(isText),
    mirror: optional(isText),
    revision: optional(isAmount),
    sha256: optional(isText),
    // The age is negative if the clock was put back.
    ageSeconds: optional((value) => typeof value === 'number' && Number.isFinite(value)),
    signedBy: optional(isTexts),
    locked: optional(isFlag),
    fault: optional(isText),
    revocationFault: optional(isText),
  },
  'trust.',
);

const callerStatus = shape<StatusLogLine['callers'][number]>(
  {
    identity: required(isText),
    matchedBy: required(isText),
    matched: optional(isText),
    first: required(isTime),
    last: required(isTime),
    calls: required(isCount),
  },
  'callers.',
);

const ending = {
  ...start,
  code: required(isText),
  identity: required(isText),
  owner: optional(isText),
  endsAt: required(isTime),
  detail: required(isText),
};

const shapes = new Map<string, Member['fits']>(
  Object.entries({
    decision: shape<DecisionLogLine>({
      ...start,
      outcome: required(isOneOf('allowed', 'denied', 'observed')),
      code: required(isText),
      status: optional(isCount),
      after: optional(isText),
      function: required(isText),
      method: optional(isText),
      route: optional(isText),
      tool: optional(isText),
      correlationId: required(isText),
      identity: optional(isText),
      matchedBy: optional(isText),
      matched: optional(isText),
      thumbprintSha256: optional(isText),
      trustRevision: optional(isAmount),
      trustSha256: optional(isText),
      trustSource: optional(isText),
      reportOnlyCode: optional(isText),
      reportOnlyUntil: optional(isTime),
      observedUntil: optional(isTime),
      functionKey: optional(isText),
      withoutClientAuthUntil: optional(isTime),
      claimedBy: optional(isText),
      claimedIdentity: optional(isText),
      subject: optional(isText),
      issuer: optional(isText),
      serialNumber: optional(isText),
      notAfter: optional(isTime),
      list: optional(shape(revocationList, 'list.')),
      detail: optional(isText),
      suppressed: optional(isCount),
    }),
    status: shape<StatusLogLine>({
      ...start,
      moment: required(isOneOf('start', 'hour')),
      since: required(isTime),
      part: optional(isCount),
      parts: optional(isCount),
      version: optional(isText),
      host: optional(isText),
      frontEnd: optional(isText),
      frontEndProof: optional(isText),
      frontEndFault: optional(isText),
      trust: optional(listOf(trustStatus)),
      closed: optional(isTexts),
      open: optional(isTexts),
      moreClosed: optional(isCount),
      moreOpen: optional(isCount),
      locked: optional(isFlag),
      denials: optional(isCounts),
      callers: required(listOf(callerStatus)),
      moreCallers: optional(shape<{ calls: number }>({ calls: required(isCount) }, 'moreCallers.')),
    }),
    suppressed: shape<SuppressedLogLine>({
      ...start,
      since: required(isTime),
      denials: required(isCounts),
      identities: optional(isCounts),
      total: required(isCount),
    }),
    start: shape<StartLogLine>({
      ...start,
      code: required(isText),
      detail: required(isText),
      function: optional(isText),
      reportOnlyUntil: optional(isTime),
      observedUntil: optional(isTime),
    }),
    trust: shape<TrustLogLine>({
      ...start,
      code: required(isText),
      source: required(isText),
      trustRevision: optional(isAmount),
      detail: optional(isText),
    }),
    expiry: shape<ExpiryLogLine>({
      ...ending,
      thumbprintSha256: optional(isText),
      endsFirst: required(isText),
      publicIssuance: optional(isText),
    }),
    renewal: shape<RenewalLogLine>({
      ...ending,
      thumbprintSha256: required(isText),
      publicIssuance: required(isText),
      evidence: required(isTexts),
    }),
    revocation: shape<RevocationLogLine>({
      ...start,
      code: required(isText),
      authority: optional(isText),
      subject: optional(isText),
      serialNumber: optional(isText),
      thumbprintSha256: optional(isText),
      list: required(shape(revocationList, 'list.')),
      detail: required(isText),
    }),
  } satisfies Record<GateLine['event'], Member['fits']>),
);

/** Why an object that begins like a gate's line can't be used. */
export type LineFault = 'otherVersion' | 'otherEvent' | 'malformed';

/** @returns the line, or why it can't be used. */
export function checkLine(value: Readonly<Record<string, unknown>>, note: Note): GateLine | LineFault {
  if (value['certgate'] !== 1) return 'otherVersion';
  const { event } = value;
  if (typeof event !== 'string') return 'malformed';
  const fits = shapes.get(event);
  if (fits === undefined) return 'otherEvent';
  return fits(value, note) ? (value as unknown as GateLine) : 'malformed';
}
