import { type ClientCertificate, formatInstant } from '@certgate/core/internal';
import { getDecoded } from '../../certificates/describe-certificate.js';
import { createClientCertificate } from '../../certificates/self-signed-certificate.js';
import { formatToolCall } from '../../texts/tool-call.js';
import { pick } from '../command-line/option-values.js';
import { printJson, printLine } from '../command-line/output.js';
import {
  type CertificatePaths,
  createFiles,
  createPaths,
  describeNewCertificate,
  listKeyFiles,
  printPaths,
} from './certificate-files.js';
import { checkCertificateName } from './certificate-name.js';
import { type CertificateFlags, checkFileFlags, getKeyAlgorithm } from './certificate-options.js';
import { warnOfKeysInApp } from './key-place.js';
import { getNewPassword } from './find-password.js';
import { refusePresentFiles, writeFileSet } from './write-file-set.js';

interface CreateCertificateFlags extends CertificateFlags {
  readonly days: number;
}

export async function create(givenName: string, flags: CreateCertificateFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  checkFileFlags(flags);
  const paths = createPaths(name, flags);
  const force = flags.force ?? false;
  // Checked before the user types a new password twice in vain.
  if (!force) await refusePresentFiles(Object.values(paths));
  const password = paths.pfx === undefined ? undefined : await getNewPassword(flags, paths.pfx);
  const issued = createClientCertificate({
    name,
    keyAlgorithm: getKeyAlgorithm(flags),
    days: flags.days,
    ...pick(flags, 'dns', 'uri', 'email'),
    now: new Date(),
  });
  await writeFileSet(createFiles(paths, { name, issued, password, compatible: flags.compatible ?? false }), force);
  const certificate = getDecoded(issued);
  if (flags.json === true) {
    const pin = { thumbprintSha256: certificate.thumbprintSha256 };
    printJson({ files: paths, ...describeNewCertificate(certificate), pin });
  } else printReport(name, paths, certificate);
  warnOfKeysInApp(listKeyFiles(paths), '--out .certgate');
}

function printReport(name: string, paths: CertificatePaths, certificate: ClientCertificate): void {
  printLine(`Created the client certificate ${name}, valid until ${formatInstant(certificate.notAfter)}.`);
  printPaths(paths);
  printLine(`thumbprint SHA-256  ${certificate.thumbprintSha256}`);
  printLine(`thumbprint SHA-1    ${certificate.thumbprintSha1}`);
  printLine();
  printLine('To allow it to call, add it to the trust document (--store, or CERTGATE_TRUST):');
  printLine(
    `  ${formatToolCall(['trust', 'add', name, '--certificate', paths.certificate, '--reason', 'REASON', '--store', 'file:trust.json'])}`,
  );
}
