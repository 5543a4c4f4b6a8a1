import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import {
  decodeClientCertificate,
  isForServersOnly,
  describeCertificateFault,
  listCertificateFaults,
  type ClientCertificate,
} from '@certgate/core/internal';
import { passwordRemedy } from '../../certificates/password.js';
import { readCertificateFile } from '../../certificates/read-certificate-file.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { CertificateHashes } from '../administration/edits/identity-edits.js';

/** A certificate that is at hand. With it, a SHA-1 thumbprint can become a SHA-256 pin with an end. */
export interface KnownCertificate {
  readonly file: string;
  /** The certificate's subject as text, safe to show. */
  readonly subject: string;
  readonly hashes: CertificateHashes;
  readonly der: Uint8Array;
  /** The beginning of the certificate's validity, in milliseconds since 1970-01-01T00:00:00Z; `notAfter` is its end. */
  readonly notBefore: number;
  readonly notAfter: number;
  /**
   * Why the gate would refuse the certificate, whatever the trust document says. Empty if it would not, or only because
   * the certificate is not valid yet.
   */
  readonly faults: readonly string[];
  /**
   * Whether it has serverAuth, and neither clientAuth nor anyExtendedKeyUsage, so that a pin may accept it for a
   * limited time.
   */
  readonly isForServersAlone: boolean;
}

export interface CertificateFolder {
  find(thumbprint: { readonly value: string }): KnownCertificate | undefined;
  readonly certificates: readonly KnownCertificate[];
  readonly count: number;
  /**
   * Sentences that say why a certificate, or a file whose name ends like that of one (`.pem`, `.crt` and others), can't
   * be read. Files with only a private key are left out.
   */
  readonly unreadable: readonly string[];
}

const extensions: ReadonlySet<string> = new Set(['.pem', '.crt', '.cer', '.der', '.base64']);

/**
 * Reads the certificates in the folder's own files, and skips those that can't be read. PFX files are not read,
 * because they need a password.
 */
export async function readCertificateFolder(folder: string, now: number): Promise<CertificateFolder> {
  const byThumbprint = new Map<string, KnownCertificate>();
  const unreadable: string[] = [];
  for (const name of await listFiles(folder)) {
    for (const certificate of await readCertificates(join(folder, name), unreadable)) {
      const known = describe(certificate, name, now);
      byThumbprint.set(known.hashes.thumbprintSha1, known).set(known.hashes.thumbprintSha256, known);
    }
  }
  const certificates = [...new Set(byThumbprint.values())];
  return { find: ({ value }) => byThumbprint.get(value), certificates, count: certificates.length, unreadable };
}

async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => extensions.has(extname(name).toLowerCase())).sort();
  } catch (cause) {
    throw new ToolFailure(`The folder ${folder} can't be read: ${(cause as Error).message}`, { cause });
  }
}

async function readCertificates(path: string, unreadable: string[]): Promise<readonly ClientCertificate[]> {
  try {
    const file = await readCertificateFile(path, { privateKey: 'ignored' });
    return [file.certificateDer, ...file.otherCertificates].flatMap((der) => {
      const decoding = decodeClientCertificate(der);
      if (decoding.ok) return [decoding.certificate];
      unreadable.push(`A certificate in ${path} can't be read: ${decoding.fault}.`);
      return [];
    });
  } catch (fault) {
    if (!(fault instanceof ToolFailure)) throw fault;
    if (!isKeyAlone(fault)) unreadable.push(fault.message);
    return [];
  }
}

/** A PEM file with only a private key is not reported, because keys often lie next to their certificates. */
function isKeyAlone(fault: ToolFailure): boolean {
  return fault.message.includes('private key, but no certificate');
}

/**
 * Reads the first certificate of a file, which is the one to pin.
 *
 * @throws {ToolFailure} if the file has no certificate that can be read.
 */
export async function readKnownCertificate(path: string, file: string, now: number): Promise<KnownCertificate> {
  const { certificateDer } = await readCertificateFile(path, { privateKey: 'ignored' }).catch((fault: unknown) => {
    if (!(fault instanceof ToolFailure) || fault.remedy !== passwordRemedy) throw fault;
    const remedy = 'No password is asked for here: export the certificate without its key, as PEM or DER.';
    throw new ToolFailure(fault.message, { remedy, cause: fault });
  });
  const decoding = decodeClientCertificate(certificateDer);
  if (!decoding.ok) throw new ToolFailure(`The certificate in ${file} can't be read: ${decoding.fault}.`);
  return describe(decoding.certificate, file, now);
}

function describe(certificate: ClientCertificate, file: string, now: number): KnownCertificate {
  const { der, subject, thumbprintSha256, thumbprintSha1, publicKeySha256, notBefore, notAfter } = certificate;
  return {
    file,
    subject,
    hashes: { thumbprintSha256, thumbprintSha1, publicKeySha256 },
    der,
    notBefore,
    notAfter,
    isForServersAlone: isForServersOnly(certificate),
    // A certificate that is not valid yet is not a fault: a rotation pins it before it is valid.
    faults: listCertificateFaults(certificate, now)
      .filter(({ code }) => code !== 'certificate_not_yet_valid')
      .map((fault) => `${fault.code}: ${describeCertificateFault(fault)}`),
  };
}
