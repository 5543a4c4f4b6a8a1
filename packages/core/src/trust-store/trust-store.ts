// trust-store/: what answers find(certificate): refresh, the last good version, several stores as one.

import { isUint8Array } from 'node:util/types';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';
import { type Denial, type DenialCode, isDenialCodeOf } from '../denial.js';
import { confirmMember, escapeInvisible, hasMember, isObject, readMember, shortenText } from '@certgate/x509/internal';
import { describeFault } from '../encoding/describe-fault.js';
import {
  type ConfirmedFinding,
  type FoundFinding,
  type FoundIdentity,
  type NominatedFinding,
  type NotFoundFinding,
  readFacts,
  type TrustFinding,
  type UnavailableFinding,
} from '../trust-snapshot/trust-finding.js';
import { isOwnClaim } from '../trust-snapshot/issued-match.js';
import type { StrangerClaim } from '../denial-facts.js';
import { isClientAuthGrace } from '../trust-snapshot/client-auth-grace.js';
import type { RevocationListStatus, WithdrawnRevocation } from './lists-in-use.js';
import type { TrustWarning } from '../trust-snapshot/trust-snapshot.js';

/**
 * What answers who a certificate belongs to. A store of your own needs `find` alone.
 *
 * Whatever goes wrong in it (a throw, a rejection, a timeout, an answer of another shape) is answered with 503, never
 * with a pass.
 */
export interface TrustStore {
  /** `now` is in milliseconds since 1970-01-01T00:00:00Z. */
  find(certificate: PresentedCertificate, now: number): TrustFinding | Promise<TrustFinding>;

  /**
   * Names the store's present content: as long as it stays the same, earlier answers hold and are remembered. Undefined
   * (or absent): the store can't vouch for that now, and `find` is asked at every request.
   */
  readonly version?: string | undefined;

  /**
   * Names everything that the answers depend on, options included: two stores that name the same answer the same.
   * Undefined (or absent): nobody can say. An app of several bundles has a store in each, and only one of them is used.
   */
  readonly configuration?: string | undefined;

  /**
   * Loads the content for the first time, when the app starts. Rejects when the content is there and not valid, which
   * keeps the app from starting; resolves when it is out of reach, since `find` then answers `unavailable`.
   */
  start?(): Promise<void>;

  /** What an operator should know of it. */
  report?(): TrustStoreReport;

  /**
   * For a line of the log about a certificate that the store doesn't know: whom it points to anyway. Asked only for
   * lines that are written.
   */
  findClaim?(certificate: PresentedCertificate, now: number): StrangerClaim | undefined;
}

/** What a trust store tells operators about its document. */
export interface TrustStoreReport {
  /** Where the trust comes from, e.g. `file trust.json`. */
  readonly description: string;
  readonly revision: number | undefined;
  /**
   * The SHA-256 of the document's bytes, 64 upper-case hexadecimal digits; of several documents all, separated by commas.
   * Undefined (or absent): there is none, or the store doesn't tell.
   */
  readonly sha256?: string | undefined;
  readonly warnings: readonly TrustStoreWarning[];
  /** Why the latest read of the document failed; undefined when it succeeded. */
  readonly fault: string | undefined;
  /**
   * What kind of failure `fault` is: the document could not be read, or it was read and is not taken. Undefined (or
   * absent): neither, or the store doesn't tell.
   */
  readonly failure?: 'unreachable' | 'refused' | undefined;
  /**
   * What is wrong with the revocation lists, and who is refused because of that. The document decides anyway.
   * Undefined (or absent): nothing, or the store doesn't tell.
   */
  readonly revocationFault?: string | undefined;
  /**
   * When the latest good read began, in milliseconds since 1970-01-01T00:00:00Z. Undefined (or absent): never, or the
   * store doesn't read.
   */
  readonly lastSuccessAt?: number | undefined;
  /** How long ago that is, by whichever clock says more. */
  readonly ageMilliseconds?: number | undefined;
  /**
   * When the document in use stops deciding unless a good read comes first, in milliseconds since 1970-01-01T00:00:00Z.
   * Undefined (or absent): there is none, or no such moment.
   */
  readonly usableUntil?: number | undefined;
  /** Of a store with a second place for its document. */
  readonly mirror?: TrustMirrorReport | undefined;
  /** The document in use is locked. */
  readonly isLocked?: boolean | undefined;
  /** The revocation lists that the document's authorities go by. */
  readonly revocationLists?: readonly RevocationListStatus[] | undefined;
  /** Certificates that were refused as revoked, and that newer lists have left out: the latest hundred. */
  readonly withdrawnRevocations?: readonly WithdrawnRevocation[] | undefined;
  /** Of each key whose signature counts, the first 16 digits of its SHA-256 (SPKI); absent: nothing must be signed. */
  readonly signedBy?: readonly string[] | undefined;
  /** Of a store of several: what each of them says, nested ones in the place of the store that has them. */
  readonly parts?: readonly TrustStoreReport[] | undefined;
}

