import type { InspectedApp, ShownFunction, TryRequest } from '../../../certgate/src/trust/views/page-views.js';
import { fillRoute, hasOpenParameter } from './route-parameters.js';

/** The content of the form. */
export interface TryDraft {
  readonly functionName: string;
  readonly method: string;
  readonly target: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: string;
  readonly body: string;
  readonly callerId: string;
}

export const everyMethod = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;

export function listCallable(app: InspectedApp): readonly ShownFunction[] {
  return app.functions.filter(({ route }) => route !== null);
}

export function listMethods({ methods }: ShownFunction): readonly string[] {
  return methods.length === 0 ? everyMethod : methods.map((method) => method.toUpperCase());
}

/**
 * If the app has them, a call of a closed function by a caller that is refused, so that the first answer has a reason
 * to show. Undefined if the app has no function with a route.
 */
export function createDraft(app: InspectedApp): TryDraft | undefined {
  const callable = listCallable(app);
  const closed = callable.filter(({ kind }) => kind === 'certificate');
  const plain = closed.filter(({ roles }) => roles.length === 0);
  const chosen = plain.find(({ mcp }) => mcp === null) ?? plain[0] ?? closed[0] ?? callable[0];
  if (chosen === undefined) return undefined;
  const empty = { parameters: {}, headers: '', body: '', callerId: findFirstCaller(app) };
  return chooseFunction(chosen, { functionName: '', method: 'GET', target: '', ...empty });
}

/** The caller that is chosen first: one that is refused, if there is one. */
export function findFirstCaller({ callers }: InspectedApp): string {
  return (callers.find(({ id }) => id === 'denied') ?? callers[0])?.id ?? 'none';
}

/**
 * The draft changed into a call of this function. For an MCP function, the body is a message that the user completes.
 */
export function chooseFunction(chosen: ShownFunction, draft: TryDraft): TryDraft {
  const methods = listMethods(chosen);
  const wasMcp = draft.body.includes('"jsonrpc"');
  return {
    ...draft,
    functionName: chosen.name,
    method: methods.includes(draft.method) ? draft.method : (methods[0] ?? 'GET'),
    target: fillRoute(chosen.route ?? '', {}),
    parameters: {},
    ...(wasMcp ? { headers: '', body: '' } : {}),
    ...(chosen.mcp === null ? {} : createMcpMessage(chosen.mcp)),
  };
}

const mcpMethods = { tool: 'tools/call', resource: 'resources/read', prompt: 'prompts/get' } as const;

/** One request of the Model Context Protocol (2025-06-18) over streamable HTTP. The endpoint requires no session. */
function createMcpMessage({
  kind,
  name,
  inputSchema,
}: NonNullable<ShownFunction['mcp']>): Pick<TryDraft, 'headers' | 'body'> {
  const { properties = {} } = (inputSchema ?? {}) as { readonly properties?: object };
  const values = Object.fromEntries(Object.keys(properties).map((each) => [each, '']));
  const params = kind === 'resource' ? { uri: name } : { name, arguments: values };
  return {
    headers: 'accept: application/json, text/event-stream\ncontent-type: application/json',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: mcpMethods[kind], params }, null, 2),
  };
}

/** The request, or the mistake that the user must correct first. */
export function readDraft(draft: TryDraft): { readonly request: TryRequest } | { readonly fault: string } {
  const { functionName, method, target, body, callerId } = draft;
  if (!target.startsWith('/')) return { fault: 'The target starts with a slash: /api/…' };
  if (hasOpenParameter(target)) return { fault: 'Fill in the parts of the route in braces.' };
  const { headers, fault } = parseHeaders(draft.headers);
  if (fault !== undefined) return { fault };
  const request = { functionName, method, target, headers, body: body === '' ? null : body };
  return { request: { ...request, caller: { id: callerId } } };
}

interface ParsedHeaders {
  readonly headers: TryRequest['headers'];
  /** The mistake in the first line that is not a header. Undefined if every line is one. */
  readonly fault: string | undefined;
}

/** Reads one `name: value` on each line, as in RFC 9110, section 5. */
export function parseHeaders(text: string): ParsedHeaders {
  const headers: (readonly [string, string])[] = [];
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const [, name, value] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      return { headers, fault: `This line is not a header (name: value): ${line.trim()}` };
    }
    headers.push([name, value.trim()]);
  }
  return { headers, fault: undefined };
}
