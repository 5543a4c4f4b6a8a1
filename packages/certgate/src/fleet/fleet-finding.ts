import { describeSpan } from '../faults/time-words.js';

/** A document that others run, and when a line first said so. */
export interface NewerDocument {
  readonly revision: number | undefined;
  readonly sha256: string | undefined;
  readonly since: number;
  /** The app that shows it, where the place is another one. */
  readonly app: string | undefined;
}

/** What an operator should know of a row first. The order of `findingCodes` is that of the rows. */
export type FleetFinding =
  /** After others had `newest`, it still ran an older one. */
  | { readonly code: 'behind'; readonly newest: NewerDocument; readonly at: number }
  /** Others run another document under the same revision. */
  | { readonly code: 'same_revision'; readonly newest: NewerDocument }
  | { readonly code: 'fault'; readonly fault: string; readonly detail: string | undefined; readonly at: number }
  /** No line for the time of `--silent-after`, while other apps wrote. */
  | { readonly code: 'silent'; readonly last: number }
  | { readonly code: 'no_line' }
  | { readonly code: 'old_version'; readonly newest: string }
  /** From other instances of the app: in what. */
  | { readonly code: 'different'; readonly what: readonly string[] }
  /** Others take the same document only with a signature. */
  | { readonly code: 'unsigned'; readonly app: string }
  /** It ran an older document, and its last line is from before `newest` was seen, or others may have written since. */
  | { readonly code: 'behind_unknown'; readonly newest: NewerDocument; readonly at: number }
  /** Several other apps run a document of a higher revision from a place of the same name, of which each app has its own. */
  | { readonly code: 'other_place'; readonly newest: NewerDocument; readonly apps: number }
  | { readonly code: 'document_unknown' }
  /** No line for an hour, while other instances of the app wrote. */
  | { readonly code: 'quiet'; readonly last: number }
  /** After an instance had the document of the row, its lines said another one. */
  | { readonly code: 'by_turns'; readonly last: number }
  /** Lines name no instance, and newer ones say something else. */
  | { readonly code: 'overwritten'; readonly last: number }
  | { readonly code: 'more_instances'; readonly last: number }
  /** Without a call. No fault. */
  | { readonly code: 'idle' };

export type FindingCode = FleetFinding['code'];

export const findingCodes: readonly FindingCode[] = [
  ...(['behind', 'same_revision', 'fault', 'no_line', 'silent', 'old_version', 'different', 'unsigned'] as const),
  ...([
    'behind_unknown',
    'other_place',
    'document_unknown',
    'by_turns',
    'quiet',
    'overwritten',
    'more_instances',
    'idle',
  ] as const),
];

/** For people; `silentAfter` in milliseconds. */
export function describeFinding(finding: FleetFinding, silentAfter: number): string {
  switch (finding.code) {
    case 'behind':
      return `behind: ${describeNewer(finding.newest)}, and it ran this one at ${formatSecond(finding.at)}`;
    case 'same_revision':
      return `another document has the same revision: ${describeNewer(finding.newest)}`;
    case 'fault':
      return `${finding.fault}${finding.detail === undefined ? '' : `: ${finding.detail}`} (${formatSecond(finding.at)})`;
    case 'silent':
      return `no line since ${formatSecond(finding.last)}, while other apps wrote; cannot tell whether it is idle`;
    case 'no_line':
      return 'no line; cannot tell whether it is idle, was never deployed, or writes elsewhere';
    case 'old_version':
      return `old version: others run ${finding.newest}`;
    case 'different':
      return `other instances of the app differ in: ${finding.what.join(', ')}`;
    case 'unsigned':
      return `takes the document without a signature, which ${finding.app} requires of it`;
    case 'behind_unknown':
      return `cannot tell whether it still runs this document, as it did at ${formatSecond(finding.at)}: ${describeNewer(finding.newest)}`;
    case 'other_place':
      return `${finding.apps} other apps run revision ${finding.newest.revision ?? ''}, ${finding.newest.sha256?.slice(0, 16) ?? ''} from a place of the same name; cannot tell whether it should be the same document`;
    case 'document_unknown':
      return 'no line says which document it runs';
    case 'quiet':
      return `no line since ${formatSecond(finding.last)}, while other instances of the app wrote; cannot tell whether it is idle or gone (left out after ${describeSpan(silentAfter)})`;
    case 'by_turns':
      return `its lines say several documents by turns, last another one at ${formatSecond(finding.last)}: it has several gates or processes; cannot tell what each of them runs`;
    case 'overwritten':
      return `newer lines of the app say something else and name no instance; cannot tell whether one still says this (left out after ${describeSpan(silentAfter)})`;
    case 'more_instances':
      return `more instances than are kept, the newest line of the others at ${formatSecond(finding.last)}; cannot tell what they run`;
    case 'idle':
      return 'idle: no call in the lines of these instances';
  }
}

function describeNewer({ revision, sha256, since, app }: NewerDocument): string {
  const name = [revision === undefined ? [] : `revision ${revision}`, sha256 === undefined ? [] : sha256.slice(0, 16)];
  return `${app ?? 'others'} had ${name.flat().join(', ')} from ${formatSecond(since)} on`;
}

export function formatSecond(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}
