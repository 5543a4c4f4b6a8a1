import { createHash } from 'node:crypto';
import { parseTrustAddress, showTrustAddress } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { RefusedRequest } from './answers.js';
import { explainForApp, loadInspectedTrust } from './app-explanation.js';
import { listShownFunctions, type InspectedSubject, type RunningApp } from './inspected-app.js';
import type { LiveEvents } from './live/live-events.js';
import type {
  AddedCaller,
  InspectorState,
  LiveDetails,
  LiveEvent,
  LiveUpdate,
  MatrixResult,
} from '../trust/views/page-views.js';
import { readCaller, readDroppedFile, readDroppedFiles, readEmpty, readTryRequest } from './request-values.js';
import type * as Models from './trust-models.js';
import { TryCallers, describeCaller } from './try-it/callers.js';
import { runMatrix } from './try-it/matrix.js';
import { tryRequest } from './try-it/try-request.js';

const storeMilliseconds = 5000;

/** The answers of the API, as values. Throws RefusedRequest to refuse a request. */
export class InspectorApi {
  readonly #subject: InspectedSubject;
  readonly #events: LiveEvents;
  readonly #callers = new TryCallers();
  #matrix: Promise<MatrixResult> | undefined;
  #store: { readonly at: number; readonly description: Promise<InspectorState['trust']> } | undefined;

  constructor(subject: InspectedSubject, events: LiveEvents) {
    this.#subject = subject;
    this.#events = events;
  }

  /** Undefined if the path is unknown. */
  get(path: string, query: string): Promise<unknown> | undefined {
    if (path === '/api/state') return this.#describeState();
    if (path === '/api/events') return this.#listEvents(query);
    if (path === '/api/trust') return this.#readTrust();
    const id = /^\/api\/events\/(\d{1,15})$/.exec(path)?.[1];
    return id === undefined ? undefined : this.#describeEvent(Number(id));
  }

  post(path: string): ((value: unknown) => Promise<unknown>) | undefined {
    switch (path) {
      case '/api/try':
        return (value) => this.#try(value);
      case '/api/matrix':
        return (value) => this.#runMatrix(value);
      case '/api/callers':
        return (value) => this.#addCaller(value);
      case '/api/callers/forget':
        return (value) => this.#forgetCaller(value);
      case '/api/read':
        return (value) => this.#read(value);
      default:
        return undefined;
    }
  }

  async #describeState(): Promise<InspectorState> {
    const state = await this.#findState();
    return { version: 1, tag: hashState(state), ...state };
  }

  async #findState(): Promise<Pick<InspectorState, 'app' | 'trust'>> {
    if ('store' in this.#subject) return { app: null, trust: await this.#describeStore(this.#subject.store) };
    const { running } = this.#subject;
    const { url, trust } = running.app;
    const { revision = null, fault = null, revocationFault } = trust.read ?? {};
    return {
      app: {
        url,
        frontEnd: running.frontEnd,
        functions: listShownFunctions(running),
        callers: (await this.#callers.list(running)).map(describeCaller),
      },
      trust: { store: nameStore(trust.address), revision, fault, ...(revocationFault && { revocationFault }) },
    };
  }

  /**
   * Describes the document of a page without an app. All open pages ask for it often, so it is read at most every five
   * seconds.
   */
  async #describeStore(store: string): Promise<InspectorState['trust']> {
    const now = performance.now();
    if (this.#store === undefined || now - this.#store.at > storeMilliseconds) {
      this.#store = { at: now, description: describeStore(store) };
    }
    return this.#store.description;
  }

  async #listEvents(query: string): Promise<LiveUpdate> {
    const after = /^after=(\d{1,15})$/.exec(query)?.[1] ?? '0';
    return { stateTag: hashState(await this.#findState()), events: this.#events.listAfter(Number(after)) };
  }

  async #readTrust(): Promise<unknown> {
    const { describeTrust } = await loadModels();
    return refuseFailure(404, () => describeTrust(this.#subject));
  }

  async #read(value: unknown): Promise<unknown> {
    const file = readDroppedFile(value);
    const { readCertificate } = await loadModels();
    return readCertificate(file, this.#subject);
  }

  async #addCaller(value: unknown): Promise<AddedCaller> {
    const files = readDroppedFiles(value);
    try {
      return { id: await this.#callers.add(files, this.#requireApp()), fault: null };
    } catch (error) {
      if (!(error instanceof ToolFailure)) throw error;
      return { id: null, fault: error.message };
    }
  }

  async #forgetCaller(value: unknown): Promise<object> {
    this.#callers.forget(readCaller(value).id);
    return Promise.resolve({});
  }

  async #try(value: unknown): Promise<unknown> {
    const request = readTryRequest(value);
    const running = this.#requireApp();
    return tryRequest(request, { running, callers: await this.#callers.list(running), events: this.#events });
  }

  /** Runs one matrix at a time. A request that comes meanwhile gets the same result. */
  async #runMatrix(value: unknown): Promise<MatrixResult> {
    readEmpty(value);
    const running = this.#requireApp();
    this.#matrix ??= this.#callers
      .list(running)
      .then((callers) => runMatrix(running, callers))
      .finally(() => (this.#matrix = undefined));
    return this.#matrix;
  }

  async #describeEvent(id: number): Promise<LiveDetails> {
    const event = this.#events.find(id);
    if (event === undefined)
      throw new RefusedRequest(404, `The event ${id} is no longer known: only the latest are kept.`);
    return { event, explanation: await refuseFailure(404, () => this.#explain(event)) };
  }

  async #explain(event: LiveEvent): Promise<LiveDetails['explanation']> {
    const { functionName, thumbprintSha256, code } = event;
    if ('store' in this.#subject || functionName === null) return null;
    const { running } = this.#subject;
    const hosted = running.app.functions.find(({ name }) => name === functionName);
    const certificateDer = thumbprintSha256 === null ? undefined : this.#events.findCertificate(thumbprintSha256);
    const isWithout = thumbprintSha256 === null && (code === null || code === 'certificate_missing');
    if (hosted === undefined || (certificateDer === undefined && !isWithout)) return null;
    return explainForApp(running, hosted, certificateDer, Date.now());
  }

  #requireApp(): RunningApp {
    if ('running' in this.#subject) return this.#subject.running;
    throw new RefusedRequest(404, 'No app runs behind this page. To call one: certgate dev');
  }
}

/** Loads the module on first use, because `certgate dev` must start quickly without it. */
function loadModels(): Promise<typeof Models> {
  return import('./trust-models.js');
}

/** The address in the form that `--store` takes. Empty if it is not a valid address. */
function nameStore(address = ''): string {
  const parsed = parseTrustAddress(address);
  return parsed.kind === 'refused' ? '' : showTrustAddress(parsed);
}

/** A tag that changes when the state changes. */
function hashState(state: object): string {
  return createHash('sha256').update(JSON.stringify(state)).digest('base64url').slice(0, 16);
}

async function describeStore(address: string): Promise<InspectorState['trust']> {
  try {
    const { store, loaded } = await loadInspectedTrust(address);
    return { store, revision: loaded.snapshot.revision, fault: null };
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    return { store: address, revision: null, fault: error.message };
  }
}

/** Turns a ToolFailure into a refusal with the message that a command would print. */
async function refuseFailure<Value>(status: RefusedRequest['status'], work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    throw new RefusedRequest(status, [error.message, error.remedy].filter((text) => text !== undefined).join(' '));
  }
}
