import type {
  DenialCode,
  PinEntry,
  TrustedAuthority,
  TrustedIdentity,
  TrustPin,
  TrustSnapshot,
} from '@certgate/core/internal';
import { findText, type LogLine } from './log-lines.js';
import { findNearPins, type NearMatch } from './near-matches.js';

/** What a line tells of a denial, in the shape of the gate's own facts as far as remedies need them: with entries of the document alone. */
export interface LineFacts {
  readonly identity: TrustedIdentity | undefined;
  /** Undefined: the document as it is now no longer refuses for this, or the line doesn't tell enough. */
  readonly facts: object | undefined;
  readonly nearMatches: readonly NearMatch[];
  /** One sentence each: what the line can't tell. */
  readonly untold: readonly string[];
}

type Reading = Partial<Pick<LineFacts, 'facts' | 'nearMatches' | 'untold'>>;

/** `now`: when the call was decided, in milliseconds. */
export function readLineFacts(code: DenialCode, line: LogLine, trust: TrustSnapshot, now: number): LineFacts {
  const name = (findText(line, 'identity') ?? findText(line, 'claimedIdentity'))?.toLowerCase();
  const identity = trust.identities.find((each) => each.name.toLowerCase() === name);
  const missing =
    name !== undefined && identity === undefined
      ? ['The line names an identity that the document does not list now.']
      : [];
  const { facts, nearMatches = [], untold = [] } = read(code, { line, trust, identity, now });
  return { identity, facts, nearMatches, untold: [...missing, ...untold] };
}

const noLonger: Reading = {
  untold: ['The document here no longer refuses for this: compare the time of the line with when the app read it.'],
};

interface Question {
  readonly line: LogLine;
  readonly trust: TrustSnapshot;
  readonly identity: TrustedIdentity | undefined;
  readonly now: number;
}

function read(code: DenialCode, question: Question): Reading {
  const { line, trust, identity, now } = question;
  const detail = findText(line, 'detail') ?? '';
  if (code === 'certificate_not_trusted') return readStranger(question);
  if (code === 'certificate_on_deny_list') return readDenied(question, detail);
  if (code === 'identity_ambiguous') return readAmbiguity(question, detail);
  if (code === 'trust_locked') {
    // By the app setting, whatever the document says.
    if (detail.includes('CERTGATE_LOCKED')) return { facts: {} };
    return trust.locked === undefined ? noLonger : { facts: trust.locked };
  }
  if (code.startsWith('path_') || code === 'certificate_revoked' || code === 'revocation_unavailable')
    return readPath(question, detail);
  if (identity === undefined) return /^(?:identity|pin|function|role)_/.test(code) ? {} : { facts: {} };
  const { name, roles, functions = [] } = identity;
  switch (code) {
    case 'identity_disabled':
      return identity.enabled ? noLonger : { facts: { identity: name } };
    case 'identity_expired':
      return (identity.expiresAt ?? Infinity) > Math.max(now, Date.now())
        ? noLonger
        : { facts: { identity: name, expiresAt: identity.expiresAt ?? 0 } };
    case 'function_not_allowed':
      return { facts: { identity: name, functionName: 'FUNCTION', functions } };
    case 'role_missing':
      return { facts: { identity: name, functionName: 'FUNCTION', anyOf: [], roles } };
    case 'pin_disabled':
    case 'pin_not_yet_valid':
    case 'pin_expired':
      return readPins(identity, question);
    default:
      return { facts: {} };
  }
}

/** By its first digits, or the certificate's thumbprint. */
function findPins({ pins }: TrustedIdentity, line: LogLine): readonly TrustPin[] {
  const matched = findText(line, 'matched')?.split(',') ?? [];
  const thumbprint = findText(line, 'thumbprintSha256');
  return pins.filter(
    ({ value }) => value === thumbprint || matched.some((digits) => digits.length >= 16 && value.startsWith(digits)),
  );
}

function readPins(identity: TrustedIdentity, { line }: Question): Reading {
  const [pin, ...others] = findPins(identity, line).map(describePin);
  if (pin === undefined) return { untold: [`The line can't tell which pin of "${identity.name}" matched.`] };
  return {
    facts: { identity: identity.name, pin, others, notBefore: pin.notBefore ?? 0, notAfter: pin.notAfter ?? 0 },
  };
}

