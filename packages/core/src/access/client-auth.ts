import {
  type CertificateFault,
  type ClientCertificate,
  clientAuthentication,
  listCertificateFaults,
} from '@certgate/x509';
import { formatInstant } from '@certgate/x509/internal';
import {
  judgePublicIssuance,
  type PublicIssuance,
  type PublicIssuanceEvidence,
} from '@certgate/x509/internal-certificates';
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
}

/**
 * The verdict on a certificate that lacks clientAuth. A grace is for that alone: whatever else is wrong with the
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
    const remark = isForServers ? explainGrace(finding, now) + explainPublicIssuance(certificate) : '';
    return { fault: { ...fault, detail: fault.detail + remark }, grace: undefined };
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
function explainGrace(finding: FoundFinding | NominatedFinding, now: number): string {
  if (finding.outcome === 'nominated') {
    // By an authority alone, there is no pin that could have a grace.
    return finding.identityName === undefined
      ? ''
      : ' No grace of its pin counts (acceptWithoutClientAuth): an authority is asked about it too, for one of its names or by issuedBy, and a certification path needs clientAuth.';
  }
  if (finding.acceptWithoutClientAuth === undefined) return '';
  const { since, until } = finding.acceptWithoutClientAuth;
  if (since >= until) return ' Its pins never accept that at the same time (acceptWithoutClientAuth).';
  return now < since
    ? ` Its pin accepts that from ${formatInstant(since)} on (acceptWithoutClientAuth).`
    : ` Its pin accepted that until ${formatInstant(until)} (acceptWithoutClientAuth).`;
}

function explainPublicIssuance(certificate: ClientCertificate): string {
  const issuance = judgePublicIssuance(certificate.der);
  if (!looksPublic(issuance)) return '';
  return ` It looks like a certificate of a public CA (${describeIssuance(issuance)}). Those no longer issue clientAuth, so a renewal does not help: issue the caller one from an authority of your own, or pin one that the caller makes for this purpose. See docs/public-certificates.md.`;
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
