import { ToolFailure } from '../../tool-failure.js';
import { findProperty, isJsonObject, type JsonObject } from '../../json-file.js';
import { findTrigger } from '../routing/router.js';
import type { RegisteredCallback } from '../worker/app-context.js';
import type { BindingInfo } from '../worker/core-types.js';
import type { HostedMcp } from '../worker/host-protocol.js';

/** A function that clients call over MCP, with the name that they use. */
export interface McpTrigger extends HostedMcp {
  readonly registered: RegisteredCallback;
  readonly functionName: string;
  readonly bindingName: string;
  readonly binding: BindingInfo;
}

/** The property of a binding that contains the name. */
export const nameProperties: Readonly<Record<HostedMcp['kind'], string>> = {
  tool: 'toolName',
  resource: 'uri',
  prompt: 'promptName',
};

export function findMcpTrigger(registered: RegisteredCallback): McpTrigger | undefined {
  const [bindingName, binding] = findTrigger(registered) ?? [];
  const kind = (['tool', 'resource', 'prompt'] as const).find(
    (each) => binding?.type?.toLowerCase() === `mcp${each}trigger`,
  );
  if (bindingName === undefined || binding === undefined || kind === undefined) return undefined;
  const name = findBindingText(binding, nameProperties[kind]) ?? '';
  return { kind, name, registered, functionName: registered.metadata.name, bindingName, binding };
}

/** The text of a binding's property. .NET ignores the letter case of its name. Undefined if it is not a string. */
export function findBindingText(binding: BindingInfo, name: string): string | undefined {
  const value = findProperty(binding, name);
  return typeof value === 'string' ? value : undefined;
}

/**
 * The JSON object in a property of the trigger's binding. Undefined if the property has no text.
 *
 * @throws {ToolFailure} if the text is not a JSON object.
 */
export function readJsonObject(trigger: McpTrigger, property: string): JsonObject | undefined {
  const value = readJson(trigger, property);
  if (value === undefined || isJsonObject(value)) return value;
  throw refuseTrigger(trigger, `has "${property}" that is not a JSON object`);
}

export function readJsonArray(trigger: McpTrigger, property: string): readonly unknown[] | undefined {
  const value = readJson(trigger, property);
  if (value === undefined || Array.isArray(value)) return value;
  throw refuseTrigger(trigger, `has "${property}" that is not a JSON array`);
}

function readJson(trigger: McpTrigger, property: string): unknown {
  const text = findBindingText(trigger.binding, property);
  if (text === undefined || text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw refuseTrigger(trigger, `has "${property}" that is not JSON`);
  }
}

export function refuseTrigger({ functionName, kind }: McpTrigger, fault: string): ToolFailure {
  return new ToolFailure(`The function "${functionName}" is an MCP ${kind} and ${fault}.`, {
    remedy: `Correct what the app passes to app.mcp${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)}; in Azure the ${kind} would not be served.`,
  });
}
