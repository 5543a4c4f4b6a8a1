import { formatInstant } from '@certgate/core/internal';
import type { CertificateIssuer } from '../structure/certificate-issuer.js';
import { encodePem } from '../structure/pem-blocks.js';
import { addDays, backdatedMilliseconds } from '../structure/validity-period.js';
import { writeRevocationList } from '../structure/write-revocation-list.js';
import type { AuthorityRegister } from './authority-register.js';

export interface ListTimes {
  readonly now: Date;
  /** Days from `now` until the next list is due. */
  readonly days: number;
}

/** Makes the next revocation list, and the register with the number and the times of that list. */
export function createNextList(
  register: AuthorityRegister,
  issuer: CertificateIssuer,
  { now, days }: ListTimes,
): { readonly register: AuthorityRegister; readonly listDer: Buffer } {
  const number = register.list.number + 1;
  // Dated back, because an app whose clock is behind would otherwise refuse the list, and with it every caller.
  const thisUpdate = toWholeSeconds(new Date(now.getTime() - backdatedMilliseconds));
  const nextUpdate = toWholeSeconds(addDays(now, days));
  const listDer = writeRevocationList({
    issuer,
    number,
    thisUpdate,
    nextUpdate,
    revocations: register.revoked.map(({ serialNumber, revokedAt, reason }) => ({
      serialNumber,
      revokedAt: new Date(revokedAt),
      reason,
    })),
  });
  const list = {
    number,
    thisUpdate: formatInstant(thisUpdate.getTime()),
    nextUpdate: formatInstant(nextUpdate.getTime()),
  };
  return { register: { ...register, list }, listDer };
}

export function encodeListPem(listDer: Uint8Array): string {
  return encodePem('X509 CRL', listDer);
}

export function toWholeSeconds(instant: Date): Date {
  return new Date(Math.trunc(instant.getTime() / 1000) * 1000);
}
