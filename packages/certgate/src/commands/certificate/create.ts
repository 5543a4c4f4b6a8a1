import { join } from 'node:path';
import { decodeClientCertificate, type ClientCertificate } from '@certgate/core';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createClientCertificate } from '../../certificates/create-client-certificate.js';
import type { KeyAlgorithm } from '../../certificates/key-pair.js';
import { encodePfx } from '../../certificates/pfx/encode-pfx.js';
import type { IssuedCertificate } from '../../certificates/self-signed-certificate.js';
import { CommandFailure } from '../../command-line/command-failure.js';
import { addHelpSections } from '../../command-line/help.js';
import { printJson, printLine } from '../../command-line/output.js';
import { checkCertificateName } from './certificate-name.js';
import { addPasswordOptions, getNewPassword, type PasswordFlags } from './password-options.js';
import { refusePresentFiles, writeFileSet, type FileToWrite } from './write-file-set.js';

interface CreateFlags extends PasswordFlags {
  readonly days: number;
  readonly dns?: readonly string[];
  readonly uri?: readonly string[];
  readonly email?: readonly string[];
  readonly rsa?: '2048' | '3072' | '4096';
  readonly out: string;
  readonly pfx: boolean;
  readonly pem?: boolean;
  readonly compatible?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function certificateCreateCommand(): Command {
  const command = new Command('create')
    .description(
      'Make a self-signed client certificate: the PFX for the caller, the thumbprint for the trust document.',
    )
    .argument('<name>', 'whom it is for; becomes the common name and the name of the files')
    .option('--days <days>', 'how long it is valid, 1 to 3650', parseDays, 365)
    .option('--dns <name>', 'a DNS name it is for (repeatable)', collect)
    .option('--uri <uri>', 'a URI it is for, such as a SPIFFE id (repeatable)', collect)
    .option('--email <address>', 'a mailbox it is for (repeatable)', collect)
    .addOption(
      new Option('--rsa [bits]', 'an RSA key, where a caller can do no EC P-256')
        .choices(['2048', '3072', '4096'])
        .preset('3072'),
    )
    .option('--out <folder>', 'where the files go', '.')
    .option('--no-pfx', 'no PFX, so no password; needs --pem')
    .option('--pem', 'also <name>.key.pem: the private key, NOT encrypted')
    .option('--compatible', 'a PFX in 3DES and SHA-1, for Windows before 10 and the macOS Keychain')
    .option('--force', 'replace files that are there already')
    .option('--json', 'print one JSON object');
  addPasswordOptions(command).action(create);
  return addHelpSections(command, {
    exitCodes: {
      0: 'the files are written',
      2: "a word on the command line can't be used, a file is there already, or there is no password; nothing is written",
    },
    examples: [
      'certgate certificate create billing',
      'certgate certificate create billing --days 90 --out certificates --password-file billing.password',
      'certgate certificate create billing --uri spiffe://example.org/billing --pem --no-pfx',
    ],
  });
}

async function create(givenName: string, flags: CreateFlags): Promise<void> {
  const name = checkCertificateName(givenName);
  if (!flags.pfx && flags.pem !== true) {
    throw new CommandFailure('Without the PFX and without --pem the private key would be thrown away.', {
      remedy: 'Add --pem, or leave out --no-pfx.',
    });
  }
  const paths = createPaths(name, flags);
  // Before anybody is asked for a password twice, in vain.
  if (flags.force !== true) await refusePresentFiles(Object.values(paths));
  const password = paths.pfx === undefined ? undefined : await getNewPassword(flags, paths.pfx);
  const issued = createClientCertificate({
    name,
    keyAlgorithm: flags.rsa === undefined ? 'ec-p256' : (`rsa-${flags.rsa}` satisfies KeyAlgorithm),
    days: flags.days,
    ...(flags.dns === undefined ? {} : { dns: flags.dns }),
    ...(flags.uri === undefined ? {} : { uri: flags.uri }),
    ...(flags.email === undefined ? {} : { email: flags.email }),
    now: new Date(),
  });
  await writeFileSet(createFiles(name, paths, issued, password, flags.compatible ?? false), flags.force ?? false);
  const certificate = getDecoded(issued);
  if (flags.json === true) printJson(describeAsJson(paths, certificate));
  else printReport(name, paths, certificate);
}

/** A type, not an interface, so that its values can be listed. */
type Paths = {
  readonly pfx?: string;
  readonly certificate: string;
  readonly header: string;
  readonly key?: string;
};

function createPaths(name: string, { out, pfx, pem }: CreateFlags): Paths {
  return {
    ...(pfx ? { pfx: join(out, `${name}.pfx`) } : {}),
    certificate: join(out, `${name}.crt.pem`),
    header: join(out, `${name}.crt.base64`),
    ...(pem === true ? { key: join(out, `${name}.key.pem`) } : {}),
  };
}

function createFiles(
  name: string,
  paths: Paths,
  { certificateDer, certificatePem, privateKeyPem }: IssuedCertificate,
  password: string | undefined,
  compatible: boolean,
): readonly FileToWrite[] {
  const files: FileToWrite[] = [
    { path: paths.certificate, content: certificatePem, isSecret: false },
    { path: paths.header, content: `${certificateDer.toString('base64')}\n`, isSecret: false },
  ];
  if (paths.pfx !== undefined && password !== undefined) {
    const content = encodePfx({ certificateDer, privateKeyPem, password, friendlyName: name, compatible });
    files.push({ path: paths.pfx, content, isSecret: true });
  }
  if (paths.key !== undefined) files.push({ path: paths.key, content: privateKeyPem, isSecret: true });
  return files;
}

/** What is printed is read back from the certificate by the decoder that will judge it. */
function getDecoded({ certificateDer }: IssuedCertificate): ClientCertificate {
  const decoding = decodeClientCertificate(certificateDer);
  if (!decoding.ok) throw new Error(`a new certificate can't be decoded: ${decoding.fault}`);
  return decoding.certificate;
}

function describeAsJson(paths: Paths, certificate: ClientCertificate): unknown {
  return {
    files: paths,
    subject: certificate.subject,
    thumbprintSha256: certificate.thumbprintSha256,
    thumbprintSha1: certificate.thumbprintSha1,
    publicKeySha256: certificate.publicKeySha256,
    notBefore: formatInstant(certificate.notBefore),
    notAfter: formatInstant(certificate.notAfter),
    pin: { thumbprintSha256: certificate.thumbprintSha256 },
  };
}

function printReport(name: string, paths: Paths, certificate: ClientCertificate): void {
  printLine(`Made the client certificate ${name}, valid until ${formatInstant(certificate.notAfter)}.`);
  printLine();
  const files: readonly (readonly [string | undefined, string])[] = [
    [paths.pfx, 'certificate and private key, under the password: for the caller, nobody else'],
    [paths.key, 'the private key, NOT encrypted: for the caller, nobody else'],
    [paths.certificate, 'the certificate alone: no secret'],
    [paths.header, 'the certificate as X-ARR-ClientCert holds it: no secret'],
  ];
  const width = Math.max(...files.map(([path]) => path?.length ?? 0));
  for (const [path, purpose] of files) if (path !== undefined) printLine(`  ${path.padEnd(width)}  ${purpose}`);
  printLine();
  printLine(`thumbprint SHA-256  ${certificate.thumbprintSha256}`);
  printLine(`thumbprint SHA-1    ${certificate.thumbprintSha1}`);
  printLine();
  printLine('To allow it, add this pin to the "certificates" of an identity in the trust document:');
  printLine(`  { "thumbprintSha256": "${certificate.thumbprintSha256}" }`);
}

function formatInstant(instant: number): string {
  return new Date(instant).toISOString().replace('.000', '');
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!/^\d{1,4}$/.test(text) || days < 1 || days > 3650) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 3650.');
  }
  return days;
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
