import colors from 'picocolors';
import { formatPaths } from '../../certificates/path-report/path-text.js';
import { findValidPath } from '../../certificates/path-report/reported-path.js';
import { escapeControls } from '../../texts/safe-text.js';
import { formatTrustChange } from '../../texts/tool-call.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';
import { readCertificateArgument } from './read-certificate-argument.js';
import { verifyByStore } from './verify/verification-by-store.js';
import { type Verification, verifyByFiles } from './verify/verification.js';
import type { VerifyFlags } from './verify/verify-options.js';

export async function verify(file: string, flags: VerifyFlags): Promise<void> {
  const { certificateDer, otherCertificates } = await readCertificateArgument(file, flags);
  const verification =
    flags.store === undefined
      ? await verifyByFiles(certificateDer, flags)
      : await verifyByStore(certificateDer, flags.store, flags);
  if (flags.json === true) printJson(verification);
  else printLine(formatVerification(verification, flags));
  if (otherCertificates.length > 0) {
    printNotice(
      `${file} contains ${otherCertificates.length} more; they were not used, because they never reach an app.`,
    );
  }
  process.exitCode = verification.outcome === 'valid' ? exitCodes.ok : exitCodes.failed;
}

/** Describes for people each path in the same way as `trust explain`, and the verdict. */
function formatVerification({ outcome, code, detail, revocation, paths }: Verification, flags: VerifyFlags): string {
  const tried =
    paths.length === 0 ? ['No path was searched, because the certificate itself is refused.'] : formatPaths(paths);
  const verdict =
    outcome === 'valid'
      ? [
          `${colors.green('Valid')}: ${escapeControls(findValidPath(paths) ?? '')}`,
          ...(revocation === 'off' ? [colors.yellow(describeUnchecked(flags))] : []),
        ]
      : [`${colors.red('Not valid')}: ${escapeControls(`${code ?? ''}: ${detail ?? ''}`)}`];
  return [...tried, '', ...verdict].join('\n');
}

/**
 * Says that revocation was not checked, and how to check it. A trust document names its own lists, and no option adds
 * to them.
 */
function describeUnchecked({ store, authority: [name = ''] }: VerifyFlags): string {
  if (store === undefined) return 'Revocation was not checked. To check it, pass the lists with --crl.';
  const options = ['--to-existing', '--revocation', 'required', '--crl', 'ADDRESS'];
  return `Revocation was not checked, as in an app: the document has it off for this authority. To require it: ${formatTrustChange('authority add', [name], options)}`;
}
