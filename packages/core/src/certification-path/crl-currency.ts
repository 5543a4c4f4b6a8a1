import { type CertificateRevocationList, crlExtensionTypes } from './certificate-revocation-list.js';
import type { CrlQuestion } from './crl-question.js';

/** [validFrom, validUntil) in milliseconds. */
export interface Currency {
  readonly validFrom: number;
  readonly validUntil: number;
}

/** Undefined: the list is not current, or it has a critical extension that might say so. */
export function findCurrency(crl: CertificateRevocationList, question: CrlQuestion): Currency | undefined {
  const { thisUpdate, nextUpdate } = crl;
  // §5.1.2.5 requires it; the strict profile insists.
  if (nextUpdate === undefined && question.profile === 'strict') return undefined;
  const validUntil = nextUpdate === undefined ? Infinity : nextUpdate + question.graceMilliseconds;
  const isCurrent = thisUpdate <= question.now && question.now < validUntil;
  return isCurrent ? { validFrom: thisUpdate, validUntil } : undefined;
}

/** May the list be taken for it that a certificate is *not* revoked (§5.2, §5.3: unknown critical extensions)? */
export function findClearance(crl: CertificateRevocationList, question: CrlQuestion): Currency | undefined {
  if (crl.unknownCriticalExtensions.length > 0 || isMisnumbered(crl, question)) return undefined;
  return findCurrency(crl, question);
}

/** §5.2.3: the number must be there, and not be critical. Without it nobody can tell that a list was put back. */
export function isMisnumbered({ extensions }: CertificateRevocationList, { profile }: CrlQuestion): boolean {
  return profile === 'strict' && extensions.get(crlExtensionTypes.crlNumber)?.isCritical !== false;
}

export function intersect(left: Currency, right: Currency): Currency {
  return {
    validFrom: Math.max(left.validFrom, right.validFrom),
    validUntil: Math.min(left.validUntil, right.validUntil),
  };
}
