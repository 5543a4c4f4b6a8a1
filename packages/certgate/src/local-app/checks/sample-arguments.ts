import { isJsonObject, type JsonObject } from '#local/json-file.js';

/**
 * Makes arguments for a call whose only purpose is to show the gate's decision. Before the extension invokes a
 * function, it only checks that the required arguments are there.
 */

const samples: Readonly<Record<string, unknown>> = {
  string: 'sample',
  integer: 1,
  number: 1,
  boolean: true,
  array: [],
  object: {},
};

/**
 * Arguments for a tool, made from the input schema in the list of tools. The extension writes a small part of JSON
 * Schema.
 */
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

/** Arguments for a prompt, made from the list of its arguments. Their values are strings. */
export function samplePromptArguments(list: unknown): JsonObject {
  const required = (Array.isArray(list) ? list : []).map(toObject).filter((argument) => argument['required'] === true);
  return Object.fromEntries(
    required.map(({ name }) => name).filter((name) => typeof name === 'string').map((name) => [name, 'sample']),
  ); // prettier-ignore
}

/** A URI that matches the resource's template. The extension accepts only single names in braces. */
export function fillResourceUri(template: string): string {
  return template.replace(/\{[^{}]*\}/g, 'sample');
}

function toObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function readOwn(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
