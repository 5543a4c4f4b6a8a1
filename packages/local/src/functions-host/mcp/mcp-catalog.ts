import { findProperty, isJsonObject, type JsonObject } from '../../json-file.js';
import { foldCase } from '../routing/route-match.js';
import { compareNames, isDisabled } from '../routing/router.js';
import type { RegisteredCallback } from '../worker/app-context.js';
import {
  findMcpTrigger,
  findBindingText,
  type McpTrigger,
  nameProperties,
  readJsonArray,
  readJsonObject,
  refuseTrigger,
} from './mcp-trigger.js';
import { compileTemplate, findUriFault, isUriTemplate, normalizeTemplate, readParameters } from './resource-uri.js';
import { readToolInputSchema, readToolSchema } from './tool-input-schema.js';

/** A function with an MCP trigger, and its entry in the lists. */
export interface McpEntry {
  readonly trigger: McpTrigger;
  readonly listed: JsonObject;
  /** The arguments that a call must give. */
  readonly required: readonly string[];
}

export interface FoundEntry {
  readonly entry: McpEntry;
  /** For a resource, the values of its template's parameters in the URI that the client reads. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** All entries of the lists, in the order of the functions' names. Names and URIs are found without regard to case. */
export class McpCatalog {
  readonly tools: readonly McpEntry[];
  readonly prompts: readonly McpEntry[];
  readonly resources: readonly McpEntry[];
  readonly templates: readonly McpEntry[];
  readonly #matchers: ReadonlyMap<McpEntry, RegExp>;

  /** @throws {ToolFailure} if the extension would not serve a trigger. */
  constructor(functions: Iterable<RegisteredCallback>) {
    const triggers = [...functions]
      .sort((left, right) => compareNames(left.metadata.name, right.metadata.name))
      .flatMap((registered) => findMcpTrigger(registered) ?? [])
      .filter(({ functionName }) => !isDisabled(functionName));
    const ofKind = (kind: McpTrigger['kind']): readonly McpTrigger[] => triggers.filter((each) => each.kind === kind);
    this.tools = ofKind('tool').map(describe);
    this.prompts = ofKind('prompt').map(describe);
    const resources = ofKind('resource').map(describe);
    this.resources = resources.filter(({ trigger }) => !isUriTemplate(trigger.name));
    this.templates = resources.filter(({ trigger }) => isUriTemplate(trigger.name));
    this.#matchers = new Map(this.templates.map((entry) => [entry, compileTemplate(entry.trigger.name)]));
    for (const entries of [this.tools, this.prompts, this.resources]) requireUnique(entries, foldCase);
    requireUnique(this.templates, normalizeTemplate);
  }

  get isEmpty(): boolean {
    return [this.tools, this.prompts, this.resources, this.templates].every((entries) => entries.length === 0);
  }

  find(kind: McpTrigger['kind'], name: string): FoundEntry | undefined {
    const entries = { tool: this.tools, prompt: this.prompts, resource: this.resources }[kind];
    const entry = entries.find(({ trigger }) => foldCase(trigger.name) === foldCase(name));
    if (entry !== undefined) return { entry, parameters: [] };
    for (const [template, compiled] of kind === 'resource' ? this.#matchers : []) {
      const parameters = readParameters(template.trigger.name, compiled, name);
      if (parameters !== undefined) return { entry: template, parameters };
    }
    return undefined;
  }
}

function requireUnique(entries: readonly McpEntry[], normalize: (name: string) => string): void {
  const seen = new Map<string, McpTrigger>();
  for (const { trigger } of entries) {
    const earlier = seen.get(normalize(trigger.name));
    if (earlier !== undefined) {
      throw refuseTrigger(trigger, `has the name "${trigger.name}", which "${earlier.functionName}" has already`);
    }
    seen.set(normalize(trigger.name), trigger);
  }
}

function describe(trigger: McpTrigger): McpEntry {
  if (trigger.name === '') throw refuseTrigger(trigger, `has no "${nameProperties[trigger.kind]}"`);
  const { members, required = [] } = describers[trigger.kind](trigger);
  const metadata = readJsonObject(trigger, 'metadata');
  const _meta = metadata === undefined || Object.keys(metadata).length === 0 ? undefined : metadata;
  return { trigger, required, listed: present({ ...members, _meta }) };
}

const describers: Readonly<Record<McpTrigger['kind'], Describer>> = {
  tool: describeTool,
  resource: describeResource,
  prompt: describePrompt,
};

type Describer = (trigger: McpTrigger) => { readonly members: JsonObject; readonly required?: readonly string[] };

function readTexts({ binding }: McpTrigger, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, findBindingText(binding, name)]));
}

/**
 * Describes a tool like `DefaultToolRegistry.ListToolsAsync`, which does not read the `resultSchema` of
 * `@azure/functions`.
 */
function describeTool(trigger: McpTrigger): ReturnType<Describer> {
  const { schema: inputSchema, required } = readToolInputSchema(trigger);
  const outputSchema = readToolSchema(trigger, 'outputSchema');
  return { required, members: { name: trigger.name, ...readTexts(trigger, 'description'), inputSchema, outputSchema } };
}

function describeResource(trigger: McpTrigger): ReturnType<Describer> {
  const { name: uri, binding } = trigger;
  const fault = findUriFault(uri);
  if (fault !== undefined) throw refuseTrigger(trigger, `has the URI "${uri}", which ${fault}`);
  const isTemplate = isUriTemplate(uri);
  const size = findProperty(binding, 'size');
  return {
    members: {
      ...(isTemplate ? { uriTemplate: uri } : { uri }),
      name: findBindingText(binding, 'resourceName') ?? '',
      ...readTexts(trigger, 'title', 'description', 'mimeType'),
      size: !isTemplate && typeof size === 'number' ? size : undefined,
    },
  };
}

function describePrompt(trigger: McpTrigger): ReturnType<Describer> {
  const listed = readJsonArray(trigger, 'promptArguments')?.map((each) => describeArgument(trigger, each));
  const texts = readTexts(trigger, 'title', 'description');
  return {
    required: (listed ?? []).flatMap(({ name, required }) => (required === true ? [String(name)] : [])),
    members: { name: trigger.name, ...texts, arguments: listed, icons: readJsonArray(trigger, 'icons') },
  };
}

/** Describes an argument like `PromptArgument`. The description is empty if the app gives none. */
function describeArgument(trigger: McpTrigger, argument: unknown): JsonObject {
  const read = (name: string): unknown => (isJsonObject(argument) ? findProperty(argument, name) : undefined);
  const [name, description, required] = [read('name'), read('description'), read('required')];
  if (typeof name !== 'string') throw refuseTrigger(trigger, 'has "promptArguments" with an entry without a name');
  return present({
    name,
    title: read('title'),
    description: description === undefined ? '' : description,
    required: typeof required === 'boolean' ? required : undefined,
  });
}

/** Removes members without a value. */
function present(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
}
