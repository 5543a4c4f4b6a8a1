import {
  type CertificateFaultCode,
  type CertificateFaultFacts,
  clientAuthentication,
  findCertificateFault,
} from '../certificate/certificate-verification.js';
import type { ClientCertificate } from '../certificate/client-certificate.js';
import type { SubjectAlternativeName } from '../certificate/general-name.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import type { NamedKey } from '../certificate/trust-anchor.js';
import { anInstant, expectArgument, type MemberRules, optional, readMembers } from '../encoding/own-members.js';
import {
  type CertificationPath,
  findCertificationPath,
  offOrObject,
  type PathOptions,
  pathOptionRules,
} from './certification-path.js';
import type { PathFault, PathFaultCode, PathFaultFacts, PathRole } from './path-fault.js';
import {
  type AuthorityInput,
  type ClientRevocation,
  inputRules,
  readAnchors,
  readClient,
  readIntermediates,
  readRevocation,
} from './verification-input.js';

/** The options of `verifyClientCertificate`. */
export interface ClientVerificationOptions extends PathOptions {
  /** The trust anchors, at least one. Each must be readable. */
  readonly anchors: AuthorityInput | NamedKey | readonly (AuthorityInput | NamedKey)[];
  /** Your own CA certificates below the anchors, each readable. Default: none. */
  readonly intermediates?: AuthorityInput | readonly AuthorityInput[];
  /** Milliseconds since 1970-01-01T00:00:00Z. Default: now. */
  readonly at?: number;
  /**
   * `'off'` checks no revocation. Otherwise, by default, each certificate below the anchor needs current information
   * (`mode: 'required'`, `scope: 'chain'`, no grace).
   */
  readonly revocation: ClientRevocation | 'off';
  /**
   * Object identifiers of extended key usages that the path must allow. Default: client authentication, and the certificate
   * must also suit a TLS client (`findCertificateFault`). If given, only the path is checked.
   */
  readonly purposes?: readonly string[];
}

/** The names of a client as its CA wrote them. None of several names is chosen, and no wildcard is interpreted. */
export interface ClientNames {
  /** RFC 4514 text, with control characters escaped. */
  readonly subject: string;
  /** RFC 5280 §4.2.1.6, in the order of the certificate. */
  readonly alternativeNames: readonly SubjectAlternativeName[];
}

/** A client's certificate that was verified, and its path. */
export interface VerifiedClient {
  readonly ok: true;
  readonly certificate: ClientCertificate;
  readonly names: ClientNames;
  /** Keep the answer only while the time is before the path's `validUntil` and `currentUntil`. */
  readonly path: CertificationPath;
}

/** `certificate_malformed` means that the bytes can't be decoded as a certificate. */
export type ClientFaultCode = 'certificate_malformed' | CertificateFaultCode | PathFaultCode;

/** The facts of a fault of `verifyClientCertificate`, by its code. */
export type ClientFaultFacts<Code extends ClientFaultCode> =
  | (Code extends 'certificate_malformed' ? { readonly fault: string } : never)
  | (Code extends CertificateFaultCode ? CertificateFaultFacts[Code] : never)
  | (Code extends PathFaultCode ? PathFaultFacts[Code] : never);

/** Why a client's certificate is refused: a code and its facts. `describeClientFault` makes the sentence. */
export type ClientFault<Code extends ClientFaultCode = ClientFaultCode> = {
  [Each in Code]: {
    readonly code: Each;
    /** The time of the decision, in milliseconds since 1970-01-01T00:00:00Z. */
    readonly at: number;
    /**
     * The certificate at fault. Absent if the fault is one of the whole path, if the client's certificate can't be
     * decoded, or if revocation information can't be read.
     */
    readonly certificate?: PathCertificate;
    /** The place of `certificate` in the path. */
    readonly role?: PathRole;
    /** The start of the validity of `certificate`, in milliseconds since 1970-01-01T00:00:00Z. */
    readonly notBefore?: number;
    /** The last moment of the validity of `certificate`, in milliseconds since 1970-01-01T00:00:00Z. */
    readonly notAfter?: number;
    /**
     * The number of CA certificates that came with the client's and are not the operator's own. Present if they were
     * tried, and none of them leads to an anchor.
     */
    readonly unvouchedCandidates?: number;
  } & ClientFaultFacts<Each>;
}[Code];

