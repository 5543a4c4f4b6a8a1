import type { ClientAuthGrace } from './client-auth-grace.js';
import { type DenialCode, type DenialCodeOf, describeFacts, isDenialCodeOf } from '../denial.js';
import type { DenialFacts, NameClaim } from '../denial-facts.js';

/**
 * What a trust store answers about one certificate. A store of your own answers with one of the first four. It looks
 * the certificate up, and need not check dates, usages or the key, because the gate checks them.
 */
export type TrustFinding = FoundFinding | RefusedFinding | NotFoundFinding | UnavailableFinding | NominatedFinding;

/** The certificate belongs to an identity. */
export interface FoundFinding {
  readonly outcome: 'found';
  readonly identity: FoundIdentity;
  /** What identified the certificate, such as the kind of a pin. A store of your own uses words of its own. */
  readonly matchedBy: string;
  /**
   * The entry of the trust document that matched, for the log: the name itself, or the pin's hash in upper-case
   * hexadecimal.
   */
  readonly matched?: string;
  /**
   * [validFrom, validUntil) in milliseconds since 1970-01-01T00:00:00Z: when this access begins and ends. An absent
   * bound does not limit the access. Outside the interval, the gate refuses the certificate. The log warns before the
   * interval ends, so never use a short interval to make the gate forget an answer: change the store's `version`
   * instead.
   */
  readonly validFrom?: number;
  readonly validUntil?: number;
  /**
   * [currentFrom, currentUntil) in milliseconds since 1970-01-01T00:00:00Z: when this answer is current. It ends, for
   * example, with the revocation information behind it, or when a name of the certificate that does not match yet may
   * begin to match. Outside the interval, the gate refuses the certificate (`revocation_unavailable`). The log does not
   * warn before it ends.
   */
  readonly currentFrom?: number;
  readonly currentUntil?: number;
  /** Set if a certification path of the certificate was validated, its critical extensions included (RFC 5280 §6.1). */
  readonly isPathValidated?: true;
  /**
   * The period in which the matched pin accepts a certificate without clientAuth. Only a trust document can set it, for
   * single pins: the gate ignores a value that a store of your own creates.
   */
  readonly acceptWithoutClientAuth?: ClientAuthGrace | undefined;
  /**
   * The CA certificates of the certification path, in DER. `firstOf` looks for them in the other stores' deny lists.
   */
  readonly pathAuthorities?: readonly Uint8Array[];
}

/** The store refuses the certificate, and no other rule or store can admit it. */
export interface RefusedFinding<Code extends TrustDenialCode = TrustDenialCode> {
  readonly outcome: 'denied';
  readonly code: Code;
  readonly detail: string;
  readonly identityName?: string;
  /**
   * What a trust document knows about the denial. A store around another one passes the facts on. The gate ignores
   * facts that a store of your own creates: its `detail` says what is wrong.
   */
  readonly facts?: DenialFacts[Code];
}

/** The store does not know the certificate. */
export interface NotFoundFinding {
  readonly outcome: 'notFound';
  /** For the operator: why the store does not know the certificate, as far as it can tell. */
  readonly detail?: string;
  /**
   * What a trust document knows about the certificate. A store around another one passes the facts on. The gate ignores
   * facts that a store of your own creates.
   */
  readonly facts?: DenialFacts['certificate_not_trusted'];
}

/** The store cannot answer now. The request is refused with 503. */
export interface UnavailableFinding {
  readonly outcome: 'unavailable';
  readonly detail: string;
}

/**
 * The certificate belongs to an identity if an authority issued it, which `confirm` finds out. The gate first checks
 * whether the certificate is fit for a client, which needs no signature, and then calls `confirm`. A store around
 * another one passes this answer on unchanged.
 */
export interface NominatedFinding {
  readonly outcome: 'nominated';
  /**
   * The identity that a pin or another store assigns to the certificate. A name in a certificate does not set it: the
   * name proves nothing until its authority is known to have issued the certificate.
   */
  readonly identityName?: string;
  /** The identity that the certificate would have by one of its names. */
  readonly claim?: NameClaim;
  /** Verifies the certification paths, and answers which identity the certificate has. */
  readonly confirm: () => ConfirmedFinding | Promise<ConfirmedFinding>;
}

/** The answer of a nomination's `confirm`. */
export type ConfirmedFinding = FoundFinding | RefusedNomination | NotFoundFinding | UnavailableFinding;

/** The refusal of a nomination: no certification path to a nominated authority is valid, or the identity is refused. */
export type RefusedNomination = RefusedBy<'certification-path'> | RefusedBy<'client-identity'>;

interface RefusedBy<Step extends 'certification-path' | 'client-identity'> {
  readonly outcome: 'denied';
  /** The step of the request's path that refuses. */
  readonly step: Step;
  readonly code: DenialCodeOf<Step>;
  readonly detail: string;
  readonly identityName?: string;
  /** What a trust document knows about the denial. The gate ignores facts that a store of your own creates. */
  readonly facts?: DenialFacts[DenialCodeOf<Step>];
  /**
   * The certificate matches only by a name, and the name's authority is not proven to have issued it. If another store
   * knows the certificate, that store's answer is used instead.
   */
  readonly isUnproven?: true;
  /**
   * Together with `isUnproven`: [currentFrom, currentUntil) in milliseconds since 1970-01-01T00:00:00Z, in which no
   * certification path from the authority can become valid.
   */
  readonly currentFrom?: number;
  readonly currentUntil?: number;
}

/** The identity that a trust store found. */
export interface FoundIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** The functions that the identity may call. If absent, it may call every function; if empty, none. */
  readonly functions?: readonly string[] | undefined;
  /** Who is responsible for the identity; for the log. */
  readonly owner?: string | undefined;
}

/**
 * The codes with which a store may refuse a certificate. The gate itself checks the certificate's validity, usages and
 * key, so a store has no code for those. An answer with any other code is treated as a failure of the store.
 */
export type TrustDenialCode = DenialCodeOf<'trust-store'>;

/** The facts that `describeRefusal` marked, each with its denial code. `readFacts` accepts no others. */
const ownFacts = new WeakMap<object, DenialCode>();

/** The code, the facts and the sentence of a refusal. Marks the facts as created by this library. */
export function describeRefusal<Code extends DenialCode>(
  code: Code,
  facts: DenialFacts[Code],
): { readonly code: Code; readonly facts: DenialFacts[Code]; readonly detail: string } {
  ownFacts.set(Object.freeze(facts), code);
  return { code, facts, detail: describeFacts(code, facts) };
}

/**
 * The facts, if this library created them for this code and a store passed them on. Undefined for any other value,
 * because its shape is unknown.
 */
export function readFacts<Code extends DenialCode>(code: Code, facts: unknown): DenialFacts[Code] | undefined {
  const isOwn = typeof facts === 'object' && facts !== null && ownFacts.get(facts) === code;
  return isOwn ? (facts as DenialFacts[Code]) : undefined;
}

/**
 * Turns an answer that is not a nomination into an answer of `confirm`. A denial gets the step client-identity or
 * certification-path by its code; a denial with a code of another step becomes `unavailable`.
 */
export function concludeFinding(finding: Exclude<TrustFinding, NominatedFinding>): ConfirmedFinding {
  if (finding.outcome !== 'denied') return finding;
  const { code } = finding;
  if (isDenialCodeOf('client-identity', code))
    return { ...finding, step: 'client-identity', code } as RefusedNomination;
  return isDenialCodeOf('certification-path', code)
    ? ({ ...finding, step: 'certification-path', code } as RefusedNomination)
    : { outcome: 'unavailable', detail: finding.detail };
}
