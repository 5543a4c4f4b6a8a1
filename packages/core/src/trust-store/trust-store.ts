// trust-store/: the stores that answer find(certificate), refresh their documents, and combine several stores into one.

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
 * Answers which identity a certificate belongs to. A store of your own needs only `find`.
 *
 * If anything goes wrong in it (a throw, a rejection, a timeout, an answer of another shape), the gate answers with 503
 * and never admits the caller.
 */
export interface TrustStore {
  /** `now` is in milliseconds since 1970-01-01T00:00:00Z. */
  find(certificate: PresentedCertificate, now: number): TrustFinding | Promise<TrustFinding>;

  /**
   * Identifies the store's present content: while it stays the same, earlier answers are valid, and the gate may
   * remember them. If it is undefined or absent, the gate remembers nothing.
   */
  readonly version?: string | undefined;

  /**
   * Identifies everything that the answers depend on, options included: two stores with the same text give the same
   * answers. Undefined (or absent) if stores can't be compared. An app of several bundles has a store in each, and the
   * gate uses only one of them.
   */
  readonly configuration?: string | undefined;

  /**
   * Loads the content for the first time, when the app starts. Rejects if the content is there and not valid, or if the
   * set-up is wrong, which keeps the app from starting. Resolves if the content is out of reach, since `find` then
   * answers `unavailable`.
   */
  start?(): Promise<void>;

  /** What an operator should know about the store. */
  report?(): TrustStoreReport;

  /**
   * Finds the identity that an unknown certificate points to anyway, for a line of the log. The gate calls it only for
   * lines that it writes. `now` is in milliseconds since 1970-01-01T00:00:00Z.
   */
  findClaim?(certificate: PresentedCertificate, now: number): StrangerClaim | undefined;
}

/** What a trust store reports to operators about its document. */
export interface TrustStoreReport {
  /** The place of the document, e.g. `file trust.json`. */
  readonly description: string;
  readonly revision: number | undefined;
  /**
   * The SHA-256 of the document's bytes, in upper-case hexadecimal; for several documents, all hashes, separated by
   * commas. Undefined (or absent) if no document is loaded, or if the store doesn't report it.
   */
  readonly sha256?: string | undefined;
  readonly warnings: readonly TrustStoreWarning[];
  /** Why the latest read of the document failed. Undefined unless it failed. */
  readonly fault: string | undefined;
  /**
   * The kind of `fault`: the document could not be read, or it was read and is not accepted. Undefined (or absent) if
   * there is no fault, or if the store doesn't report the kind.
   */
  readonly failure?: 'unreachable' | 'refused' | undefined;
  /**
   * What is wrong with the revocation lists, and which callers are refused because of that. The document is used
   * anyway. Undefined (or absent) if nothing is wrong, or if the store doesn't report it.
   */
  readonly revocationFault?: string | undefined;
  /**
   * When the latest good read began, in milliseconds since 1970-01-01T00:00:00Z. Undefined (or absent) if there was
   * none, or if the store doesn't read.
   */
  readonly lastSuccessAt?: number | undefined;
  /** How long ago `lastSuccessAt` is, in milliseconds, by the clock that shows the longer time. */
  readonly ageMilliseconds?: number | undefined;
  /**
   * Until when, at most, the document in use can be used if no further read succeeds, in milliseconds since
   * 1970-01-01T00:00:00Z. Undefined (or absent) if no document is in use, or if it has no such limit. For several
   * documents, the earliest limit; undefined if one of them could not be read at all.
   */
  readonly usableUntil?: number | undefined;
  /** The second address of the document. Undefined (or absent) if the store has none. */
  readonly mirror?: TrustMirrorReport | undefined;
  /**
   * Whether the document in use is locked. For several documents, see `parts`. Otherwise, undefined (or absent) means
   * that it is not locked, or that no document is in use.
   */
  readonly isLocked?: boolean | undefined;
  /** The revocation lists in use that have a `nextUpdate`: for each authority, scope and kind, the one that ends last. */
  readonly revocationLists?: readonly RevocationListStatus[] | undefined;
  /** The latest hundred certificates that were refused as revoked and that newer lists no longer name. */
  readonly withdrawnRevocations?: readonly WithdrawnRevocation[] | undefined;
  /**
   * For each key that may sign the document, the first 16 hexadecimal digits of the SHA-256 of its
   * SubjectPublicKeyInfo. Undefined (or absent) if the document need not be signed.
   */
  readonly signedBy?: readonly string[] | undefined;
  /** The reports of the stores that this store combines. A combined store among them is replaced by its own parts. */
  readonly parts?: readonly TrustStoreReport[] | undefined;
}

/**
 * The state of the mirror, which is the second address of a document. The mirror is read when the app starts, and
 * whenever the first address gives no document.
 */
export interface TrustMirrorReport {
  /** The place of the mirror, e.g. `file trust.json`. */
  readonly description: string;
  /** Whether the document in use was read from the mirror, and not from the first address. */
  readonly isInUse: boolean;
  /** Why the latest read of the mirror failed. Undefined unless it failed. */
  readonly fault: string | undefined;
}

/** A warning of the document itself, or one that only shows when a document follows another. */
export interface TrustStoreWarning {
  readonly code: TrustWarning['code'] | 'revision_reused';
  /** The place in the document, e.g. `identities[3].pins[0]`. */
  readonly path: string;
  readonly message: string;
}

