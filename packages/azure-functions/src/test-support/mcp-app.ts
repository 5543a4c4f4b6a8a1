import type * as AzureFunctions from '@azure/functions';
import type { Answer, TestWorker } from './test-worker.js';

// What the host's MCP extension passes to the worker, after azure-functions-mcp-extension 1.6.0:
// ToolInvocationContext.cs, ResourceInvocationContext.cs, PromptInvocationContext.cs, Transport.cs and
// McpTriggerTransportHelper.cs.

export const mcpKinds = ['tool', 'resource', 'prompt'] as const;
export type McpKind = (typeof mcpKinds)[number];

/** The key that all callers of an app's MCP functions share. It opens nothing, because there is no app behind it. */
export const systemKey = 'this-is-the-system-key-of-nobody';

type Handler = Parameters<typeof AzureFunctions.app.mcpTool>[1]['handler'];

/** Registers a function of this kind, as an app does. */
export function registerMcp(app: typeof AzureFunctions.app, kind: McpKind, name: string, handler: Handler): void {
  if (kind === 'tool') app.mcpTool(name, { toolName: name, description: 'A tool', toolProperties: [], handler });
  else if (kind === 'resource') app.mcpResource(name, { uri: `file://${name}`, resourceName: name, handler });
  else app.mcpPrompt(name, { promptName: name, handler });
}

/** The member `transport` of a call over streamable HTTP with these headers. */
export function transportOf(headers: Readonly<Record<string, unknown>>): object {
  const all = { Accept: 'application/json, text/event-stream', 'x-functions-key': systemKey, ...headers };
  return { name: 'http-streamable', sessionId: 'a|b', properties: { headers: all } };
}

export function payloadOf(kind: McpKind, name: string, transport: unknown): object {
  const what = kind === 'resource' ? { uri: `file://${name}` } : { name, arguments: {} };
  return { ...what, sessionid: 'a|b', ...(transport === undefined ? {} : { transport }) };
}

/** Sends a payload as the host does, as a text. */
export function sendPayload(worker: TestWorker, name: string, payload: unknown): Promise<Answer> {
  return worker.invoke(name, { data: { string: JSON.stringify(payload) } });
}

/**
 * A tool's result as the extension's ToolReturnValueBinder.cs gives it to the client. Undefined if the invocation
 * failed.
 */
export function readToolResult({ response }: Answer): { readonly isError: boolean; readonly text: string } | undefined {
  if (response?.returnValue?.string === undefined) return undefined;
  const { type, content } = JSON.parse(response.returnValue.string) as {
    readonly type: string;
    readonly content: string;
  };
  const parsed = JSON.parse(content) as object;
  const result = type === 'call_tool_result' ? parsed : { content: [parsed] };
  const { isError = false, content: blocks } = result as { isError?: boolean; content: [{ text: string }] };
  return { isError, text: blocks[0].text };
}
