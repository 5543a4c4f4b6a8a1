import { presentCertificate } from '@certgate/core/internal';
import { encodePem } from '../../certificates/structure/pem-blocks.js';
import { readCertificateFile } from '../../certificates/read-certificate-file.js';
import { checkKeyBelongsToCertificate, readPrivateKeyFile } from '../../certificates/read-private-key.js';
import { ToolFailure } from '#local/tool-failure.js';
import { type PasswordFlags } from '../certificate/password-options.js';
import { findPasswordSource } from '../certificate/find-password.js';

export interface CallCertificate {
  /** The certificate, followed by the other certificates of the file. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** The DER of the certificate, without those of its issuers. */
  readonly der: Buffer;
  readonly thumbprintSha256: string;
  /** Null if Certgate can't decode the certificate. It is sent anyway, because the server decides. */
  readonly subject: string | null;
}

export interface CallCertificateFlags extends PasswordFlags {
  readonly certificate?: string;
  readonly key?: string | undefined;
}

/**
 * The certificate of a call with its key, from one PFX or PEM file, or from a file and the PEM file of its key.
 * Undefined if the user named none.
 */
export async function findCallerCertificate(flags: CallCertificateFlags): Promise<CallCertificate | undefined> {
  const { certificate: path, key } = flags;
  if (path === undefined) {
    if (key === undefined && flags.passwordFile === undefined && flags.passwordStdin !== true) return undefined;
    throw new ToolFailure('A key or a password was given, but no certificate.', { remedy: 'Add --certificate.' });
  }
  const password = await findPasswordSource(flags, key ?? path);
  const source = password === undefined ? {} : { password };
  const file = await readCertificateFile(path, { ...source, privateKey: key === undefined ? 'required' : 'ignored' });
  const privateKeyPem =
    key === undefined
      ? file.privateKeyPem
      : await readPrivateKeyFile(key, password, 'Pass a PFX with --certificate only.');
  if (privateKeyPem === undefined) throw new ToolFailure(`${path} contains no private key.`);
  checkKeyBelongsToCertificate(file.certificateDer, privateKeyPem, key ?? path);
  const { thumbprintSha256, decoding } = presentCertificate(file.certificateDer);
  return {
    certificatePem: [file.certificateDer, ...file.otherCertificates]
      .map((der) => encodePem('CERTIFICATE', der))
      .join(''),
    privateKeyPem,
    der: file.certificateDer,
    thumbprintSha256,
    subject: decoding.ok ? decoding.certificate.subject : null,
  };
}
