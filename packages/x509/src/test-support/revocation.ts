import { writeFileSync } from 'node:fs';
import {
  type CertificateRevocationList,
  decodeCertificateRevocationList,
} from '../revocation/certificate-revocation-list.js';
import { type PathCertificate, decodePathCertificate } from '../certificate/path-certificate.js';
import { type CertificateRequest, makeCertificate } from './certificates.js';
import { type DerNode, encodeElement, encodeTree, getNode, parseTree } from './der-editing.js';
import { fromPem, newTemporaryPath, runOpenssl, toPem } from './openssl.js';

export interface MadeAuthority {
  readonly certificate: PathCertificate;
  readonly der: Buffer;
  readonly pemPath: string;
  readonly keyPath: string;
}

export const authorityExtensions: readonly string[] = [
  'basicConstraints = critical, CA:TRUE',
  'keyUsage = critical, keyCertSign, cRLSign',
  'subjectKeyIdentifier = hash',
];

export interface IssueRequest extends Omit<CertificateRequest, 'name'> {
  readonly name: string;
}

/** Makes a certificate that `issuer` issued, or a self-signed one. By default, it has an authority's extensions. */
export function issue({ name, ...request }: IssueRequest): MadeAuthority {
  const { der, keyPath } = makeCertificate({ extensions: authorityExtensions, ...request, name: [`CN = ${name}`] });
  const pemPath = newTemporaryPath('.pem');
  writeFileSync(pemPath, toPem(der));
  return { certificate: readCertificate(der), der, pemPath, keyPath };
}

export function readCertificate(der: Uint8Array): PathCertificate {
  const decoding = decodePathCertificate(der);
  if (!decoding.ok) throw new Error(decoding.fault);
  return decoding.value;
}

export function readCrl(der: Uint8Array): CertificateRevocationList {
  const decoding = decodeCertificateRevocationList(der);
  if (!decoding.ok) throw new Error(decoding.fault);
  return decoding.value;
}

export interface RevokedRequest {
  readonly serialNumber: string;
  readonly reason?: string;
}

export interface CrlRequest {
  readonly authority: MadeAuthority;
  readonly revoked?: readonly RevokedRequest[];
  /** The CRL number in hexadecimal, with an even number of digits. Null for a list without a number. */
  readonly number?: string | null;
  /** Whether the list has an authority key identifier besides those in `extensions`. True by default. */
  readonly hasKeyIdentifier?: boolean;
  /** Lines of the configuration's section for CRL extensions. */
  readonly extensions?: readonly string[];
  readonly sections?: readonly string[];
  readonly lastUpdate?: string;
  readonly nextUpdate?: string;
  readonly digest?: string;
}

/**
 * Makes a list with `openssl ca -gencrl`. By default it is valid in January 2027. Its revocations are from June 2026.
 */
export function makeCrl(request: CrlRequest): Buffer {
  const { authority, revoked = [], number = '01', extensions = [], sections = [], digest = 'sha256' } = request;
  const { lastUpdate = '20270101000000Z', nextUpdate = '20270201000000Z' } = request;
  const { hasKeyIdentifier = true } = request;
  const [database, numberPath, configuration] = ['.txt', '.number', '.cnf'].map(newTemporaryPath) as [
    string,
    string,
    string,
  ];
  const lines = revoked.map(
    ({ serialNumber, reason }) =>
      `R\t350101000000Z\t260601000000Z${reason === undefined ? '' : `,${reason}`}\t${serialNumber}\tunknown\t/CN=x${serialNumber}\n`,
  );
  writeFileSync(database, lines.join(''));
  if (number !== null) writeFileSync(numberPath, `${number}\n`);
  const settings = ['[ca]', 'default_ca = here', '[here]', `database = ${database}`];
  if (number !== null) settings.push(`crlnumber = ${numberPath}`);
  const section = ['crl_extensions = ext', 'unique_subject = no', '[ext]'];
  if (hasKeyIdentifier) section.push('authorityKeyIdentifier = keyid:always');
  writeFileSync(configuration, [...settings, ...section, ...extensions, ...sections, ''].join('\n'));
  const signer = ['-cert', authority.pemPath, '-keyfile', authority.keyPath, '-md', digest];
  const times = ['-crl_lastupdate', lastUpdate, '-crl_nextupdate', nextUpdate];
  return fromPem(runOpenssl(['ca', '-gencrl', '-config', configuration, ...signer, ...times]).toString());
}

/** The authority's signature over these octets, made by openssl. */
export function signBytes(bytes: Uint8Array, authority: MadeAuthority): Buffer {
  return runOpenssl(['dgst', '-sha256', '-sign', authority.keyPath], bytes);
}

/** A list with fields changed by `edit`, and signed again. openssl cannot make entries for other issuers. */
export function editCrl(
  crl: Uint8Array,
  authority: MadeAuthority,
  edit: (fields: readonly DerNode[]) => readonly (DerNode | undefined)[],
): Buffer {
  const root = parseTree(crl);
  const fields = edit(getNode(root, 0).children ?? []).flatMap((field) =>
    field === undefined ? [] : [encodeTree(field)],
  );
  const tbs = encodeElement(0x30, ...fields);
  const signature = encodeElement(0x03, Buffer.from([0]), signBytes(tbs, authority));
  return encodeElement(0x30, tbs, encodeTree(getNode(root, 1)), signature);
}

export function replaceEntries(crl: Uint8Array, entries: readonly Uint8Array[], authority: MadeAuthority): Buffer {
  return editCrl(crl, authority, (fields) => {
    // The fields are version, signature, issuer, thisUpdate, nextUpdate, entries if there are any, and extensions.
    const children = entries.map(parseTree);
    return [...fields.slice(0, 5), { tag: 0x30, children, content: Buffer.alloc(0) }, fields.at(-1)];
  });
}

/** An entry of a list, with extensions in DER. */
export function encodeEntry(serialNumber: string, ...extensions: readonly Uint8Array[]): Buffer {
  const serial = encodeElement(0x02, Buffer.from(serialNumber, 'hex'));
  const time = encodeElement(0x17, Buffer.from('260601000000Z'));
  const list = extensions.length === 0 ? [] : [encodeElement(0x30, ...extensions)];
  return encodeElement(0x30, serial, time, ...list);
}

/** An extension. `type` is the content of the OBJECT IDENTIFIER in hexadecimal. */
export function encodeExtension(type: string, isCritical: boolean, value: Uint8Array): Buffer {
  const critical = isCritical ? [encodeElement(0x01, Buffer.from([0xff]))] : [];
  const identifier = encodeElement(0x06, Buffer.from(type, 'hex'));
  return encodeElement(0x30, identifier, ...critical, encodeElement(0x04, value));
}

/** The extension certificateIssuer (RFC 5280 §5.3.3) with this certificate's subject. */
export function encodeCertificateIssuer(authority: MadeAuthority): Buffer {
  const subject = encodeTree(getNode(parseTree(authority.der), 0, 5));
  return encodeExtension('551d1d', true, encodeElement(0x30, encodeElement(0xa4, subject)));
}
