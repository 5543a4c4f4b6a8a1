import { hasMember, readKnownOptions, invalidArgument } from '@certgate/x509/internal';
import { type TrustBlobClient, createBlobSource } from '../trust-sources/blob-source.js';
import type { CrlSourcesInCode } from './crl-keeper.js';
import { DocumentSignatureVerifier } from '../trust-sources/document-signature.js';
import type { TrustSource } from '../trust-sources/trust-source.js';

/** The options of every trust store that reads its document again and again. Only code sets them; a document cannot. */
export interface RefreshOptions {
  /** How often the source is read, in seconds; 30 by default. A request starts the read; there is no timer. */
  readonly refreshIntervalSeconds?: number;
  /**
   * How long the last good document is used while reads fail, in seconds; one day by default, and no less than the
   * interval.
   */
  readonly maximumStalenessSeconds?: number;
  /**
   * How long the last good document is used after a later document was read and refused, in seconds, also measured from
   * the last good read. The limit is shorter because the change that the author wanted, such as shutting a caller out,
   * is not in effect. One hour by default, and no more than `maximumStalenessSeconds`.
   */
  readonly maximumStalenessAfterRefusalSeconds?: number;
  /** How long one read may take, in seconds; 10 by default. */
  readonly readTimeoutSeconds?: number;
  /** The name of this app, for documents that have an `audience`. */
  readonly audience?: string | undefined;
  /**
   * Public keys in PEM: Ed25519, EC P-256 or EC P-384. If it is set, a document is accepted only with a detached
   * signature of one of these keys, so that somebody who can only write to the storage can't change who is admitted.
   */
  readonly signedBy?: string | readonly string[];
  /**
   * A document with a lower `revision` is refused, even by an instance that has just started. This protects against old
   * documents, which stay signed.
   */
  readonly minimumRevision?: number;
  /**
   * CRLs in blobs, in addition to those that the document names: your own `BlobClient`s, by the authority's name in the
   * document. If the mode of an authority that is named here is `off`, it is treated as `required`. This stays so if
   * the document renames the authority: it then applies to the authority whose CA signed the lists, and until such a
   * list was read, to each authority that is not named here and has no stated mode.
   */
  readonly crlBlobs?: Readonly<Record<string, readonly TrustBlobClient[]>>;
}

/** Must have the same order as the values of `RefreshSettings.configuration`. */
const optionNames = [
  'refreshIntervalSeconds',
  'maximumStalenessSeconds',
  'maximumStalenessAfterRefusalSeconds',
  'readTimeoutSeconds',
  'audience',
  'signedBy',
  'minimumRevision',
  'crlBlobs',
];

/** The longest delay of a timer. With a longer one, the timer fires at once. */
const maximumTimerMilliseconds = 2 ** 31 - 1;

/** `RefreshOptions` as the store uses them; durations in milliseconds. */
export interface RefreshSettings {
  readonly refreshInterval: number;
  readonly maximumStaleness: number;
  readonly maximumStalenessAfterRefusal: number;
  readonly readTimeout: number;
  readonly audience: string | undefined;
  readonly verifier: DocumentSignatureVerifier | undefined;
  readonly minimumRevision: number;
  readonly crlSources: CrlSourcesInCode;
  /** The values of all options as plain data, in the order of `optionNames`. */
  readonly configuration: readonly unknown[];
  /** The same values by the options' names. */
  readonly described: Readonly<Record<string, unknown>>;
}

