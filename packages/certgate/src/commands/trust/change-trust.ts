import type { TrustDocument } from '@certgate/core/internal';
import type { TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import {
  expectAboveLog,
  expectUsableRevision,
  explainMissingRevision,
  raiseRevision,
  findUnreadable,
  type Replacement,
  replaceUnreadableDocument,
  type UnreadableDocument,
} from '../../trust/administration/replace-unreadable-document.js';
import {
  type ChangeRequest,
  type TrustUpdate,
  updateTrustDocument,
} from '../../trust/administration/update-trust-document.js';
import { readChange } from './options/read-change.js';
import type { ChangeFlags } from './options/store-options.js';
import { describeOtherNames, reportUpdate, type UpdateReport } from './report-update.js';

/** What one verb does to the document, and what it reports. */
export interface ChangeVerb {
  /** The verb's name on the command line and in the log of changes. */
  readonly verb: string;
  /** Makes the new document, like a `TrustEdit`. It must depend only on the document and on what the operator says. */
  readonly edit: (document: TrustDocument, change: ChangeRequest) => TrustDocument;
  readonly report: (update: TrustUpdate) => UpdateReport;
  /**
   * What else the request for the change contains: a condition, or facts for the log of changes and for the comparison.
   */
  readonly guard?: (location: TrustLocation) => Pick<ChangeRequest, 'precondition' | 'spiffeBundle' | 'asked'>;
}

export async function changeTrust(flags: ChangeFlags, change: ChangeVerb): Promise<void> {
  const location = await openTrustLocation(flags.store);
  const request = { ...(await readChange(change.verb, flags)), ...change.guard?.(location) };
  await updateAndReport(location, request, change, flags);
}

async function updateAndReport(
  location: TrustLocation,
  request: ChangeRequest,
  { edit, report }: Omit<ChangeVerb, 'verb'>,
  flags: ChangeFlags,
): Promise<void> {
  const update = await updateTrustDocument(location, request, (document) => edit(document, request));
  reportUpdate(location.description, update, report(update), flags);
}

export interface ReplacingFlags extends ChangeFlags {
  readonly revision?: number;
}

/**
 * A change that is also possible if the document is damaged or missing. With `--revision`, `content` then replaces it.
 */
export interface ReplacingChange extends Omit<ChangeVerb, 'verb'> {
  readonly verb: 'lock' | 'restore';
  /** @throws {ToolFailure} if the new content must not replace that document. */
  readonly content: (replaced: UnreadableDocument) => Omit<TrustDocument, 'revision'>;
  readonly reportReplacement: (replaced: UnreadableDocument, update: TrustUpdate) => UpdateReport;
}

export async function changeOrReplace(
  location: TrustLocation,
  request: ChangeRequest,
  { verb, content, reportReplacement, ...change }: ReplacingChange,
  flags: ReplacingFlags,
): Promise<void> {
  const { revision } = flags;
  if (revision !== undefined) expectUsableRevision(revision);
  const unreadable = await findUnreadable(location, request);
  if (unreadable === undefined) {
    const precondition = async (document: TrustDocument): Promise<void> => {
      raiseRevision(document, revision);
      if (revision !== undefined) await expectAboveLog(location, revision);
    };
    const edit: ChangeVerb['edit'] = (document, given) => raiseRevision(change.edit(document, given), revision);
    await updateAndReport(location, { ...request, precondition }, { ...change, edit }, flags);
    return;
  }
  if (revision === undefined) throw await explainMissingRevision(location, unreadable, verb);
  await expectAboveLog(location, revision);
  const replacement = await replaceUnreadableDocument(location, request, unreadable, {
    ...content(unreadable),
    revision,
  });
  const { done, notes = [], json = {} } = reportReplacement(unreadable, replacement);
  const { stored = {} } = unreadable;
  const replaced = [...describeOtherNames(stored, location.description), ...describeReplacement(replacement)];
  const report = {
    done,
    notes: [...replaced, ...notes],
    json: { ...json, keptAt: replacement.keptAt ?? null },
  };
  reportUpdate(location.description, replacement, report, flags);
}

/** Says where the bytes of the unreadable document are kept, and whether the new document lacks a signature. */
function describeReplacement({ keptAt, signed }: Replacement): readonly string[] {
  return [
    ...(keptAt === undefined ? [] : [`The document that could not be used is kept as it was: ${keptAt}`]),
    ...(signed ? [] : ['The document is not signed: apps with `signedBy` refuse it.']),
  ];
}
