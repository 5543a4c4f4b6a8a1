import { formatInstant } from './encoding/timestamp.js';
import { escapePath } from './trust-document-reader.js';
import type { PinKind, TrustPin, TrustedIdentity } from './trust-snapshot.js';

/** `changes`: it is worth knowing, and nobody's calls are decided otherwise for it. */
export type TrustEffect = 'gains' | 'loses' | 'changes';

export type TrustAspect =
  /** The identity came or went. */
  | 'identity'
  | 'name'
  | 'enabled'
  | 'expiresAt'
  | 'roles'
  | 'functions'
  /** A pin came, went, or came from another identity. */
  | 'pin'
  | 'pinEnabled'
  | 'pinWindow'
  /** A pin that refuses, alone or by making a certificate ambiguous, came or went: what other pins admit may change. */
  | 'refusal'
  | 'owner'
  | 'reason'
  | 'audience';

/** One difference between two documents. */
export interface TrustChange {
  readonly effect: TrustEffect;
  readonly aspect: TrustAspect;
  /** Whom it concerns; undefined where it is the document (`audience`) or one of `candidates`. */
  readonly identityName: string | undefined;
  /**
   * With `refusal`, where the documents can't tell whom it concerns: the pin and the candidate's own must be hashes of
   * one certificate, and a hash doesn't say of what it is one.
   */
  readonly candidates?: readonly string[];
  readonly pin?: { readonly kind: PinKind; readonly value: string };
  /** One sentence for people. */
  readonly sentence: string;
}

export function describePin({ kind, value }: Pick<TrustPin, 'kind' | 'value'>): string {
  return `${kind} ${value.slice(0, 16)}…`;
}

/** `from X until Y`, or `at any time`. */
export function describeWindow({ notBefore, notAfter }: Pick<TrustPin, 'notBefore' | 'notAfter'>): string {
  if (notBefore === undefined && notAfter === undefined) return 'at any time';
  const from = notBefore === undefined ? [] : [`from ${formatInstant(notBefore)}`];
  const until = notAfter === undefined ? [] : [`until ${formatInstant(notAfter)}`];
  return [...from, ...until].join(' ');
}

export function describeRights({ roles, functions }: Pick<TrustedIdentity, 'roles' | 'functions'>): string {
  return `${describeRoles(roles)}, ${describeFunctions(functions)}`;
}

export function describeFunctions(functions: readonly string[] | undefined): string {
  if (functions === undefined) return 'every function';
  return functions.length === 0
    ? 'no function'
    : `the function${functions.length > 1 ? 's' : ''} ${functions.join(', ')}`;
}

function describeRoles(roles: readonly string[]): string {
  return roles.length === 0 ? 'no role' : `the role${roles.length > 1 ? 's' : ''} ${roles.join(', ')}`;
}

/** Free text of the document, which may hold line ends and worse. */
export function describeText(text: string | undefined): string {
  return text === undefined ? 'nothing' : `"${escapePath(text)}"`;
}
