import { readRevocationInformation } from '@certgate/core/tools';
import { Command, InvalidArgumentError } from 'commander';
import { CommandFailure, exitCodes } from '../../command-line/command-failure.js';
import { addHelpSections } from '../../command-line/help.js';
import { parseInstant } from '../../command-line/option-values.js';
import { printJson, printLine } from '../../command-line/output.js';
import { loadTrustDocument } from '../../trust-administration/load-trust-document.js';
import { openTrustLocation } from '../../trust-administration/open-trust-location.js';
import { addPasswordOptions, type PasswordFlags } from '../certificate/password-options.js';
import { readCertificateArgument } from '../certificate/read-certificate-argument.js';
import { explainDecision } from './explain/explain-decision.js';
import { type FunctionFlags, findExplainedFunction, findRequirement } from './explain/explained-function.js';
import { createExplanationReport } from './explain/explanation-report.js';
import { formatExplanation } from './explain/explanation-text.js';
import { addStoreOption, type StoreFlags } from './options/store-options.js';

interface ExplainFlags extends StoreFlags, FunctionFlags, PasswordFlags {
  /** False: `--no-certificate`. */
  readonly certificate?: string | false;
  readonly at?: number;
  readonly json?: boolean;
}

export function trustExplainCommand(): Command {
  const command = new Command('explain').description(
    'Say why a certificate may call a function or not: each step of the decision, by the function that decides in the app.',
  );
  addStoreOption(command)
    .option('--certificate <file>', 'PFX, PEM, DER or a header value; - reads standard input')
    .option('--no-certificate', 'a caller without a certificate')
    .requiredOption('--function <name>', 'the function that is called')
    .option('--app <folder>', 'ask this app what the function requires; it is loaded as by app inspect')
    .option('--requires-role <role>', 'without --app: a role that the function requires; all that are given', collect)
    .option('--at <time>', 'the time of the call, like 2027-03-01T00:00:00Z (default: now)', parseInstant)
    .option('--json', 'print one JSON object');
  addPasswordOptions(command).action(explain);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the caller is allowed',
      1: 'the caller is denied; the step and the reason are printed',
      2: 'the document, the certificate or the app cannot be used, or the app has no such function',
    },
    examples: [
      'certgate trust explain --store file:trust.json --certificate billing.crt.pem --function GetOrder --app .',
      'certgate trust explain --store file:trust.json --certificate billing.crt.pem --function GetOrder --requires-role orders.read --at 2027-03-01T00:00:00Z',
      'certgate trust explain --store file:trust.json --no-certificate --function GetOrder --json',
    ],
  });
}

async function explain(flags: ExplainFlags): Promise<void> {
  if (flags.certificate === undefined) {
    throw new CommandFailure('Whose call is it?', {
      remedy: 'Name the certificate by --certificate <file>, or say --no-certificate.',
    });
  }
  if (flags.app !== undefined && flags.requiresRole !== undefined) {
    throw new CommandFailure('--app and --requires-role both say what the function requires.', {
      remedy: 'Leave one of the two.',
    });
  }
  const certificateDer =
    flags.certificate === false ? undefined : (await readCertificateArgument(flags.certificate, flags)).certificateDer;
  const location = await openTrustLocation(flags.store);
  const { snapshot: trust } = await loadTrustDocument(location);
  const explained = await findExplainedFunction(flags);
  const now = flags.at ?? Date.now();
  const requirement = findRequirement(explained);
  const revocation = await readRevocationInformation(trust, { certificateDer, now });
  const explanation =
    requirement === undefined ? undefined : explainDecision({ certificateDer, trust, revocation, requirement, now });
  const report = createExplanationReport(
    { store: location.description, trust, explained, certificateDer, now },
    explanation,
  );
  if (flags.json === true) printJson(report);
  else printLine(formatExplanation(report, explained));
  process.exitCode = report.outcome === 'allowed' ? exitCodes.ok : exitCodes.failed;
}

function collect(role: string, roles: readonly string[] = []): readonly string[] {
  if (role.trim() === '') throw new InvalidArgumentError('A role is a text that is not empty.');
  return [...roles, role];
}
