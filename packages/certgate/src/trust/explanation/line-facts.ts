import type {
  DenialCode,
  FunctionRequirement,
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

/** What a line is compared with. */
export interface LineContext {
  readonly trust: TrustSnapshot;
  /** The line names the content of this very document, so that a place in it means the same. */
  readonly isSameDocument: boolean;
  readonly requirement: FunctionRequirement;
  /** Milliseconds, by the clock here: a command has to end the trouble from now on. */
  readonly now: number;
}

export function readLineFacts(code: DenialCode, line: LogLine, context: LineContext): LineFacts {
  const { trust } = context;
  const name = (findText(line, 'identity') ?? findText(line, 'claimedIdentity'))?.toLowerCase();
  const identity = trust.identities.find((each) => each.name.toLowerCase() === name);
  const missing =
    name !== undefined && identity === undefined
      ? ['The line names an identity that the document does not list now.']
      : [];
  const { facts, nearMatches = [], untold = [] } = read(code, { ...context, line, identity });
  return { identity, facts, nearMatches, untold: [...missing, ...untold] };
}

const noLonger: Reading = {
  untold: ['The document here does not refuse for this now: compare the time of the line with when the app read it.'],
};

interface Question extends LineContext {
  readonly line: LogLine;
  readonly identity: TrustedIdentity | undefined;
}

function read(code: DenialCode, question: Question): Reading {
  const { line, trust, identity, requirement, now } = question;
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
      return (identity.expiresAt ?? Infinity) > now
        ? noLonger
        : { facts: { identity: name, expiresAt: identity.expiresAt ?? 0 } };
    case 'function_not_allowed':
      return identity.functions === undefined || functions.includes(requirement.functionName.toLowerCase())
        ? noLonger
        : { facts: { identity: name, functionName: 'FUNCTION', functions } };
    case 'role_missing':
      return requirement.roles.every((anyOf) => anyOf.some((role) => roles.includes(role)))
        ? noLonger
        : { facts: { identity: name, functionName: 'FUNCTION', anyOf: [], roles } };
    case 'pin_disabled':
      return readPins(identity, question, ({ enabled }) => !enabled);
    case 'pin_not_yet_valid':
      return readPins(identity, question, ({ notBefore = -Infinity }) => now < notBefore);
    case 'pin_expired':
      return readPins(identity, question, ({ notAfter = Infinity }) => now >= notAfter);
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

function readPins(identity: TrustedIdentity, { line }: Question, isAtFault: (pin: TrustPin) => boolean): Reading {
  const pins = findPins(identity, line);
  const [pin, ...others] = pins.map(describePin);
  if (pin === undefined) return { untold: [`The line can't tell which pin of "${identity.name}" matched.`] };
  // A command about none of the pins would be one about the whole identity.
  if (!pins.some(isAtFault)) return noLonger;
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

function readDenied({ line, trust: { denied }, isSameDocument }: Question, detail: string): Reading {
  // In another document, another certificate may stand there, which nobody asked to admit again.
  const path = isSameDocument ? /\((denied\[\d+\])\)/.exec(detail)?.[1] : undefined;
  const entry =
    denied.thumbprintsSha256.get(findText(line, 'thumbprintSha256') ?? '') ??
    [...denied.serialNumbers.values(), ...denied.thumbprintsSha256.values()].find((each) => each.path === path);
  if (entry !== undefined) return { facts: { entry } };
  return isSameDocument
    ? { untold: ["The line can't tell which entry of the deny list it is."] }
    : {
        untold: [
          'The deny list of the document here does not have the thumbprint of the line. A serial number or a CA certificate may be denied: explain --certificate can tell.',
        ],
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
  if (thumbprintSha256 !== undefined && trust.pins.thumbprintSha256.has(thumbprintSha256)) return noLonger;
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
