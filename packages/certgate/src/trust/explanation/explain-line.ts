import {
  type DenialCode,
  denialCodes,
  findInstant,
  type FunctionRequirement,
  type RevocationInformation,
} from '@certgate/core/internal';
import { parseChangeLogEntry } from '../administration/change-log.js';
import type { LoadedTrustDocument } from '../administration/load-trust-document.js';
import { findRemedy, type ReportedRemedy } from './denial-remedies.js';
import { type ReportedNearMatch, reportNearMatch } from './explanation-report.js';
import { findLineText, type KnownDocument, type LogLine, readLineFacts } from './line-facts.js';
import { findOtherLine } from './other-lines.js';

export interface LineQuestion {
  readonly store: string;
  readonly loaded: LoadedTrustDocument;
  /** The other documents of the app; absent if it is not known to have any. */
  readonly others?: readonly KnownDocument[];
  /** The lines of the log of changes, oldest first; empty if there is no log. */
  readonly changeLog: readonly string[];
  /** The present lists of the document's authorities; undefined if they were not read. */
  readonly revocation: RevocationInformation | undefined;
  /** What the function requires; undefined if it is unknown. */
  readonly requirement: FunctionRequirement | undefined;
  /** Whether the document has no signature by a key of `--signed-by`. False without that option. */
  readonly isSignatureRefused: boolean;
  /** Why `requirement` is undefined although the app was asked. */
  readonly requirementFault?: string;
}

/**
 * The texts that a report copies from the line. A decision line has `subject` and `issuer` only if no identity has the
 * certificate; the certificate's author chose them.
 */
const lineKeys = [
  'time',
  'function',
  'correlationId',
  'identity',
  'thumbprintSha256',
  'subject',
  'issuer',
  'detail',
] as const;
type LineKey = (typeof lineKeys)[number];

/** The explanation of a line in the form of `certgate trust explain --log --json`. Keys are only ever added. */
export interface LineReport extends Readonly<Record<LineKey, string | null>> {
  /** The place of the document by which the line was explained. */
  readonly store: string;
  readonly event: string;
  readonly code: string;
  /** In words: what happened to the call, or what the line is about. */
  readonly about: string;
  /**
   * Whether the line was written with this document. `unknown`: it doesn't name its document, or only by the revision.
   */
  readonly document: 'same' | 'changed' | 'unknown';
  /** At most five changes since the line's document, newest last, from the unsigned log of changes. */
  readonly changes: readonly string[];
  readonly untold: readonly string[];
  readonly nearMatches: readonly ReportedNearMatch[];
  readonly remedy: ReportedRemedy | null;
}

export function explainLine(line: LogLine, question: LineQuestion): LineReport {
  const { store, loaded, others = [], revocation, isSignatureRefused, requirementFault } = question;
  const trust = loaded.snapshot;
  const { code, about } = classify(line);
  const document = compareDocument(line, loaded);
  const texts = Object.fromEntries(lineKeys.map((key) => [key, findLineText(line, key) ?? null]));
  const report = {
    store,
    event: findLineText(line, 'event') ?? 'unknown',
    code: findLineText(line, 'code') ?? '',
    ...(texts as Readonly<Record<LineKey, string | null>>),
    about,
    document,
    changes: document === 'same' ? [] : listChanges(line, question),
  };
  if (code === undefined) return { ...report, untold: [], nearMatches: [], remedy: null };
  const now = Date.now();
  const decidedAt = findInstant(report.time ?? '');
  const requirement = question.requirement ?? readRequirement(line, question);
  // If the app has several documents, a place in the line may be in another one.
  const isSameDocument = document === 'same' && others.length === 0;
  const lineFacts = readLineFacts(code, line, { store, trust, others, isSameDocument, requirement, now });
  const { denial, nearMatches } = lineFacts;
  const remedy = findRemedy(denial, {
    trust,
    requirement,
    now,
    decidedAt,
    presented: undefined,
    revocation,
    nearMatches,
    store,
    isSignatureRefused,
    reason: `${code}, from a line of the log`,
  });
  return {
    ...report,
    untold: [
      ...(decidedAt === undefined ? ['The line has no time of its decision.'] : []),
      ...(document === 'unknown' ? ['The line does not name the content of its document.'] : []),
      ...(requirementFault === undefined ? [] : [requirementFault]),
      ...lineFacts.untold,
    ],
    nearMatches: nearMatches.map(reportNearMatch),
    remedy,
  };
}

/**
 * Explains the line by the most suitable of the app's documents: one whose content the line names, then one in which a
 * command ends the fault.
 */
export function explainLineByAny(line: LogLine, questions: readonly LineQuestion[]): LineReport {
  const reports = questions.map((question) => explainLine(line, question));
  const rank = ({ document, remedy }: LineReport): number =>
    (document === 'same' ? 2 : 0) + (remedy !== null && remedy.choices.length > 0 ? 1 : 0);
  return reports.reduce((best, each) => (rank(each) > rank(best) ? each : best));
}