/**
 * Checks what a store answered. A store of the user's own may answer anything. An answer of another shape than those of
 * `TrustFinding` becomes `unavailable`: it never admits, and is never treated as *not found*.
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

/** Checks what a nomination's `confirm` answered, in the same way. */
function readConfirmedFinding(answer: unknown): ConfirmedFinding {
  if (!isObject(answer)) return unknownAnswer;
  const { outcome, detail } = readAnswer(answer);
  if (outcome !== 'denied') return readPlainAnswer(answer, outcome, detail);
  const names = ['step', 'code', 'identityName', 'isUnproven', 'currentFrom', 'currentUntil', 'facts'] as const;
  const { step, code, identityName, isUnproven, currentFrom, currentUntil, facts } = readAnswerMembers(answer, names);
  const refusal = { outcome, detail: textOr(detail, refusedDetail), ...knownName(identityName) } as const;
  if (step === 'certification-path' && isDenialCodeOf(step, code)) {
    const span = {
      ...(isInstant(currentFrom) ? { currentFrom } : {}),
      ...(isInstant(currentUntil) ? { currentUntil } : {}),
    };
    const unproven = isUnproven === true ? { isUnproven, ...span } : {};
    return { ...refusal, step, code, ...unproven, ...ownFacts(code, facts) };
  }
  if (step === 'client-identity' && isDenialCodeOf(step, code))
    return { ...refusal, step, code, ...ownFacts(code, facts) };
  return describeUnknownCode(code);
}

/**
 * The facts, if this library created them. The shape of facts from a store of the user's own is unknown: its `detail`
 * says what is wrong.
 */
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
 * The version that a store gives its present content. Undefined if the store gives none: then nothing is remembered. A
 * store that has not loaded yet may give `null` or the empty text, which don't identify any content.
 *
 * @throws {TrustVersionError} if the store's own code throws.
 */
export function readTrustVersion(store: { readonly version?: unknown }): string | undefined {
  return readVersion(store, false);
}

/**
 * Whether requests may read the member `version` without looking for it again. The member of a frozen store can't be
 * removed, unless somebody changes the store's class. The stores of this library are frozen.
 */
export function hasLastingVersion(store: unknown): boolean {
  return isObject(store) && Object.isFrozen(store) && hasMember(store, 'version');
}

/** Like `readTrustVersion`. `isLasting` is the result of `hasLastingVersion` for the store. */
export function readVersion(store: { readonly version?: unknown }, isLasting: boolean): string | undefined {
  try {
    const version = isLasting ? store.version : confirmMember(store, 'version', store.version);
    return typeof version === 'string' && version !== '' ? version : undefined;
  } catch (error) {
    throw new TrustVersionError(`The trust store failed to say its version: ${describeFault(error)}.`);
  }
}

/** The answer of a store that threw or rejected. */
export function describeStoreFault(error: unknown): UnavailableFinding {
  return { outcome: 'unavailable', detail: `The trust store failed: ${describeFault(error)}.` };
}

export class TrustVersionError extends Error {
  override readonly name = 'TrustVersionError';
}

/**
 * Reads members of the answer itself or of its class. Members that somebody added to a shared prototype are ignored.
 */
function readAnswerMembers<const Names extends readonly string[]>(
  answer: object,
  names: Names,
): Record<Names[number], unknown> {
  return Object.fromEntries(names.map((name) => [name, readMember(answer, name)])) as Record<Names[number], unknown>;
}

/** Uses literal member names, which are fast: these members are read of every answer. */
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

/**
 * Looks for `then` instead of using `instanceof`: if a library replaced the global Promise, the promise of an async
 * function is not an instance of it.
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (!isObject(value) || !('then' in value)) return false;
  return typeof readMember(value, 'then') === 'function';
}

function knownName(identityName: unknown): { readonly identityName?: string } {
  return typeof identityName === 'string' ? { identityName } : {};
}

type Unchecked<T> = { readonly [Name in keyof T]?: unknown };

function readFound(given: object): FoundFinding | undefined {
  const answer: Unchecked<FoundFinding> = given;
  const identity = readIdentity(confirmMember(given, 'identity', answer.identity));
  const matchedBy = confirmMember(given, 'matchedBy', answer.matchedBy);
  const matched = confirmMember(given, 'matched', answer.matched);
  const isPathValidated = confirmMember(given, 'isPathValidated', answer.isPathValidated);
  const pathAuthorities = confirmMember(given, 'pathAuthorities', answer.pathAuthorities);
  const acceptWithoutClientAuth = confirmMember(given, 'acceptWithoutClientAuth', answer.acceptWithoutClientAuth);
  // An absent bound means unbounded. `null` is refused: a failed calculation or an empty column leaves it behind.
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
  const given: Unchecked<FoundIdentity> = value;
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
    // No decision depends on the owner, so a value that is not a text is ignored.
    ...(typeof owner === 'string' ? { owner } : {}),
  };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Checks the internal type: under Jest, a Buffer is not an instance of the realm's own Uint8Array. */
function isBytesList(value: unknown): value is readonly Uint8Array[] {
  return Array.isArray(value) && value.every(isUint8Array);
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}
