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

/**
 * Accepts documents for any app, in place of an app's name. It is only for tools. A gate must not use it, so no trust
 * store accepts it.
 */
export const anyAudience: unique symbol = Symbol.for('certgate/any-audience');

/** Which documents the app accepts. */
export interface TrustDocumentOptions {
  /** The name of this app. A document that has an `audience` is accepted only if the audience names this app. */
  readonly audience?: string | undefined;
}

/** Which documents a tool accepts. It may accept any audience. */
export interface TrustDocumentReadingOptions {
  /** The name of this app, or `anyAudience`. */
  readonly audience?: string | typeof anyAudience | undefined;
}

/** The result of reading a document: the JSON value as its author wrote it, and the snapshot. */
export interface TrustDocumentReading {
  readonly value: unknown;
  readonly snapshot: TrustSnapshot;
}

/**
 * Reads a trust document, given as JSON text or as its value, into a snapshot. Either the whole document is used or
 * nothing.
 *
 * @throws {TrustDocumentError} for a document that is not valid, or not for this app: unknown or duplicate keys,
 * duplicate names or pins, times that don't exist, later versions, another audience. {CertgateError} if an option is
 * unknown or of another type, or if path validation can't be loaded.
 */
export function parseTrustDocument(document: unknown, options: TrustDocumentReadingOptions = {}): TrustSnapshot {
  return readTrustDocumentWhole(document, options).snapshot;
}

/** Like `parseTrustDocument`, but also returns the value. */
export function readTrustDocumentWhole(
  document: unknown,
  options: TrustDocumentReadingOptions = {},
): TrustDocumentReading {
  return runAtOnce(readInSteps(parseText(document), readOptions(options)));
}

/**
 * Like `parseTrustDocument`, but in slices of some milliseconds. Between them, the event loop continues, so that
 * requests are answered while a document of 400,000 callers is read. The document may also be the bytes of a JSON text,
 * which needs much less memory. The bytes must not change meanwhile.
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
  // A decoder that is not strict would replace broken bytes, and the document would say something that nobody wrote.
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
  // The version is checked first, so that an older runtime reports the version and not the unknown keys of a newer
  // document.
  if (!reader.expectKnownVersion(value)) return undefined;
  const fields = reader.readObject(value, '', 'document');
  if (fields === undefined) return undefined;
  reader.readOptionalText(fields.$schema, '$schema');
  const revision = reader.readCount(fields.revision, 'revision');
  const audience = readAudience(reader, fields.audience, options.audience);
  const warnings: TrustWarning[] = [];
  const locked = readLock(reader, fields.locked, warnings);
  // The authorities are read first, because other entries refer to them.
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

/**
 * Reads the lock. Every value but an absent one locks or is refused: `false` and `null` must not be taken for "not
 * locked".
 */
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
