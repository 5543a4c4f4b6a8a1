import { Command } from 'commander';
import { exitCodes } from '../../command-line/command-failure.js';
import { addHelpNote, addHelpSections } from '../../command-line/help.js';
import { printJson, printLine, printNotice } from '../../command-line/output.js';
import { readCertificateArgument } from './read-certificate-argument.js';
import { verifyByFiles } from './verify/verification.js';
import { verifyByStore } from './verify/verification-by-store.js';
import { createVerificationReport } from './verify/verification-report.js';
import { formatVerification } from './verify/verification-text.js';
import { type VerifyFlags, addVerifyOptions, refuseIdlePolicyFlag } from './verify/verify-options.js';

export function certificateVerifyCommand(): Command {
  const command = new Command('verify')
    .description(
      'Check a certificate against an authority by RFC 5280, as apps do: every path that is tried, every check, the verdict.',
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
  "An authority by name is asked up to its root, by the revocation lists that lie in its folder and its issuers' folders. What stands beside the certificate in its file is not used: callers' chains never reach an app. Give intermediates by --intermediate. Names, roles and functions are not asked for here; certgate trust explain does that.";

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
    printNotice(`${file} holds ${otherCertificates.length} more; they were not used, as they never reach an app.`);
  }
  process.exitCode = report.outcome === 'valid' ? exitCodes.ok : exitCodes.failed;
}
