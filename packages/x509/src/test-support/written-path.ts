import {
  type CertificateRevocationList,
  decodeCertificateRevocationList,
} from '../revocation/certificate-revocation-list.js';
import type { PathQuestion } from '../certification-path/certification-path.js';
import type { PathRevocation } from '../certification-path/path-revocation.js';
import { type PathCertificate, decodePathCertificate } from '../certificate/path-certificate.js';
import type { DerDecoding } from '../encoding/der.js';
import {
  type CertificateWriting,
  type WritingKeyKind,
  type WrittenName,
  makeWritingKey,
  writeCertificate,
  writeCrl,
} from './certificate-writing.js';
import { authorityExtensions, clientExtensions } from './extension-writing.js';

/**
 * A time at which written certificates are valid and written CRLs are current by default, in milliseconds since
 * 1970-01-01T00:00:00Z.
 */
export const pathNow: number = Date.UTC(2027, 0, 1);

export function readWritten<T>(decode: (der: Uint8Array) => DerDecoding<T>, der: Uint8Array): T {
  const decoding = decode(der);
  if (!decoding.ok) throw new Error(decoding.fault);
  return decoding.value;
}

export function write(writing: CertificateWriting): PathCertificate {
  return readWritten(decodePathCertificate, writeCertificate(writing));
}

/** Writes a root, or an authority that `issuer` issued, with an authority's usual extensions followed by `more`. */
export function writeAuthority(
  subject: WrittenName,
  issuer: WrittenName = subject,
  ...more: readonly Buffer[]
): PathCertificate {
  return write({ subject, issuer, extensions: authorityExtensions(subject.key, issuer.key, ...more) });
}

export function writeClient(issuer: WrittenName, ...more: readonly Buffer[]): PathCertificate {
  const subject = { name: 'client', key: makeWritingKey() };
  return write({ subject, issuer, extensions: clientExtensions(issuer.key, ...more) });
}

export function newName(name: string, kind?: WritingKeyKind): WrittenName {
  return { name, key: makeWritingKey(kind) };
}

/** A question about a path. Revocation is not checked, unless `rest` says so. */
export function askAbout(
  target: PathCertificate,
  trustAnchor: PathCertificate,
  rest: Partial<PathQuestion> = {},
): PathQuestion {
  return {
    target,
    trustAnchors: [trustAnchor],
    intermediates: [],
    now: pathNow,
    revocation: 'off',
    ...rest,
  };
}

export function requireCrls(crls: readonly CertificateRevocationList[]): PathRevocation {
  return { mode: 'required', scope: 'chain', graceMilliseconds: 0, crls, findOcspResponses: () => [] };
}

/** The bytes of a chain and its CRLs, for tests that change them. */
export interface WrittenChain {
  readonly root: Buffer;
  readonly intermediate: Buffer;
  readonly leaf: Buffer;
  readonly crls: readonly [root: Buffer, intermediate: Buffer];
}

export function writeChain(kind: WritingKeyKind): WrittenChain {
  const root = newName('Root', kind);
  const intermediate = newName('Intermediate', kind);
  const client = newName('client', kind);
  return {
    root: writeCertificate({ subject: root, extensions: authorityExtensions(root.key, root.key) }),
    intermediate: writeCertificate({
      subject: intermediate,
      issuer: root,
      extensions: authorityExtensions(intermediate.key, root.key),
    }),
    leaf: writeCertificate({ subject: client, issuer: intermediate, extensions: clientExtensions(intermediate.key) }),
    crls: [writeCrl({ issuer: root, revoked: [1, 2, 3] }), writeCrl({ issuer: intermediate, revoked: [4, 5, 6] })],
  };
}

export function readCrls(crls: readonly Uint8Array[]): readonly CertificateRevocationList[] {
  return crls.map((der) => readWritten(decodeCertificateRevocationList, der));
}
