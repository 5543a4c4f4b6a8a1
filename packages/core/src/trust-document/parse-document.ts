import { isUtf8 } from 'node:buffer';
import { runAtOnce, runInSlices, readKnownOptions, invalidArgument, type Steps } from '@certgate/x509/internal';
import { parseJsonInSteps } from '../encoding/strict-json.js';
import { AuthorityDirectory } from './authority-directory.js';
import { readAuthorities } from './read-authorities.js';
import { readDenied } from './read-deny-list.js';
import { readIdentities } from './read-identities.js';
import { DocumentReader, escapePath } from './document-reader.js';
import { maximumDocumentLength, TrustDocumentError } from './document-error.js';
import {
  type TrustLock,
  type TrustSnapshot,
  type TrustWarning,
  nothingDenied,
  describeLock,
} from '../trust-snapshot/trust-snapshot.js';

/** In place of an app's name: for tools that read the documents of any app. A gate must not, so no store takes it. */
export const anyAudience: unique symbol = Symbol.for('certgate/any-audience');

/** What the app says of the documents that it accepts. */
export interface TrustDocumentOptions {
  /** The name of this app. A document that has an `audience` is accepted only where it names the app. */
  readonly audience?: string | undefined;
}

/** What a tool says of the documents that it accepts: it may accept any audience. */
export interface TrustDocumentReadingOptions {
  /** The name of this app, or `anyAudience`. */
  readonly audience?: string | typeof anyAudience | undefined;
}

/** What came of a document: the JSON value as its author wrote it, and what it says. */
export interface TrustDocumentReading {
  readonly value: unknown;
  readonly snapshot: TrustSnapshot;
}

/**
 * JSON text (or the value it stands for) → TrustSnapshot. The document is read whole or not at all.
 *
 * @throws {TrustDocumentError} for anything the published schema doesn't allow: unknown or duplicate keys, duplicate
 * names or pins, times that don't exist, later versions. {CertgateError} for an unknown option.
 */
export function parseTrustDocument(document: unknown, options: TrustDocumentReadingOptions = {}): TrustSnapshot {
  return readTrustDocumentWhole(document, options).snapshot;
}

/** As `parseTrustDocument`, with the value beside the snapshot. */
export function readTrustDocumentWhole(
  document: unknown,
  options: TrustDocumentReadingOptions = {},
): TrustDocumentReading {
  return runAtOnce(readInSteps(parseText(document), readOptions(options)));
}

/**
 * As `parseTrustDocument`, in slices of some milliseconds with the event loop's turn in between: a document of 400,000
 * callers is read while requests are answered. It takes the bytes of a JSON text too, which must stay as they are
 * meanwhile: that needs much less memory.
 */
export async function parseTrustDocumentInSlices(
  document: unknown,
  options: TrustDocumentReadingOptions = {},
): Promise<TrustSnapshot> {
  const parsing = document instanceof Uint8Array ? parseJson(document) : parseText(document);
  return (await runInSlices(readInSteps(parsing, readOptions(options)))).snapshot;
}

function readOptions(given: TrustDocumentReadingOptions): TrustDocumentReadingOptions {
  const options = readKnownOptions(given, ['audience'], 'The trust document');
  const { audience } = options as { readonly audience?: unknown };
  if (audience !== undefined && audience !== anyAudience && typeof audience !== 'string') {
    throw invalidArgument('The audience of a trust document must be the name of an app, a text.');
  }
  return options;
}

function* readInSteps(parsing: Steps<unknown>, options: TrustDocumentReadingOptions): Steps<TrustDocumentReading> {
  const value = yield* parsing;
  const reader = new DocumentReader();
  const snapshot = yield* readDocument(reader, value, options);
  if (snapshot === undefined || reader.problems.length > 0) throw new TrustDocumentError(reader.problems);
  return { value, snapshot };
}

function* parseText(document: unknown): Steps<unknown> {
  return typeof document === 'string' ? yield* parseJson(document) : document;
}

function* parseJson(text: string | Uint8Array): Steps<unknown> {
  const refuse = (message: string, path = ''): never => {
    throw new TrustDocumentError([{ path: escapePath(path), message }]);
  };
  if (text.length > maximumDocumentLength) refuse(`it has more than ${maximumDocumentLength} characters`);
  // Strictly: a lenient decoder would replace broken bytes, and the document would say something that nobody wrote.
  if (typeof text !== 'string' && !isUtf8(text)) refuse('it is not UTF-8; save it again in that encoding');
  const reading = yield* parseJsonInSteps(text);
  if (!reading.ok) return refuse(`it is not JSON: ${reading.fault}`);
  if (reading.duplicateKey !== undefined) refuse('this key appears twice in one object', reading.duplicateKey.path);
  return reading.value;
}

function* readDocument(
  reader: DocumentReader,
  value: unknown,
  options: TrustDocumentReadingOptions,
): Steps<TrustSnapshot | undefined> {
  // The version first: an older runtime says so, instead of stumbling over the keys of a newer document.
  if (!reader.expectKnownVersion(value)) return undefined;
  const fields = reader.readObject(value, '', 'document');
  if (fields === undefined) return undefined;
  reader.readOptionalText(fields.$schema, '$schema');
  const revision = reader.readCount(fields.revision, 'revision');
  const audience = readAudience(reader, fields.audience, options.audience);
  const warnings: TrustWarning[] = [];
  const locked = readLock(reader, fields.locked, warnings);
  // First what the others refer to.
  const directory = new AuthorityDirectory();
  if (fields.authorities !== undefined) yield* readAuthorities(reader, fields.authorities, directory, warnings);
  const denied = fields.denied === undefined ? nothingDenied : yield* readDenied(reader, fields.denied, directory);
  const { identities, index } = yield* readIdentities(reader, fields.identities, directory, warnings);
  warnings.push(...directory.listUnused());
  Object.freeze(identities);
  Object.freeze(warnings);
  const authorities = Object.freeze(directory.authorities);
  return Object.freeze({ revision, audience, locked, authorities, denied, identities, warnings, ...index });
}

/** Anything but absence locks, or is refused: `false` and `null` are no way to say that a document isn't locked. */
function readLock(reader: DocumentReader, value: unknown, warnings: TrustWarning[]): TrustLock | undefined {
  if (value === undefined) return undefined;
  const fields = reader.readObject(value, 'locked', 'lock');
  if (fields === undefined) return undefined;
  const lock = Object.freeze({
    since: reader.readInstant(fields.since, 'locked.since') ?? 0,
    by: reader.readText(fields.by, 'locked.by'),
    reason: reader.readText(fields.reason, 'locked.reason'),
  });
  warnings.push({
    code: 'document_locked',
    path: 'locked',
    message: `nobody is admitted: the document is locked ${describeLock(lock)}`,
  });
  return lock;
}

function readAudience(
  reader: DocumentReader,
  value: unknown,
  app: string | typeof anyAudience | undefined,
): readonly string[] | undefined {
  const audience = reader.readOptionalTexts(value, 'audience');
  if (audience === undefined || value === undefined) return undefined;
  if (app === anyAudience) {
    if (audience.length === 0) reader.report('audience', 'it names no app, so none takes the document');
  } else if (app === undefined) {
    reader.report(
      'audience',
      `the document is for ${audience.join(', ')}, and this app has not said its name; give the trust store \`audience\``,
    );
  } else if (!audience.some((name) => name.toLowerCase() === app.toLowerCase())) {
    reader.report('audience', `the document is for ${audience.join(', ')}, not for "${app}"`);
  }
  return audience;
}
