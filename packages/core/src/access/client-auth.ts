import type { CertificateFault, ClientCertificate } from '@certgate/x509';
import { clientAuthentication, listCertificateFaults } from '@certgate/x509/internal';
import {
  judgePublicIssuance,
  type PublicIssuance,
  type PublicIssuanceEvidence,
} from '@certgate/x509/internal-certificates';
import type { ClientAuthFacts } from '../denial-facts.js';
import { type ClientAuthGrace, isGraceRunning } from '../trust-snapshot/client-auth-grace.js';
import type { FoundFinding, NominatedFinding } from '../trust-snapshot/trust-finding.js';

// Public CAs are ending clientAuth in their TLS certificates (docs/public-certificates.md). This file finds callers who
// may be refused because of that, explains the refusal, and applies a pin's grace period.

/** RFC 5280 §4.2.1.12. */
const serverAuthentication = '1.3.6.1.5.5.7.3.1';
const anyExtendedKeyUsage = '2.5.29.37.0';

/**
 * The fault that refuses the certificate. If there is none, `grace` is set if the certificate is accepted only because
 * of that grace period.
 */
export interface GraceCheck {
  readonly fault: CertificateFault | undefined;
  readonly grace: ClientAuthGrace | undefined;
  /** Set if the certificate is refused because it lacks clientAuth. */
  readonly missing?: Pick<ClientAuthFacts, 'grace' | 'publicIssuance'>;
}

/**
 * Decides whether a certificate that lacks clientAuth is accepted. A grace period excuses only the missing clientAuth:
 * any other fault still refuses the certificate. A nomination has no grace period, because a certification path needs
 * clientAuth.
 */
export function judgeWithoutClientAuth(
  fault: CertificateFault,
  certificate: ClientCertificate,
  finding: FoundFinding | NominatedFinding,
  now: number,
): GraceCheck {
  const grace = finding.outcome === 'found' ? finding.acceptWithoutClientAuth : undefined;
  const isForServers = isForServersOnly(certificate);
  if (grace === undefined || !isForServers || !isGraceRunning(grace, now)) {
    const missing = isForServers ? { ...explainGrace(finding, now), ...explainPublicIssuance(certificate) } : {};
    return { fault, grace: undefined, missing };
  }
  const other = listCertificateFaults(certificate, now).find(({ code }) => code !== fault.code);
  return other === undefined ? { fault: undefined, grace } : { fault: other, grace: undefined };
}

/**
 * Whether a grace period can excuse the certificate: it has serverAuth, and neither clientAuth nor anyExtendedKeyUsage.
 */
export function isForServersOnly({ extendedKeyUsage = [] }: ClientCertificate): boolean {
  return (
    extendedKeyUsage.includes(serverAuthentication) &&
    !extendedKeyUsage.includes(clientAuthentication) &&
    !extendedKeyUsage.includes(anyExtendedKeyUsage)
  );
}

/**
 * Why no grace period accepts the certificate now. Empty if only a name matched, or if the trust store found the
 * certificate without a grace period.
 */
function explainGrace(finding: FoundFinding | NominatedFinding, now: number): Pick<ClientAuthFacts, 'grace'> {
  if (finding.outcome === 'nominated') {
    // Without `identityName`, only a name matched, so there is no pin that could have a grace period.
    return finding.identityName === undefined ? {} : { grace: { state: 'path_needed' } };
  }
  if (finding.acceptWithoutClientAuth === undefined) return {};
  const { since, until } = finding.acceptWithoutClientAuth;
  return { grace: { state: since >= until ? 'never' : now < since ? 'ahead' : 'over', since, until } };
}

function explainPublicIssuance(certificate: ClientCertificate): Pick<ClientAuthFacts, 'publicIssuance'> {
  const issuance = judgePublicIssuance(certificate.der);
  return looksPublic(issuance) ? { publicIssuance: toLoss(issuance) } : {};
}

/** Why a certificate looks like one of a public CA, which may leave out clientAuth when the certificate is renewed. */
export interface ClientAuthLoss {
  readonly verdict: 'likely' | 'possible';
  readonly evidence: readonly PublicIssuanceEvidence[];
}

/**
 * Judges whether the certificate may lose clientAuth when it is renewed. Undefined unless it may act as a client now
 * and looks like a certificate of a public CA.
 */
export function judgeClientAuthLoss({ der }: ClientCertificate): ClientAuthLoss | undefined {
  const issuance = judgePublicIssuance(der);
  return looksPublic(issuance) && issuance.hasClientAuth ? toLoss(issuance) : undefined;
}

type Public = PublicIssuance & { readonly verdict: ClientAuthLoss['verdict'] };

function looksPublic(issuance: PublicIssuance): issuance is Public {
  return issuance.verdict === 'likely' || issuance.verdict === 'possible';
}

function toLoss({ verdict, evidence }: Public): ClientAuthLoss {
  return Object.freeze({ verdict, evidence });
}

/** Returns text such as `likely: embedded_timestamps, server_auth`. */
export function describeIssuance({ verdict, evidence }: ClientAuthLoss): string {
  return `${verdict}: ${evidence.join(', ')}`;
}
