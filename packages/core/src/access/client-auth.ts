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

// Public CAs no longer issue clientAuth (docs/public-certificates.md). This file finds callers who will be refused for that,
// explains the refusal, and applies a pin's grace.

/** RFC 5280 §4.2.1.12. */
const serverAuthentication = '1.3.6.1.5.5.7.3.1';
const anyExtendedKeyUsage = '2.5.29.37.0';

/** What refuses the certificate; undefined: nothing, by this grace. */
export interface GraceCheck {
  readonly fault: CertificateFault | undefined;
  readonly grace: ClientAuthGrace | undefined;
  /** Of a certificate that is refused for want of clientAuth. */
  readonly missing?: Pick<ClientAuthFacts, 'grace' | 'publicIssuance'>;
}

/**
 * Whether a certificate that lacks clientAuth is admitted. A grace is for that alone: whatever else is wrong with the
 * certificate refuses it. A nomination has none, since a certification path needs clientAuth.
 */
export function judgeWithoutClientAuth(
  fault: CertificateFault,
  certificate: ClientCertificate,
  finding: FoundFinding | NominatedFinding,
  now: number,
): GraceCheck {
  const grace = finding.outcome === 'found' ? finding.acceptWithoutClientAuth : undefined;
  const isForServers = isForServersAlone(certificate);
  if (grace === undefined || !isForServers || !isGraceRunning(grace, now)) {
    const missing = isForServers ? { ...explainGrace(finding, now), ...explainPublicIssuance(certificate) } : {};
    return { fault, grace: undefined, missing };
  }
  const other = listCertificateFaults(certificate, now).find(({ code }) => code !== fault.code);
  return other === undefined ? { fault: undefined, grace } : { fault: other, grace: undefined };
}

/** What a grace may excuse: serverAuth without clientAuth, and nothing that means any usage. */
export function isForServersAlone({ extendedKeyUsage = [] }: ClientCertificate): boolean {
  return (
    extendedKeyUsage.includes(serverAuthentication) &&
    !extendedKeyUsage.includes(clientAuthentication) &&
    !extendedKeyUsage.includes(anyExtendedKeyUsage)
  );
}

/** Why no grace admits the certificate now, where somebody may have given it one. */
function explainGrace(finding: FoundFinding | NominatedFinding, now: number): Pick<ClientAuthFacts, 'grace'> {
  if (finding.outcome === 'nominated') {
    // By an authority alone, there is no pin that could have a grace.
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

/** A certificate that looks like one of a public CA, and will lose clientAuth when it is renewed. */
export interface ClientAuthLoss {
  readonly verdict: 'likely' | 'possible';
  readonly evidence: readonly PublicIssuanceEvidence[];
}

/** Undefined: it does not look so, or has no clientAuth to lose. */
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

/** `likely: embedded_timestamps, server_auth`. */
export function describeIssuance({ verdict, evidence }: ClientAuthLoss): string {
  return `${verdict}: ${evidence.join(', ')}`;
}
