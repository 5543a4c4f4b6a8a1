import type { ClientAuthGrace } from './client-auth-grace.js';
import { type DenialCode, type DenialCodeOf, describeFacts, isDenialCodeOf } from '../denial.js';
import type { DenialFacts, NameClaim } from '../denial-facts.js';

/**
 * What a trust store answers about one certificate. A store of your own answers with one of the first four. It looks the
 * certificate up, and need not check dates, usages or the key: the gate does.
 */
export type TrustFinding = FoundFinding | RefusedFinding | NotFoundFinding | UnavailableFinding | NominatedFinding;

/** The certificate belongs to an identity. */
export interface FoundFinding {
  readonly outcome: 'found';
  readonly identity: FoundIdentity;
  /** What the certificate was recognised by; a user's own store names its own. */
  readonly matchedBy: string;
  /** What of the document matched, for the log: the name itself, or the digits of the pin. */
  readonly matched?: string;
  /**
   * [validFrom, validUntil) in milliseconds: when this access begins and ends. Absent: no bound of its own. Outside, the
   * gate refuses the certificate. The log warns before the end comes: to have answers forgotten, change `version`.
   */
  readonly validFrom?: number;
  readonly validUntil?: number;
  /**
   * [currentFrom, currentUntil) in milliseconds: while the revocation information behind this answer is current, and
   * while nothing else that the certificate claims becomes a match. It is remembered no longer, and nobody is warned of
   * its end.
   */
  readonly currentFrom?: number;
  readonly currentUntil?: number;
  /** A certification path of the certificate was validated, its critical extensions included (RFC 5280 §6.1). */
  readonly isPathValidated?: true;
  /**
   * When the pin that matched accepts a certificate without clientAuth. Only a trust document says so, of one pin: what a
   * store of your own puts here is not taken.
   */
  readonly acceptWithoutClientAuth?: ClientAuthGrace | undefined;
  /** The CA certificates that the path leads through, in DER: `firstOf` asks the other stores' deny lists for them. */
  readonly pathAuthorities?: readonly Uint8Array[];
}

/** A match that denies: nothing falls through to another rule or store. */
export interface RefusedFinding<Code extends TrustDenialCode = TrustDenialCode> {
  readonly outcome: 'denied';
  readonly code: Code;
  readonly detail: string;
  readonly identityName?: string;
  /**
   * What a trust document says of it. A store around another one passes them on; facts of your own store's making are not
   * taken, and its `detail` says what is wrong.
   */
  readonly facts?: DenialFacts[Code];
}

/** The store does not know the certificate. */
export interface NotFoundFinding {
  readonly outcome: 'notFound';
  /** For the operator: what of the certificate nearly was a match. */
  readonly detail?: string;
  /** As of a refusal. */
  readonly facts?: DenialFacts['certificate_not_trusted'];
}

/** The store cannot answer now. The request is refused with 503. */
export interface UnavailableFinding {
  readonly outcome: 'unavailable';
  readonly detail: string;
}

/**
 * The certificate is somebody's if an authority issued it, which nobody has verified yet: the gate first looks whether the
 * certificate is fit to be a client's, which costs no signature. A store around another one passes it on as it is.
 */
export interface NominatedFinding {
  readonly outcome: 'nominated';
  /** Whom a pin names. A name in a certificate names nobody until its authority is known to have issued it. */
  readonly identityName?: string;
  /** Whose certificate it would be, by one of its names. */
  readonly claim?: NameClaim;
  /** Verifies the certification paths, and concludes whose certificate it is. */
  readonly confirm: () => ConfirmedFinding | Promise<ConfirmedFinding>;
}

/** What came of a nomination. */
export type ConfirmedFinding = FoundFinding | RefusedNomination | NotFoundFinding | UnavailableFinding;

/** The authority that was nominated does not vouch for the certificate, or its identity is refused. */
export type RefusedNomination = RefusedBy<'certification-path'> | RefusedBy<'client-identity'>;

interface RefusedBy<Step extends 'certification-path' | 'client-identity'> {
  readonly outcome: 'denied';
  /** Which step of the request's path refused. */
  readonly step: Step;
  readonly code: DenialCodeOf<Step>;
  readonly detail: string;
  readonly identityName?: string;
  /** As of a refusal. */
  readonly facts?: DenialFacts[DenialCodeOf<Step>];
  /** Only a name claims the certificate, and its authority did not issue it: what another store knows counts. */
  readonly isUnissued?: true;
  /** [currentFrom, currentUntil) in milliseconds: with `isUnissued`, while no path to the authority can become valid. */
  readonly currentFrom?: number;
  readonly currentUntil?: number;
}

/** The identity that a trust store found. */
export interface FoundIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** Absent: every function; empty: none. */
  readonly functions?: readonly string[] | undefined;
  /** Who answers for it; for the log. */
  readonly owner?: string | undefined;
}

/**
 * What a store may refuse a certificate for: what it has on record. What the certificate itself is, the gate verifies, so
 * a store has no word for that; an answer with any other code is taken for a store that failed.
 */
export type TrustDenialCode = DenialCodeOf<'trust-store'>;

/** What this library's stores said, so that facts of another making are told from them. */
const ownFacts = new WeakMap<object, DenialCode>();

/** What a trust document refuses for, in facts and in words. */
export function describeRefusal<Code extends DenialCode>(
  code: Code,
  facts: DenialFacts[Code],
): { readonly code: Code; readonly facts: DenialFacts[Code]; readonly detail: string } {
  ownFacts.set(Object.freeze(facts), code);
  return { code, facts, detail: describeFacts(code, facts) };
}

/** Facts that a store passed on from one of this library's, as they were; undefined: others, of which nobody knows the shape. */
export function readFacts<Code extends DenialCode>(code: Code, facts: unknown): DenialFacts[Code] | undefined {
  const isOwn = typeof facts === 'object' && facts !== null && ownFacts.get(facts) === code;
  return isOwn ? (facts as DenialFacts[Code]) : undefined;
}

/** An answer that was nominated a moment before: what refuses now, refuses where the identity is concluded. */
export function concludeFinding(finding: Exclude<TrustFinding, NominatedFinding>): ConfirmedFinding {
  if (finding.outcome !== 'denied') return finding;
  const { code } = finding;
  if (isDenialCodeOf('client-identity', code))
    return { ...finding, step: 'client-identity', code } as RefusedNomination;
  return isDenialCodeOf('certification-path', code)
    ? ({ ...finding, step: 'certification-path', code } as RefusedNomination)
    : { outcome: 'unavailable', detail: finding.detail };
}
