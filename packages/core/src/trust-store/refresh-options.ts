import { hasMember, readKnownOptions, invalidArgument } from '@certgate/x509/internal';
import { type TrustBlobClient, createBlobSource } from '../trust-sources/blob-source.js';
import type { CrlSourcesInCode } from './crl-keeper.js';
import { DocumentSignatureVerifier } from '../trust-sources/document-signature.js';
import type { TrustSource } from '../trust-sources/trust-source.js';

/**
 * The options of every trust store that reads its document again and again. Code alone decides them; a document
 * cannot.
 */
export interface RefreshOptions {
  /** How often the source is looked at, in seconds; 30 by default. Looking happens on requests, no timer runs. */
  readonly refreshIntervalSeconds?: number;
  /** How long the last good document is used while reads fail, in seconds; one day by default, and no less than the interval. */
  readonly maximumStalenessSeconds?: number;
  /**
   * How long it is used, also counted from the last good read, once a document was read after it and refused: what its
   * author wanted, such as shutting a caller out, does not count. In seconds; one hour by default, and no more than
   * `maximumStalenessSeconds`.
   */
  readonly maximumStalenessAfterRefusalSeconds?: number;
  /** How long one read may take, in seconds; 10 by default. */
  readonly readTimeoutSeconds?: number;
  /** The name of this app, for documents that have an `audience`. */
  readonly audience?: string | undefined;
  /**
   * Public keys in PEM: Ed25519, EC P-256 or EC P-384. With it, only a document with a detached signature of one of these
   * keys is taken, so that whoever can write the storage can't change the trust.
   */
  readonly signedBy?: string | readonly string[];
  /** A document of a lower `revision` is refused, also by an instance that has just started: for signed old documents. */
  readonly minimumRevision?: number;
  /**
   * CRLs in blobs, by the name of the authority in the document, beside those that the document names: your own
   * `BlobClient`s. An authority that has one here requires revocation information, also under another name in the
   * document: then the authority whose CA signed the lists, and until that is known, each without a stated mode.
   */
  readonly crlBlobs?: Readonly<Record<string, readonly TrustBlobClient[]>>;
}

/** In the order of `RefreshSettings.configuration`. */
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

/** A longer delay makes a timer fire at once. */
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
  /** All of the above as plain data. */
  readonly configuration: readonly unknown[];
  /** The same by the options' names. */
  readonly described: Readonly<Record<string, unknown>>;
}

/** @throws {CertgateError} for a number that is none of its kind, an unknown option or no public key. */
export function readRefreshOptions(given: RefreshOptions): RefreshSettings {
  const options = readKnownOptions(given, optionNames, 'The trust store');
  const refreshInterval = readDuration('refreshIntervalSeconds', options.refreshIntervalSeconds ?? 30);
  const maximumStaleness = readDuration('maximumStalenessSeconds', options.maximumStalenessSeconds ?? 86_400);
  if (maximumStaleness < refreshInterval) {
    // Every request between the two would be refused, with a source in good health.
    throw invalidArgument('maximumStalenessSeconds must not be less than refreshIntervalSeconds.');
  }
  const maximumStalenessAfterRefusal = readStalenessAfterRefusal(options, maximumStaleness);
  const readTimeout = readDuration('readTimeoutSeconds', options.readTimeoutSeconds ?? 10);
  if (readTimeout > maximumTimerMilliseconds) {
    throw invalidArgument(`readTimeoutSeconds must be at most ${Math.floor(maximumTimerMilliseconds / 1000)}.`);
  }
  const audience = readAudienceOption(options);
  const minimumRevision = readMinimumRevision(options);
  // By its presence: an app setting that isn't there must not switch the signature off.
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

/** The default bends to a shorter limit of the operator's; a number of their own that counts for nothing is a mistake. */
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

/** A store is one app's: the mark with which tools read any app's document is no name. */
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

/** By its presence: `crlBlobs: undefined` must not leave an authority without its lists. */
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
