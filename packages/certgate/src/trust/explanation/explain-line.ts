import { createHash } from 'node:crypto';
import {
  type DenialCode,
  denialCodes,
  findInstant,
  type FunctionRequirement,
  type RevocationInformation,
} from '@certgate/core/internal';
import { parseChangeLogEntry } from '../administration/change-log.js';
import type { LoadedTrustDocument } from '../administration/load-trust-document.js';
import { findListEnd } from './explain-certificate.js';
import { findRemedy, type ReportedRemedy } from './denial-remedies.js';
import type { ReportedNearMatch } from './explanation-report.js';
import { readLineFacts } from './line-facts.js';
import { findText, type LogLine } from './log-lines.js';

export interface LineQuestion {
  readonly store: string;
  readonly loaded: LoadedTrustDocument;
  /** The lines of the log of changes, oldest first; empty: there is none. */
  readonly changeLog: readonly string[];
  /** The lists of the document's authorities as they are now; undefined: they were not read. */
  readonly revocation: RevocationInformation | undefined;
  /** What the function requires; undefined: nobody has said. */
  readonly requirement: FunctionRequirement | undefined;
  /** By the keys of `--signed-by`. */
  readonly isSignatureRefused: boolean;
  /** Why the app could not say. */
  readonly requirementFault?: string;
}

/** What `certgate trust explain --log --json` prints of a line. Keys are only ever added. */
export interface LineReport {
  readonly event: string;
  readonly code: string;
  readonly time: string | null;
  readonly function: string | null;
  readonly correlationId: string | null;
  readonly identity: string | null;
  readonly thumbprintSha256: string | null;
  /** Of a certificate that no identity has, as its writer chose them. */
  readonly subject: string | null;
  readonly issuer: string | null;
  readonly detail: string | null;
  /** In words: what became of the call, or what the line is about. */
  readonly about: string;
  /** `unknown`: the line doesn't name its document, or only by the revision. */
  readonly document: 'same' | 'changed' | 'unknown';
  /** What the unsigned log of changes has since the line's document: newest last, the last five. */
  readonly changes: readonly string[];
  readonly untold: readonly string[];
  readonly nearMatches: readonly ReportedNearMatch[];
  readonly remedy: ReportedRemedy | null;
}

export function explainLine(line: LogLine, question: LineQuestion): LineReport {
  const { store, loaded } = question;
  const trust = loaded.snapshot;
  const { code: denial, about } = classify(line);
  const time = findText(line, 'time');
  const decidedAt = time === undefined ? undefined : findInstant(time);
  const document = compareDocument(line, loaded);
  const base = {
    event: findText(line, 'event') ?? 'unknown',
    code: findText(line, 'code') ?? '',
    time: time ?? null,
    function: findText(line, 'function') ?? null,
    correlationId: findText(line, 'correlationId') ?? null,
    identity: findText(line, 'identity') ?? null,
    thumbprintSha256: findText(line, 'thumbprintSha256') ?? null,
    subject: findText(line, 'subject') ?? null,
    issuer: findText(line, 'issuer') ?? null,
    detail: findText(line, 'detail') ?? null,
    ...{ about, document },
    changes: document === 'same' ? [] : listChanges(line, question),
  };
  if (denial === undefined) return { ...base, untold: [], nearMatches: [], remedy: null };
  const now = Date.now();
  const requirement = question.requirement ?? guessRequirement(line, question);
  const told = readLineFacts(denial, line, { trust, isSameDocument: document === 'same', requirement, now });
  const remedy = findRemedy(
    { code: denial, ...(told.facts === undefined ? {} : { facts: told.facts }) },
    {
      ...{ identityName: told.identity?.name, trust, now, decidedAt, store, nearMatches: told.nearMatches },
      ...{ presented: undefined, runAt: now, isSignatureRefused: question.isSignatureRefused, requirement },
      listEnd: findListEnd(told.facts, question.revocation, now),
      isLockedBySetting: base.detail?.includes('CERTGATE_LOCKED') === true,
      reason: `${denial}, from a line of the log`,
    },
  );
  return {
    ...base,
    untold: [
      ...(decidedAt === undefined ? ['The line has no time of its decision.'] : []),
      ...(document === 'unknown' ? ['The line does not name the content of its document.'] : []),
      ...(question.requirementFault === undefined ? [] : [question.requirementFault]),
      ...told.untold,
    ],
    nearMatches: told.nearMatches.map(({ identity: { name, owner = null }, likeness }) => ({
      identity: name,
      ...{ owner, likeness },
    })),
    remedy,
  };
}

