import { type CanonicalName, decodeCanonicalName } from '../certificate/distinguished-name.js';
import { type KeyUsage, decodeExtendedKeyUsage, decodeKeyUsage } from '../certificate/client-certificate.js';
import { type CertificatePublicKey, decodePublicKey, decodeCertificateStructure } from '../certificate/certificate.js';
import { type DerDecoding, readDer } from '../encoding/der.js';
import { extensionTypes } from '../certificate/path-certificate.js';
import { type SignatureAlgorithm, decodeSignatureAlgorithm } from '../certificate/signature-algorithm.js';
import { type SignedData, VerificationKey } from '../certificate/signature-verification.js';

/**
 * What bears on who may answer for an issuer (RFC 6960 §4.2.2.2); a PathCertificate has it all. Responders of public CAs
 * have certificates with extensions that a path refuses and that say nothing here, such as an empty alternative name.
 */
export interface OcspResponderCertificate {
  readonly der: Uint8Array;
  readonly serialNumber: string;
  readonly issuer: CanonicalName;
  readonly subject: CanonicalName;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: CertificatePublicKey;
  readonly verificationKey: VerificationKey;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signed: SignedData;
  readonly keyUsage: readonly KeyUsage[] | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly hasOcspNoCheck: boolean;
  readonly unknownCriticalExtensions: readonly string[];
}

/** Of no consequence for one who issues nothing and whose name is compared whole, critical or not. */
const knownExtensions: ReadonlySet<string> = new Set([
  extensionTypes.keyUsage,
  extensionTypes.extendedKeyUsage,
  extensionTypes.ocspNoCheck,
  extensionTypes.basicConstraints,
  extensionTypes.certificatePolicies,
]);

export function decodeOcspResponderCertificate(der: Uint8Array): DerDecoding<OcspResponderCertificate> {
  return readDer(() => {
    const { extensions, signature, ...structure } = decodeCertificateStructure(der);
    const find = <T>(type: string, decode: (value: Uint8Array) => T): T | undefined => {
      const extension = extensions.get(type);
      return extension === undefined ? undefined : decode(extension.value);
    };
    const signatureAlgorithm = decodeSignatureAlgorithm(structure.signatureAlgorithm);
    return Object.freeze({
      der,
      serialNumber: Buffer.from(structure.serialNumber).toString('hex').toUpperCase(),
      issuer: decodeCanonicalName(structure.issuer),
      subject: decodeCanonicalName(structure.subject),
      notBefore: structure.notBefore,
      notAfter: structure.notAfter,
      publicKey: decodePublicKey(structure.subjectPublicKeyInfo),
      verificationKey: new VerificationKey(structure.subjectPublicKeyInfo.encoded),
      signatureAlgorithm,
      signed: { data: structure.tbsCertificate, algorithm: signatureAlgorithm, signature },
      keyUsage: find(extensionTypes.keyUsage, decodeKeyUsage),
      extendedKeyUsage: find(extensionTypes.extendedKeyUsage, decodeExtendedKeyUsage),
      hasOcspNoCheck: extensions.has(extensionTypes.ocspNoCheck),
      unknownCriticalExtensions: [...extensions]
        .filter(([type, { isCritical }]) => isCritical && !knownExtensions.has(type))
        .map(([type]) => type),
    });
  });
}
