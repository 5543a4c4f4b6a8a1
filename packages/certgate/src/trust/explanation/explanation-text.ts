import { describeIssuance } from '@certgate/core/internal';
import colors from 'picocolors';
import { escapeControls, escapeTexts } from '../../faults/safe-text.js';
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

/** For a terminal: the question, each step, and the answer. Names come from the document, the certificate and the app. */
export function formatExplanation(given: ExplanationReport, explained: ExplainedFunction): string {
  const report = escapeTexts(given);
  const paths = report.paths.length === 0 ? [] : ['', ...formatPaths(report.paths, { isBrief: true })];
  const question = formatQuestion(report, escapeTexts(explained));
  return [
    ...question,
    '',
    ...formatSteps(report),
    ...paths,
    ...formatAnswer(report, explained.covered !== undefined),
  ].join('\n');
}

function formatQuestion(report: ExplanationReport, explained: ExplainedFunction): readonly string[] {
  const { store, revision, audience, certificate, at } = report;
  const audienceNote = audience === null ? '' : `, for apps that say ${audience.join(' or ')}`;
  return [
    field('trust', `${store}, revision ${revision}${audienceNote}`),
    field('function', describeExplainedFunction(explained)),
    field(
      'certificate',
      certificate === null
        ? 'none'
        : `${certificate.subject ?? 'can not be decoded'}, SHA-256 ${certificate.thumbprintSha256 ?? 'unknown'}`,
    ),
    field('at', at),
  ];
}

/** What a line of the log comes to. Its texts are its writer's, and callers chose a part of them. */
export function formatLineReport(
  given: LineReport,
  {
    store,
    revision,
    signed,
    count,
  }: Pick<ExplanationReport, 'store' | 'revision' | 'signed'> & { readonly count: number },
): string {
  const report = escapeTexts(given);
  const { code, time, about, detail, changes, untold, nearMatches, remedy } = report;
  const who = [
    ...(report.function === null ? [] : [`function ${report.function}`]),
    ...(report.identity === null ? [] : [`identity "${report.identity}"`]),
    ...(report.thumbprintSha256 === null ? [] : [`SHA-256 ${report.thumbprintSha256}`]),
    ...(report.subject === null ? [] : [`subject ${report.subject}`]),
    ...(report.issuer === null ? [] : [`issuer ${report.issuer}`]),
    ...(report.correlationId === null ? [] : [`correlation id ${report.correlationId}`]),
  ];
  const times = count === 1 ? '' : `; the last of ${count} lines like it`;
  return [
    field('line', `${report.event} ${code}, ${time ?? 'without a time'}${times}`),
    ...(who.length === 0 ? [] : [field('about', who.join(', '))]),
    field('it says', about),
    ...(detail === null ? [] : [field('the log says', detail)]),
    field('trust', `${escapeControls(store)}, ${describeDocumentState(report, revision)}`),
    ...changes.map((change) => `  ${change}`),
    ...untold.map((each) => field('not told', each)),
    ...formatNearMatches({ nearMatches }),
    ...formatRemedy({ remedy, signed, revision }),
  ].join('\n');
}

function formatSteps({ steps }: ExplanationReport): readonly string[] {
  return steps.map(({ step, verdict, code, text }) => {
    const reason = verdict === 'not asked' ? colors.dim('not asked') : code === null ? text : `${code}: ${text}`;
    return `${marks[verdict]()} ${step.padEnd(26)}${reason}`;
  });
}

function formatAnswer(report: ExplanationReport, isAppAsked: boolean): readonly string[] {
  if (report.gate === 'not-asked') {
    return [
      '',
      report.policy.kind === 'anonymous'
        ? 'Allowed: the function is anonymous. The gate reads no certificate there, and everybody may call it.'
        : colors.red('Allowed: no gate covers the function. Everybody may call it.'),
    ];
  }
  const { outcome, identity, accessEndsAt } = report;
  const who = identity === null ? [] : [field('identity', describeIdentity(identity))];
  const ends = accessEndsAt === null ? [] : [field('access ends', accessEndsAt)];
  const loss =
    report.clientAuthLoss === null
      ? []
      : [
          field(
            'at renewal',
            `it loses clientAuth: it looks like a certificate of a public CA (${describeIssuance(report.clientAuthLoss)}); see docs/public-certificates.md`,
          ),
        ];
  const since =
    outcome === 'allowed'
      ? [
          field(
            'applies',
            `in apps that have read revision ${report.revision}; an app with an older one may still refuse`,
          ),
        ]
      : [];
  const answer = outcome === 'denied' ? formatDenial(report) : formatAdmission(report);
  return [
    '',
    ...answer,
    ...formatUnverified(report, isAppAsked),
    ...who,
    ...ends,
    ...loss,
    ...since,
    field('valid', describeNextChange(report)),
    ...formatNearMatches(report),
    ...formatRemedy(report),
  ];
}

