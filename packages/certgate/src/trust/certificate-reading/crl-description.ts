import { type CertificateRevocationList, formatInstant, formatSerialNumber } from '@certgate/core/internal';
import { describeDays } from '../../faults/time-words.js';
import type { ReadCrlView } from '../views/page-views.js';

/** More are counted, and not shown. */
export const maximumListedEntries = 1000;

/** A list in words. Who signed it, and whether it counts, isn't verified here: `certificate verify` does that. */
export function describeCrl(crl: CertificateRevocationList, now: number): ReadCrlView {
  const { issuerText, thisUpdate, nextUpdate, crlNumber, deltaBaseNumber, entries, unknownCriticalExtensions } = crl;
  return {
    fields: [
      ['Issuer', issuerText],
      ['Kind', deltaBaseNumber === undefined ? 'complete list' : `changes since list ${deltaBaseNumber}`],
      ['Written at', `${formatInstant(thisUpdate)} (${describeDays(thisUpdate - now)})`],
      ['Next list by', nextUpdate === undefined ? 'not said' : describeNextUpdate(nextUpdate, now)],
      ['Number', crlNumber === undefined ? 'none' : `${crlNumber}`],
      ['Revoked certificates', `${entries.count}`],
      ...(unknownCriticalExtensions.length === 0
        ? []
        : [['Unknown critical extensions', unknownCriticalExtensions.slice(0, 20).join(', ')] as const]),
    ],
    revoked: entries.list(maximumListedEntries).map(({ serialNumber, revokedAt, reason }) => ({
      serial: formatSerialNumber(serialNumber),
      at: formatInstant(revokedAt),
      reason: reason === 'unspecified' ? null : reason,
    })),
  };
}

function describeNextUpdate(nextUpdate: number, now: number): string {
  const over = nextUpdate < now ? ': the list is over' : '';
  return `${formatInstant(nextUpdate)} (${describeDays(nextUpdate - now)}${over})`;
}
