import assert from 'node:assert/strict';
import { type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import type { TrustBlobClient } from '../trust-sources/blob-source.js';
import type { RefreshOptions } from '../trust-store/refresh-options.js';
import { RefreshingTrustStore } from '../trust-store/refreshing-store.js';
import type { TrustReadRequest, TrustSource, TrustSourceReading } from '../trust-sources/trust-source.js';
import { authorityOf, billing, issueCaller, issuedDocument } from './authority-stage.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { ManualClock, ScriptedSource, settle } from './scripted-source.js';
import { askInFull, type FullAnswer } from './answer-in-full.js';

/** The serial number of the caller's certificate, which the tests put on lists. */
export const callerSerial = '1234';

let presentedCaller: PresentedCertificate | undefined;

export function getCaller(): PresentedCertificate {
  presentedCaller ??= presentCertificate(issueCaller({ serialNumber: callerSerial }).der);
  return presentedCaller;
}

/** A source of lists that gives the content that a test sets, or fails, or doesn't answer. */
export class ListSource implements TrustSource {
  readonly description: string;
  readonly reads: TrustReadRequest[] = [];
  content: Uint8Array | Error | Promise<Uint8Array>;
  version: string | undefined;

  constructor(content: Uint8Array | Error | Promise<Uint8Array>, description = 'list') {
    this.content = content;
    this.description = description;
  }

  async read(request: TrustReadRequest): Promise<TrustSourceReading> {
    this.reads.push(request);
    const content = await this.content;
    if (content instanceof Error) throw content;
    if (this.version !== undefined && request.lastVersion === this.version) return { changed: false };
    return { changed: true, bytes: content, version: this.version };
  }
}

/** The part of a BlobClient that a source of blobs uses. */
export class StubBlob implements TrustBlobClient {
  readonly url: string;
  content: Uint8Array | Error | Promise<Uint8Array>;

  constructor(content: Uint8Array | Error | Promise<Uint8Array>, name = 'corp.crl') {
    this.url = `https://account.blob.core.windows.net/trust/${name}`;
    this.content = content;
  }

  async download(): ReturnType<TrustBlobClient['download']> {
    const content = await this.content;
    if (content instanceof Error) throw content;
    return { contentLength: content.length, readableStreamBody: chunksOf(content) };
  }
}

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}

export interface RevocationStage {
  readonly store: RefreshingTrustStore;
  readonly document: ScriptedSource;
  readonly clock: ManualClock;
  /** What the store answers about the caller. */
  readonly ask: () => Promise<string>;
  readonly find: () => Promise<FullAnswer>;
  /** Starts a refresh that is due. The document stays the same. */
  readonly refresh: () => Promise<void>;
}

/** A loaded store, whose document has the authority "corp" with this revocation. */
export async function createRevocationStage(
  revocation: object | undefined,
  options: RefreshOptions = {},
): Promise<RevocationStage> {
  const document = new ScriptedSource();
  const clock = new ManualClock(now);
  const { wall, monotonic } = clock;
  const store = new RefreshingTrustStore(document, options, { wall, monotonic, random: () => 0 });
  const find = async (): Promise<FullAnswer> => askInFull(store, getCaller(), clock.wall());
  const stage: RevocationStage = {
    store,
    document,
    clock,
    find,
    ask: async () => nameFinding(await find()),
    refresh: async () => {
      const { version } = store;
      clock.pass(30_001);
      assert.ok(version !== undefined && store.version !== undefined);
      await settle();
      await document.answerUnchanged();
    },
  };
  const started = store.start();
  await document.answer(documentText(1, revocation));
  await started;
  return stage;
}

export function documentText(revision: number, revocation?: object, more: object = {}): string {
  const authorities = [authorityOf(revocation === undefined ? {} : { revocation })];
  return JSON.stringify(issuedDocument([billing], { authorities, revision, ...more }));
}

export const nameFinding = (finding: FullAnswer): string =>
  finding.outcome === 'denied' ? finding.code : finding.outcome;
