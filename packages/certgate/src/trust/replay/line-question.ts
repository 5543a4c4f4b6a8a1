import {
  type DenialCode,
  type FunctionRequirement,
  type TrustedIdentity,
  type TrustSnapshot,
} from '@certgate/core/internal';
import type { CalledLine, CallGroup } from './call-groups.js';
import { findMatchedText } from './call-groups.js';
import type { ComparedDocuments } from './compared-documents.js';
import { type CallQuestion, isAboutAuthorization } from './decide-again.js';
import type { ProvenCaller } from './possible-matches.js';
import type { UntoldReason } from './replay-report.js';
import type { CertificateUse, TrustEntry } from './stand-in.js';

/** What the functions of the app require, by their names in lower case; undefined: nobody asked the app. */
export type KnownRequirements = ReadonlyMap<string, FunctionRequirement> | undefined;

export interface LineContext {
  readonly documents: ComparedDocuments;
  /** The digits that lines have of the earlier document. */
  readonly beforeDigits: string;
  readonly requirements: KnownRequirements;
  readonly findTwins: (identity: string) => ReadonlySet<string>;
}

/** What a line that neither document of the comparison decided, or several did, is not told by. */
export function findDocumentReason(
  line: CalledLine,
  { documents, beforeDigits }: LineContext,
): UntoldReason | undefined {
  const { trustSha256, trustRevision } = line;
  if (trustSha256 === undefined) return 'noDocument';
  if (trustSha256.includes(',')) return 'firstOf';
  // Beside a store of the app's own, one document has no revision in the line.
  if (trustRevision === undefined) return 'firstOf';
  return trustSha256 === beforeDigits && trustRevision === documents.before.revision ? undefined : 'otherDocument';
}

/** @returns the reason where the line doesn't tell enough to ask. */
export function askAboutLine({ line, time }: CallGroup, context: LineContext): CallQuestion | UntoldReason {
  const reason = findDocumentReason(line, context);
  if (reason === 'firstOf' || reason === 'noDocument') return reason;
  const caller = reason === undefined ? findCaller(line, context) : createStranger(line.thumbprintSha256);
  if (caller === undefined) return 'matched';
  const isAuthorization = isAboutAuthorization(line.code);
  const grace = caller.matched.some(({ pin }) => pin?.acceptWithoutClientAuth !== undefined);
  return {
    documents: context.documents,
    caller,
    ...findRequirements(line, reason === undefined, context),
    uses: findUses(line, isAuthorization && (grace || reason !== undefined)),
    isFit: line.outcome === 'allowed' || isAuthorization,
    now: time,
  };
}

function findUses(
  { withoutClientAuthUntil, code }: CalledLine,
  mayLackClientAuth: boolean,
): readonly [CertificateUse, ...CertificateUse[]] {
  if (withoutClientAuthUntil !== undefined || code === 'certificate_extended_key_usage_unsuitable') return ['server'];
  return mayLackClientAuth ? ['client', 'server'] : ['client'];
}

function createStranger(thumbprintSha256: string | undefined): ProvenCaller {
  return { thumbprintSha256, proof: 'nothing', identity: undefined, matched: [], twins: noTwins };
}

const noTwins: ReadonlySet<string> = new Set();

/** Codes after which all that matched is known to be one identity's, and in force. */
const afterIdentity: ReadonlySet<string> = new Set(['allowed', 'function_not_allowed', 'role_missing']);
/** Codes of one identity's pin or of the identity itself. */
const ofIdentity: ReadonlySet<DenialCode | 'allowed'> = new Set([
  'identity_disabled',
  'identity_expired',
  'pin_disabled',
  'pin_not_yet_valid',
  'pin_expired',
  'certificate_extended_key_usage_unsuitable',
]);

