import { describeIssuance } from '@certgate/core/internal';
import colors from 'picocolors';
import { escapeControls, escapeTexts } from '../../texts/safe-text.js';
import { formatPaths } from '../../certificates/path-report/path-text.js';
import { describeUnverified } from './unverified.js';
import { type ExplainedFunction, describeExplainedFunction } from './explained-function.js';
import { describeDocumentState, type LineReport } from './explain-line.js';
import type { ExplanationReport } from './explanation-report.js';

const marks = {
  passed: () => colors.green('✓'),
  denied: () => colors.red('✗'),
  deferred: () => colors.yellow('!'),
  'not asked': () => colors.dim('·'),
} as const;

/**
 * The explanation for a terminal: the question, each step, and the answer. It escapes the names, which come from the
 * document, the certificate and the app.
 */
export function formatExplanation(given: ExplanationReport, explained: ExplainedFunction): string {
  const report = escapeTexts(given);
  const { store, revision, audience, certificate, at, paths } = report;
  const audienceNote = audience === null ? '' : `, for apps that say ${audience.join(' or ')}`;
  const subject = certificate?.subject ?? 'cannot be decoded';
  return [
    ...field('trust', `${store}, revision ${revision}${audienceNote}`),
    ...field('function', describeExplainedFunction(escapeTexts(explained))),
    ...field('certificate', certificate === null ? 'none' : `${subject}, SHA-256 ${certificate.thumbprintSha256}`),
    ...field('at', at),
    '',
    ...report.steps.map(formatStep),
    ...(paths.length === 0 ? [] : ['', ...formatPaths(paths)]),
    '',
    ...formatAnswer(report, explained.covered !== undefined),
  ].join('\n');
}

/** The explanation of a line of the log. It escapes the line's texts, because callers chose a part of them. */
export function formatLineReport(
  given: LineReport,
  answer: Pick<ExplanationReport, 'store' | 'revision' | 'signed'> & { readonly count: number },
): string {
  const report = escapeTexts(given);
  const { revision, signed, count } = answer;
  const rows: readonly (readonly [string, string | null])[] = [
    ['function', report.function],
    ['identity', report.identity && `"${report.identity}"`],
    ['SHA-256', report.thumbprintSha256],
    ['subject', report.subject],
    ['issuer', report.issuer],
    ['correlation id', report.correlationId],
  ];
  const about = rows.flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]));
  const times = count === 1 ? '' : `; the last of ${count} lines like it`;
  return [
    ...field('line', `${`${report.event} ${report.code}`.trim()}, ${report.time ?? 'without a time'}${times}`),
    ...field('about', about.length === 0 ? null : about.join(', ')),
    ...field('it says', report.about),
    ...field('the log says', report.detail),
    ...field('trust', `${escapeControls(answer.store)}, ${describeDocumentState(report, revision)}`),
    ...report.changes.map((change) => `  ${change}`),
    ...report.untold.flatMap((each) => field('unknown', each)),
    ...formatNearMatches(report.nearMatches),
    ...formatRemedy(report.remedy, { signed, revision }),
  ].join('\n');
}

function formatStep({ step, verdict, code, text }: ExplanationReport['steps'][number]): string {
  const reason = verdict === 'not asked' ? colors.dim('not asked') : code === null ? text : `${code}: ${text}`;
  return `${marks[verdict]()} ${step.padEnd(26)}${reason}`;
}

function formatAnswer(report: ExplanationReport, isAppAsked: boolean): readonly string[] {
  const { gate, policy, outcome, identity, clientAuthLoss, app, unverified, audience, revision } = report;
  if (gate === 'not-asked')
    return [
      policy.kind === 'anonymous'
        ? 'Allowed: the function is anonymous. The gate reads no certificate there, and everybody may call it.'
        : colors.red('Allowed: no gate covers the function. Everybody may call it.'),
    ];
  const loss =
    clientAuthLoss &&
    `it loses clientAuth: it looks like a certificate of a public CA (${describeIssuance(clientAuthLoss)}); see docs/public-certificates.md`;
  const applies = `in apps that have read revision ${revision}; an app with an older one may still refuse`;
  return [
    ...(outcome === 'denied' ? formatDenial(report) : formatAdmission(report)),
    ...field('the app says', app && [app.code, ...(app.detail === null ? [] : [app.detail])].join(': ')),
    ...field('it reads', app?.trust),
    ...field('front end', app?.frontEndFault),
    ...describeUnverified(unverified, audience ?? [], isAppAsked).flatMap((line) => field('not verified', line)),
    ...field('identity', identity && describeIdentity(identity)),
    ...field('access ends', report.accessEndsAt),
    ...field('at renewal', loss),
    ...field('applies', outcome === 'allowed' ? applies : null),
    ...field('valid', describeNextChange(report)),
    ...formatNearMatches(report.nearMatches),
    ...formatRemedy(report.remedy, report),
  ];
}

