import {
  id_kp_clientAuth,
  id_kp_codeSigning,
  id_kp_emailProtection,
  id_kp_OCSPSigning,
  id_kp_serverAuth,
} from '@peculiar/asn1-x509';
import type { ExtendedKeyUsageName } from './certificate-choices.js';

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

/** RFC 5280 §4.2.1.12. */
const keyPurposeNames: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '2.5.29.37.0': 'anyExtendedKeyUsage',
};

/** An extended key usage as people know it, or its object identifier. */
export function nameKeyPurpose(oid: string): string {
  return keyPurposeNames[oid] ?? oid;
}
