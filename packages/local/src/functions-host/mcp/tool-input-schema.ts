import { findProperty, isJsonObject, type JsonObject } from '../../json-file.js';
import { errorCodes, failWith, type MethodAnswer } from './json-rpc.js';
import { type McpTrigger, readJsonArray, readJsonObject, refuseTrigger } from './mcp-trigger.js';

/** What `tools/list` shows of a tool's arguments, and which of them must be given. Nothing else is checked. */
export interface ToolInputSchema {
  readonly schema: JsonObject;
  readonly required: readonly string[];
}

/**
 * Makes the schema like `McpToolTriggerBinding.CreateToolInputSchema`: from the app's own schema, or from the list of
 * properties.
 */
export function readToolInputSchema(trigger: McpTrigger): ToolInputSchema {
  if (findProperty(trigger.binding, 'useWorkerInputSchema') !== true) return fromProperties(trigger);
  const schema = readToolSchema(trigger, 'inputSchema');
  if (schema === undefined) throw refuseTrigger(trigger, 'has useWorkerInputSchema, and no inputSchema');
  const required = findOwn(schema, 'required');
  return { schema, required: Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [] };
}

/** The JSON Schema of an object in a binding's property. Undefined if the binding has none. */
export function readToolSchema(trigger: McpTrigger, property: string): JsonObject | undefined {
  const schema = readJsonObject(trigger, property);
  if (schema === undefined) return undefined;
  const [properties, required] = [findOwn(schema, 'properties'), findOwn(schema, 'required')];
  const isSchema =
    findOwn(schema, 'type') === 'object' &&
    (properties === undefined || isJsonObject(properties)) &&
    (required === undefined || Array.isArray(required));
  if (!isSchema) throw refuseTrigger(trigger, `has "${property}" that is not the schema of an object`);
  return schema;
}

function fromProperties(trigger: McpTrigger): ToolInputSchema {
  const listed = (readJsonArray(trigger, 'toolProperties') ?? []).map((property) => readProperty(trigger, property));
  const properties = listed.filter(({ name }) => name.trim() !== '');
  const required = [...new Set(properties.flatMap(({ name, isRequired }) => (isRequired ? [name] : [])))];
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(properties.map(({ name, schema }) => [name, schema])),
      required,
    },
    required,
  };
}

interface ToolProperty {
  readonly name: string;
  readonly schema: JsonObject;
  readonly isRequired: boolean;
}

function readProperty(trigger: McpTrigger, property: unknown): ToolProperty {
  const read = (name: string): unknown => (isJsonObject(property) ? findProperty(property, name) : undefined);
  const [name, type, values] = [read('propertyName'), read('propertyType'), read('enumValues')];
  if (typeof name !== 'string' || typeof type !== 'string') {
    throw refuseTrigger(trigger, 'has "toolProperties" with an entry without a name or a type');
  }
  const description = read('description');
  const item = { type, ...(Array.isArray(values) && values.length > 0 ? { enum: values } : {}) };
  return {
    name,
    schema: {
      ...(read('isArray') === true ? { type: 'array', items: item } : item),
      description: typeof description === 'string' ? description : '',
    },
    isRequired: read('isRequired') === true,
  };
}

/**
 * The answer to a call without required arguments, like `ToolInputSchema.Validate`. It is checked before the function
 * is called, and null is treated as missing. Undefined if no argument is missing.
 */
export function findMissingArguments(
  required: readonly string[],
  given: JsonObject | undefined,
  kind: McpTrigger['kind'],
): MethodAnswer | undefined {
  const missing = required.filter((name) => findOwn(given ?? {}, name) === undefined);
  if (missing.length === 0) return undefined;
  const what = kind === 'tool' ? 'tool properties' : 'prompt arguments';
  return failWith(
    errorCodes.invalidParams,
    `One or more required ${what} are missing values. Please provide: ${missing.join(', ')}`,
  );
}

function findOwn(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;
}
