import { shortenText } from '@certgate/x509/internal';
import type { OcspWanted } from '../trust-snapshot/authority-path.js';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import { noRevocationInformation } from '../trust-snapshot/revocation-information.js';
import { concludeFinding, type ConfirmedFinding, type TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { StrangerClaim } from '../denial-facts.js';
import { findStrangerClaim } from '../trust-snapshot/stranger-claim.js';
import type { TrustedAuthority, TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { readAdmittedDocument } from './document-admission.js';
import { DocumentMirror } from './document-mirror.js';
import { listDocumentsTogether, noteListing } from './listed-documents.js';
import { AgeKeeper, type Clock, FreezeWatch, type Moment, ReadHistory, systemClock } from './read-history.js';
import type { TrustStore, TrustStoreReport, TrustStoreWarning } from './trust-store.js';
import { digestSha256 } from '../trust-sources/document-bytes.js';
import {
  readWithin,
  type TrustDocumentRefusal,
  type TrustSource,
  TrustSourceMisuse,
  type TrustSourceReading,
} from '../trust-sources/trust-source.js';
import { type RefreshOptions, type RefreshSettings, readRefreshOptions } from './refresh-options.js';
import { RevocationKeeper } from './revocation-keeper.js';
import { readSigned } from '../trust-sources/document-signature.js';
import { publishTrustRefresh, type TrustRefreshEvent } from './trust-channel.js';

export type { Clock } from './read-history.js';
export type { RefreshOptions } from './refresh-options.js';

/** The clocks and values that a test replaces. */
export interface RefreshSurroundings extends Clock {
  /** A number in [0, 1), which spreads the reads of many instances. */
  readonly random?: () => number;
  /**
   * How long to wait before a document and a signature that don't fit are read once more, in milliseconds; 250 by
   * default.
   */
  readonly signaturePauseMilliseconds?: number;
}

interface Loaded {
  readonly snapshot: TrustSnapshot;
  readonly sourceVersion: string | undefined;
  readonly version: string;
  readonly digest: string;
  readonly warnings: readonly TrustStoreWarning[];
  /** When the document came into use by the wall clock, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly adoptedAt: number;
  /** Whether the document was read from the mirror, and the first source has not given the same document since. */
  readonly isMirrored: boolean;
}

/**
 * While no document can be used, the source is read again after about this time, then after twice this time, and so on,
 * up to `longestRetryMilliseconds` or the refresh interval, whichever is shorter.
 */
const firstRetryMilliseconds = 1_000;
const longestRetryMilliseconds = 60_000;

let loadCount = 0;

/**
 * A trust store that keeps the last good version of a source's document, and looks for a newer one while it is used.
 */
export class RefreshingTrustStore implements TrustStore {
  readonly #source: TrustSource;
  readonly #mirror: DocumentMirror | undefined;
  readonly #settings: RefreshSettings;
  readonly #ages: AgeKeeper;
  readonly #history: ReadHistory;
  readonly #random: () => number;
  readonly #signaturePause: number;
  /** Undefined while neither the document nor the code needs it: an app that only has pins never creates it. */
  #revocation: RevocationKeeper | undefined;
  #loaded: Loaded | undefined;
  #named: { readonly loaded: string; readonly lists: number; readonly version: string } | undefined;
  /** When the latest read ended, or when it began if the process was frozen during the read. */
  #lastAttempt: Moment | undefined;
  /** How long after the latest read the next one is due, in milliseconds. */
  #dueAfter: number;
  #inFlight: Promise<void> | undefined;

  /**
   * `mirror`: a second source of a signed document.
   *
   * @throws {CertgateError} if an option is unknown or its value is not valid.
   */
  constructor(
    source: TrustSource,
    options: RefreshOptions = {},
    surroundings: RefreshSurroundings = systemClock,
    mirror?: TrustSource,
  ) {
    this.#source = source;
    this.#settings = readRefreshOptions(options);
    this.#ages = new AgeKeeper(surroundings);
    this.#history = new ReadHistory(this.#ages, this.#settings);
    if (this.#settings.crlSources.size > 0) this.#revocation = this.#createKeeper();
    this.#random = surroundings.random ?? Math.random;
    this.#signaturePause = surroundings.signaturePauseMilliseconds ?? 250;
    this.#mirror = mirror && new DocumentMirror(mirror, this.#settings, this.#signaturePause);
    this.#dueAfter = this.#settings.refreshInterval;
    const sources = [source, ...(mirror ? [mirror] : [])].map(({ description, configuration }) => ({
      description,
      configuration,
    }));
    noteListing(
      this,
      () => (this.#loaded === undefined ? [] : [this.#loaded.snapshot]),
      () => [{ sources, options: this.#settings.described }],
    );
    // Frozen, because the answers of another `find` in place of this one would be remembered under this store's
    // version.
    Object.freeze(this);
  }

  get configuration(): string | undefined {
    const { configuration } = this.#source;
    if (configuration === undefined) return undefined;
    if (this.#mirror === undefined) return JSON.stringify([configuration, ...this.#settings.configuration]);
    const mirror = this.#mirror.configuration;
    return mirror && JSON.stringify([configuration, ...this.#settings.configuration, mirror]);
  }

  /**
   * Undefined while answers must not be remembered: before the first load, past the staleness limit, and if the latest
   * read is more than two refresh intervals ago, or at an unknown time, for example because the process slept. In this
   * last case, a request waits for the refresh before it decides.
   */
  get version(): string | undefined {
    if (this.#loaded === undefined) return undefined;
    // The gate reads this at each decision, so the clocks are read once for all three checks.
    const now = this.#ages.moment();
    const age = this.#ages.ageAtWorst(this.#lastAttempt, now);
    if (this.#isAsleep(age) || this.#history.isStale(now)) return undefined;
    if (this.#isDue(age)) this.#refreshInBackground();
    return this.#nameContent(this.#loaded, this.#revocation?.version ?? 0);
  }

  /** Returns the same string as long as the content is the same: comparing a string with itself costs nothing. */
  #nameContent(loaded: Loaded, lists: number): string {
    if (this.#named?.loaded !== loaded.version || this.#named.lists !== lists) {
      this.#named = { loaded: loaded.version, lists, version: `${loaded.version} ${lists}` };
    }
    return this.#named.version;
  }

  async start(): Promise<void> {
    await this.#refresh();
    const startError = this.#history.startError ?? this.#mirror?.misuse;
    if (startError !== undefined) throw startError;
  }

  find(certificate: PresentedCertificate, now: number): TrustFinding | Promise<TrustFinding> {
    if (this.version !== undefined) return this.#findInLoaded(certificate, now);
    return this.#refreshThenFind(certificate, now);
  }

  report(): TrustStoreReport {
    const { failure, lastSuccess, usableUntil } = this.#history;
    return {
      description: this.#source.description,
      revision: this.#loaded?.snapshot.revision,
      sha256: this.#loaded?.digest,
      warnings: this.#loaded?.warnings ?? [],
      fault: this.#fault,
      failure,
      revocationFault: this.#revocation?.fault,
      ...(this.#mirror && { mirror: this.#mirror.report(this.#loaded?.isMirrored === true) }),
      lastSuccessAt: lastSuccess?.wall,
      ageMilliseconds: lastSuccess && this.#ages.age(lastSuccess),
      usableUntil,
      isLocked: this.#loaded && this.#loaded.snapshot.locked !== undefined,
      signedBy: this.#settings.verifier?.keyIds,
      revocationLists: this.#revocation?.inUse,
      withdrawnRevocations: this.#revocation?.withdrawn,
    };
  }

  findClaim(certificate: PresentedCertificate, now: number): StrangerClaim | undefined {
    return this.#loaded && findStrangerClaim(this.#loaded.snapshot, certificate, now);
  }

  #isDue(age = this.#ages.ageAtWorst(this.#lastAttempt)): boolean {
    return age > this.#dueAfter;
  }

  #isAsleep(age = this.#ages.ageAtWorst(this.#lastAttempt)): boolean {
    return age > 2 * this.#settings.refreshInterval;
  }

  async #refreshThenFind(certificate: PresentedCertificate, now: number): Promise<TrustFinding> {
    // A source that fails is read when the next read is due, and not once per request.
    if (this.#isDue() || this.#inFlight !== undefined) await this.#refresh();
    // The read that was under way may have begun before the process slept: then the source is read again.
    if (this.#isAsleep()) await this.#refresh();
    await this.#revocation?.settle();
    return this.#findInLoaded(certificate, now);
  }

  #findInLoaded(certificate: PresentedCertificate, now: number): TrustFinding | Promise<TrustFinding> {
    const { description } = this.#source;
    if (this.#loaded === undefined) {
      const detail = `No trust document could be read yet (${description}): ${this.#fault ?? 'not loaded'}`;
      return { outcome: 'unavailable', detail };
    }
    if (this.#history.isStale())
      return { outcome: 'unavailable', detail: this.#history.describeStaleness(description) };
    const wanted: OcspWanted[] = [];
    const finding = findInSnapshot(this.#loaded.snapshot, certificate, now, {
      revocation: this.#revocation ?? noRevocationInformation,
      onOcspWanted: (each) => wanted.push(each),
    });
    if (finding.outcome !== 'nominated') return finding;
    const confirm = (): ConfirmedFinding | Promise<ConfirmedFinding> => {
      const confirmed = finding.confirm();
      return wanted.length === 0 ? confirmed : this.#askThenConfirm(certificate, wanted, now);
    };
    return { ...finding, confirm };
  }

  /**
   * Asks the OCSP responders, and decides again. Only configured responders are asked, and only about certificates of
   * paths that are otherwise valid.
   */
  async #askThenConfirm(
    certificate: PresentedCertificate,
    wanted: readonly OcspWanted[],
    now: number,
  ): Promise<ConfirmedFinding> {
    await this.#revocation?.ask(wanted, now);
    // Uses the document that is loaded now: an identity that was disabled meanwhile must not be admitted because the
    // responder was slow.
    if (this.#loaded === undefined) return { outcome: 'unavailable', detail: 'No trust document is loaded.' };
    const revocation = this.#revocation ?? noRevocationInformation;
    const finding = findInSnapshot(this.#loaded.snapshot, certificate, now, { revocation });
    return finding.outcome === 'nominated' ? finding.confirm() : concludeFinding(finding);
  }

  #refreshInBackground(): void {
    // #refresh never rejects: it stores a failed read as the fault.
    this.#refresh().catch(() => undefined);
  }

  #refresh(): Promise<void> {
    this.#inFlight ??= this.#readAndApply().finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  async #readAndApply(): Promise<void> {
    const began = this.#ages.moment();
    const versionBefore = this.#loaded?.version;
    const wasAsleep = this.#isAsleep();
    const watch = new FreezeWatch(this.#ages, this.#settings.refreshInterval);
    let ended = began;
    const endWatch = (): void => {
      if (!watch.end()) ended = this.#ages.moment();
    };
    // The lists are read at the same time: a change of the document must not wait for a list that is slow to come.
    this.#refreshListsInBackground(began);
    // The mirror is read when the app starts, since the first source may have an old document; later only if the first
    // source failed.
    if (this.#loaded === undefined || this.#history.failure !== undefined) this.#mirror?.begin(this.#inUse);
    let isRead = false;
    try {
      const reading = await this.#read().finally(endWatch);
      isRead = true;
      if (reading.changed) await this.#replace(reading, began);
      this.#history.noteSuccess(began);
      this.#mirror?.forgetReading();
    } catch (error) {
      this.#history.noteFailure(error, isRead, this.#source.description);
      // While a wrong set-up keeps the app from starting, the mirror must not admit anybody.
      if (!(error instanceof TrustSourceMisuse)) await this.#takeFromMirror(began);
    }
    if (wasAsleep) await this.#revocation?.settle();
    // Set only after the new document is in use, and after a sleep the new lists as well. Until then, requests that
    // must not be decided by the old ones wait.
    this.#lastAttempt = ended;
    this.#dueAfter = this.#chooseDelay();
    this.#publish(this.#loaded?.version !== versionBefore);
  }

  #refreshListsInBackground(moment: Moment): void {
    if (this.#loaded === undefined) return;
    // It never rejects: the keeper stores a failed read as its fault.
    this.#refreshLists(this.#loaded.snapshot, moment).catch(() => undefined);
  }

  #createKeeper(): RevocationKeeper {
    return new RevocationKeeper(this.#settings.crlSources, () => listDocumentsTogether(this));
  }

  #refreshLists(snapshot: TrustSnapshot, { wall }: Moment): Promise<void> {
    if (snapshot.authorities.length > 0) this.#revocation ??= this.#createKeeper();
    // Also called if the document has no authority left, so that the keeper forgets the earlier authorities.
    return this.#revocation?.refresh(snapshot, this.#settings.readTimeout, wall) ?? Promise.resolve();
  }

  async #read(): Promise<TrustSourceReading> {
    const { readTimeout, verifier } = this.#settings;
    // A document of the mirror has no version here: the first source has not given it.
    const lastVersion = this.#loaded?.sourceVersion;
    const refusals: TrustDocumentRefusal[] = [];
    try {
      return await readWithin(readTimeout, (signal) =>
        verifier === undefined
          ? this.#source.read({ lastVersion, signal, withSignature: false })
          : readSigned(this.#source, verifier, { lastVersion, signal }, this.#signaturePause, refusals),
      );
    } catch (error) {
      // A document was there without a valid signature, whatever became of the second read.
      throw refusals.at(-1) ?? error;
    }
  }

  async #replace(reading: Extract<TrustSourceReading, { changed: true }>, began: Moment): Promise<void> {
    const { bytes, version: sourceVersion } = reading;
    const digest = await digestSha256(bytes);
    if (this.#loaded?.digest === digest) {
      // The content is the same, so answers that were remembered for it are still valid.
      this.#loaded = { ...this.#loaded, sourceVersion, isMirrored: false };
      return;
    }
    const snapshot = await readAdmittedDocument(bytes, this.#settings);
    this.#expectRevision(snapshot.revision);
    if (this.#loaded === undefined) await this.#mirror?.expectNoneLater({ digest, revision: snapshot.revision });
    await this.#use({ snapshot, sourceVersion, digest, isMirrored: false }, began);
  }

  async #takeFromMirror(began: Moment): Promise<void> {
    const found = await this.#mirror?.findLater(this.#inUse);
    if (found === undefined) return;
    await this.#use({ ...found, sourceVersion: undefined, isMirrored: true }, began);
    this.#history.noteMirrored(began);
  }

  async #use(document: Omit<Loaded, 'version' | 'warnings' | 'adoptedAt'>, began: Moment): Promise<void> {
    const { snapshot } = document;
    loadCount += 1;
    const version = `${this.#source.description}#${loadCount}`;
    const lists = this.#refreshLists(snapshot, began);
    // Before the first document is in use, no request can be decided, so the lists are awaited. Later, a document that
    // disables a caller must not wait for a list.
    if (this.#loaded === undefined) await lists;
    const adoptedAt = this.#ages.moment().wall;
    this.#loaded = { ...document, version, adoptedAt, warnings: this.#collectWarnings(snapshot) };
  }

  get #inUse(): { readonly digest: string; readonly revision: number } | undefined {
    return this.#loaded && { digest: this.#loaded.digest, revision: this.#loaded.snapshot.revision };
  }

  /** Why the latest read failed, and whether the mirror's document is used instead. Undefined if it did not fail. */
  get #fault(): string | undefined {
    const { fault } = this.#history;
    return fault && `${fault}${this.#mirror?.describe(this.#loaded?.isMirrored === true) ?? ''}`;
  }

  #expectRevision(revision: number): void {
    const inUse = this.#loaded?.snapshot.revision ?? 0;
    if (revision < inUse) {
      throw new Error(`the document has revision ${revision}, lower than ${inUse} which is in use; raise its revision`);
    }
    // An old signed document stays signed: whoever can write to the storage could switch between two of the same
    // revision.
    if (this.#settings.verifier !== undefined && revision === this.#loaded?.snapshot.revision) {
      const fault = `the document has revision ${revision}, the same as the one in use, but other content`;
      throw new Error(`${fault}; a signed document needs a higher revision for every change`);
    }
  }

  /**
   * The warnings of the document, and one more if the content changed without a new revision. Unless documents must be
   * signed, such a document is accepted: if it were refused, an operator who disables a caller in a hurry and forgets
   * the revision would go on admitting the caller. The warning is needed because two instances may then use different
   * content with the same revision.
   */
  #collectWarnings(snapshot: TrustSnapshot): readonly TrustStoreWarning[] {
    const warnings = this.#listWarnings(snapshot);
    if (this.#loaded?.snapshot.revision !== snapshot.revision) return warnings;
    const message = `the content changed and the revision stayed ${snapshot.revision}; raise it with every change, so that the log tells which content decided`;
    return Object.freeze([...warnings, { code: 'revision_reused', path: 'revision', message } as const]);
  }

  /**
   * The document's warnings, without those about missing lists for authorities whose lists the code gives. The document
   * can't know about those lists.
   */
  #listWarnings({ authorities, warnings }: TrustSnapshot): TrustSnapshot['warnings'] {
    const withLists = authorities.map((authority) => this.#revocation?.hasListsInCode(authority) === true);
    if (!withLists.includes(true)) return warnings;
    return warnings.filter(({ code, path }) => {
      const isAboutLists = code === 'authority_without_revocation' || code === 'revocation_without_source';
      return !isAboutLists || withLists[Number(/\d+/.exec(path))] === false;
    });
  }

  /**
   * The time until the next read is due, in milliseconds: 90 to 100 % of the refresh interval, or of the retry time
   * while no document can be used. A thousand instances that started together then don't read together.
   */
  #chooseDelay(): number {
    const { refreshInterval } = this.#settings;
    const { failureCount } = this.#history;
    const spread = 1 - 0.1 * this.#random();
    if (!this.#history.isStale()) return refreshInterval * spread;
    // Also if no read failed: a good read may have taken so long that its document is already stale.
    const retry = firstRetryMilliseconds * 2 ** Math.min(Math.max(failureCount, 1) - 1, 30);
    return Math.min(refreshInterval, retry, longestRetryMilliseconds) * spread;
  }

  #publish(isReplaced: boolean): void {
    const { failure, lastSuccess, usableUntil } = this.#history;
    const good = isReplaced ? 'changed' : 'unchanged';
    publishTrustRefresh(() => ({
      version: 1,
      source: this.#source.description,
      outcome: failure === undefined ? good : failure === 'refused' ? 'refused' : 'failed',
      revision: this.#loaded?.snapshot.revision,
      sha256: this.#loaded?.digest,
      adoptedAt: this.#loaded?.adoptedAt,
      authorityCertificates: (this.#loaded?.snapshot.authorities ?? []).flatMap(listCertificates),
      fault: this.#fault,
      revocationFault: this.#revocation?.fault,
      lastSuccessAt: lastSuccess?.wall,
      usableUntil,
    }));
  }
}

function listCertificates({
  name: authority,
  trustAnchors,
  intermediates,
}: TrustedAuthority): TrustRefreshEvent['authorityCertificates'] {
  return [...trustAnchors, ...intermediates].map(({ subjectText, notAfter }) => {
    return { authority, subject: shortenText(subjectText), notAfter };
  });
}
