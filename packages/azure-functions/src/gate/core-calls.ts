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
 * invocation decides every call with its context: the invocation itself, a handler that a hook calls, and a handler
 * that another handler calls.
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

  /** `listHeaders` returns the names of the headers that the front end sets, in lower case. */
  constructor(listHeaders: () => readonly string[]) {
    this.#listHeaders = listHeaders;
    this.#streaming = new HttpStreamingWatch(listHeaders);
  }

  /**
   * Whether contexts are noted before the hooks run. If so, a context that was not noted belongs to no invocation that
   * the gate has seen. Also true after `expectEarlier`, until its effect ends.
   */
  get seesContexts(): boolean {
    return this.#seesContexts || this.#expectsEarlier;
  }

  /**
   * Prepares for invocations under way that began without this gate. What the host sent with them is not known, and
   * hooks may have changed their requests, so their contexts are never taken for those of a seen invocation.
   */
  expectEarlier(): void {
    this.#expectsEarlier = true;
  }

  /**
   * Ends the effect of `expectEarlier` under an unknown model, which may never note contexts. Otherwise, the first
   * invocation that is seen ends it.
   */
  forgetEarlier(): void {
    this.#expectsEarlier = false;
  }

  /** Watches for HTTP streaming, which announces itself when the worker asks this model for its capabilities. */
  watchModel(model: ProgrammingModel): void {
    this.#streaming.watchCapabilities(model);
  }

  /**
   * The call for an invocation that begins. It is the same one if a gated model passes everything on to another gated
   * model.
   */
  begin(core: CoreInvocationContext): CoreCall {
    if (this.#latest?.core === core) return this.#latest;
    return (this.#latest = new CoreCall(core, this.#readHost));
  }

  findOf(context: object): CoreCall | undefined {
    return this.#byContext.get(context);
  }

  /** Notes the context when the arguments of an invocation are made, before any hook has run. */
  noteArguments(begun: CoreCall, context: unknown): void {
    const call = this.note(begun, context);
    if (typeof context === 'object' && context !== null) this.#seesContexts = true;
    // The headers of an MCP call are read later, because its payload is a text whose decoding takes long. Under HTTP
    // streaming, MCP calls are not proxied.
    if (call.kind !== 'mcp') call.take();
  }

  /**
   * Notes that this context belongs to the call's invocation. A context that another invocation has too belongs to
   * neither.
   */
  note(call: CoreCall, context: unknown): CoreCall {
    // It is not needed any more, and it keeps a whole request in memory.
    if (this.#latest === call) this.#latest = undefined;
    this.#expectsEarlier = false;
    if (typeof context !== 'object' || context === null) return call;
    const before = this.#byContext.get(context);
    if (before === call) return call;
    if (before === undefined) this.#byContext.set(context, call);
    // Code that wraps a model has passed on a copy of the worker's context.
    else if (before.isOf(call.core)) return before;
    else before.isShared = call.isShared = true;
    return call;
  }

  /**
   * The call of a context that was not noted, read from its own request. The context gets the same call again only for
   * the same request, because such a context doesn't show who calls.
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
