// trust/: the list of who may call: how it is changed, compared, checked and explained.
// administration/: how a stored trust document is loaded, changed, signed and logged.

import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  anyAudience,
  formatTrustDocument,
  parseTrustDocument,
  TrustDocumentError,
  type TrustDocument,
  type TrustSnapshot,
} from '@certgate/core/internal';
import type { AskedCertificates } from '../comparison/ask-gate.js';
import { compareTrustDocuments, type TrustComparison } from '../comparison/compare-documents.js';
import { formatToolCall } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { formatChangeLogEntry, listNewlyDisabled, type ChangeLogEntry, type LoggedBundle } from './change-log.js';
import {
  maximumDocumentBytes,
  splitSignatures,
  type TrustLocation,
  type WriteOutcome,
} from './location/trust-location.js';
import { expectOwnSignature } from './document-signing.js';
import {
  describeFirstProblem,
  hashDocument,
  loadTrustDocument,
  parseStoredDocument,
  type LoadedTrustDocument,
} from './load-trust-document.js';
import type { SigningKey } from './signing/signing-key.js';
import { listTouched } from './touched-identities.js';

/** Who changes the document, why, and how. */
export interface ChangeRequest {
  /** The verb of the command line for the log, e.g. `add`. */
  readonly verb: string;
  readonly by: string;
  readonly reason: string;
  readonly signingKey?: SigningKey;
  /**
   * Public keys in PEM. If the change is signed, one of them must have signed the stored document. Default: that of
   * `signingKey`.
   */
  readonly signedBy?: readonly string[];
  /** Drops the stored signature. Default false: a signed document isn't written without a key. */
  readonly unsigned?: boolean;
  /** Does everything but write: not the document, not the log, and no copy of what is replaced. Default false. */
  readonly dryRun?: boolean;
  /**
   * Throws ToolFailure if the change must not be made. Called before each edit. It may read unsigned data, since it can
   * only stop the change.
   */
  readonly precondition?: (document: TrustDocument) => Promise<void>;
  /** The SPIFFE bundle that the line of the log names. */
  readonly spiffeBundle?: LoggedBundle;
  /** The certificates for which the gate is asked whether the change locks them out. */
  readonly asked?: AskedCertificates | undefined;
}

/**
 * An edit: a pure function of the document and of the operator's arguments. It may throw ToolFailure. If other writers
 * were faster, it is called again with their document.
 *
 * It gets only the document, and returns at once, so that nothing unsigned (the log, the signature's file) can get into
 * what is signed.
 */
export type TrustEdit = (document: TrustDocument) => TrustDocument;

export interface TrustUpdate {
  /** `unchanged`: the document already has this content. `planned`: a dry run. */
  readonly outcome: 'written' | 'unchanged' | 'planned';
  readonly before: LoadedTrustDocument;
  readonly after: TrustDocument;
  /** `after` as an app reads it. */
  readonly afterSnapshot: TrustSnapshot;
  readonly comparison: TrustComparison;
  /** The revision of the document that is in force now, or would be without the dry run. */
  readonly revision: number;
  /** SHA-256 of that document's bytes, in lower-case hexadecimal. */
  readonly documentSha256: string;
  readonly signed: boolean;
  /** True if `replaceUnreadableDocument` made the change. Then `before` is an empty document. */
  readonly replacesUnreadable?: boolean;
  /** The name of the key that signed this change. */
  readonly signedWith?: string;
}

/** In each round at least one of the competing writers succeeds, so up to a hundred of them all do. */
const maximumTries = 100;

/**
 * Reads the document, edits it, raises the revision, checks the result as an app would, logs the intent, and writes if
 * nobody was faster. Otherwise it starts again with the document that others wrote. A change that can't be logged is
 * not made.
 *
 * @throws {ToolFailure} if the change can't be made, or if the storage's answer was lost.
 */
