import { ToolFailure } from '../../../faults/tool-failure.js';
import { isJsonObject, type JsonObject } from '../../../files/json-file.js';
import { findText, type McpTrigger } from './mcp-trigger.js';

/** The texts of JSON in a trigger's binding. Undefined: there is none. Throws `ToolFailure` for what can't be read. */
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
  const text = findText(trigger.binding, property);
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
