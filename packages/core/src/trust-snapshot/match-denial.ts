import { formatInstant } from '@certgate/x509/internal';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';
import { type DenialCode, rankDenial } from '../denial.js';
import type { TrustMatch } from './issued-match.js';
import type { RefusedFinding, TrustDenialCode } from './trust-finding.js';

type MatchCode = Extract<TrustDenialCode, `identity_${string}` | `pin_${string}`>;
/** Why matches refuse: they are of two identities, or one of them is not in force. */
export type MatchDenial = RefusedFinding & { readonly code: MatchCode };

/** All matches must be of one identity, and none of them may deny. */
export function findMatchesDenial(
  matches: readonly TrustMatch[],
  certificate: PresentedCertificate,
  now: number,
): MatchDenial | undefined {
  const [first] = matches;
  const stranger = first && matches.find(({ identity }) => identity !== first.identity);
  if (first !== undefined && stranger !== undefined) {
    return denyMatch(
      'identity_ambiguous',
      `The certificate stands for two identities, "${first.identity.name}" and "${stranger.identity.name}"; leave it in one.`,
    );
  }
  return findStrictest(matches.flatMap((match) => findMatchDenial(match, certificate, now) ?? []));
}

/** A pin of the certificate's twin has other digits than the operator sees in the log. */
function describePin({ identity, isOfTwin }: TrustMatch): string {
  const remark = isOfTwin ? ', of the same certificate under its other ECDSA signature,' : '';
  return `This pin of "${identity.name}"${remark}`;
}

/** Of several reasons, the one that counts; of equals, the first. */
export function findStrictest<Reason extends { readonly code: DenialCode }>(
  reasons: readonly Reason[],
): Reason | undefined {
  const [strictest] = [...reasons].sort((one, other) => rankDenial(one.code) - rankDenial(other.code));
  return strictest;
}

function findMatchDenial(match: TrustMatch, certificate: PresentedCertificate, now: number): MatchDenial | undefined {
  const { identity, pin } = match;
  const { name } = identity;
  if (!identity.enabled) {
    return denyMatch('identity_disabled', `The identity "${name}" is disabled in the trust document.`, name);
  }
  // Here and below: written so that a time which is no number is outside the window.
  if (identity.expiresAt !== undefined && !(now < identity.expiresAt)) {
    return denyMatch(
      'identity_expired',
      `The identity "${name}" ended at ${formatInstant(identity.expiresAt)} (expiresAt).`,
      name,
    );
  }
  if (pin === undefined) return undefined;
  if (!pin.enabled) return denyMatch('pin_disabled', `${describePin(match)} is disabled in the trust document.`, name);
  if (pin.notBefore !== undefined && !(now >= pin.notBefore)) {
    return denyMatch(
      'pin_not_yet_valid',
      `${describePin(match)} begins at ${formatInstant(pin.notBefore)} (notBefore).`,
      name,
    );
  }
  if (pin.notAfter !== undefined && !(now < pin.notAfter)) {
    const detail = `${describePin(match)} ended at ${formatInstant(pin.notAfter)} (notAfter).${describeOwnEnd(certificate, now)}`;
    return denyMatch('pin_expired', detail, name);
  }
  return undefined;
}

/**
 * `trust add --certificate` copies the certificate's end to the pin, whose end is noticed first. Decodes the certificate,
 * so it is for those that a pin knows: a stranger's is never decoded.
 */
function describeOwnEnd({ decoding }: PresentedCertificate, now: number): string {
  if (!decoding.ok) return '';
  const { notAfter } = decoding.certificate;
  // RFC 5280 §4.1.2.5: notAfter is still within the validity.
  return now <= notAfter
    ? ` The certificate itself is valid until ${formatInstant(notAfter)}.`
    : ` The certificate itself has expired too, at ${formatInstant(notAfter)}: the caller needs a new one, and a longer pin does not help.`;
}

function denyMatch(code: MatchCode, detail: string, identityName?: string): MatchDenial {
  return { outcome: 'denied', code, detail, ...(identityName === undefined ? {} : { identityName }) };
}
