import { formatInstant, formatSerialNumber } from '@certgate/core/internal';
import { formatToolCall } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { RevocationReasonChoice } from '../structure/certificate-choices.js';
import type { AuthorityRegister, RevokedEntry } from './authority-register.js';
import { toWholeSeconds } from './revocation-list.js';

export interface RevocationRequest {
  readonly serialNumber: string;
  readonly reason: RevocationReasonChoice;
  readonly now: Date;
  /**
   * Whether the user passed the certificate itself, and the authority's signature on it is valid. Such a certificate
   * can be revoked although the register doesn't list it.
   */
  readonly isProven: boolean;
}

export interface RevocationOutcome {
  readonly register: AuthorityRegister;
  readonly entry: RevokedEntry;
  /** The entry of an earlier revocation, whose time is kept. Undefined if the certificate was not revoked before. */
  readonly before: RevokedEntry | undefined;
}

/**
 * Revokes a certificate. Throws ToolFailure for a serial number that is neither in the register nor proven, and for a
 * hold if the certificate is permanently revoked.
 */
export function revokeCertificate(register: AuthorityRegister, request: RevocationRequest): RevocationOutcome {
  const { serialNumber, reason, now, isProven } = request;
  const shown = formatSerialNumber(serialNumber);
  const isListed = register.issued.some((entry) => entry.serialNumber === serialNumber);
  if (!isListed && !isProven) {
    throw new ToolFailure(`This authority's register has no certificate ${shown}. Nothing was revoked.`, {
      remedy: `If the register is incomplete, pass the certificate file. To see what it issued: ${formatToolCall(['authority', 'show', 'AUTHORITY'])}`,
    });
  }
  const before = register.revoked.find((entry) => entry.serialNumber === serialNumber);
  if (before !== undefined && before.reason !== 'certificateHold' && reason === 'certificateHold') {
    // A hold can be ended. A permanent revocation must never become a hold, because then it could be ended too.
    throw new ToolFailure(`The certificate ${shown} is permanently revoked (${before.reason}), not only on hold.`, {
      remedy: 'There is nothing to do: the certificate is refused, and stays refused.',
    });
  }
  const entry = { serialNumber, revokedAt: before?.revokedAt ?? formatInstant(toWholeSeconds(now).getTime()), reason };
  const others = register.revoked.filter((each) => each.serialNumber !== serialNumber);
  return { register: { ...register, revoked: [...others, entry] }, entry, before };
}

/**
 * Ends a hold (RFC 5280 §5.3.1, `removeFromCRL`). Throws ToolFailure if the certificate is not on hold, because every
 * other revocation is permanent.
 */
export function releaseCertificate(register: AuthorityRegister, serialNumber: string): RevocationOutcome {
  const before = register.revoked.find((entry) => entry.serialNumber === serialNumber);
  const shown = formatSerialNumber(serialNumber);
  if (before?.reason !== 'certificateHold') {
    throw new ToolFailure(
      before === undefined
        ? `The certificate ${shown} is not revoked. Nothing was changed.`
        : `The certificate ${shown} was revoked on ${before.revokedAt} (${before.reason}), and stays revoked.`,
      { remedy: 'removeFromCRL ends only a certificateHold. Issue a new certificate.' },
    );
  }
  const revoked = register.revoked.filter((entry) => entry.serialNumber !== serialNumber);
  return { register: { ...register, revoked }, entry: before, before };
}
