import { describePublicKey, formatInstant, formatSerialNumber } from '@certgate/core/internal';
import type { CertificateFile } from '../../certificates/read-certificate-file.js';
import { nameKeyPurpose } from '../../certificates/structure/extended-key-usage.js';
import { escapeControls } from '../../texts/safe-text.js';
import {
  type CertificateProblem,
  describeCertificate,
  listThumbprints,
  type ShownCertificate,
} from '../../trust/certificate-reading/certificate-description.js';
import { readShownCertificate } from '../../trust/certificate-reading/shown-certificate.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printLine } from '../command-line/output.js';
import type { PasswordFlags } from './password-options.js';
import { readCertificateArgument } from './read-certificate-argument.js';

interface InspectCertificateFlags extends PasswordFlags {
  readonly json?: boolean;
}

export async function inspect(file: string, flags: InspectCertificateFlags): Promise<void> {
  const found = await readCertificateArgument(file, flags);
  const now = Date.now();
  const { certificate, problems } = readShownCertificate(found.certificateDer, now);
  if (flags.json === true) printJson({ ...describe(found, certificate), problems });
  else printReport(found, certificate, { problems, now });
  if (problems.length > 0) process.exitCode = exitCodes.failed;
}

function describe(
  { format, otherCertificates, privateKeyPem }: CertificateFile,
  certificate?: ShownCertificate,
): object {
  return {
    format,
    otherCertificates: otherCertificates.length,
    // In other formats, a private key is not looked at, so the tool doesn't know whether there is one.
    hasPrivateKey: format === 'pfx' ? privateKeyPem !== undefined : null,
    certificate:
      certificate === undefined
        ? null
        : {
            subject: certificate.subject,
            issuer: certificate.issuer,
            serialNumber: formatSerialNumber(certificate.serialNumber),
            notBefore: formatInstant(certificate.notBefore),
            notAfter: formatInstant(certificate.notAfter),
            key: describePublicKey(certificate.publicKey),
            isCertificateAuthority: certificate.isCertificateAuthority,
            subjectAlternativeNames: certificate.subjectAlternativeNames,
            keyUsage: certificate.keyUsage ?? null,
            extendedKeyUsage: certificate.extendedKeyUsage?.map(nameKeyPurpose) ?? null,
            thumbprintSha256: certificate.thumbprintSha256,
            thumbprintSha1: certificate.thumbprintSha1,
            publicKeySha256: certificate.publicKeySha256,
          },
  };
}

function printReport(
  file: CertificateFile,
  certificate: ShownCertificate | undefined,
  { problems, now }: { readonly problems: readonly CertificateProblem[]; readonly now: number },
): void {
  if (certificate !== undefined) {
    for (const [label, value] of describeCertificate(certificate, now)) printField(label.toLowerCase(), value);
    for (const [notation, value] of listThumbprints(certificate)) printField(notation, value);
  }
  if (file.otherCertificates.length > 0) {
    printField('beside it', `${file.otherCertificates.length} more; App Service forwards the first one only`);
  }
  if (file.format === 'pfx' && file.privateKeyPem === undefined) {
    printField(
      'private key',
      'none: nobody can call with this PFX. Export it again with its key (openssl pkcs12 -export -inkey …)',
    );
  }
  printLine();
  if (problems.length === 0)
    printLine(
      file.format === 'pfx' && file.privateKeyPem === undefined
        ? 'Certgate would accept the certificate if the trust document lists it, but nobody can call with this file.'
        : 'Certgate would accept it if the trust document lists it.',
    );
  else printLine('Certgate would refuse it:');
  for (const { code, detail } of problems) printLine(`  ${code}: ${escapeControls(detail)}`);
}

function printField(label: string, value: string): void {
  printLine(`${label.padEnd(34)}${escapeControls(value)}`);
}

/**
 * Prints the value of X-ARR-ClientCert. Setting it by hand is for a developer's machine: App Service writes the header
 * for a deployed app.
 */
export async function printHeader(file: string, flags: InspectCertificateFlags): Promise<void> {
  const { certificateDer } = await readCertificateArgument(file, flags);
  const value = certificateDer.toString('base64');
  if (flags.json === true) printJson({ name: 'X-ARR-ClientCert', value });
  else printLine(value);
}
