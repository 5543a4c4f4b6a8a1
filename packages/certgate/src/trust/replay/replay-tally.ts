import { type DenialCode, formatInstant } from '@certgate/core/internal';
import type { SourceReading } from '../../log/reading/log-record.js';
import { reportReading } from '../../log/reading/reading-text.js';
import type { CallGroup, CalledLine, CallGroups } from './call-groups.js';
import type { ComparedDocuments } from './compared-documents.js';
import { isAboutAuthorization, type Redecision } from './decide-again.js';
import type {
  BrokenCalls,
  OpenedCalls,
  RenamedCalls,
  ReplayedCalls,
  ReplayReport,
  UntoldReason,
} from './replay-report.js';

/** Calls of one caller at one function, or at functions that are not told. */
export type TalliedCalls = Pick<CallGroup, 'calls' | 'last'> & {
  readonly line: Pick<CalledLine, 'outcome' | 'identity'> & {
    readonly code?: CalledLine['code'];
    readonly function: string | null;
  };
};

interface Row {
  calls: number;
  last: number;
  readonly identity: string;
  readonly function: string | null;
}

/** Sums up what became of the calls. */
export class ReplayTally {
  readonly #documents: ComparedDocuments;
  readonly #broken = new Map<string, Row & Pick<BrokenCalls, 'code' | 'detail'>>();
  readonly #opened = new Map<string, Row & Pick<OpenedCalls, 'was'>>();
  readonly #renamed = new Map<string, Row & Pick<RenamedCalls, 'as'>>();
  readonly #untold = new Map<string, { calls: number; readonly identities: Map<string, number> }>();
  readonly #others = { unaffected: 0, notAboutDocument: 0, decidedByAfter: 0 };
  #isOfFunction = false;

  constructor(documents: ComparedDocuments) {
    this.#documents = documents;
  }

  noteOther(what: 'unaffected' | 'notAboutDocument' | 'decidedByAfter', calls: number): void {
    this.#others[what] += calls;
  }

  noteUntold(
    reason: UntoldReason,
    was: 'allowed' | 'refused',
    { calls, identity }: { readonly calls: number; readonly identity: string | undefined },
  ): void {
    const key = JSON.stringify([reason, was]);
    const row = this.#untold.get(key) ?? { calls: 0, identities: new Map<string, number>() };
    row.calls += calls;
    if (identity !== undefined) row.identities.set(identity, (row.identities.get(identity) ?? 0) + calls);
    this.#untold.set(key, row);
  }

  noteDecision(group: TalliedCalls, told: Redecision): void {
    const { line, calls } = group;
    const { identity = '', code } = line;
    const wasAllowed = line.outcome === 'allowed';
    if (told.outcome === 'untold') {
      this.noteUntold(told.reason, wasAllowed ? 'allowed' : 'refused', { calls, identity: line.identity ?? told.as });
    } else if (told.outcome === 'denied') {
      // Where it was refused for such a reason before, it is known not to be report-only.
      this.#isOfFunction ||= told.isDeferrable && !isAboutAuthorization(code ?? '');
      if (!wasAllowed) this.noteOther('unaffected', calls);
      else add(this.#broken, group, identity, describeBreak(told));
    } else if (!wasAllowed) {
      add(this.#opened, group, told.identity.name, { was: code as DenialCode });
    } else if (told.identity.name !== identity) {
      add(this.#renamed, group, identity, { as: told.identity.name });
    } else this.noteOther('unaffected', calls);
  }

  report(
    summary: Omit<CallGroups['summary'], 'suppressed' | 'uncounted'>,
    sources: readonly SourceReading[],
  ): ReplayReport {
    const { first, last, isSampled, otherDocuments } = summary;
    return {
      wouldBreak: listRows(this.#broken),
      wouldGetIn: listRows(this.#opened),
      asAnother: listRows(this.#renamed),
      cannotTell: [...this.#untold]
        .map(([key, { calls, identities }]) => {
          const [reason, was] = JSON.parse(key) as [UntoldReason, 'allowed' | 'refused'];
          const most = [...identities].sort(([, one], [, other]) => other - one);
          const names = most.slice(0, maximumIdentities).map(([name]) => name);
          return { reason, was, calls, identities: names, moreIdentities: most.length - names.length };
        })
        .sort((one, other) => other.calls - one.calls),
      ...this.#others,
      otherDocuments: otherDocuments.slice(0, maximumDocuments).map(([sha256, rest]) => ({ sha256, ...rest })),
      isSampled,
      assumptions: this.#listAssumptions(),
      from: first === undefined ? null : formatInstant(first),
      until: last === undefined ? null : formatInstant(last),
      reading: reportReading(sources),
    };
  }

  #listAssumptions(): readonly string[] {
    const { before, after } = this.#documents;
    const thumbprints = [before, after].flatMap(({ pins, denied }) => [
      ...[...pins.thumbprintSha256.keys(), ...pins.thumbprintSha1.keys()],
      ...denied.thumbprintsSha256.keys(),
    ]);
    const isAuthorityAdded = after.authorities.length > before.authorities.length;
    return [
      acceptanceAssumption,
      ...(thumbprints.length > 0 ? [twinAssumption] : []),
      ...(isAuthorityAdded ? [namesAssumption] : []),
      ...(this.#isOfFunction ? [reportOnlyAssumption] : []),
    ];
  }
}

/** Which signers and which lowest revision an app asks for stands in its own code. */
const acceptanceAssumption =
  'The apps accept the later document: a signature or a lowest revision that they require was not compared.';
const twinAssumption =
  'No thumbprint of the documents is of the certificate of a caller under its other ECDSA signature, unless a line says so.';
const namesAssumption = 'No pinned certificate has more than 256 names.';
const reportOnlyAssumption =
  'A function that refuses a call for its name or a role is not report-only, unless a line or --app says so.';

const maximumIdentities = 5;
const maximumDocuments = 10;

function add<More extends object>(
  rows: Map<string, Row & More>,
  { line, calls, last }: TalliedCalls,
  identity: string,
  more: More,
): void {
  const key = JSON.stringify([identity, line.function, more]);
  const row = rows.get(key);
  if (row === undefined) rows.set(key, { identity, function: line.function, calls, last, ...more });
  else {
    row.calls += calls;
    row.last = Math.max(row.last, last);
  }
}

/** Those with the most calls first. */
function listRows<More extends Row>(rows: ReadonlyMap<string, More>): readonly (Omit<More, 'last'> & ReplayedCalls)[] {
  return [...rows.values()]
    .sort((one, other) => other.calls - one.calls)
    .map((row) => ({ ...row, last: formatInstant(row.last) }));
}

/** The gate's sentence, but where that speaks of a certificate, which isn't the caller's. */
function describeBreak({
  code,
  detail,
  isOnlyReason,
}: Extract<Redecision, { readonly outcome: 'denied' }>): Pick<BrokenCalls, 'code' | 'detail'> {
  const isUnmatched = code === 'certificate_not_trusted';
  if (!isOnlyReason)
    return {
      code: null,
      detail: isUnmatched
        ? 'No entry of the document admits the certificate.'
        : 'It would be refused in any case; no line says for which of several reasons.',
    };
  if (isUnmatched) return { code, detail: 'No entry of the document matches the certificate.' };
  if (code === 'certificate_extended_key_usage_unsuitable')
    return { code, detail: 'The certificate lacks clientAuth, and its pin does not accept that.' };
  const sentence = code === 'pin_expired' ? (/^.*? ended at \S+ \(notAfter\)\./.exec(detail)?.[0] ?? '') : detail;
  return { code, detail: sentence };
}
