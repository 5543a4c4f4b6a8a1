import type { InvocationContext } from '@azure/functions';
import {
  type CallDescription,
  type Decision,
  type Denial,
  type FieldContent,
  type FindField,
  type FunctionRequirement,
  hasMember,
  type LoggingCall,
  readMember,
} from '@certgate/core';
import {
  type CoreInvocationContext,
  findFunctionKind,
  findTriggerKind,
  type FunctionMetadata,
  type TriggerKind,
} from './worker-core.js';

/**
 * The id of an invocation without an id from the worker. Several invocations may have it, so it doesn't distinguish
 * them.
 */
export const unknownInvocationId = 'unknown';

/** The headers by which a call is decided, or why there are none. */
export type HeaderReading = { readonly outcome: 'read'; readonly findHeader: FindField } | Denial;

export interface CallHeaders {
  /**
   * Reads the headers.
   *
   * @throws {unknown} what went wrong.
   */
  read(): HeaderReading;
}

/** A call that went on to its handler. */
export interface EarlierCall {
  /** A denial only if the function was observed. */
  readonly decision: Decision;
  readonly requirement: FunctionRequirement;
  readonly isInvocation: boolean;
}

/**
 * The source of calls that have the same caller: the invocation that a call belongs to, or, if the gate sees no
 * invocations, the request that a handler was called with.
 */
export interface CallSource {
  /**
   * Only the gate's decision writes it. It is a member, because an entry in a map of contexts would make an invocation
   * slower.
   */
  earlier: EarlierCall | undefined;
}

/**
 * One invocation as the worker itself has it, with the headers that the host sent. They are read once. Those of HTTP
 * calls are read when the handler's arguments are made, before any hook runs, because under the model of version 3, a
 * handler's request may share its headers with the worker's.
 */
export class CoreCall implements LoggingCall, CallHeaders, CallSource {
  readonly core: CoreInvocationContext;
  readonly functionName: string;
  readonly invocationId: string;
  /** Undefined if the worker's data has no trigger. */
  readonly kind: TriggerKind | undefined;
  /**
   * Whether another invocation has the same model object or context. If so, the gate cannot tell to which of them a
   * call belongs.
   */
  isShared = false;
  /** Whether the hooks have run and the gate was asked. */
  isUnderway = false;
  // Set from the beginning, so that a value on a prototype never admits anybody.
  earlier: EarlierCall | undefined = undefined;
  readonly #readHost: (call: CoreCall) => HeaderReading;
  #reading: HeaderReading | undefined;
  /** The HTTP request in which headers were last looked for. Undefined before that. */
  #http: unknown;
  #fault: { readonly error: unknown } | undefined;

  constructor(core: CoreInvocationContext, readHost: (call: CoreCall) => HeaderReading) {
    this.core = core;
    this.functionName = core.metadata?.name ?? 'unnamed function';
    this.invocationId = core.invocationId ?? unknownInvocationId;
    this.kind = findFunctionKind(core.metadata);
    this.#readHost = readHost;
  }

  log(line: string): void {
    this.core.log?.('information', 'user', line);
  }

  warn(line: string): void {
    this.core.log?.('warning', 'user', line);
  }