export async function updateTrustDocument(
  location: TrustLocation,
  change: ChangeRequest,
  edit: TrustEdit,
  pause: (milliseconds: number) => Promise<void> = wait,
): Promise<TrustUpdate> {
  let before = await loadTrustDocument(location);
  for (let tries = 1; tries <= maximumTries; tries += 1) {
    await change.precondition?.(before.document);
    const edited = edit(before.document);
    const { signingKey, signedBy } = change;
    const previousSignature =
      signingKey === undefined ? undefined : await expectOwnSignature(before, { signingKey, signedBy });
    // The order of keys makes no difference.
    if (isDeepStrictEqual(edited, before.document)) return { ...describeSame(before), outcome: 'unchanged' };
    const prepared = await prepareNext(before, edited, change);
    const outcome = await commitUpdate(location, prepared, { replaced: before, previousSignature, change });
    if (outcome !== 'conflict') return { ...prepared.update, outcome };
    // Full jitter: writers that collided once must not collide again in step.
    await pause(Math.ceil(Math.random() * Math.min(2_000, 25 * 1.5 ** tries)));
    const now = await loadTrustDocument(location);
    // If the answer to our write was lost, the repeated request conflicts with the document that we wrote ourselves.
    if (
      now.documentSha256 === prepared.update.documentSha256 &&
      splitSignatures(now.signature)[0] === prepared.signature
    ) {
      return { ...prepared.update, outcome: 'written' };
    }
    before = now;
  }
  throw new ToolFailure(
    `Others kept changing ${location.description}: ${maximumTries} attempts failed, and nothing was written.`,
    { remedy: 'Run it again.', kind: 'conflict' },
  );
}

/**
 * Makes the first document.
 *
 * @throws {ToolFailure} if there already is one, or if the document is not valid or can't be written.
 */
export async function createTrustDocument(
  location: TrustLocation,
  change: ChangeRequest,
  document: TrustDocument,
): Promise<TrustUpdate> {
  const there = await location.read();
  if (there !== undefined) throw alreadyThere(location);
  const prepared = await prepareFirst(document, change);
  const outcome = await commitUpdate(location, prepared, { change });
  if (outcome === 'conflict') throw alreadyThere(location);
  return { ...prepared.update, outcome };
}

interface Commit {
  /** Absent if there is no document yet. */
  readonly replaced?: Pick<LoadedTrustDocument, 'documentSha256' | 'etag'> | undefined;
  readonly previousSignature?: string | undefined;
  readonly change: ChangeRequest;
  /** True if the stored document could not be the base of the change. Then the effect on its identities is unknown. */
  readonly replacesUnreadable?: boolean;
}

/** Logs the intent, then writes if nobody was faster. A dry run does neither. */
export async function commitUpdate(
  location: TrustLocation,
  prepared: PreparedUpdate,
  commit: Commit,
): Promise<WriteOutcome | 'planned'> {
  const { replaced, previousSignature, change } = commit;
  if (change.dryRun === true) return 'planned';
  await location.appendLog(describeChange(prepared, commit));
  const { bytes, signature } = prepared;
  return location.write({ bytes, signature, previousSignature }, replaced?.etag);
}

/** Prepares a document that is compared with an empty one. */
export function prepareFirst(document: TrustDocument, change: ChangeRequest): Promise<PreparedUpdate> {
  const nothing = parseStoredDocument({ bytes: Buffer.from(emptyDocument), etag: '', signature: undefined }, 'nothing');
  return prepareDocument(nothing, document, change);
}

const emptyDocument = '{"schemaVersion":1,"revision":0,"identities":[]}';

function alreadyThere(location: TrustLocation): ToolFailure {
  return new ToolFailure(`There is already a trust document at ${location.description}. Nothing was written.`, {
    remedy: `To see it: ${formatToolCall(['trust', 'list', '--store', location.description])}`,
  });
}

export interface PreparedUpdate {
  readonly update: Omit<TrustUpdate, 'outcome'>;
  readonly bytes: Uint8Array;
  readonly signature: string | undefined;
}

