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

/** A certificate of an issuer, or a self-signed one; an authority's extensions by default. */
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
  /** Hexadecimal, an even number of digits; null: a list without a number. */
  readonly number?: string | null;
  /** Default true; false: a list without an authority key identifier, unless the extensions have one. */
  readonly hasKeyIdentifier?: boolean;
  /** Lines of the configuration's section of CRL extensions. */
  readonly extensions?: readonly string[];
  readonly sections?: readonly string[];
  readonly lastUpdate?: string;
  readonly nextUpdate?: string;
  readonly digest?: string;
}

/** A list by `openssl ca -gencrl`: of January 2027 where no times are said, revocations of June 2026. */
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

/** Octets in the place of an authority's signature over them, by openssl. */
export function signBytes(bytes: Uint8Array, authority: MadeAuthority): Buffer {
  return runOpenssl(['dgst', '-sha256', '-sign', authority.keyPath], bytes);
}

/** A list with other fields, signed again: openssl makes no entries of other issuers. */
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
    // version, signature, issuer, thisUpdate, nextUpdate; entries where there are any; extensions
    const children = entries.map(parseTree);
    return [...fields.slice(0, 5), { tag: 0x30, children, content: Buffer.alloc(0) }, fields.at(-1)];
  });
}

/** One entry, with extensions in DER. */
export function encodeEntry(serialNumber: string, ...extensions: readonly Uint8Array[]): Buffer {
  const serial = encodeElement(0x02, Buffer.from(serialNumber, 'hex'));
  const time = encodeElement(0x17, Buffer.from('260601000000Z'));
  const list = extensions.length === 0 ? [] : [encodeElement(0x30, ...extensions)];
  return encodeElement(0x30, serial, time, ...list);
}

/** `type` in hexadecimal, the content of the OBJECT IDENTIFIER. */
export function encodeExtension(type: string, isCritical: boolean, value: Uint8Array): Buffer {
  const critical = isCritical ? [encodeElement(0x01, Buffer.from([0xff]))] : [];
  const identifier = encodeElement(0x06, Buffer.from(type, 'hex'));
  return encodeElement(0x30, identifier, ...critical, encodeElement(0x04, value));
}

/** certificateIssuer (RFC 5280 §5.3.3), of a certificate's subject. */
export function encodeCertificateIssuer(authority: MadeAuthority): Buffer {
  const subject = encodeTree(getNode(parseTree(authority.der), 0, 5));
  return encodeExtension('551d1d', true, encodeElement(0x30, encodeElement(0xa4, subject)));
}