function formatAdmission({ deferred, outcome, withoutClientAuthUntil: until }: ExplanationReport): readonly string[] {
  const isAllowed = outcome === 'allowed';
  const head = !isAllowed
    ? 'Not verified: the document would let the function run, but the answer depends on what was not checked.'
    : deferred === null
      ? 'Allowed: the function runs.'
      : 'Allowed, report-only: the function runs, though authorization would refuse.';
  const grace = `The certificate lacks clientAuth, and its pin accepts that until ${until ?? ''} (acceptWithoutClientAuth).`;
  return [
    isAllowed && deferred === null ? colors.green(head) : colors.yellow(head),
    ...(until === null ? [] : [colors.yellow(grace)]),
    ...field('the log says', deferred && `allowed, although ${deferred.code}: report-only`),
    ...field('report-only', deferred && `until ${deferred.until ?? 'unknown'}`),
  ];
}

function formatDenial({ status, publicCode, code, detail, policy }: ExplanationReport): readonly string[] {
  const reason = `${code ?? ''}: ${detail ?? ''}`;
  if (status !== null || policy.kind !== 'certificate')
    return [
      colors.red(`Denied: the caller gets ${status ?? ''} ${publicCode ?? ''}.`),
      ...field('the log says', reason),
    ];
  return [
    colors.yellow('Denied, observed: the function runs anyway, for anyone who has a key.'),
    ...field('the log says', `observed, ${reason}`),
    ...field('observed', `until ${policy.observedUntil ?? 'unknown'}`),
  ];
}

function formatNearMatches(nearMatches: ExplanationReport['nearMatches']): readonly string[] {
  if (nearMatches.length === 0) return [];
  const lines = nearMatches.map(({ identity, owner, likeness }) => {
    const who = owner === null ? `"${identity}"` : `"${identity}" (owner ${owner})`;
    return `  ${who}: the certificate ${likeness}.`;
  });
  return ['', 'Nearly a match:', ...lines];
}

/** Prints each command in a line of its own, to be copied whole. */
function formatRemedy(
  remedy: ExplanationReport['remedy'],
  { signed, revision }: Pick<ExplanationReport, 'signed' | 'revision'>,
): readonly string[] {
  if (remedy === null) return [];
  const { verifyFirst, choices } = remedy;
  if (choices.length === 0) return ['', colors.yellow(`What to do: ${verifyFirst}`)];
  return [
    '',
    colors.yellow(`Before you run a command: ${verifyFirst}`),
    ...choices.flatMap(({ when, commands, needs }) => [
      ...(when === null ? [] : [`${when}:`]),
      ...(needs === null ? [] : [`  (get ${needs})`]),
      ...commands.map((command) => `  ${command}`),
    ]),
    ...(signed ? ['The document is signed: add --signing-key FILE (or --key-vault-key URL) to each command.'] : []),
    `The change takes effect when an app has read a revision above ${revision}; until then, its log lines have a lower trustRevision.`,
  ];
}

function describeIdentity(identity: NonNullable<ExplanationReport['identity']>): string {
  const { name, owner, roles, functions, matchedBy } = identity;
  const list = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(', '));
  const parts = [
    `"${name}"`,
    owner && `owner ${owner}`,
    `roles ${list(roles)}`,
    functions && `functions ${list(functions)}`,
    matchedBy && `recognized by ${matchedBy}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

function describeNextChange({ nextChange }: ExplanationReport): string {
  if (nextChange === null) return 'until the document or the app changes';
  const { at, outcome, code } = nextChange;
  return `until ${at}; then ${outcome === 'allowed' ? 'allowed' : `denied, ${code}`}, if nothing else changes`;
}

/** Returns no line if the value is not known. */
function field(label: string, value: string | null | undefined): readonly string[] {
  return value === null || value === undefined ? [] : [`${label.padEnd(14)}${value}`];
}
