import { printJson, printLine } from '../command-line/output.js';
import type { PasswordFlags } from './password-options.js';
import { readCertificateArgument } from './read-certificate-argument.js';

interface HeaderFlags extends PasswordFlags {
  readonly json?: boolean;
}

/** It only stands for the certificate where no front end is: on a laptop. A deployed app gets it from App Service alone. */
export async function printHeader(file: string, flags: HeaderFlags): Promise<void> {
  const { certificateDer } = await readCertificateArgument(file, flags);
  const value = certificateDer.toString('base64');
  if (flags.json === true) printJson({ name: 'X-ARR-ClientCert', value });
  else printLine(value);
}
