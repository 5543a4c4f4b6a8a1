import { createHash } from 'node:crypto';
import type { ManualClock } from '@certgate/core/test-support/scripted-source.js';
import type { TrustSource, TrustSourceReading } from '@certgate/core/trust-sources/trust-source';
import type { RefreshingTrustStore } from '@certgate/core/trust-store/refreshing-store';
import type { Store } from '../reference/decision.js';
import { type Document, findAuthority } from '../reference/document.js';
import { type DocumentReading, findDocument, type StoreOptions } from '../reference/instance.js';
import type { ListReading } from '../reference/revocation.js';
import { type Draft, readDraft, writeDocument } from './documents.js';
import type { GateUnderTest } from './gate.js';
import type { PublishedList } from './lists.js';
import { isSignedFor, signDocument } from './store-options.js';

export const refreshInterval = 30_000;

interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

type Content = Draft | 'invalid' | 'unreachable';

/** The place from which an authority's lists are read, with its present content. */
export interface ListSource {
  readonly authority: string;
  readonly name: string;
  content: PublishedList | 'garbage' | 'unreachable';
}

/** A trust store with its sources. It records what was read, so that the reference can use the same readings. */
export class SceneStore {
  readonly store: RefreshingTrustStore;
  readonly lists: readonly ListSource[];
  content: Content;
  readonly #clock: ManualClock;
  readonly #pending: { readonly answer: () => void; readonly isDelta: boolean }[] = [];
  readonly #readings: (Omit<DocumentReading, 'age'> & { readonly began: Moment })[] = [];
  readonly #listReadings = new Map<string, ListReading[]>();
  /** The documents by their texts. */
  readonly #known = new Map<string, Document>();
  readonly #options: StoreOptions;
  readonly #byDigest = new Map<string | undefined, Document>();
  /** All stores of the scene. */
  readonly #all: readonly SceneStore[];

  constructor(
    gate: GateUnderTest,
    clock: ManualClock,
    content: Content,
    lists: readonly ListSource[],
    { options, all }: { readonly options: StoreOptions; readonly all: readonly SceneStore[] },
  ) {
    this.content = content;
    this.lists = lists;
    this.#all = all;
    this.#options = options;
    this.#clock = clock;
    const names = [...new Set(lists.map(({ authority }) => authority))];
    for (const name of names) this.#listReadings.set(name, []);
    const blobsOf = (name: string): object[] =>
      lists.filter(({ authority }) => authority === name).map((list) => this.#createBlob(list));
    const ofLists =
      names.length === 0 ? {} : { crlBlobs: Object.fromEntries(names.map((name) => [name, blobsOf(name)])) };
    const { wall, monotonic } = clock;
    this.store = new gate.RefreshingTrustStore(this.#createSource(), { ...options, ...ofLists } as object, {
      wall,
      monotonic,
      random: () => 0,
      signaturePauseMilliseconds: 0,
    });
  }

  get isReading(): boolean {
    return this.#pending.length > 0;
  }

  /** Lets one pending reading arrive. A delta waits for the complete lists that are read at the same time. */
  answer(): void {
    const index = this.#pending.findIndex(({ isDelta }) => !isDelta);
    for (const { answer } of this.#pending.splice(Math.max(index, 0), 1)) answer();
  }

  /** What the instance has read, in the form that the reference uses. */
  describe(): Store {
    const readings = this.#readings.map(({ began, ...each }) => ({ ...each, age: this.#ageOf(began) }));
    return { document: findDocument(readings, this.#options), lists: this.#listReadings };
  }

  /**
   * True if the latest reading is young enough for a decision. A decision must never use what was read more than two
   * refresh intervals ago.
   */
  get isFresh(): boolean {
    const latest = this.#readings.at(-1)?.began;
    return (
      latest !== undefined && this.#clock.wall() >= latest.wall - 1000 && this.#ageOf(latest) <= 2 * refreshInterval
    );
  }

  #ageOf({ wall, monotonic }: Moment): number {
    return Math.max(this.#clock.wall() - wall, this.#clock.monotonic() - monotonic);
  }

  /** The document that the gate uses now. If two arrive together, their order doesn't matter. */
  get inUse(): Document | undefined {
    return this.#byDigest.get(this.store.report().sha256);
  }

  #findTaken(): Document | undefined {
    const readings = this.#readings.map((each) => ({ ...each, age: 0 }));
    return findDocument(readings, this.#options);
  }

  #createSource(): TrustSource {
    return {
      description: 'scene',
      configuration: undefined,
      read: () => {
        const began = { wall: this.#clock.wall(), monotonic: this.#clock.monotonic() };
        return this.#later((): TrustSourceReading => {
          const { content } = this;
          if (typeof content === 'string') this.#readings.push({ began, content });
          if (content === 'unreachable') throw new Error('unreachable');
          const text =
            content === 'invalid' ? '{"schemaVersion":1,"revision":999,"identitties":[]}' : writeDocument(content);
          const isSignatureAsked = this.#options.signedBy !== undefined && content !== 'invalid';
          const signature = isSignatureAsked ? signDocument(text, content.signature) : undefined;
          if (content !== 'invalid') {
            const isSigned = isSignedFor(this.#options, text, signature);
            this.#readings.push({ began, content: this.#read(content, text), isSigned });
          }
          return { changed: true, bytes: Buffer.from(text), version: undefined, signature };
        });
      },
    };
  }

  #read(draft: Draft, text: string): Document {
    const document = this.#known.get(text) ?? readDraft(draft);
    this.#known.set(text, document);
    this.#byDigest.set(createHash('sha256').update(text).digest('hex').toUpperCase(), document);
    return document;
  }

  #createBlob(source: ListSource): object {
    return {
      url: `https://account.blob.core.windows.net/lists/${source.authority}/${source.name}`,
      download: () => {
        const wall = this.#clock.wall();
        // Lists that are read before a new document has arrived are read for the earlier document.
        const document = this.#findTaken();
        const others = this.#all.flatMap((store) => (store === this ? [] : (store.inUse ?? [])));
        const authority = document && findAuthority(document, source.authority);
        const isDelta = typeof source.content !== 'string' && source.content.isDelta;
        return this.#later(() => {
          const { content } = source;
          if (content === 'unreachable') throw new Error('unreachable');
          const bytes = content === 'garbage' ? Buffer.from('garbage') : Buffer.from(content.der);
          if (content !== 'garbage' && document !== undefined && authority !== undefined) {
            const readings = this.#listReadings.get(source.authority);
            readings?.push({
              source: source.name,
              at: wall,
              documents: [document, ...others],
              authority,
              list: content.list,
            });
          }
          return { contentLength: bytes.length, readableStreamBody: chunksOf(bytes) };
        }, isDelta);
      },
    };
  }

  #later<T>(answer: () => T, isDelta = false): Promise<T> {
    return new Promise<void>((resolve) => {
      this.#pending.push({ answer: resolve, isDelta });
    }).then(answer);
  }
}

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}