/** @throws {CertgateError} if an option is unknown or its value is not valid. */
export function readRefreshOptions(given: RefreshOptions): RefreshSettings {
  const options = readKnownOptions(given, optionNames, 'The trust store');
  const refreshInterval = readDuration('refreshIntervalSeconds', options.refreshIntervalSeconds ?? 30);
  const maximumStaleness = readDuration('maximumStalenessSeconds', options.maximumStalenessSeconds ?? 86_400);
  if (maximumStaleness < refreshInterval) {
    // Otherwise, every request between the two would be refused although the source works.
    throw invalidArgument('maximumStalenessSeconds must not be less than refreshIntervalSeconds.');
  }
  const maximumStalenessAfterRefusal = readStalenessAfterRefusal(options, maximumStaleness);
  const readTimeout = readDuration('readTimeoutSeconds', options.readTimeoutSeconds ?? 10);
  if (readTimeout > maximumTimerMilliseconds) {
    throw invalidArgument(`readTimeoutSeconds must be at most ${Math.floor(maximumTimerMilliseconds / 1000)}.`);
  }
  const audience = readAudienceOption(options);
  const minimumRevision = readMinimumRevision(options);
  // Checked by its presence: an undefined `signedBy`, from an app setting that is missing, must not switch the
  // signature off.
  const verifier = 'signedBy' in options ? new DocumentSignatureVerifier(options.signedBy) : undefined;
  const crlSources = readCrlBlobs(options);
  const configuration = [
    refreshInterval / 1000,
    maximumStaleness / 1000,
    maximumStalenessAfterRefusal / 1000,
    readTimeout / 1000,
    audience ?? null,
    verifier?.configuration ?? null,
    minimumRevision,
    [...crlSources].map(([name, sources]) => [name, ...sources.map((source) => source.configuration ?? null)]),
  ];
  return {
    refreshInterval,
    maximumStaleness,
    maximumStalenessAfterRefusal,
    readTimeout,
    audience,
    verifier,
    minimumRevision,
    crlSources,
    configuration,
    described: Object.fromEntries(optionNames.map((name, index) => [name, configuration[index]])),
  };
}

const defaultStalenessAfterRefusalSeconds = 3_600;

/**
 * If the operator sets no limit, the default is cut to `maximumStaleness`. A limit of the operator's own that exceeds
 * it would have no effect, so it is a mistake.
 */
function readStalenessAfterRefusal(options: RefreshOptions, maximumStaleness: number): number {
  const { maximumStalenessAfterRefusalSeconds: seconds } = options;
  if (seconds === undefined) return Math.min(defaultStalenessAfterRefusalSeconds * 1000, maximumStaleness);
  const limit = readDuration('maximumStalenessAfterRefusalSeconds', seconds);
  if (limit <= maximumStaleness) return limit;
  throw invalidArgument('maximumStalenessAfterRefusalSeconds must not be more than maximumStalenessSeconds.');
}

function readDuration(name: string, seconds: number): number {
  if (!Number.isFinite(seconds) || seconds <= 0) throw invalidArgument(`${name} must be a positive number of seconds.`);
  return seconds * 1000;
}

/**
 * The name of the app. `anyAudience`, with which tools read any app's document, is not accepted, because a store
 * belongs to one app.
 */
export function readAudienceOption(options: { readonly audience?: unknown }): string | undefined {
  const audience = hasMember(options, 'audience') ? options.audience : undefined;
  if (audience === undefined || typeof audience === 'string') return audience;
  throw invalidArgument('audience must be the name of this app, a text.');
}

function readMinimumRevision(options: RefreshOptions): number {
  if (!('minimumRevision' in options)) return 0;
  const { minimumRevision = Number.NaN } = options;
  if (!Number.isSafeInteger(minimumRevision) || minimumRevision < 0) {
    throw invalidArgument('minimumRevision must be a whole number from 0.');
  }
  return minimumRevision;
}

/** Checked by its presence: `crlBlobs: undefined` must not leave an authority without its lists. */
function readCrlBlobs(options: RefreshOptions): CrlSourcesInCode {
  if (!('crlBlobs' in options)) return new Map();
  const { crlBlobs } = options as { readonly crlBlobs?: unknown };
  if (typeof crlBlobs !== 'object' || crlBlobs === null || Array.isArray(crlBlobs)) {
    throw invalidArgument('crlBlobs must be an object: { authorityName: [blobClient] }.');
  }
  const sources = new Map<string, readonly TrustSource[]>();
  for (const [name, clients] of Object.entries(crlBlobs)) {
    if (!Array.isArray(clients) || clients.length === 0) {
      throw invalidArgument(`crlBlobs.${name} must be a list of BlobClients, one at least.`);
    }
    if (sources.has(name.toLowerCase())) throw invalidArgument(`crlBlobs names the authority "${name}" twice.`);
    sources.set(
      name.toLowerCase(),
      clients.map((client) => createBlobSource(client as TrustBlobClient)),
    );
  }
  return sources;
}
