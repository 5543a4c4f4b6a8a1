import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FieldContent, FindField } from '@certgate/core';
import { isPromiseLike, type ProgrammingModel, replaceMethod } from './worker-core.js';

/** The place of an invocation's headers that the front end has set. */
export type HeaderSource =
  /** Not streamed: the headers are in the request that the host sent with the invocation. */
  | { readonly kind: 'request' }
  /** Streamed: the headers are in the proxied request. */
  | { readonly kind: 'proxied'; readonly findHeader: FindField }
  /** Streamed, but it can't be determined which proxied request belongs to the invocation. */
  | { readonly kind: 'ambiguous' };

interface ProxiedRequest {
  /** The headers that the front end sets, by their names in lower case. */
  readonly headers: ReadonlyMap<string, FieldContent>;
  readonly isUsable: boolean;
}

/** A request that ended before its invocation asked for it, or whose id another request had already. */
const unusable: ProxiedRequest = Object.freeze({ headers: new Map<string, FieldContent>(), isUsable: false });

/**
 * How many requests are remembered before the oldest unusable one is forgotten. Usable ones are never forgotten for
 * that reason; their open sockets bound them.
 */
const maximumRemembered = 10_000;

const maximumIdLength = 64;
const invocationIdHeaderName = 'x-ms-invocation-id';

/**
 * Finds the headers of the front end under HTTP streaming (`app.setup({ enableHttpStream: true })`). There, the library
 * builds `request.headers` from trigger metadata, in which members of the body, query and route parameters can replace
 * headers, so it proves nothing. The proof is the request that the host proxies to the library's own server in this
 * process. It has the headers from the wire and the invocation's id, and it reaches the server before the invocation's
 * hooks run. `http.server.request.start` shows it before the server's own listeners get it.
 */
export class HttpStreamingWatch {
  readonly #proxied = new Map<string, ProxiedRequest>();
  /** Whether streaming was seen. An app doesn't change the mode while it runs, so it stays on. */
  #isOn = false;

  readonly #listHeaders: () => readonly string[];

  /** `listHeaders` returns the names of the headers that the front end sets, in lower case. */
  constructor(listHeaders: () => readonly string[]) {
    this.#listHeaders = listHeaders;
    subscribe('http.server.request.start', (message) => {
      this.#notice(message as { readonly request: IncomingMessage; readonly response: ServerResponse });
    });
  }

  /**
   * Returns where the headers of an invocation are, once per invocation. The proxied request is then forgotten, so that
   * it can't be taken for another invocation's.
   */
  takeHeaderSource(invocationId: string): HeaderSource {
    const proxied = this.#proxied.get(invocationId);
    this.#proxied.delete(invocationId);
    if (proxied !== undefined) this.#isOn = true;
    if (proxied?.isUsable === true) return { kind: 'proxied', findHeader: (name) => proxied.headers.get(name) };
    return this.#isOn ? { kind: 'ambiguous' } : { kind: 'request' };
  }

  /** Must be called before the worker asks the model for its capabilities, because streaming announces itself there. */
  watchCapabilities(model: ProgrammingModel): void {
    const watch = (capabilities: unknown): unknown => {
      if (hasHttpUri(capabilities)) this.#isOn = true;
      return capabilities;
    };
    replaceMethod(model, 'getCapabilities', (original) => (capabilities) => {
      const result = original(capabilities);
      return isPromiseLike(result) ? result.then(watch) : watch(result);
    });
  }

  #notice({ request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse }): void {
    // The raw headers are read, because Node joins or drops duplicates. A request with two ids belongs to no
    // invocation.
    const [id, ...others] = listRawValues(request, invocationIdHeaderName);
    // A server of the app's own may get any text in that header. The id of an invocation has 36 characters.
    if (id === undefined || others.length > 0 || id.length > maximumIdLength) return;
    const proxied = this.#proxied.has(id) ? unusable : { headers: this.#copyHeaders(request), isUsable: true };
    this.#remember(id, proxied);
    // If the caller disconnects before the decision, the invocation must not be decided by other headers.
    response.once('close', () => {
      if (this.#proxied.get(id) === proxied) this.#remember(id, unusable);
    });
  }

  #copyHeaders(request: IncomingMessage): ReadonlyMap<string, FieldContent> {
    const headers = new Map<string, FieldContent>();
    for (const name of this.#listHeaders()) {
      const values = listRawValues(request, name);
      // A single value stays a text, because the host, which proxies the request, may have joined several lines in it.
      if (values.length > 0) headers.set(name, values.length === 1 ? values[0] : values);
    }
    return headers;
  }

  #remember(id: string, proxied: ProxiedRequest): void {
    this.#proxied.delete(id);
    this.#proxied.set(id, proxied);
    if (this.#proxied.size <= maximumRemembered) return;
    for (const [oldest, { isUsable }] of this.#proxied) {
      if (isUsable) continue;
      this.#proxied.delete(oldest);
      return;
    }
  }
}

function listRawValues({ rawHeaders }: IncomingMessage, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

function hasHttpUri(capabilities: unknown): boolean {
  return typeof capabilities === 'object' && capabilities !== null && Object.hasOwn(capabilities, 'HttpUri');
}