/** The answer of `verifyClientCertificate`. */
export type ClientVerification = VerifiedClient | { readonly ok: false; readonly fault: ClientFault };

/**
 * May this client be admitted by its certificate? Decodes the certificate, checks that it suits a TLS client, and
 * searches for a path to a trust anchor (RFC 5280 §6) on which nothing is revoked. A refusal is an answer, not an
 * error.
 *
 * `leaf` is PEM text, its bytes, or DER. In PEM, the client's certificate comes first. The others are CA certificates
 * that came with it: they may be part of the path and are never trusted themselves. Those whose DER can't be decoded
 * are left out, and so are those after the eighth.
 *
 * @throws {CertgateError} if an argument or an option is missing, unknown or of another type, if there is no anchor, or
 * if an anchor or intermediate can't be read; never because of what the client sent, nor because of what CRLs and OCSP
 * responses contain.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { describeClientFault, verifyClientCertificate } from '@certgate/x509/path';
 *
 * const verification = verifyClientCertificate(readFileSync('client.pem'), {
 *   anchors: readFileSync('ca.pem'),
 *   revocation: { crls: [readFileSync('ca.crl')] },
 * });
 * console.log(verification.ok ? verification.names.subject : describeClientFault(verification.fault));
 * ```
 */
export function verifyClientCertificate(
  leaf: string | Uint8Array,
  options: ClientVerificationOptions,
): ClientVerification {
  const { leaf: leafRule, ...authorityRules } = inputRules();
  expectArgument(leaf, leafRule, 'The certificate for verifyClientCertificate');
  const optionRules: MemberRules<ClientVerificationOptions> = {
    ...authorityRules,
    at: optional(anInstant),
    revocation: offOrObject,
    ...pathOptionRules,
  };
  const given = readMembers(options, 'The options of verifyClientCertificate', optionRules);
  const { anchors, intermediates = [], at = Date.now(), revocation, purposes, ...settings } = given;
  const own = { trustAnchors: readAnchors(anchors), intermediates: readIntermediates(intermediates) };
  const known = readRevocation(revocation);
  const client = readClient(leaf);
  if (!client.ok) return refuse({ code: 'certificate_malformed', at, fault: client.fault });
  const { certificate, target, candidates } = client.value;
  // Path validation processes more critical extensions than these checks know.
  const unfit = purposes === undefined ? findCertificateFault(certificate, at, { isPathValidated: true }) : undefined;
  if (unfit !== undefined) return refuse({ ...describeSubject(target, 'end-entity'), ...unfit, at });
  if (!known.ok) {
    const { input, fault } = known;
    return refuse({ code: 'revocation_unavailable', at, gaps: [{ reason: 'input_unreadable', input, fault }] });
  }
  const path = findCertificationPath({
    ...settings,
    ...own,
    purposes: purposes ?? [clientAuthentication],
    target,
    candidates,
    now: at,
    revocation: known.value,
  });
  if (path.outcome === 'invalid') return refuse(toClientFault(path, at));
  const { subject, subjectAlternativeNames: alternativeNames } = certificate;
  return Object.freeze({ ok: true, certificate, names: Object.freeze({ subject, alternativeNames }), path });
}

function refuse(fault: ClientFault): ClientVerification {
  return Object.freeze({ ok: false, fault: Object.freeze(fault) });
}

function toClientFault(pathFault: PathFault, at: number): ClientFault {
  const { about } = pathFault;
  const facts = Object.entries(pathFault).filter(([name]) => !['outcome', 'about', 'isFinal'].includes(name));
  return {
    ...(about && describeSubject(about.certificate, about.role)),
    ...Object.fromEntries(facts),
    at,
  } as ClientFault;
}

function describeSubject(
  certificate: PathCertificate,
  role: PathRole,
): Required<Pick<ClientFault, 'certificate' | 'role' | 'notBefore' | 'notAfter'>> {
  const { notBefore, notAfter } = certificate;
  return { certificate, role, notBefore, notAfter };
}
