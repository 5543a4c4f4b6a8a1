import { InvalidArgumentError } from 'commander';
import { folderOption } from '../authority/authority-options.js';
import { passwordOptions } from '../certificate/password-options.js';
import { atOption, parseDuration, parseInstant, parsePort } from '../command-line/option-values.js';
import { jsonOption, type Options, type VerbTable } from '../command-line/verb.js';
import { defaultInspectorPort } from '../gateway-flags.js';
import { appsOption, logOptions, logText, orPrintQuery } from '../log/log-options.js';
import { gateOptions, parseRevision, storeOption, storesOption } from './options/store-options.js';

const withinOption: Options = {
  '--within <days>': [
    'report what ends within this time, e.g. 60d; of lifetimes up to 30 days, the last third (default: 30 days, or the last third of a shorter lifetime)',
    parseDays,
  ],
};

export const readingVerbs: VerbTable = {
  arrived: {
    description:
      'Show whether each process has adopted a trust document, by the log lines of the apps that read it. What lines cannot prove is listed.',
    options: {
      '--log <file>': [logText, { isRequired: true }],
      '--expect-sha256 <hex>': [
        'the SHA-256 of the document, or at least its first 16 digits',
        { parse: parseSha256, isRequired: true },
      ],
      '--at-least <n>': ['how many processes must have adopted it', { parse: parseRevision, default: 1 }],
      '--silent-after <time>': [
        'assume that a process has ended after so long without a line, and five minutes for clocks that differ; at least the maximumStalenessSeconds of the apps',
        { parse: parseDuration, default: 86_400_000, defaultText: '24h' },
      ],
      ...jsonOption,
    },
    work: async () => (await import('./trust-arrived-command.js')).showArrival,
    exitCodes: {
      0: 'each process in the lines adopted the document, or is assumed to have ended',
      1: 'a process reports another document',
      2: 'a file cannot be read',
      3: 'it cannot be told: no lines, lines that have no process id or were not used, too few processes, a silent one, or one with several gates',
    },
    examples: ['certgate trust arrived --log logs --expect-sha256 6D1E0BA0E7EB5ED7 --at-least 4 --silent-after 1h'],
  },
  check: {
    description:
      'Check a trust document: whether it is valid, what has ended or ends soon, SHA-1 pins, windows that never open, identities that nobody can be, and authorities whose certificates end.',
    options: {
      ...storesOption,
      ...withinOption,
      '--certificate-folder <folder>':
        'a folder of certificates: report pins of those that the gate would refuse, or that will lose clientAuth at renewal',
      '--revocation':
        'also read the revocation lists and ask the OCSP responders that the document names; relative paths of lists start in the current folder',
      '--owner-report': 'list what has ended or ends soon by owner, over all documents',
      '--fail-on <severity>': [
        'the lowest severity that causes exit code 1',
        { choices: ['error', 'warning'], default: 'warning' },
      ],
      ...atOption,
      ...jsonOption,
      ...gateOptions,
    },
    work: async () => (await import('./trust-check-command.js')).check,
    exitCodes: {
      0: 'apps accept the document, and there are no findings of that severity',
      1: 'apps accept the document, but there are findings of that severity',
      2: "apps don't accept a document: it is not valid, its signature doesn't match, it is for other apps, its revision is too low, or it can't be read",
      3: 'there are no findings of that severity, but the signature of the document or its audience was not compared; apps may refuse it',
    },
    examples: [
      'certgate trust check --store file:trust.json',
      'certgate trust check --store file:trust.json --within 60d --fail-on error --json',
      'certgate trust check --store file:orders.json --store file:billing.json --owner-report --within 30d',
      'certgate trust check --store file:trust.json --certificate-folder certificates',
      'certgate trust check --store blob:https://account.blob.core.windows.net/certgate/trust.json --signed-by trust.public.pem',
    ],
  },
  diff: {
    description: 'Show who gains and who loses what when one trust document replaces another.',
    arguments: {
      '<before>': 'a path, file:PATH, https:…, blob:https:…, or - for standard input',
      '<after>': 'the document that replaces it, in the same form',
    },
    options: {
      '--fail-on <what>': [
        'what causes exit code 1; used-losses: what callers lose that a call in the log needed',
        { choices: ['any', 'gains', 'losses', 'used-losses', 'never'], default: 'any' },
      ],
      ...logOptions,
      ...appsOption,
      '--markdown': ['print Markdown for a pull request, of bounded length', { conflicts: ['json'] }],
      ...jsonOption,
    },
    work: orPrintQuery(async () => (await import('./diff/trust-diff-command.js')).diff),
    exitCodes: {
      0: 'nobody gains or loses what --fail-on names',
      1: 'somebody gains or loses, as --fail-on names it; with `any` and `used-losses` also a revision that running apps would refuse',
      2: "a document or the log can't be read or is not valid",
      3: 'somebody may gain or lose it, which the documents do not show; the log has no line of Certgate; with `used-losses`, no call is known to need what is lost, but the lines cannot tell',
    },
    examples: [
      'certgate trust diff deployed.json trust.json',
      'git show main:trust.json | certgate trust diff - trust.json --fail-on gains',
      'certgate trust diff deployed.json trust.json --log app.log --fail-on used-losses',
      'certgate trust diff blob:https://account.blob.core.windows.net/certgate/trust.json trust.json --json',
    ],
  },
  explain: {
    description:
      'Show why a certificate may call a function, or why not, and which command ends a denial. The answer comes from the code that decides in the app.',
    options: {
      ...storesOption,
      '--certificate <file>': 'PFX, PEM, DER or a header value; - reads standard input',
      '--no-certificate': 'a caller without a certificate',
      ...logOptions,
      '--log <file>': [`instead of a certificate: ${logText}`, { conflicts: ['certificate', 'at'] }],
      '--correlation-id <id>': 'with --log: only the lines with this correlation id',
      '--function <name>': 'the function that is called',
      '--app <folder>':
        'load this app, as app inspect does: what the function requires, and what its gate decides with all its stores',
      '--requires-role <role>': [
        'without --app: a role that the function requires (repeatable: all of these)',
        { parse: collectRole, conflicts: ['app'] },
      ],
      '--at <time>': ['the time of the call, like 2027-03-01T00:00:00Z (default: now)', parseInstant],
      ...jsonOption,
      ...gateOptions,
      ...passwordOptions,
    },
    work: orPrintQuery(async () => (await import('./trust-explain-command.js')).explain),
    exitCodes: {
      0: 'the caller is allowed; with --log, there is nothing to do',
      1: 'the caller is denied; the step and the reason are printed; with --log, a line needs action',
      2: 'the document, the certificate or the app cannot be used, or the app does not have the function',
      3: 'the document allows the caller, but something was not verified: the app (without --app), the signature of the document, or its audience; with --log, there is nothing to do for these lines, but a file is incomplete',
    },
    examples: [
      'certgate trust explain --store file:trust.json --certificate billing.crt.pem --function GetOrder --app .',
      'certgate trust explain --store file:trust.json --certificate billing.crt.pem --function GetOrder --requires-role orders.read --at 2027-03-01T00:00:00Z',
      'certgate trust explain --store file:trust.json --certificate billing.crt.pem --function GetOrder --signed-by trust.public.pem --audience orders --minimum-revision 12',
      'certgate trust explain --store file:trust.json --no-certificate --function GetOrder --json',
      'certgate trust explain --store file:trust.json --log app.log --correlation-id 6b0a5f5c-63a3-4f3e-9f4b-0a3d8f1f5a52',
      'certgate trust explain --store file:own.json --store file:partners.json --log app.log',
    ],
  },
  usage: {
    description:
      'Show who was admitted when, and by which pin or name, from the log lines of the apps, and which times the lines cover. It changes nothing.',
    options: {
      ...storeOption,
      ...logOptions,
      '--by <what>': [
        'one row for each identity, or for each pin and name',
        { choices: ['identity', 'pin'], default: 'identity' },
      ],
      '--identity <name>': 'only this identity',
      ...appsOption,
      ...withinOption,
      ...jsonOption,
    },
    work: orPrintQuery(async () => (await import('./trust-usage-command.js')).showUsage),
    exitCodes: {
      0: 'the answer is printed, even if the lines do not cover the whole time',
      2: 'the document or the log cannot be read or is not valid, or the document has no such identity',
      3: 'the answer is printed, but a file of the log is incomplete, so nobody is said to have made no call',
    },
    examples: [
      'certgate trust usage --store file:trust.json --log logs --since 90d',
      'certgate trust usage --store file:trust.json --log logs --by pin --apps apps.txt',
      'certgate trust usage --print-query --since 90d',
      'certgate trust usage --store file:trust.json --log app.log --identity billing --json',
    ],
  },
  view: {
    description:
      'Serve a page on this machine that shows the trust document over time, and reads certificates in words. It changes nothing.',
    options: {
      ...storeOption,
      '--certificate-folder <folder>':
        'a folder of certificates, which shows when pinned ones begin and end, and what authorities issued',
      '--authority <name>': 'an authority of your own, whose register tells what it issued (repeatable)',
      ...atOption,
      '--inspector-port <port>': [
        `the page's port (default ${defaultInspectorPort}, or the next free one; 0 picks one)`,
        parsePort,
      ],
      '--json': ['serve no page; print what it would show as one JSON object', { conflicts: ['inspectorPort'] }],
      ...folderOption,
    },
    work: async () => (await import('./trust-view-command.js')).view,
    exitCodes: {
      0: 'stopped by a signal; with --json, the facts are printed; `trust check` judges a document',
      2: 'the document, the folder or an authority cannot be read or is not valid, or the port is in use',
    },
    examples: [
      'certgate trust view --store file:trust.json',
      'certgate trust view --store file:trust.json --certificate-folder certificates',
      'certgate trust view --store file:trust.json --authority corp --json',
    ],
  },
};

function parseSha256(text: string): string {
  if (/^[\da-f]{16,64}$/i.test(text)) return text.toUpperCase();
  throw new InvalidArgumentError('It must be the 64 hexadecimal digits of a SHA-256, or at least the first 16.');
}

function parseDays(text: string): number {
  const days = Number(/^(\d{1,5})d?$/.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(days)) throw new InvalidArgumentError('It must be a number of days, like 30d.');
  return days;
}

function collectRole(role: string, roles: readonly string[] = []): readonly string[] {
  if (role.trim() === '') throw new InvalidArgumentError('A role is a non-empty string.');
  return [...roles, role];
}
