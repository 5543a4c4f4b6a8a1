import { type DenialCode, denialCodes } from '@certgate/core/internal';
import { isLockedBySetting, type LogRecord, type SourceReading } from '../../log/reading/log-record.js';
import type { LoadedTrustDocument } from '../administration/load-trust-document.js';
import { type CallGroup, CallGroups, type CountedCalls } from './call-groups.js';
import { compareForReplay, findInstants } from './compared-documents.js';
import {
  type CallQuestion,
  decideAgain,
  isAboutAuthorization,
  isAboutNoDocument,
  type Redecision,
} from './decide-again.js';
import { askAboutCounted } from './counted-question.js';
import { askAboutLine, findDocumentReason, type KnownRequirements, type LineContext } from './line-question.js';
import type { ReplayReport, UntoldReason } from './replay-report.js';
import { ReplayTally, type TalliedCalls } from './replay-tally.js';

export interface ReplayOptions {
  /** The document that decided the calls. */
  readonly before: LoadedTrustDocument;
  /** The one that is to replace it. */
  readonly after: LoadedTrustDocument;
  readonly requirements?: KnownRequirements;
}

/** Decides recorded calls again by another document: pass it the lines, then ask for the report. */
export class Replay {
  readonly #groups: CallGroups;
  readonly #context: LineContext;
  readonly #afterDigits: string;

  constructor({ before, after, requirements }: ReplayOptions) {
    const documents = compareForReplay(before.snapshot, after.snapshot);
    const [beforeDigits, afterDigits] = [before, after].map(shortenDigest) as [string, string];
    this.#afterDigits = afterDigits;
    const isKnown = (thumbprint: string): boolean =>
      [before.snapshot, after.snapshot].some(
        ({ pins, denied }) => pins.thumbprintSha256.has(thumbprint) || denied.thumbprintsSha256.has(thumbprint),
      );
    this.#groups = new CallGroups({
      findInstants: (line) => findInstants(documents, line),
      isKnown,
      digests: new Set([beforeDigits, afterDigits]),
    });
    this.#context = {
      ...{ documents, beforeDigits, requirements },
      findTwins: (identity) => this.#groups.findTwins(identity),
    };
  }

  note(record: LogRecord): void {
    this.#groups.note(record);
  }

  conclude(sources: readonly SourceReading[]): ReplayReport {
    const tally = new ReplayTally(this.#context.documents);
    for (const group of this.#groups.groups) this.#decideGroup(group, tally);
    for (const counted of this.#groups.listCounted()) this.#decideCounted(counted, tally);
    const { suppressed, uncounted, ...summary } = this.#groups.summary;
    if (uncounted > 0) tally.noteUntold('statusOnly', 'allowed', { calls: uncounted, identity: undefined });
    if (suppressed > 0) tally.noteUntold('suppressed', 'refused', { calls: suppressed, identity: undefined });
    return tally.report(summary, sources);
  }

  #decideGroup(group: CallGroup, tally: ReplayTally): void {
    const { line, calls, time } = group;
    const { outcome, code } = line;
    const wasRefused = outcome !== 'allowed';
    if (wasRefused && isKnownCode(code) && isRefusedBeforehand(code, line.detail)) {
      tally.noteOther('notAboutDocument', calls);
    } else if (
      line.trustSha256 === this.#afterDigits &&
      line.trustRevision === this.#context.documents.after.revision
    ) {
      tally.noteOther('decidedByAfter', calls);
    } else {
      const told = this.#decide(group);
      const isOpen = line.observedUntil !== undefined;
      const isSame = told.outcome === (wasRefused ? 'denied' : 'allowed');
      if (isOpen && !isSame) this.#note(tally, group, untold('observed', told));
      else if (told.outcome === 'denied' && told.isDeferrable && this.#mayBeLetThrough(group, time))
        this.#note(tally, group, untold('reportOnly', told));
      else this.#note(tally, group, told);
    }
  }

  /** Nobody is admitted by a document that the app refuses. */
  #note(tally: ReplayTally, group: TalliedCalls, told: Redecision): void {
    const isRefusedByApps = this.#context.documents.narrowsAudience && told.outcome === 'allowed';
    tally.noteDecision(group, isRefusedByApps ? untold('audience', told) : told);
  }

  /** Whether a report-only function may let the refusal through, and nobody says whether it was that at the time. */
  #mayBeLetThrough({ app, line }: CallGroup, time: number): boolean {
    if (isAboutAuthorization(line.code)) return false;
    const isAsked = this.#context.requirements?.has(line.function.toLowerCase()) === true;
    return !isAsked && this.#groups.isReportOnly(app, line.function, time);
  }

  #decide(group: CallGroup): Redecision {
    const { code, outcome } = group.line;
    if (code === 'trust_unavailable') return untold('unavailable');
    // Of a newer gate.
    if (outcome !== 'allowed' && !isKnownCode(code)) return untold('matched');
    const question = askAboutLine(group, this.#context);
    if (typeof question === 'string') return untold(question);
    const told = decideAgain(question);
    if (told.outcome !== 'untold') return told;
    if (code !== 'allowed' && this.#isSameFor(group, question))
      return { outcome: 'denied', code, detail: '', isOnlyReason: true, isDeferrable: false };
    return findDocumentReason(group.line, this.#context) === undefined ? told : untold('otherDocument', told);
  }

  /** Nothing differs between the documents that could bear on the certificate: whatever refused it, refuses it again. */
  #isSameFor({ line }: CallGroup, { caller }: CallQuestion): boolean {
    const { before, after, isSameForOthers } = this.#context.documents;
    if (findDocumentReason(line, this.#context) !== undefined || !isSameForOthers || line.code === 'identity_ambiguous')
      return false;
    const [former, later] = [before, after].map(({ pins }) => pins.thumbprintSha256.get(caller.thumbprintSha256 ?? ''));
    return former === undefined && later === undefined;
  }

  #decideCounted(counted: CountedCalls, tally: ReplayTally): void {
    const { identity, calls, last } = counted;
    const answer = askAboutCounted(counted, this.#context);
    const group = { line: { outcome: 'allowed', identity, function: null } as const, calls, last };
    if (typeof answer === 'string') {
      tally.noteDecision(group, untold(answer));
      return;
    }
    const told = answer.map(decideAgain);
    const [first] = told;
    const isSame = told.every(({ outcome }) => outcome === first?.outcome);
    const isOfFunction = told.some((each) => each.outcome === 'denied' && each.isDeferrable);
    this.#note(tally, group, first !== undefined && isSame && !isOfFunction ? first : untold('statusOnly', first));
  }
}

function untold(reason: UntoldReason, told?: Redecision): Redecision {
  const as =
    told === undefined
      ? undefined
      : told.outcome === 'untold'
        ? told.as
        : told.outcome === 'allowed'
          ? told.identity.name
          : undefined;
  return { outcome: 'untold', reason, as };
}

function isKnownCode(code: string): code is DenialCode {
  return denialCodes.some((each) => each === code);
}

/** A lock of the app setting is decided before any document is asked. */
function isRefusedBeforehand(code: DenialCode, detail = ''): boolean {
  if (code === 'trust_locked') return isLockedBySetting(detail);
  return isAboutNoDocument(code);
}

function shortenDigest({ documentSha256 }: LoadedTrustDocument): string {
  return documentSha256.slice(0, 16).toUpperCase();
}
