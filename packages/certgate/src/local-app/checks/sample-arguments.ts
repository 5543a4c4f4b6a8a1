import { isJsonObject, type JsonObject } from '#local/json-file.js';

/**
 * Arguments for a call that is only to show what the gate decides. The extension asks for the required ones before it
 * invokes a function, and looks at nothing else of them.
 */

const samples: Readonly<Record<string, unknown>> = {
  string: 'sample',
  integer: 1,
  number: 1,
  boolean: true,
  array: [],
  object: {},
};

/** For a tool, by the input schema in the list of tools (JSON Schema, of which the extension writes a small part). */
export function sampleToolArguments(inputSchema: unknown): JsonObject {
  const { required, properties } = toObject(inputSchema);
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
  return Object.fromEntries(names.map((name) => [name, sampleProperty(readOwn(toObject(properties), name))]));
}

function sampleProperty(property: unknown): unknown {
  const { type, enum: values } = toObject(property);
  const [first] = Array.isArray(values) ? (values as readonly unknown[]) : [];
  return first ?? (typeof type === 'string' ? readOwn(samples, type) : undefined) ?? samples['string'];
}

/** For a prompt, by the list of its arguments. Their values are texts. */
export function samplePromptArguments(list: unknown): JsonObject {
  const required = (Array.isArray(list) ? list : []).map(toObject).filter((argument) => argument['required'] === true);
  return Object.fromEntries(
    required.map(({ name }) => name).filter((name) => typeof name === 'string').map((name) => [name, 'sample']),
  ); // prettier-ignore
}

/** A URI that the template of a resource matches (RFC 6570, of which the extension takes single names). */
export function fillResourceUri(template: string): string {
  return template.replace(/\{[^{}]*\}/g, 'sample');
}

function toObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function readOwn(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