/** Which denial it is about, if any. */
function classify(line: LogLine): { readonly code: DenialCode | undefined; readonly about: string } {
  const [event, code, outcome] = ['event', 'code', 'outcome'].map((key) => findText(line, key) ?? '');
  const known = denialCodes.find((each) => each === code);
  if (event === 'decision') {
    const deferred = denialCodes.find((each) => each === findText(line, 'reportOnlyCode'));
    if (deferred !== undefined)
      return {
        code: deferred,
        about: `Let through, report-only until ${findText(line, 'reportOnlyUntil') ?? 'an end that is not told'}: then it is refused for ${deferred}.`,
      };
    if (outcome === 'observed')
      return {
        code: known,
        about: `The function is observed, so it ran all the same, until ${findText(line, 'observedUntil') ?? 'an end that is not told'}.`,
      };
    if (outcome === 'allowed') return { code: undefined, about: 'Allowed: nothing to explain here.' };
    return known === undefined
      ? { code: undefined, about: 'Denied for a code that this version does not know: use the version of the app.' }
      : { code: known, about: 'Denied.' };
  }
  if (event === 'trust' && (code === 'trust_refresh_failed' || code === 'trust_document_refused'))
    return {
      code: 'trust_unavailable',
      about: 'Not a decision: the document before stays in use until the time in the detail, then calls are refused.',
    };
  if (event === 'revocation')
    return { code: 'revocation_unavailable', about: 'Not a decision: a revocation list has ended, or ends soon.' };
  if (event === 'suppressed')
    return {
      code: undefined,
      about: 'It counts denials that were not written: for one of them, take a line of the same code.',
    };
  if (event === 'status')
    return { code: undefined, about: 'It tells what the app has loaded: nothing to explain here.' };
  if (known !== undefined)
    return { code: known, about: 'Not a decision: said when the app started. Calls are refused for it.' };
  return {
    code: undefined,
    about: 'Not about a denial: the detail says what to do, and docs/errors.md#the-other-lines.',
  };
}

function compareDocument(line: LogLine, { documentSha256 }: LoadedTrustDocument): LineReport['document'] {
  const digits = findText(line, 'trustSha256')?.split(',');
  if (digits === undefined) return 'unknown';
  return digits.includes(documentSha256.slice(0, 16).toUpperCase()) ? 'same' : 'changed';
}

const maximumChanges = 5;

function listChanges(line: LogLine, { changeLog, loaded }: LineQuestion): readonly string[] {
  const { trustRevision: revision } = line;
  const time = findText(line, 'time');
  return changeLog
    .flatMap((text) => parseChangeLogEntry(text) ?? [])
    .filter((entry) =>
      typeof revision === 'number' ? entry.revision > revision : time !== undefined && entry.at > time,
    )
    .filter((entry) => entry.revision <= loaded.snapshot.revision)
    .slice(-maximumChanges)
    .map(({ at, verb, by, reason, revision: next }) => `revision ${next}, ${at}, ${by}: ${verb} (${reason})`);
}

/** Names that the document holds too; else words for somebody to replace. */
function guessRequirement(line: LogLine, { loaded }: LineQuestion): FunctionRequirement {
  const { identities } = loaded.snapshot;
  const called = findText(line, 'function')?.toLowerCase();
  const known = identities.flatMap(({ functionsAsWritten = [] }) => functionsAsWritten);
  const required = / requires: (.*)\.$/.exec(findText(line, 'detail') ?? '')?.[1]?.split(' or ') ?? [];
  const role = identities.flatMap(({ roles }) => roles).find((each) => required.includes(each));
  return {
    functionName: known.find((name) => name.toLowerCase() === called) ?? 'FUNCTION',
    roles: [[role ?? 'ROLE']],
  };
}

/** Lines that say the same about the same caller, as one: the last of them. */
export function groupLines(lines: readonly LogLine[]): readonly { readonly line: LogLine; readonly count: number }[] {
  const groups = new Map<string, { readonly line: LogLine; readonly count: number }>();
  for (const line of lines) {
    const keys = ['event', 'code', 'outcome', 'reportOnlyCode', 'function', 'identity', 'thumbprintSha256'];
    const key = createHash('sha256')
      .update(JSON.stringify(keys.map((each) => findText(line, each))))
      .digest('hex');
    const count = (groups.get(key)?.count ?? 0) + 1;
    groups.delete(key);
    groups.set(key, { line, count });
  }
  return [...groups.values()];
}

/** For people who compare it with a line: when the document here was read. */
export function describeDocumentState({ document, changes }: LineReport, revision: number): string {
  const since = changes.length === 0 ? '' : ' According to the unsigned log, these changes came since:';
  const state = {
    same: `revision ${revision}, the document that the line names.`,
    changed: `revision ${revision}, another document than the line names: what is said here is about this one.${since}`,
    unknown: `revision ${revision}; the line can't tell whether it is the same.${since}`,
  };
  return state[document];
}
