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

/** The id of an invocation that the worker gave none. Several invocations may have it, so it tells none of them apart. */
export const unknownInvocationId = 'unknown';

/** The headers that a call is decided by, or why there are none. */
export type HeaderReading = { readonly outcome: 'read'; readonly findHeader: FindField } | Denial;

export interface CallHeaders {
  /** @throws {unknown} what went wrong. */
  read(): HeaderReading;
}

/** A call that went on. */
export interface EarlierCall {
  /** A denial where the function was observed. */
  readonly decision: Decision;
  readonly requirement: FunctionRequirement;
  readonly isInvocation: boolean;
}

/**
 * Calls of one source have one caller: the invocation that the call belongs to or, where the gate sees no invocations, a
 * request that a handler was called with.
 */
export interface CallSource {
  /** Written by the gate's decision alone. A member, since each entry of a map of contexts costs an invocation more. */
  earlier: EarlierCall | undefined;
}

/**
 * One invocation as the worker itself holds it, with the headers that the host sent. They are read once, before any hook
 * runs: under the model of version 3, a handler's request may share its headers with the worker's.
 */
export class CoreCall implements LoggingCall, CallHeaders, CallSource {
  readonly core: CoreInvocationContext;
  readonly functionName: string;
  readonly invocationId: string;
  /** Undefined where the worker tells of no trigger. */
  readonly kind: TriggerKind | undefined;
  /** Another invocation has the same model object or context, so nobody can tell which of them a call belongs to. */
  isShared = false;
  /** The hooks have run, and the gate was asked. */
  isUnderway = false;
  // Its own from the first: nothing on a prototype admits anybody.
  earlier: EarlierCall | undefined = undefined;
  readonly #readHost: (call: CoreCall) => HeaderReading;
  #reading: HeaderReading | undefined;
  /** What the headers were found in. */
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

  /** For the log. Never throws: no decision depends on it. */
  get about(): CallDescription {
    try {
      const { route, tool } = describeTrigger(this.core.metadata, this.functionName);
      const method = readOf(this.#http ?? this.#findHttp(), 'method');
      return { method: typeof method === 'string' && method !== '' ? method : undefined, route, tool };
    } catch {
      return {};
    }
  }

  /** The HTTP request, as far as the host sends it with the invocation: under HTTP streaming, nothing of it. */
  #findHttp(): unknown {
    const input = readList(this.core.request, 'inputData').find((each) => this.#isHttpTrigger(readOf(each, 'name')));
    return readOf(readOf(input, 'data'), 'http');
  }

  /** By the id too: who wraps a model may hand on a copy of the worker's context. */
  isOf(core: CoreInvocationContext): boolean {
    return core === this.core || (core.invocationId === this.invocationId && this.invocationId !== unknownInvocationId);
  }

  /** Reads them, unless that was done. Never throws. */
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
   * A header of the request that the host sent with the invocation, by its name in lower case; undefined where it has
   * none. Names and values are taken as the library's `Headers` would take them.
   */
  findHeader(wanted: string): HeaderContent {
    let header: HeaderContent;
    // Loops, since this runs at every invocation.
    for (const input of readList(this.core.request, 'inputData')) {
      if (!this.#isHttpTrigger(readOf(input, 'name'))) continue;
      this.#http = readOf(readOf(input, 'data'), 'http');
      header = addContent(header, findHttpHeader(this.#http, wanted));
    }
    return header;
  }

  /**
   * The name of the function key that the host accepted, for the log alone. The host puts it among the claims of the
   * request (Azure/azure-functions-host, AuthenticationLevelHandler.cs and GrpcMessageConversionExtensions.cs). Undefined
   * where it does not, as under HTTP streaming.
   */
  findFunctionKeyName(): string | undefined {
    for (const input of readList(this.core.request, 'inputData')) {
      if (!this.#isHttpTrigger(readOf(input, 'name'))) continue;
      for (const identity of readList(readOf(readOf(input, 'data'), 'http'), 'identities')) {
        // Another identity is the caller's at the platform's sign-in, and may claim anything.
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

/** By the registration, of which there is one for each function. */
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
 * The worker has told the host that it understands nullable values, so the headers usually come as those, and `headers`
 * is empty then.
 */
function findHttpHeader(http: unknown, wanted: string): HeaderContent {
  const nullable = readOf(http, 'nullableHeaders');
  const isNullable = isObject(nullable) && Object.keys(nullable).length > 0;
  const fields = isNullable ? nullable : readOf(http, 'headers');
  return isObject(fields) ? findField(fields, wanted, isNullable) : undefined;
}

/**
 * A header by its name in lower case, in an object whose members are headers: texts or, where they are nullable, objects
 * with a `value`. The same name in several spellings is one header with several values.
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

/** One value stays a text, in which the host may have joined several lines. Two are a list: they were several lines. */
function addContent(header: HeaderContent, more: HeaderContent): HeaderContent {
  return header === undefined ? more : [header, more ?? []].flat();
}

type HeaderContent = Exclude<FieldContent, null>;

/** What is no text is an empty value, which no certificate is. */
function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The last argument that looks like an invocation context: libraries put arguments of their own in front of it. */
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

/** What stands on Object.prototype is no part of a request. */
export function readOf(value: unknown, name: string): unknown {
  return isObject(value) ? readMember(value, name) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * Fetch Standard §2.2.2: the white space around a value is no part of it. A loop, since a pattern that is bound to the end
 * takes quadratic time over a run of spaces.
 */
function trimField(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isFieldSpace(value.charCodeAt(start))) start += 1;
  while (end > start && isFieldSpace(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

/** HTTP white space: tab, line feed, carriage return, space. */
function isFieldSpace(code: number): boolean {
  return code === 9 || code === 10 || code === 13 || code === 32;
}