/** What is known of the second place of a document. It is read at first, and whenever the first place gives none. */
export interface TrustMirrorReport {
  /** Where it is, e.g. `file trust.json`. */
  readonly description: string;
  /** Whether the document in use was read there, and not in the first place. */
  readonly isInUse: boolean;
  /** Why its latest read failed; undefined when it succeeded. */
  readonly fault: string | undefined;
}

/** What the document itself warns of, and what only shows when one follows another. */
export interface TrustStoreWarning {
  readonly code: TrustWarning['code'] | 'revision_reused';
  /** Where in the document, e.g. `identities[3].pins[0]`. */
  readonly path: string;
  readonly message: string;
}

/**
 * Checks what a store answered. A user's own store is code that nobody else has seen: an answer of any other shape than
 * those of `TrustFinding` is `unavailable`, never a pass and never *not found*.
 */
export function readTrustFinding(answer: unknown): TrustFinding {
  if (!isObject(answer)) return unknownAnswer;
  const { outcome, detail } = readAnswer(answer);
  if (outcome === 'nominated') return readNominated(answer);
  if (outcome !== 'denied') return readPlainAnswer(answer, outcome, detail);
  const { code, identityName, facts } = readAnswerMembers(answer, ['code', 'identityName', 'facts']);
  if (!isDenialCodeOf('trust-store', code)) return describeUnknownCode(code);
  return { outcome, code, detail: textOr(detail, refusedDetail), ...knownName(identityName), ...ownFacts(code, facts) };
}

/** The same of what a nomination's `confirm` answered. */
function readConfirmedFinding(answer: unknown): ConfirmedFinding {
  if (!isObject(answer)) return unknownAnswer;
  const { outcome, detail } = readAnswer(answer);
  if (outcome !== 'denied') return readPlainAnswer(answer, outcome, detail);
  const names = ['step', 'code', 'identityName', 'isUnissued', 'currentFrom', 'currentUntil', 'facts'] as const;
  const { step, code, identityName, isUnissued, currentFrom, currentUntil, facts } = readAnswerMembers(answer, names);
  const said = { outcome, detail: textOr(detail, refusedDetail), ...knownName(identityName) } as const;
  if (step === 'certification-path' && isDenialCodeOf(step, code)) {
    const span = {
      ...(isInstant(currentFrom) ? { currentFrom } : {}),
      ...(isInstant(currentUntil) ? { currentUntil } : {}),
    };
    const unissued = isUnissued === true ? { isUnissued, ...span } : {};
    return { ...said, step, code, ...unissued, ...ownFacts(code, facts) };
  }
  if (step === 'client-identity' && isDenialCodeOf(step, code))
    return { ...said, step, code, ...ownFacts(code, facts) };
  return describeUnknownCode(code);
}