  /** Describes the call for the log. Never throws, because no decision depends on it. */
  get about(): CallDescription {
    try {
      const { route, tool } = describeTrigger(this.core.metadata, this.functionName);
      const method = readOf(this.#http ?? this.#findHttp(), 'method');
      return { method: typeof method === 'string' && method !== '' ? method : undefined, route, tool };
    } catch {
      return {};
    }
  }

  /** The HTTP request as the host sends it with the invocation. Under HTTP streaming, the host sends nothing of it. */
  #findHttp(): unknown {
    const input = readList(this.core.request, 'inputData').find((each) => this.#isHttpTrigger(readOf(each, 'name')));
    return readOf(readOf(input, 'data'), 'http');
  }

  /**
   * Whether the worker's context is of this invocation. The id is compared too, because code that wraps a model may
   * pass on a copy of the worker's context.
   */
  isOf(core: CoreInvocationContext): boolean {
    return core === this.core || (core.invocationId === this.invocationId && this.invocationId !== unknownInvocationId);
  }

  /** Reads the headers unless they were read already. Never throws. */
  take(): void {
    if (this.#reading !== undefined || this.#fault !== undefined) return;
    try {
      this.#reading = this.#readHost(this);
    } catch (error) {
      this.#fault = { error };
    }
  }

  read(): HeaderReading {
    this.take();
    if (this.#reading === undefined) throw this.#fault?.error;
    return this.#reading;
  }

  /**
   * Finds a header of the request that the host sent with the invocation, by its name in lower case. Undefined if there
   * is none. As in the library's `Headers`, the letter case of names is ignored, and white space around values is
   * removed.
   */
  findHeader(wanted: string): HeaderContent {
    let header: HeaderContent;
    // Loops, because this runs at every invocation.
    for (const input of readList(this.core.request, 'inputData')) {
      if (!this.#isHttpTrigger(readOf(input, 'name'))) continue;
      this.#http = readOf(readOf(input, 'data'), 'http');
      header = addContent(header, findHttpHeader(this.#http, wanted));
    }
    return header;
  }

  /**
   * The name of the function key that the host accepted, only for the log. The host adds it to the claims of the
   * request (Azure/azure-functions-host, AuthenticationLevelHandler.cs and GrpcMessageConversionExtensions.cs).
   * Undefined if it doesn't, as under HTTP streaming.
   */
  findFunctionKeyName(): string | undefined {
    for (const input of readList(this.core.request, 'inputData')) {
      if (!this.#isHttpTrigger(readOf(input, 'name'))) continue;
      for (const identity of readList(readOf(readOf(input, 'data'), 'http'), 'identities')) {
        // Any other identity comes from the caller's sign-in at the platform, and may claim anything.
        if (readOf(readOf(identity, 'authenticationType'), 'value') !== keyIdentityType) continue;
        const claim = readList(identity, 'claims').find((each) => readOf(each, 'type') === keyNameClaim);
        const name = readOf(claim, 'value');
        if (typeof name === 'string' && name !== '') return name;
      }
    }
    return undefined;
  }

  #isHttpTrigger(name: unknown): boolean {
    const bindings = this.core.metadata?.bindings ?? {};
    return (
      typeof name === 'string' && Object.hasOwn(bindings, name) && findTriggerKind(bindings[name]?.type) === 'http'
    );
  }
}

/** The descriptions by registration, of which each function has one. */
const triggers = new WeakMap<FunctionMetadata, CallDescription>();

function describeTrigger(metadata: FunctionMetadata | undefined, functionName: string): CallDescription {
  if (metadata === undefined) return {};
  const known = triggers.get(metadata);
  if (known !== undefined) return known;
  const described = readTrigger(metadata, functionName);
  triggers.set(metadata, described);
  return described;
}

function readTrigger({ bindings = {} }: FunctionMetadata, functionName: string): CallDescription {
  for (const binding of Object.values(bindings)) {
    const kind = findTriggerKind(binding.type);
    if (kind === 'http') {
      const route = readMember(binding, 'route');
      return { route: typeof route === 'string' ? route : functionName };
    }
    if (kind !== 'mcp') continue;
    const names = ['toolName', 'promptName', 'uri'].map((name) => readMember(binding, name));
    return { tool: names.find((name) => typeof name === 'string') };
  }
  return {};
}

const keyIdentityType = 'WebJobsAuthLevel';
const keyNameClaim = 'http://schemas.microsoft.com/2017/07/functions/claims/keyid';

/**
 * Finds a header in the host's HTTP data. The worker has told the host that it supports nullable values, so the host
 * usually sends headers as those, and `headers` is then empty.
 */
function findHttpHeader(http: unknown, wanted: string): HeaderContent {
  const nullable = readOf(http, 'nullableHeaders');
  const isNullable = isObject(nullable) && Object.keys(nullable).length > 0;
  const fields = isNullable ? nullable : readOf(http, 'headers');
  return isObject(fields) ? findField(fields, wanted, isNullable) : undefined;
}

/**
 * Finds a header by its name in lower case, in an object whose members are headers: texts or, if they are nullable,
 * objects with a `value`. The same name in several spellings is one header with several values.
 */
export function findField(fields: object, wanted: string, isNullable = false): HeaderContent {
  let header: HeaderContent;
  for (const name of Object.keys(fields)) {
    if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue;
    const field = readOf(fields, name);
    header = addContent(header, trimField(toText(isNullable ? readOf(field, 'value') : field)));
  }
  return header;
}

/**
 * Adds a value to a header. A single value stays a text, in which the host may have joined several lines. Two values
 * become a list, because they were several lines.
 */
function addContent(header: HeaderContent, more: HeaderContent): HeaderContent {
  return header === undefined ? more : [header, more ?? []].flat();
}

type HeaderContent = Exclude<FieldContent, null>;

/** The value as text. A value that is not text becomes empty, so that it can't be a certificate. */
function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The last argument, if it looks like an invocation context. Libraries put arguments of their own before it. */
export function findContext(args: readonly unknown[]): InvocationContext | undefined {
  const last = args.at(-1);
  return typeof last === 'object' && last !== null && hasMember(last, 'invocationId') && hasMember(last, 'functionName')
    ? (last as InvocationContext)
    : undefined;
}

export function readList(value: unknown, name: string): readonly unknown[] {
  const list = readOf(value, name);
  return Array.isArray(list) ? list : [];
}

/** Reads a member, but never one from Object.prototype, which is not part of a request. */
export function readOf(value: unknown, name: string): unknown {
  return isObject(value) ? readMember(value, name) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * Removes the white space around a value, which is not part of it (Fetch Standard §2.2.2). A loop, because a pattern
 * that is bound to the end takes quadratic time over a run of spaces.
 */
function trimField(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isFieldSpace(value.charCodeAt(start))) start += 1;
  while (end > start && isFieldSpace(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

/** Whether the character is HTTP white space: tab, line feed, carriage return or space. */
function isFieldSpace(code: number): boolean {
  return code === 9 || code === 10 || code === 13 || code === 32;
}
