import {
  type EntryWindow,
  escapePath,
  type PinKind,
  shortenThumbprint,
  type TrustedIdentity,
  type TrustName,
  type TrustPin,
} from '@certgate/core/internal';
import { listBounds } from '../../texts/time-words.js';

/** The effect of a change. `changes`: it is worth knowing, but by itself it lets nobody in and shuts nobody out. */
export type TrustEffect = 'gains' | 'loses' | 'changes';

/** The part of a trust document that changed. */
export type TrustAspect =
  /** The identity was added or removed. */
  | 'identity'
  | 'name'
  | 'enabled'
  | 'expiresAt'
  | 'roles'
  | 'functions'
  /** A pin was added, removed, or taken from another identity. */
  | 'pin'
  | 'pinEnabled'
  | 'pinWindow'
  /** Which authority must have issued the pinned certificate. */
  | 'pinIssuer'
  /** When a pin accepts a certificate without clientAuth. */
  | 'pinClientAuth'
  /** A name under an authority was added, removed, or taken from another identity. */
  | 'trustName'
  | 'owner'
  | 'reason'
  /**
   * An authority was added, removed or renamed, or its certificates, its trust domains or its reading of name
   * constraints changed.
   */
  | 'authority'
  /** How the gate learns what an authority has revoked. */
  | 'revocation'
  /** An entry of the deny list. */
  | 'denied'
  | 'audience'
  /** The document was locked or unlocked, or its lock changed. */
  | 'locked';

/** One difference between two documents. */
export interface TrustChange {
  readonly effect: TrustEffect;
  readonly aspect: TrustAspect;
  /**
   * The identity that the change concerns. Absent if it concerns the document, an authority, a denied certificate that
   * is not pinned, or all of `candidates`.
   */
  readonly identityName?: string;
  /**
   * With `authority` and `revocation`: the identities with a name or a pin under the authority that can admit callers.
   * Absent if the authority itself was added or removed.
   */
  readonly candidates?: readonly string[];
  readonly pin?: { readonly kind: PinKind; readonly value: string };
  readonly trustName?: TrustName;
  /**
   * The function that the identity lost, in lower case. Absent unless the change is the loss of a single function.
   */
  readonly functionName?: string;
  /** The name of the authority that the change is about. */
  readonly authorityName?: string;
  /** One sentence for people. */
  readonly sentence: string;
}

/** A change of one identity, or of a pin or a name of it. */
export function changeOf(
  { name }: Pick<TrustedIdentity, 'name'>,
  effect: TrustEffect,
  aspect: TrustAspect,
  sentence: string,
  entry: Pick<TrustChange, 'pin' | 'trustName' | 'functionName'> = {},
): TrustChange {
  return { effect, aspect, identityName: name, ...entry, sentence };
}

export function nameShortPin({ kind, value }: Pick<TrustPin, 'kind' | 'value'>): string {
  return `${kind} ${shortenThumbprint(value)}`;
}

/** Words like `from X until Y`, or `at any time`. */
export function describeEntryWindow(window: EntryWindow): string {
  return listBounds(window).join(' ') || 'at any time';
}

export function describeRights({
  roles,
  functionsAsWritten,
}: Pick<TrustedIdentity, 'roles' | 'functionsAsWritten'>): string {
  return `${describeRoles(roles)}, ${describeFunctionNames(functionsAsWritten)}`;
}

export function describeFunctionNames(functions: readonly string[] | undefined): string {
  if (functions === undefined) return 'every function';
  return functions.length === 0
    ? 'no function'
    : `the function${functions.length > 1 ? 's' : ''} ${functions.join(', ')}`;
}

function describeRoles(roles: readonly string[]): string {
  return roles.length === 0 ? 'no role' : `the role${roles.length > 1 ? 's' : ''} ${roles.join(', ')}`;
}

/** Quotes free text of the document, which may contain line ends and other control characters. */
export function describeText(text: string | undefined): string {
  return text === undefined ? 'nothing' : `"${escapePath(text)}"`;
}

export function describeCandidates(candidates: readonly string[]): string {
  const named = candidates.slice(0, 3).map((name) => `"${name}"`);
  const more = candidates.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