/** The words of a store of the user's own say what is wrong: of facts that it made, nobody knows the shape. */
function ownFacts<Code extends DenialCode>(code: Code, given: unknown): Pick<Denial<Code>, 'facts'> {
  const facts = readFacts(code, given);
  return facts === undefined ? {} : { facts };
}

const refusedDetail = 'The trust store refused the certificate.';

const unknownAnswer: UnavailableFinding = Object.freeze({
  outcome: 'unavailable',
  detail:
    'The trust store gave an answer that is none of found, denied, notFound, unavailable; see the TrustFinding type.',
});

function describeUnknownCode(code: unknown): UnavailableFinding {
  const shown = typeof code === 'string' ? shortenText(escapeInvisible(code)) : typeof code;
  const detail = `The trust store refused the certificate with the code "${shown}", which is not one that a store may give; see the TrustDenialCode type.`;
  return { outcome: 'unavailable', detail };
}

/**
 * The version a store gives its present content, or undefined where it gives none: then nothing is remembered. `null` and
 * the empty text are what a store has before it loaded, and name no content.
 *
 * @throws {TrustVersionError} where the store's own code throws.
 */
export function readTrustVersion(store: { readonly version?: unknown }): string | undefined {
  return readVersion(store, false);
}

/**
 * Whether `version` is a member of the store for good: found once on an object that is frozen, it can't go away, so that
 * looking for it at every request would find it again. The stores of this library are such objects.
 */
export function hasLastingVersion(store: unknown): boolean {
  return isObject(store) && Object.isFrozen(store) && hasMember(store, 'version');
}

/** As `readTrustVersion`; `isLasting` is what `hasLastingVersion` said of the store. */
export function readVersion(store: { readonly version?: unknown }, isLasting: boolean): string | undefined {
  try {
    const version = isLasting ? store.version : confirmMember(store, 'version', store.version);
    return typeof version === 'string' && version !== '' ? version : undefined;
  } catch (error) {
    throw new TrustVersionError(`The trust store failed to say its version: ${describeFault(error)}.`);
  }
}

/** What a store that threw or rejected comes to. */
export function describeStoreFault(error: unknown): UnavailableFinding {
  return { outcome: 'unavailable', detail: `The trust store failed: ${describeFault(error)}.` };
}

export class TrustVersionError extends Error {
  override readonly name = 'TrustVersionError';
}

/** Members of the answer itself or of its class: what a polluted prototype adds is no part of it. */
function readAnswerMembers<const Names extends readonly string[]>(
  answer: object,
  names: Names,
): Record<Names[number], unknown> {
  return Object.fromEntries(names.map((name) => [name, readMember(answer, name)])) as Record<Names[number], unknown>;
}

/** By names that stand in the code: they are read at every request. */
function readAnswer(given: object): { readonly outcome: unknown; readonly detail: unknown } {
  const plain: { readonly outcome?: unknown; readonly detail?: unknown } = given;
  return {
    outcome: confirmMember(given, 'outcome', plain.outcome),
    detail: confirmMember(given, 'detail', plain.detail),
  };
}

function readPlainAnswer(
  given: object,
  outcome: unknown,
  detail: unknown,
): FoundFinding | NotFoundFinding | UnavailableFinding {
  switch (outcome) {
    case 'notFound':
      return typeof detail === 'string'
        ? { outcome, detail, ...ownFacts('certificate_not_trusted', readMember(given, 'facts')) }
        : { outcome };
    case 'unavailable':
      return { outcome, detail: textOr(detail, 'The trust store is unavailable.') };
    case 'found':
      return readFound(given) ?? unknownAnswer;
    default:
      return unknownAnswer;
  }
}

function readNominated(given: object): NominatedFinding | UnavailableFinding {
  const { confirm, identityName, claim } = readAnswerMembers(given, ['confirm', 'identityName', 'claim']);
  if (typeof confirm !== 'function') return unknownAnswer;
  return {
    outcome: 'nominated',
    ...knownName(identityName),
    ...(isOwnClaim(claim) ? { claim } : {}),
    confirm: () => {
      const answer: unknown = Reflect.apply(confirm, given, []);
      return isThenable(answer) ? Promise.resolve(answer).then(readConfirmedFinding) : readConfirmedFinding(answer);
    },
  };
}

