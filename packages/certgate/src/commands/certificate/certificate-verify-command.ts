import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';
import { readCertificateArgument } from './read-certificate-argument.js';
import { verifyByStore } from './verify/verification-by-store.js';
import { createVerificationReport } from './verify/verification-report.js';
import { formatVerification } from './verify/verification-text.js';
import { verifyByFiles } from './verify/verification.js';
import { refuseIdlePolicyFlag, type VerifyFlags } from './verify/verify-options.js';

export async function verify(file: string, flags: VerifyFlags): Promise<void> {
  refuseIdlePolicyFlag(flags);
  const { certificateDer, otherCertificates } = await readCertificateArgument(file, flags);
  const verification =
    flags.store === undefined
      ? await verifyByFiles(certificateDer, flags)
      : await verifyByStore(certificateDer, flags.store, flags);
  const report = createVerificationReport(verification);
  if (flags.json === true) printJson(report);
  else printLine(formatVerification(report));
  if (otherCertificates.length > 0) {
    printNotice(
      `${file} contains ${otherCertificates.length} more; they were not used, because they never reach an app.`,
    );
  }
  process.exitCode = report.outcome === 'valid' ? exitCodes.ok : exitCodes.failed;
}