function describePin({ kind, value, issuedBy, enabled, notBefore, notAfter }: TrustPin): PinEntry {
  return {
    ...{ kind, value },
    ...(issuedBy === undefined ? {} : { issuedBy }),
    ...(enabled ? {} : { isDisabled: true as const }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(notAfter === undefined ? {} : { notAfter }),
  };
}

function readDenied({ line, trust: { denied } }: Question, detail: string): Reading {
  const path = /\((denied\[\d+\])\)/.exec(detail)?.[1];
  const entry =
    denied.thumbprintsSha256.get(findText(line, 'thumbprintSha256') ?? '') ??
    [...denied.serialNumbers.values(), ...denied.thumbprintsSha256.values()].find((each) => each.path === path);
  if (entry === undefined) return { untold: ['The deny list of the document has no such entry now.'] };
  const isByPlace = entry.thumbprintSha256 !== findText(line, 'thumbprintSha256');
  return {
    facts: { entry },
    untold: isByPlace
      ? [
          'The line names the entry of the deny list by its place alone: in a document that has changed, it may be another.',
        ]
      : [],
  };
}

function readAmbiguity({ line, trust }: Question, detail: string): Reading {
  const named = trust.identities.filter(({ name }) => detail.includes(`"${name}"`));
  const identities = named.map((identity) => {
    const pins = findPins(identity, line).map(describePin);
    return {
      identity: identity.name,
      pins,
      names: pins.length === 0 && identity.names.length === 1 ? identity.names : [],
    };
  });
  const isWhole = identities.length > 1 && identities.every(({ pins, names }) => pins.length + names.length > 0);
  if (isWhole) return { facts: { identities } };
  return { untold: ["The line can't tell which entries of the identities matched: ask with the certificate."] };
}

/** By its name in the sentence, or as the only one of the identity, or of the document. */
function findAuthority({ line, trust, identity }: Question, detail: string): TrustedAuthority | undefined {
  const { list } = line;
  const issuer = typeof list === 'object' && list !== null ? findText(list as LogLine, 'issuer') : undefined;
  const quoted = trust.authorities.filter(({ name }) => detail.includes(`authority "${name}"`));
  const asked = new Set(
    [...(identity?.names ?? []), ...(identity?.pins ?? [])].flatMap(({ issuedBy }) => issuedBy ?? []),
  );
  const ofIdentity = trust.authorities.filter(({ name }) => asked.has(name));
  const ofIssuer = trust.authorities.filter((authority) => hasCa(authority, issuer));
  return [quoted, ofIssuer, ofIdentity, trust.authorities].find(({ length }) => length === 1)?.[0];
}

function hasCa({ trustAnchors, intermediates }: TrustedAuthority, subject: string | undefined): boolean {
  return [...trustAnchors, ...intermediates].some(({ subjectText }) => subjectText === subject);
}

function readPath(question: Question, detail: string): Reading {
  const { line, identity } = question;
  const authority = findAuthority(question, detail);
  if (authority === undefined) return { untold: ["The line can't tell which authority was asked."] };
  const pin = identity && findPins(identity, line).find(({ issuedBy }) => issuedBy !== undefined);
  const claim = findText(line, 'claimedIdentity') === undefined ? undefined : identity?.name;
  const name = identity?.names[0];
  return {
    facts: {
      ...{ authority: authority.name, fault: detail },
      ...(pin === undefined ? {} : { pin: describePin(pin) }),
      ...(claim === undefined || name === undefined ? {} : { claim: { identity: claim, name } }),
    },
    untold: [
      "The line can't tell which certificate of the path is missing or wrong beyond its detail: explain --certificate can.",
    ],
  };
}

function readStranger({ line, trust, identity }: Question): Reading {
  const thumbprintSha256 = findText(line, 'thumbprintSha256');
  const near = thumbprintSha256 === undefined ? [] : findNearPins(trust, { thumbprintSha256 });
  const claimed =
    identity === undefined || near.some((match) => match.identity === identity)
      ? []
      : [
          {
            identity,
            likeness: 'points to this identity by a name, which anybody can write into a certificate',
            ...(identity.names[0] && identity.pins.length === 0 ? { trustName: identity.names[0] } : {}),
          },
        ];
  const issuer = findText(line, 'issuer');
  const authorities = trust.authorities.filter((authority) => hasCa(authority, issuer)).map(({ name }) => name);
  return {
    facts: authorities.length === 0 ? {} : { authorities },
    nearMatches: [...near, ...claimed],
    untold: [
      "The line has only the start of the caller's names, and no hash of its key: explain --certificate compares all.",
    ],
  };
}
