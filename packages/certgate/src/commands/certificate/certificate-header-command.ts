import { Command } from 'commander';
import { addHelpSections } from '../command-line/help.js';
import { printJson, printLine } from '../command-line/output.js';
import { addPasswordOptions, type PasswordFlags } from './password-options.js';
import { readCertificateArgument } from './read-certificate-argument.js';

interface HeaderFlags extends PasswordFlags {
  readonly json?: boolean;
}

export function certificateHeaderCommand(): Command {
  const command = new Command('header')
    .description('Print a certificate as App Service sends it in X-ARR-ClientCert: base64 of the DER, on one line.')
    .argument('<file|->', 'PFX, PEM, DER or base64; - reads standard input')
    .option('--json', 'print one JSON object');
  addPasswordOptions(command).action(printHeader);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the value is printed',
      2: "the file can't be read, contains no certificate, or the password is wrong",
    },
    examples: [
      'certgate certificate header billing.crt.pem',
      'curl -H "X-ARR-ClientCert: $(certgate certificate header billing.crt.pem)" http://localhost:7071/api/orders',
    ],
  });
}

/** It only stands for the certificate where no front end is: on a laptop. A deployed app gets it from App Service alone. */
async function printHeader(file: string, flags: HeaderFlags): Promise<void> {
  const { certificateDer } = await readCertificateArgument(file, flags);
  const value = certificateDer.toString('base64');
  if (flags.json === true) printJson({ name: 'X-ARR-ClientCert', value });
  else printLine(value);
}
