import { readBoundedStream } from '../../certificates/read-bounded-file.js';
import { readCertificateFile, type CertificateFile } from '../../certificates/read-certificate-file.js';
import { ToolFailure } from '#local/tool-failure.js';
import { type PasswordFlags } from './password-options.js';
import { findPasswordSource } from './find-password.js';

/** Reads the argument `<file|->` of the verbs that look at a certificate. A private key in PEM is not looked at. */
export async function readCertificateArgument(file: string, flags: PasswordFlags): Promise<CertificateFile> {
  const isStdin = file === '-';
  if (isStdin && flags.passwordStdin === true) {
    throw new ToolFailure('Only one of certificate and password can come from standard input.', {
      remedy: 'Pass the password with --password-file.',
    });
  }
  const name = isStdin ? 'Standard input' : file;
  const source = isStdin ? await readBoundedStream(process.stdin, name) : file;
  const password = await findPasswordSource(flags, name);
  return readCertificateFile(source, { name, privateKey: 'ignored', ...(password === undefined ? {} : { password }) });
}
