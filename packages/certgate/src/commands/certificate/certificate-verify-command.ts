import { Command } from 'commander';
import { exitCodes } from '../command-line/exit-codes.js';
import { addHelpNote, addHelpSections } from '../command-line/help.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';
import { readCertificateArgument } from './read-certificate-argument.js';
import { verifyByFiles } from './verify/verification.js';
import { verifyByStore } from './verify/verification-by-store.js';
import { createVerificationReport } from './verify/verification-report.js';
import { formatVerification } from './verify/verification-text.js';
import { type VerifyFlags, addVerifyOptions, refuseIdlePolicyFlag } from './verify/verify-options.js';

export function certificateVerifyCommand(): Command {
  const command = new Command('verify')
    .description(
      'Verify a certificate with an authority by RFC 5280, as apps do. Shows every path that is tried, every check and the verdict.',
    )
    .argument('<file|->', 'PFX, PEM, DER or base64; its first certificate. - reads standard input');
  addVerifyOptions(command).action(verify);
  addHelpNote(command, chainHelp);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the certificate is valid',
      1: 'it is not; the code and the reason are printed',
      2: 'a file, an authority or the trust document cannot be used',
    },
    examples: [
      'certgate certificate verify billing.crt.pem --authority services',
      'certgate certificate verify billing.crt.pem --authority root.pem --intermediate issuing.pem --crl root.crl --crl issuing.crl',
      'certgate certificate verify billing.crt.pem --authority root.pem --intermediate issuing.pem --at 2027-03-01T00:00:00Z --json',
      'certgate certificate verify billing.crt.pem --store file:trust.json --authority corp',
    ],
  });
}

const chainHelp =
  "The path of your own authority is checked up to its root, with the revocation lists in its folder and its issuers' folders. Other certificates in the certificate's file are not used, because callers' chains never reach an app. Pass intermediates with --intermediate. This command doesn't check names, roles and functions; certgate trust explain does.";

async function verify(file: string, flags: VerifyFlags): Promise<void> {
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
