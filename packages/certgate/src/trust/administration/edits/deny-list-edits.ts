import {
  deniedSerialKey,
  findSerialNumber,
  findThumbprint,
  formatSerialNumber,
  shortenThumbprint,
  type TrustDocument,
  type TrustDocumentDenied,
} from '@certgate/core/internal';
import { formatTrustCall } from '../../../faults/tool-call.js';
import { ToolFailure } from '../../../faults/tool-failure.js';

/** A certificate that is denied already stays as it is, with the reason it had. */
export function denyCertificate(document: TrustDocument, entry: TrustDocumentDenied): TrustDocument {
  const { denied = [] } = document;
  return denied.some((each) => toKey(each) === toKey(entry)) ? document : { ...document, denied: [...denied, entry] };
}

/** @throws {ToolFailure} for what is not denied. */
export function undenyCertificate(document: TrustDocument, entry: TrustDocumentDenied): TrustDocument {
  const { denied = [], ...rest } = document;
  const kept = denied.filter((each) => toKey(each) !== toKey(entry));
  if (kept.length === denied.length) {
    throw new ToolFailure(`The deny list doesn't contain ${describeDenied(entry)}.`, {
      remedy: `To see its entries: ${formatTrustCall('list', [], ['--json'])}`,
    });
  }
  return kept.length === 0 ? rest : { ...rest, denied: kept };
}

export function describeDenied({ thumbprintSha256, issuedBy = '', serialNumber = '' }: TrustDocumentDenied): string {
  return thumbprintSha256 === undefined
    ? `the serial number ${formatSerialNumber(findSerialNumber(serialNumber) ?? serialNumber)} of ${issuedBy}`
    : `the certificate ${shortenThumbprint(thumbprintSha256)}`;
}

function toKey({ thumbprintSha256, issuedBy = '', serialNumber = '' }: TrustDocumentDenied): string {
  return thumbprintSha256 === undefined
    ? deniedSerialKey(issuedBy, findSerialNumber(serialNumber) ?? serialNumber)
    : (findThumbprint(thumbprintSha256, 'sha256') ?? thumbprintSha256);
}