/** Undefined: the line doesn't tell by what the caller was known. */
function findCaller(line: CalledLine, { documents: { before }, findTwins }: LineContext): ProvenCaller | undefined {
  const { code, thumbprintSha256 } = line;
  const name = line.identity;
  const common = { thumbprintSha256, twins: name === undefined ? noTwins : findTwins(name) };
  if (code === 'certificate_not_trusted') return { ...common, proof: 'stranger', identity: undefined, matched: [] };
  const matched = findEntries(line, before);
  const isOne = matched.length === 1 && name !== undefined && thumbprintSha256 !== undefined;
  if (afterIdentity.has(code)) return isOne ? { ...common, proof: 'admitted', identity: name, matched } : undefined;
  return { ...common, proof: isOne && ofIdentity.has(code) ? 'matched' : 'nothing', identity: name, matched };
}

/** The entries of the document that the line names; where it names none, that of the certificate's thumbprint. */
function findEntries(line: CalledLine, { identities }: TrustSnapshot): readonly TrustEntry[] {
  const { identity: name, matchedBy } = line;
  const texts = findMatchedText(line)?.split(',') ?? [];
  const held = name === undefined ? identities : identities.filter((each) => each.name === name);
  return held.flatMap((identity) => listEntries(identity).filter((entry) => isNamed(entry, texts, matchedBy)));
}

function listEntries(identity: TrustedIdentity): readonly TrustEntry[] {
  return [
    ...identity.pins.map((pin) => ({ identity, pin })),
    ...identity.names.map((trustName) => ({ identity, trustName })),
  ];
}

/** As `matched` and `matchedBy` have it; a refusal has no `matchedBy`. */
function isNamed({ pin, trustName }: TrustEntry, texts: readonly string[], matchedBy: string | undefined): boolean {
  const kind = pin?.kind ?? trustName?.type ?? '';
  const issuer = pin?.issuedBy ?? trustName?.issuedBy;
  if (matchedBy !== undefined && matchedBy !== (issuer === undefined ? kind : `${kind} issued by ${issuer}`))
    return false;
  return texts.some((text) =>
    pin !== undefined
      ? text.length === 16 && pin.value.startsWith(text)
      : trustName !== undefined && isSameName(trustName.value, text),
  );
}

/** A long name is cut in the line. */
function isSameName(value: string, text: string): boolean {
  return value === text || (text.length >= 96 && text.endsWith('…') && value.startsWith(text.slice(0, -1)));
}

/** Met by nobody. */
const unknownRoles: FunctionRequirement['roles'] = [[]];

function findRequirements(
  line: CalledLine,
  isOfBefore: boolean,
  { documents: { before, after }, requirements }: LineContext,
): Pick<CallQuestion, 'weakest' | 'strongest'> {
  const functionName = line.function;
  const known = requirements?.get(functionName.toLowerCase());
  if (known !== undefined) return { weakest: known, strongest: known };
  if (line.reportOnlyUntil !== undefined) {
    // Let through whatever is required, and so again.
    const requirement = { functionName, roles: unknownRoles, reportOnlyUntil: Date.parse(line.reportOnlyUntil) };
    return { weakest: requirement, strongest: requirement };
  }
  const { roles: had = [] } = before.identities.find(({ name }) => name === line.identity) ?? {};
  // All that is known of a call that was admitted: these roles sufficed.
  const sufficient = isOfBefore && line.outcome === 'allowed' ? had.map((role) => [role]) : unknownRoles;
  const missing = line.code === 'role_missing' ? findMissingRoles(line, [before, after]) : undefined;
  return {
    weakest: { functionName, roles: missing === undefined ? [] : [missing] },
    strongest: { functionName, roles: sufficient },
  };
}

/** One of these is required, as the detail says; undefined: it is not whole, or can be read in two ways. */
function findMissingRoles(
  { detail = '', function: name, identity = '' }: CalledLine,
  documents: readonly TrustSnapshot[],
): readonly string[] | undefined {
  const start = `"${identity}" lacks the role that ${name} requires: `;
  const text = detail.startsWith(start) ? detail.slice(start.length) : undefined;
  const isPlain = documents.every(({ identities }) =>
    identities.every(({ roles }) => !roles.some((role) => role.includes(' or '))),
  );
  return isPlain && text?.endsWith('.') === true ? text.slice(0, -1).split(' or ') : undefined;
}
