// session/: what the page and the tool say to each other: the token, the requests, what is new.

import type {
  AddedCaller,
  DroppedFile,
  InspectorFault,
  InspectorState,
  LiveDetails,
  LiveUpdate,
  MatrixResult,
  ReadResult,
  TrustView,
  TryRequest,
  TryResult,
} from '../../../certgate/src/trust/views/page-views.js';
import { makeVisible } from '../parts/visible-text.js';

const storageKey = 'certgate-inspector-token';

/**
 * The token of this start of certgate, from the address that it printed (`#token=…`). The token is removed from the
 * address at once, so that it doesn't stay in a history, bookmark or screenshot. The tab's session storage keeps it, so
 * that a reload works. Undefined if neither the address nor the storage has a token.
 */
export function takeToken(
  location: Pick<Location, 'hash'>,
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  replaceHash: (hash: string) => void,
): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given === null || given === '') return storage.getItem(storageKey) ?? undefined;
  storage.setItem(storageKey, given);
  replaceHash('#/');
  return given;
}

export interface Api {
  readonly getState: () => Promise<InspectorState>;
  readonly send: (request: TryRequest) => Promise<TryResult>;
  readonly addCaller: (files: readonly DroppedFile[]) => Promise<AddedCaller>;
  readonly forgetCaller: (id: string) => Promise<unknown>;
  readonly runMatrix: () => Promise<MatrixResult>;
  readonly getTrust: () => Promise<TrustView>;
  /** The requests after the one with the id `after`, or all that the tool still has if `after` is 0. */
  readonly getEvents: (after: number) => Promise<LiveUpdate>;
  readonly getDetails: (id: number) => Promise<LiveDetails>;
  readonly read: (file: DroppedFile) => Promise<ReadResult>;
}

/** Thrown if the tool refused the request or can't be reached. The message is for the user. */
export class ApiFault extends Error {
  /** The status of the tool's answer. Undefined if there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, status: number | undefined) {
    super(message);
    this.status = status;
  }

  /**
   * True if the tool refuses this page, usually because its token is from an earlier start of certgate. The tool then
   * answers nothing until the user opens the page again with a new token.
   */
  get isStale(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

export function createApi(token: string, fetchUrl: typeof fetch = fetch.bind(globalThis)): Api {
  async function ask<Answer>(path: string, body?: unknown): Promise<Answer> {
    const response = await fetchUrl(path, {
      headers: { 'x-certgate-inspector': token, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    }).catch(() => {
      throw new ApiFault('certgate does not answer. Is it still running?', undefined);
    });
    if (!response.ok) throw new ApiFault(await readFault(response), response.status);
    return makeVisible((await response.json()) as Answer);
  }
  return {
    getState: () => ask('api/state'),
    send: (request) => ask('api/try', request),
    addCaller: (files) => ask('api/callers', { files }),
    forgetCaller: (id) => ask('api/callers/forget', { id }),
    runMatrix: () => ask('api/matrix', {}),
    getTrust: () => ask('api/trust'),
    getEvents: (after) => ask(`api/events?after=${after}`),
    getDetails: (id) => ask(`api/events/${id}`),
    read: (file) => ask('api/read', file),
  };
}

async function readFault(response: Response): Promise<string> {
  const fault = (await response.json().catch(() => undefined)) as Partial<InspectorFault> | undefined;
  return makeVisible(fault?.message ?? `certgate answered with ${response.status}.`);
}
