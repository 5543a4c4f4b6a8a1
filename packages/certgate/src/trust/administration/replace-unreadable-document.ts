import type { TrustDocument, TrustDocumentIdentity } from '@certgate/core/internal';
import { ToolFailure, hasCode } from '#local/tool-failure.js';
import { formatTrustCall, formatTrustChange } from '../../texts/tool-call.js';
import { parseChangeLogEntry } from './change-log.js';
import { expectOwnSignature } from './document-signing.js';
import { nameWholePin } from './edits/identity-edits.js';
import { hashDocument, missingDocument, parseStoredDocument } from './load-trust-document.js';
import type { StoredDocument, TrustLocation } from './location/trust-location.js';
import {
  type ChangeRequest,
  commitUpdate,
  expectSigned,
  prepareFirst,
  type TrustUpdate,
} from './update-trust-document.js';

/** What is stored in place of a usable document. It can't be the base of a change. */
export interface UnreadableDocument {
  /** The stored version: its bytes, its signature and its etag. Undefined if nothing is stored. */
  readonly stored: StoredDocument | undefined;
  readonly failure: ToolFailure;
}

/**
 * Finds what is stored if no change can be based on it: it is damaged, of a newer schema or absent, or no accepted key
 * signed it although this change is signed. Undefined if the document can be changed as usual.
 */
export async function findUnreadable(
  location: TrustLocation,
  { signingKey, signedBy }: Pick<ChangeRequest, 'signingKey' | 'signedBy'>,
): Promise<UnreadableDocument | undefined> {
  const stored = await location.read();
  try {
    if (stored === undefined) throw missingDocument(location);
    const loaded = parseStoredDocument(stored, location.description);
    if (signingKey !== undefined) await expectOwnSignature(loaded, { signingKey, signedBy });
    return undefined;
  } catch (failure) {
    // A key of `signedBy` that can't be used shows nothing about the document.
    if (!(failure instanceof ToolFailure) || hasCode(failure.cause, 'CERTGATE_ARGUMENT_INVALID')) throw failure;
    return { stored, failure };
  }
}

/**
 * The highest revision that an operator may give. It leaves room for a million changes, because a document with the
 * highest possible number can't be changed any more.
 */
const maximumGivenRevision = Number.MAX_SAFE_INTEGER - 1_000_000;

export function expectUsableRevision(revision: number): void {
  if (Number.isSafeInteger(revision) && revision >= 1 && revision <= maximumGivenRevision) return;
  throw new ToolFailure(
    `The revision ${revision} can't be used: it must be a whole number from 1 to ${maximumGivenRevision}, so that later changes can raise it.`,
  );
}

/**
 * @throws {ToolFailure} if the log has this revision or a higher one, below `maximumGivenRevision`. Apps that have read a
 * higher one refuse the new document, and so do apps with `signedBy` that have read the same one.
 */
export async function expectAboveLog(location: TrustLocation, revision: number): Promise<void> {
  const logged = await findLoggedRevision(location);
  if (logged === undefined || logged < revision) return;
  throw new ToolFailure(
    `The log of changes has a revision ${logged}: apps that have read it refuse ${revision}. Nothing was written.`,
    {
      remedy: `Take --revision ${logged + 1}, or a higher one if apps have read a higher one. The log is not signed: if trustRevision in the apps' logs shows that its line is forged, remove the line.`,
    },
  );
}

/**
 * Returns the document with its own revision, or with the number just below `revision`, which the writer then raises. An
 * earlier document that was copied over a later one needs that, because its revision is lower than the one that apps have
 * read.
 *
 * @throws {ToolFailure} if the document's revision is not below `revision`.
 */
export function raiseRevision(document: TrustDocument, revision: number | undefined): TrustDocument {
  if (revision === undefined) return document;
  if (revision > document.revision) return { ...document, revision: revision - 1 };
  throw new ToolFailure(`The document has revision ${document.revision}, not below ${revision}. Nothing was written.`, {
    remedy: 'Omit --revision: the next number is taken.',
  });
}

/**
 * Explains why the operator must give the next revision. Running apps refuse a lower revision than they have read.
 * Neither the damaged bytes nor the log prove which one that is, so the log's number is only advice.
 */
