import {
  id_kp_clientAuth,
  id_kp_codeSigning,
  id_kp_emailProtection,
  id_kp_OCSPSigning,
  id_kp_serverAuth,
} from '@peculiar/asn1-x509';

/** By the names of RFC 5280 §4.2.1.12. */
export const extendedKeyUsageNames = [
  'clientAuth',
  'serverAuth',
  'codeSigning',
  'emailProtection',
  'OCSPSigning',
] as const;
export type ExtendedKeyUsageName = (typeof extendedKeyUsageNames)[number];

const oidByUsage: Readonly<Record<ExtendedKeyUsageName, string>> = {
  clientAuth: id_kp_clientAuth,
  serverAuth: id_kp_serverAuth,
  codeSigning: id_kp_codeSigning,
  emailProtection: id_kp_emailProtection,
  OCSPSigning: id_kp_OCSPSigning,
};

export function getUsageOid(usage: ExtendedKeyUsageName): string {
  return oidByUsage[usage];
}
