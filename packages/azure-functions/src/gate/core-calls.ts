import type { HttpRequest, InvocationContext } from '@azure/functions';
import { type FindField, createContextMap, deny } from '@certgate/core';
import { type CallHeaders, type CallSource, CoreCall, type HeaderReading } from './core-call.js';
import { HttpStreamingWatch } from './http-streaming.js';
import { readMcpHeaders } from './mcp-call.js';
import type { CoreInvocationContext, ProgrammingModel } from './worker-core.js';

interface OwnCall extends CallHeaders, CallSource {
  readonly request: unknown;
}

/**
 * The invocations that the gate has seen, by the contexts that their programming model made. What the host sent with an
 * invocation decides every call that is made with its context: the invocation itself, a handler that a hook calls, a
 * handler that another handler calls.
 */
export class CoreCalls {
  readonly #listHeaders: () => readonly string[];
  readonly #streaming: HttpStreamingWatch;
  readonly #byContext = createContextMap<CoreCall>();
  readonly #own = createContextMap<OwnCall>();
  #latest: CoreCall | undefined;
  #seesContexts = false;
  #expectsEarlier = false;
  readonly #readHost = (call: CoreCall): HeaderReading => this.#readHeaders(call);

  /** `listHeaders` gives the names of the headers that the front end sets, in lower case. */
  constructor(listHeaders: () => readonly string[]) {
    this.#listHeaders = listHeaders;
    this.#streaming = new HttpStreamingWatch(listHeaders);
  }

  /** Whether contexts are noted before the hooks run: then one that was not noted is of no invocation that the gate saw. */
  get seesContexts(): boolean {
    return this.#seesContexts || this.#expectsEarlier;
  }

  /**
   * Invocations may be under way that began without this gate. What the host sent with them is not known, and hooks may have
   * changed their requests, so that their contexts are of no invocation from the start.
   */
  expectEarlier(): void {
    this.#expectsEarlier = true;
  }

  /** Once an invocation was seen, it tells whether contexts are noted; an unknown model never does. */
  forgetEarlier(): void {
    this.#expectsEarlier = false;
  }

  /** HTTP streaming announces itself when the worker asks this model for its capabilities. */
  watchModel(model: ProgrammingModel): void {
    this.#streaming.watchCapabilities(model);
  }

  /** Of an invocation that begins. One alone where a model is gated that hands all on to another gated one. */
  begin(core: CoreInvocationContext): CoreCall {
    if (this.#latest?.core === core) return this.#latest;
    return (this.#latest = new CoreCall(core, this.#readHost));
  }

  findOf(context: object): CoreCall | undefined {
    return this.#byContext.get(context);
  }

  /** When the arguments of an invocation are made, and no hook has run yet. */
  noteArguments(begun: CoreCall, context: unknown): void {
    const call = this.note(begun, context);
    if (typeof context === 'object' && context !== null) this.#seesContexts = true;
    // The payload of an MCP call is a text, and its decoding takes long; under HTTP streaming it is not proxied.
    if (call.kind !== 'mcp') call.take();
  }

  /** From now on, this context is the invocation's. A context that another invocation has too is nobody's. */
  note(call: CoreCall, context: unknown): CoreCall {
    // It is needed no more, and holds a whole request.
    if (this.#latest === call) this.#latest = undefined;
    this.#expectsEarlier = false;
    if (typeof context !== 'object' || context === null) return call;
    const before = this.#byContext.get(context);
    if (before === call) return call;
    if (before === undefined) this.#byContext.set(context, call);
    // Else who wraps a model has handed on a copy of the worker's context.
    else if (before.isOf(call.core)) return before;
    else before.isShared = call.isShared = true;
    return call;
  }

  /**
   * A call whose context was not noted, and what it says of itself. The same one for all calls with this request, since such
   * a context doesn't say who calls.
   */
  findOwn(context: Pick<InvocationContext, 'invocationId'>, request: unknown): OwnCall {
    const known = this.#own.get(context);
    if (known !== undefined && known.request === request) return known;
    const findHeader: FindField = (name) => (request as HttpRequest).headers.get(name);
    const read = (): HeaderReading => this.#readHttp(context.invocationId, findHeader);
    const own: OwnCall = { request, read, earlier: undefined };
    this.#own.set(context, own);
    return own;
  }

  #readHttp(invocationId: string, findHeader: FindField): HeaderReading {
    const source = this.#streaming.takeHeaderSource(invocationId);
    if (source.kind === 'ambiguous') return deny('http_streaming_ambiguous', {});
    return { outcome: 'read', findHeader: source.kind === 'proxied' ? source.findHeader : findHeader };
  }

  #readHeaders(call: CoreCall): HeaderReading {
    if (call.kind === 'mcp') return readMcpHeaders(call.core);
    if (call.kind === 'other') return { outcome: 'read', findHeader: () => undefined };
    const names = this.#listHeaders();
    const values = names.map((name) => call.findHeader(name));
    const findHeader: FindField = (wanted) => (names.includes(wanted) ? values[names.indexOf(wanted)] : undefined);
    return this.#readHttp(call.invocationId, findHeader);
  }
}
