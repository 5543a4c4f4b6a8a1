import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { findOuterFrameFault } from '@certgate/core/internal';
import { AsnConvert, AsnProp, AsnPropTypes } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  Attribute,
  type AttributeTypeAndValue,
  Extensions,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  Name,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  type GeneralName,
} from '@peculiar/asn1-x509';
import { ToolFailure } from '#local/tool-failure.js';
import { decodeText, isText, readBoundedFile } from './read-bounded-file.js';
import { decodePemBlock, readPemBlocks } from './structure/pem-blocks.js';

/** The CertificationRequestInfo of RFC 2986 §4.1. */
class RequestInfo {
  version = 0;
  subject: Name = new Name();
  subjectPKInfo: SubjectPublicKeyInfo = new SubjectPublicKeyInfo();
  attributes: Attribute[] = [];
}
AsnProp({ type: AsnPropTypes.Integer })(RequestInfo.prototype, 'version');
AsnProp({ type: Name })(RequestInfo.prototype, 'subject');
AsnProp({ type: SubjectPublicKeyInfo })(RequestInfo.prototype, 'subjectPKInfo');
AsnProp({ type: Attribute, repeated: 'set', context: 0, implicit: true, optional: true })(
  RequestInfo.prototype,
  'attributes',
);

/** The CertificationRequest of RFC 2986 §4.2. */
class Request {
  info: RequestInfo = new RequestInfo();
  /** The octets of `info`, which the signature covers. */
  infoRaw: ArrayBuffer = new ArrayBuffer(0);
  signatureAlgorithm: AlgorithmIdentifier = new AlgorithmIdentifier();
  signature: ArrayBuffer = new ArrayBuffer(0);
}
AsnProp({ type: RequestInfo, raw: true })(Request.prototype, 'info');
AsnProp({ type: AlgorithmIdentifier })(Request.prototype, 'signatureAlgorithm');
AsnProp({ type: AsnPropTypes.BitString })(Request.prototype, 'signature');

/** What follows `info`. The signature does not cover it. */
class RequestEnd {
  signatureAlgorithm: AlgorithmIdentifier = new AlgorithmIdentifier();
  signature: ArrayBuffer = new ArrayBuffer(0);
}
AsnProp({ type: AlgorithmIdentifier })(RequestEnd.prototype, 'signatureAlgorithm');
AsnProp({ type: AsnPropTypes.BitString })(RequestEnd.prototype, 'signature');

/** A certificate request. Its signature has shown that its maker had the private key. */
export interface CertificationRequest {
  readonly publicKey: KeyObject;
  /** What the request asks for in addition to a certificate for the key. Its sender chose these texts. */
  readonly wishes: RequestWishes;
}

export interface RequestWishes {
  /** For example `O=Example, CN=billing`. Empty if the request has no subject. */
  readonly subject: string;
  /** The alternative names, each with its kind, for example `DNS:billing.example.org`. */
  readonly names: readonly string[];
  /** The other extensions that it asks for, each by its name, such as `keyUsage`, or by its object identifier. */
  readonly extensions: readonly string[];
}

/** Even a request with hundreds of names is smaller than this. */
const maximumBytes = 65_536;

/**
 * Reads a file with one PKCS#10 request, in PEM or DER, and verifies its signature with its own key.
 *
 * @throws {ToolFailure} if the file contains no request, several, or a private key, or if the key or the signature is
 * not accepted.
 */
export async function readCertificationRequest(path: string): Promise<CertificationRequest> {
  return parseCertificationRequest(await readBoundedFile(path), path);
}

export function parseCertificationRequest(bytes: Buffer, name: string): CertificationRequest {
  if (bytes.length > maximumBytes) throw unusable(name, `is larger than ${maximumBytes / 1024} KiB`);
  const der = isText(bytes) || bytes[0] !== 0x30 ? findRequestBlock(decodeText(bytes), name) : bytes;
  const fault = findOuterFrameFault(der);
  if (fault === 'trailing_bytes') throw unusable(name, 'has more in it than one certificate request');
  if (fault !== undefined) throw unusable(name, 'contains no certificate request that can be read');
  try {
    const request = AsnConvert.parse(der, Request);
    if (!endsAsEncoded(der, request)) throw unusable(name, 'contains no certificate request that can be read');
    return readVerified(request, name);
  } catch (cause) {
    throw cause instanceof ToolFailure
      ? cause
      : unusable(name, 'contains no certificate request that can be read', { cause });
  }
}

/** Whether what follows `info` is DER. The decoder accepts some wrong tags there, such as [0] in place of SEQUENCE. */
function endsAsEncoded(der: Buffer, { signatureAlgorithm, signature }: Request): boolean {
  const end = Object.assign(new RequestEnd(), { signatureAlgorithm, signature });
  const encoded = Buffer.from(AsnConvert.serialize(end));
  const length = encoded[1] ?? 0;
  const content = encoded.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f));
  return der.subarray(-content.length).equals(content);
}