/** `code` is the denial that the line is about, or undefined if it is about none. */
type LineClass = Pick<LineReport, 'about'> & { readonly code: DenialCode | undefined };

const otherLine = 'Not about a denial. The detail says what to do; docs/log-fields.md describes the lines.';

function classify(line: LogLine): LineClass {
  const [event = '', outcome, code = ''] = ['event', 'outcome', 'code'].map((key) => findLineText(line, key));
  const [known, deferred] = [code, findLineText(line, 'reportOnlyCode')].map((text) =>
    denialCodes.find((each) => each === text),
  );
  const meaning = findOtherLine(event, code);
  const until = (key: string): string => findLineText(line, key) ?? 'an unknown end';
  const isDecision = event === 'decision';
  // The first class whose condition is true of the line.
  const classes: readonly (readonly [boolean, DenialCode | undefined, string])[] = [
    [
      isDecision && deferred !== undefined,
      deferred,
      `Let through, report-only until ${until('reportOnlyUntil')}: then it is refused for ${deferred ?? ''}.`,
    ],
    [
      isDecision && outcome === 'observed',
      known,
      `The function is observed, so it ran anyway, until ${until('observedUntil')}.`,
    ],
    [isDecision && outcome === 'allowed', undefined, 'Allowed: nothing to explain here.'],
    [isDecision && known !== undefined, known, 'Denied.'],
    [isDecision, undefined, 'Denied for a code that this version does not know: use the version of the app.'],
    [
      /^trust:trust_(?:refresh_failed|document_refused)$/.test(`${event}:${code}`),
      'trust_unavailable',
      `Not a decision. ${meaning ?? ''}`,
    ],
    [
      event === 'revocation' || code === 'revocation_refresh_failed',
      code === 'revocation_withdrawn' ? 'certificate_revoked' : 'revocation_unavailable',
      `Not a decision. ${meaning ?? 'It is about a revocation list.'}`,
    ],
    [
      event === 'suppressed',
      undefined,
      'It counts denials that were not logged. To explain one of them, choose a line with the same code.',
    ],
    [event === 'status', undefined, 'It says what the app has loaded: nothing to explain here.'],
    [known !== undefined, known, 'Written when the app started: calls are refused with this code.'],
  ];
  const [, knownCode, about] = classes.find(([isTrue]) => isTrue) ?? [true, undefined, meaning ?? otherLine];
  return { code: knownCode, about };
}

function compareDocument(line: LogLine, { documentSha256 }: LoadedTrustDocument): LineReport['document'] {
  const digits = findLineText(line, 'trustSha256')?.split(',');
  if (digits === undefined) return 'unknown';
  return digits.includes(documentSha256.slice(0, 16).toUpperCase()) ? 'same' : 'changed';
}

const maximumChanges = 5;

function listChanges(line: LogLine, { changeLog, loaded }: LineQuestion): readonly string[] {
  const { trustRevision: revision } = line;
  const time = findLineText(line, 'time');
  return changeLog
    .flatMap((text) => parseChangeLogEntry(text) ?? [])
    .filter((entry) =>
      typeof revision === 'number' ? entry.revision > revision : time !== undefined && entry.at > time,
    )
    .filter((entry) => entry.revision <= loaded.snapshot.revision)
    .slice(-maximumChanges)
    .map(({ at, verb, by, reason, revision: next }) => `revision ${next}, ${at}, ${by}: ${verb} (${reason})`);
}

/**
 * The function and the roles that the line names. Placeholders in capitals replace what the line doesn't name. Names
 * with unusual characters are not used, except for roles of the document.
 */
function readRequirement(line: LogLine, { loaded }: LineQuestion): FunctionRequirement {
  const functionName = findLineText(line, 'function') ?? '';
  const isListed = (role: string): boolean => loaded.snapshot.identities.some((each) => each.roles.includes(role));
  const roles = / requires: (.*)\.$/.exec(findLineText(line, 'detail') ?? '')?.[1]?.split(' or ') ?? [];
  const known = [...roles.filter(isListed), ...roles.filter((role) => !isListed(role) && plainName.test(role))];
  return {
    functionName: plainName.test(functionName) ? functionName : 'FUNCTION',
    roles: [known.length === 0 ? ['ROLE'] : known],
  };
}

const plainName = /^\w[\w.:/-]*$/;

/** Says how the document here relates to the document that the line names. */
export function describeDocumentState({ document, changes }: LineReport, revision: number): string {
  const since = changes.length === 0 ? '' : ' According to the unsigned log, these changes came since:';
  const state = {
    same: `revision ${revision}, the document that the line names.`,
    changed: `revision ${revision}, another document than the line names: what is said here is about this one.${since}`,
    unknown: `revision ${revision}; the line can't tell whether it is the same.${since}`,
  };
  return state[document];
}