/** By its `then`: where a library has put its own Promise in the global's place, an async function's is no instance of it. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (!isObject(value) || !('then' in value)) return false;
  return typeof readMember(value, 'then') === 'function';
}

function knownName(identityName: unknown): { readonly identityName?: string } {
  return typeof identityName === 'string' ? { identityName } : {};
}

type Answer<T> = { readonly [Name in keyof T]?: unknown };

function readFound(given: object): FoundFinding | undefined {
  const answer: Answer<FoundFinding> = given;
  const identity = readIdentity(confirmMember(given, 'identity', answer.identity));
  const matchedBy = confirmMember(given, 'matchedBy', answer.matchedBy);
  const matched = confirmMember(given, 'matched', answer.matched);
  const isPathValidated = confirmMember(given, 'isPathValidated', answer.isPathValidated);
  const pathAuthorities = confirmMember(given, 'pathAuthorities', answer.pathAuthorities);
  const acceptWithoutClientAuth = confirmMember(given, 'acceptWithoutClientAuth', answer.acceptWithoutClientAuth);
  // Absent means unbounded; null doesn't: it is what a failed calculation or an empty column leaves behind.
  const validFrom = orUnbounded(confirmMember(given, 'validFrom', answer.validFrom), Number.NEGATIVE_INFINITY);
  const validUntil = orUnbounded(confirmMember(given, 'validUntil', answer.validUntil), Number.POSITIVE_INFINITY);
  const currentFrom = orUnbounded(confirmMember(given, 'currentFrom', answer.currentFrom), Number.NEGATIVE_INFINITY);
  const currentUntil = orUnbounded(confirmMember(given, 'currentUntil', answer.currentUntil), Number.POSITIVE_INFINITY);
  if (identity === undefined || !isInstant(validFrom) || !isInstant(validUntil)) return undefined;
  if (!isInstant(currentFrom) || !isInstant(currentUntil)) return undefined;
  if (pathAuthorities !== undefined && !isBytesList(pathAuthorities)) return undefined;
  return {
    outcome: 'found',
    identity,
    matchedBy: textOr(matchedBy, 'own store'),
    ...(typeof matched === 'string' ? { matched } : {}),
    validFrom,
    validUntil,
    currentFrom,
    currentUntil,
    ...(isPathValidated === true ? { isPathValidated } : {}),
    ...(pathAuthorities === undefined ? {} : { pathAuthorities }),
    ...(acceptWithoutClientAuth !== undefined && isClientAuthGrace(acceptWithoutClientAuth)
      ? { acceptWithoutClientAuth }
      : {}),
  };
}

function orUnbounded(value: unknown, bound: number): unknown {
  return value === undefined ? bound : value;
}

function readIdentity(value: unknown): FoundIdentity | undefined {
  if (!isObject(value)) return undefined;
  const given: Answer<FoundIdentity> = value;
  const name = confirmMember(value, 'name', given.name);
  const roles = confirmMember(value, 'roles', given.roles);
  const functions = confirmMember(value, 'functions', given.functions);
  const owner = confirmMember(value, 'owner', given.owner);
  if (typeof name !== 'string' || name.trim() === '' || !isTextList(roles)) return undefined;
  if (functions !== undefined && !isTextList(functions)) return undefined;
  return {
    name,
    roles: [...roles],
    functions: functions?.map((text) => text.toLowerCase()),
    // No decision depends on it, so what is no text spoils none.
    ...(typeof owner === 'string' ? { owner } : {}),
  };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** By its brand: under Jest, a Buffer is no instance of its realm's Uint8Array. */
function isBytesList(value: unknown): value is readonly Uint8Array[] {
  return Array.isArray(value) && value.every(isUint8Array);
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}
