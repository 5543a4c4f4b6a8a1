import type { CertificationPath, PathCertificate } from '@certgate/x509/path';
import { hashHex, listSignatureTwins } from '@certgate/x509/internal-certificates';
import {
  type DeniedCertificate,
  deniedSerialKey,
  type DenyList,
  describeDenied,
  type TrustedAuthority,
  type TrustSnapshot,
} from './trust-snapshot.js';

/** The entry for the certificate's serial number under one of the authorities that may have issued it. */
export function findDeniedSerial(
  { denied }: TrustSnapshot,
  { serialNumber }: Pick<PathCertificate, 'serialNumber'>,
  issuers: readonly TrustedAuthority[],
): DeniedCertificate | undefined {
  for (const { name } of issuers) {
    const entry = denied.serialNumbers.get(deniedSerialKey(name, serialNumber));
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** A path that leads through a CA that the document denies. */
export interface DeniedPath {
  readonly outcome: 'invalid';
  readonly code: 'certificate_on_deny_list';
  readonly detail: string;
}

/** The deny list is for every certificate, a CA's among them: with it goes all that it issued. */
export function findDeniedAuthority(
  { denied }: TrustSnapshot,
  authority: TrustedAuthority,
  { certificates, trustAnchor }: CertificationPath,
): DeniedPath | undefined {
  for (const certificate of [trustAnchor, ...certificates]) {
    const { serialNumber, subjectText } = certificate;
    // An anchor's own serial number is nobody's under it.
    const bySerial =
      certificate === trustAnchor ? undefined : denied.serialNumbers.get(deniedSerialKey(authority.name, serialNumber));
    const entry = findDeniedThumbprint(denied, certificate) ?? bySerial;
    if (entry === undefined) continue;
    const detail = `The certification path leads through "${subjectText}". ${describeDenied(entry)}`;
    return { outcome: 'invalid', code: 'certificate_on_deny_list', detail };
  }
  return undefined;
}

/** Also under its other signature: a CA certificate may have come with the request, from whoever has computed that. */
function findDeniedThumbprint(
  { thumbprintsSha256 }: DenyList,
  { der, thumbprintSha256 }: PathCertificate,
): DeniedCertificate | undefined {
  if (thumbprintsSha256.size === 0) return undefined;
  const thumbprints = [thumbprintSha256, ...listSignatureTwins(der).map((twin) => hashHex('sha256', twin))];
  return thumbprints.flatMap((each) => thumbprintsSha256.get(each) ?? [])[0];
}