async function prepareNext(
  before: LoadedTrustDocument,
  edited: TrustDocument,
  change: ChangeRequest,
): Promise<PreparedUpdate> {
  const { revision } = edited;
  if (!Number.isSafeInteger(revision + 1)) {
    throw new ToolFailure(`The revision ${revision} is the highest there is, so this document can't be changed.`);
  }
  expectSigned(before.signature, change);
  return prepareDocument(before, { ...edited, revision: revision + 1 }, change);
}

/** @throws {ToolFailure} if a change would drop a signature by accident. */
export function expectSigned(signature: string | undefined, change: ChangeRequest): void {
  if (signature !== undefined && change.signingKey === undefined && change.unsigned !== true) {
    throw new ToolFailure('The document is signed, and after this change its signature would no longer match.', {
      remedy:
        'Pass the key with --signing-key or --key-vault-key, or drop the signature with --unsigned (apps with `signedBy` then refuse the document).',
    });
  }
}

function describeSame(before: LoadedTrustDocument): PreparedUpdate['update'] {
  const { document, snapshot, signature, documentSha256 } = before;
  const comparison = compareTrustDocuments(snapshot, snapshot);
  const { revision } = document;
  const signed = signature !== undefined;
  return { before, after: document, afterSnapshot: snapshot, comparison, revision, documentSha256, signed };
}

async function prepareDocument(
  before: LoadedTrustDocument,
  after: TrustDocument,
  change: ChangeRequest,
): Promise<PreparedUpdate> {
  const { bytes, snapshot: afterSnapshot } = formatChecked(after);
  const comparison = compareTrustDocuments(before.snapshot, afterSnapshot, change.asked);
  const signature = await change.signingKey?.sign(bytes);
  return {
    update: {
      before,
      after,
      afterSnapshot,
      comparison,
      revision: after.revision,
      documentSha256: hashDocument(bytes),
      signed: signature !== undefined,
      ...(change.signingKey === undefined ? {} : { signedWith: change.signingKey.name }),
    },
    bytes,
    signature,
  };
}

/**
 * Formats the document and reads it with the apps' own parser, so that a document that this parser refuses is never
 * written.
 */
function formatChecked(document: TrustDocument): { readonly bytes: Buffer; readonly snapshot: TrustSnapshot } {
  try {
    const text = formatTrustDocument(document);
    const bytes = Buffer.from(text);
    if (bytes.length > maximumDocumentBytes) {
      throw new ToolFailure(
        `The document would have ${bytes.length} bytes, but apps accept at most ${maximumDocumentBytes}. Nothing was written.`,
        { remedy: 'Split it: an app can use several stores (firstOf).' },
      );
    }
    return { bytes, snapshot: parseTrustDocument(text, { audience: anyAudience }) };
  } catch (fault) {
    if (!(fault instanceof TrustDocumentError)) throw fault;
    throw new ToolFailure(
      `The document would no longer be valid: ${describeFirstProblem(fault)}. Nothing was written.`,
      { cause: fault },
    );
  }
}

function describeChange({ update }: PreparedUpdate, { replaced, change, replacesUnreadable }: Commit): string {
  const { identities, pins } = listNewlyDisabled(update.before.document, update.after);
  const { before, afterSnapshot, comparison } = update;
  const entry: ChangeLogEntry = {
    version: 1,
    at: new Date().toISOString(),
    verb: change.verb,
    by: change.by,
    reason: change.reason,
    revision: update.revision,
    documentSha256: update.documentSha256,
    previousDocumentSha256: replaced?.documentSha256 ?? null,
    signed: update.signed,
    changes: comparison.changes.map(({ sentence }) => sentence),
    marks: comparison.changes.map(({ effect }) => logMarks[effect]).join(''),
    ...(identities.length === 0 ? {} : { identities }),
    ...(pins.length === 0 ? {} : { pins }),
    ...(replacesUnreadable === true ? {} : listTouched(before.snapshot, afterSnapshot, comparison)),
    ...(change.spiffeBundle === undefined ? {} : { spiffeBundle: change.spiffeBundle }),
  };
  return formatChangeLogEntry(entry);
}

const logMarks = { gains: '+', loses: '-', changes: '.' } as const;
