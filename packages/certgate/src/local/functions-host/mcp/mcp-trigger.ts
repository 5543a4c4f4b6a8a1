import { findProperty } from '../../../files/json-file.js';
import { findTrigger } from '../routing/router.js';
import type { RegisteredFunction } from '../worker/app-context.js';
import type { BindingInfo } from '../worker/core-types.js';
import type { HostedMcp } from '../worker/host-protocol.js';

/** A function that clients reach over MCP, and how they name it. */
export interface McpTrigger extends HostedMcp {
  readonly registered: RegisteredFunction;
  readonly functionName: string;
  readonly bindingName: string;
  readonly binding: BindingInfo;
}

const kinds: ReadonlyMap<string, readonly [kind: HostedMcp['kind'], nameProperty: string]> = new Map([
  ['mcptooltrigger', ['tool', 'toolName']],
  ['mcpresourcetrigger', ['resource', 'uri']],
  ['mcpprompttrigger', ['prompt', 'promptName']],
] as const);

export function findMcpTrigger(registered: RegisteredFunction): McpTrigger | undefined {
  const [bindingName, binding] = findTrigger(registered) ?? [];
  const [kind, nameProperty] = kinds.get(binding?.type?.toLowerCase() ?? '') ?? [];
  if (bindingName === undefined || binding === undefined || kind === undefined) return undefined;
  const name = findText(binding, nameProperty ?? '') ?? '';
  return { kind, name, registered, functionName: registered.metadata.name, bindingName, binding };
}

/** A property of a binding, whose names .NET reads without case; undefined unless it is a text. */
export function findText(binding: BindingInfo, name: string): string | undefined {
  const value = findProperty(binding, name);
  return typeof value === 'string' ? value : undefined;
}
