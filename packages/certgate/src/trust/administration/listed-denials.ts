import { formatSerialNumber, type TrustSnapshot } from '@certgate/core/internal';

/**
 * An entry of the deny list in the form of `trust list --json`: with a thumbprint, or with authority and serial number.
 */
export interface ListedDenial {
  readonly thumbprintSha256?: string;
  readonly issuedBy?: string;
  readonly serialNumber?: string;
  readonly reason: string | null;
}

export function listDenials({ denied }: TrustSnapshot): readonly ListedDenial[] {
  const entries = [...denied.thumbprintsSha256.values(), ...denied.serialNumbers.values()];
  return entries.map(({ thumbprintSha256, issuedBy = '', serialNumber = '', reason = null }) => ({
    ...(thumbprintSha256 === undefined
      ? { issuedBy, serialNumber: formatSerialNumber(serialNumber) }
      : { thumbprintSha256 }),
    reason,
  }));
}