function findRequestBlock(text: string, name: string): Buffer {
  const blocks = readPemBlocks(text);
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) {
    throw new ToolFailure(`${name} contains a private key in addition to the request.`, {
      remedy:
        'The key must stay with the caller, and this one did not: let the caller make a new key, and send only the request.',
    });
  }
  const [request, ...others] = blocks.filter(({ label }) => /^(?:NEW )?CERTIFICATE REQUEST$/.test(label));
  if (others.length > 0) throw unusable(name, `contains ${others.length + 1} certificate requests`);
  if (request !== undefined) return decodePemBlock(request);
  const isCertificate = blocks.some(({ label }) => label === 'CERTIFICATE');
  throw unusable(
    name,
    isCertificate ? 'contains a certificate, not a certificate request' : 'contains no certificate request',
  );
}

function unusable(name: string, what: string, { cause }: { readonly cause?: unknown } = {}): ToolFailure {
  return new ToolFailure(`${name} ${what}. Nothing was issued.`, {
    remedy: 'Pass a file with one request (PKCS #10) in PEM or DER: docs/for-callers.md shows how the caller makes it.',
    cause,
  });
}

function readVerified({ info, infoRaw, signatureAlgorithm, signature }: Request, name: string): CertificationRequest {
  const publicKey = readKey(info.subjectPKInfo, name);
  if (info.version !== 0) throw unusable(name, `is a request of version ${info.version + 1}, which is unknown`);
  const rule = signatureRules[signatureAlgorithm.algorithm];
  if (rule === undefined || rule.keyType !== publicKey.asymmetricKeyType) {
    throw unusable(
      name,
      `is signed by an algorithm that is not accepted for its key (${signatureAlgorithm.algorithm}); accepted are RSA (PKCS #1) and ECDSA with SHA-256, SHA-384 or SHA-512, and Ed25519`,
    );
  }
  if (!verify(rule.digest, Buffer.from(infoRaw), publicKey, Buffer.from(signature))) {
    throw new ToolFailure(
      `The signature of ${name} is not by the key in it, so its sender may not have the key. Nothing was issued.`,
      { remedy: 'The file may be damaged. Let the caller make the request again, with its own key.' },
    );
  }
  return { publicKey, wishes: readWishes(info) };
}

interface SignatureRule {
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
}

/**
 * The signature algorithms that are accepted (RFC 4055, RFC 5758, RFC 8410). SHA-1 is missing, because collisions with
 * it can be made, so that a signature may have been made for something else.
 */
const signatureRules: Readonly<Record<string, SignatureRule>> = {
  '1.2.840.113549.1.1.11': { keyType: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { keyType: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { keyType: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { keyType: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { keyType: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { keyType: 'ec', digest: 'sha512' },
  '1.3.101.112': { keyType: 'ed25519', digest: null },
};

function readKey(info: SubjectPublicKeyInfo, name: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(AsnConvert.serialize(info)), format: 'der', type: 'spki' });
  } catch (cause) {
    throw unusable(name, "has a key that this Node.js can't read", { cause });
  }
}

/** The attribute extensionRequest of PKCS #9 §5.4.2. */
const extensionRequest = '1.2.840.113549.1.9.14';

function readWishes({ subject, attributes }: RequestInfo): RequestWishes {
  const extensions = attributes
    .filter(({ type }) => type === extensionRequest)
    .flatMap(({ values }) => values.flatMap((value) => [...AsnConvert.parse(value, Extensions)]));
  const isNames = ({ extnID }: { readonly extnID: string }): boolean => extnID === id_ce_subjectAltName;
  return {
    subject: [...subject].flatMap((part) => [...part].map(describeAttribute)).join(', '),
    names: extensions
      .filter(isNames)
      .flatMap(({ extnValue }) => [...AsnConvert.parse(extnValue.buffer, SubjectAlternativeName)].map(describeName)),
    extensions: extensions.filter((each) => !isNames(each)).map(({ extnID }) => extensionNames[extnID] ?? extnID),
  };
}

const extensionNames: Readonly<Record<string, string>> = {
  [id_ce_basicConstraints]: 'basicConstraints',
  [id_ce_keyUsage]: 'keyUsage',
  [id_ce_extKeyUsage]: 'extendedKeyUsage',
};

const attributeNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
};

function describeAttribute({ type, value }: AttributeTypeAndValue): string {
  return `${attributeNames[type] ?? type}=${value.toString()}`;
}

function describeName(name: GeneralName): string {
  const { dNSName, uniformResourceIdentifier, rfc822Name, iPAddress } = name;
  if (dNSName !== undefined) return `DNS:${dNSName}`;
  if (uniformResourceIdentifier !== undefined) return `URI:${uniformResourceIdentifier}`;
  if (rfc822Name !== undefined) return `email:${rfc822Name}`;
  return iPAddress === undefined ? 'a name of another kind' : `IP:${iPAddress}`;
}