function formatAdmission({ deferred, outcome, withoutClientAuthUntil }: ExplanationReport): readonly string[] {
  const isAllowed = outcome === 'allowed';
  const head = isAllowed
    ? 'Allowed: the function runs.'
    : 'Not verified: the document would let the function run, but the answer depends on what was not looked at.';
  const grace =
    withoutClientAuthUntil === null
      ? []
      : [
          colors.yellow(
            `The certificate lacks clientAuth, and its pin accepts that until ${withoutClientAuthUntil} (acceptWithoutClientAuth).`,
          ),
        ];
  if (deferred === null) return [isAllowed ? colors.green(head) : colors.yellow(head), ...grace];
  const { code, until } = deferred;
  return [
    colors.yellow(isAllowed ? 'Allowed, report-only: the function runs, though authorization would refuse.' : head),
    ...grace,
    field('the log says', `allowed, although ${code}: report-only`),
    field('report-only', `until ${until ?? 'unknown'}`),
  ];
}

function formatDenial({ status, publicCode, code, detail, policy }: ExplanationReport): readonly string[] {
  if (status === null && policy.kind === 'certificate') {
    return [
      colors.yellow('Denied, observed: the function runs all the same, for whoever has a key.'),
      field('the log says', `observed, ${code ?? ''}: ${detail ?? ''}`),
      field('observed', `until ${policy.observedUntil ?? 'unknown'}`),
    ];
  }
  return [
    colors.red(`Denied: the caller gets ${status ?? ''} ${publicCode ?? ''}.`),
    field('the log says', `${code ?? ''}: ${detail ?? ''}`),
  ];
}

function formatUnverified({ unverified, audience, app }: ExplanationReport, isAppAsked: boolean): readonly string[] {
  const said =
    app === null
      ? []
      : [
          field('the app says', `${app.code}${app.detail === null ? '' : `: ${app.detail}`}`),
          field('it reads', app.trust),
          ...(app.frontEndFault === null ? [] : [field('front end', app.frontEndFault)]),
        ];
  return [
    ...said,
    ...describeUnverified(unverified, audience ?? [], isAppAsked).map((line) => field('not verified', line)),
  ];
}

function formatNearMatches({ nearMatches }: Pick<ExplanationReport, 'nearMatches'>): readonly string[] {
  if (nearMatches.length === 0) return [];
  const lines = nearMatches.map(({ identity, owner, likeness }) => {
    const who = owner === null ? `"${identity}"` : `"${identity}" (owner ${owner})`;
    return `  ${who}: the certificate ${likeness}.`;
  });
  return ['', 'Nearly a match:', ...lines];
}

/** Each command in a line of its own, to be copied whole. */
function formatRemedy({
  remedy,
  signed,
  revision,
}: Pick<ExplanationReport, 'remedy' | 'signed' | 'revision'>): readonly string[] {
  if (remedy === null) return [];
  const { verifyFirst, choices } = remedy;
  const lines = choices.flatMap(({ when, commands, needs }) => [
    ...(when === null ? [] : [`${when}:`]),
    ...(needs === null ? [] : [`  (get ${needs})`]),
    ...commands.map((command) => `  ${command}`),
  ]);
  const notes =
    lines.length === 0
      ? []
      : [
          ...(signed
            ? ['The document is signed: add --signing-key FILE (or --key-vault-key URL) to each command.']
            : []),
          `The change takes effect when an app has read a revision above ${revision}; until then, its log lines have a lower trustRevision.`,
        ];
  const head = lines.length === 0 ? 'What to do' : 'Before you run a command';
  return ['', colors.yellow(`${head}: ${verifyFirst}`), ...lines, ...notes];
}

function describeIdentity({
  name,
  owner,
  roles,
  functions,
  matchedBy,
}: NonNullable<ExplanationReport['identity']>): string {
  return [
    `"${name}"`,
    ...(owner === null ? [] : [`owner ${owner}`]),
    `roles ${roles.length === 0 ? 'none' : roles.join(', ')}`,
    ...(functions === null ? [] : [`functions ${functions.length === 0 ? 'none' : functions.join(', ')}`]),
    ...(matchedBy === null ? [] : [`recognised by ${matchedBy}`]),
  ].join(', ');
}

function describeNextChange({ nextChange }: ExplanationReport): string {
  if (nextChange === null) return 'until the document or the app changes';
  const { at, outcome, code } = nextChange;
  return `until ${at}; then ${outcome === 'allowed' ? 'allowed' : `denied, ${code}`}, if nothing else changes`;
}

function field(label: string, value: string): string {
  return `${label.padEnd(14)}${value}`;
}