export async function explainMissingRevision(
  location: TrustLocation,
  { failure }: UnreadableDocument,
  verb: 'lock' | 'restore',
): Promise<ToolFailure> {
  const known = await findLoggedRevision(location);
  const next = known === undefined ? 'N' : String(known + 1);
  const advice =
    known === undefined
      ? 'The log of changes has no number that can be continued.'
      : `According to the log of changes, which is not signed, the last one is ${known}.`;
  const remedy = `${advice} The new one must be above every revision that running apps have read.\nTo replace it: ${formatTrustChange(verb, verb === 'restore' ? ['DOCUMENT'] : [], ['--revision', next])}`;
  return new ToolFailure(failure.message, {
    remedy: failure.remedy === undefined ? remedy : `${failure.remedy}\n${remedy}`,
    kind: failure.kind,
    cause: failure,
  });
}

export async function findLoggedRevision(location: TrustLocation): Promise<number | undefined> {
  const revisions = (await location.readLog())
    .map((line) => parseChangeLogEntry(line)?.revision)
    .filter((revision) => revision !== undefined && revision < maximumGivenRevision);
  return revisions.reduce<number | undefined>((most, each) => Math.max(most ?? 0, each ?? 0), undefined);
}

export interface Replacement extends TrustUpdate {
  /** The place where the replaced bytes are kept. Undefined if none are kept. */
  readonly keptAt: string | undefined;
}

/**
 * Writes `document`, which has the revision that the operator gave, in place of one that is unusable or absent. It
 * copies nothing from the old bytes.
 *
 * @throws {ToolFailure} if the document can't be replaced, or if the storage's answer was lost.
 */
export async function replaceUnreadableDocument(
  location: TrustLocation,
  change: ChangeRequest,
  { stored }: UnreadableDocument,
  document: TrustDocument,
): Promise<Replacement> {
  expectSigned(stored?.signature, change);
  const prepared = await prepareFirst(document, change);
  const keptAt = change.dryRun === true ? undefined : stored && (await location.keepAside(stored));
  const replaced = stored && { documentSha256: hashDocument(stored.bytes), etag: stored.etag };
  const outcome = await commitUpdate(location, prepared, { replaced, change, replacesUnreadable: true });
  if (outcome !== 'conflict') return { ...prepared.update, replacesUnreadable: true, outcome, keptAt };
  throw new ToolFailure(`${location.description} was changed in the meantime. Nothing was written.`, {
    remedy: `Look at it, then run the command again: ${formatTrustCall('check')}`,
    kind: 'conflict',
  });
}

/**
 * Sentences about the lock and the denials of the replaced document, as far as its bytes can be read. The new document
 * does not take them over, because unreadable or unsigned bytes don't show what their owner meant.
 */
export function describeLostRestrictions(stored: StoredDocument | undefined): readonly string[] {
  const parts = stored === undefined ? undefined : findRestrictions(stored.bytes);
  if (parts === undefined)
    return [
      'If the document was locked, denied certificates or disabled callers, that is lost: lock it, or deny or disable them again.',
    ];
  return [
    ...(parts.isLocked
      ? [`The document that was there was locked. The new one is not. To lock it: ${formatTrustChange('lock')}`]
      : []),
    ...(parts.denied > 0
      ? [
          `The document that was there denied certificates (${parts.denied}). Their entries are lost. To deny one again: ${formatTrustChange('deny', ['THUMBPRINT'])}`,
        ]
      : []),
  ];
}

/**
 * The stored document's identities, with those of their pins and names that can be read; empty if nothing can be read.
 */
export function listReadableIdentities(stored: StoredDocument | undefined): readonly TrustDocumentIdentity[] {
  return (stored && findRestrictions(stored.bytes)?.identities) ?? [];
}

function findRestrictions(bytes: Uint8Array) {
  try {
    const [value] = listObjects([JSON.parse(new TextDecoder().decode(bytes))]);
    return (
      value && {
        isLocked: Object.hasOwn(value, 'locked'),
        denied: listObjects(value['denied']).length,
        identities: listObjects(value['identities']).map(({ name, enabled, names, pins }): TrustDocumentIdentity => ({
          name: String(name),
          roles: [],
          enabled: enabled !== false,
          names: listObjects(names) as never,
          pins: listObjects(pins).filter(isReadablePin),
        })),
      }
    );
  } catch {
    return undefined;
  }
}

type UncheckedObject = Readonly<Record<string, unknown>>;

function listObjects(value: unknown): readonly UncheckedObject[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter((each): each is UncheckedObject => Object(each) === each);
}

function isReadablePin(pin: UncheckedObject): boolean {
  try {
    return nameWholePin(pin) !== '';
  } catch {
    return false;
  }
}
