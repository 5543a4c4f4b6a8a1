import { findProperty, isJsonObject, type JsonObject } from '../../../files/json-file.js';
import { isDisabled } from '../routing/disabled-functions.js';
import { foldCase } from '../routing/route-match.js';
import { compareNames } from '../routing/router.js';
import type { RegisteredFunction } from '../worker/app-context.js';
import { findMcpTrigger, findText, type McpTrigger } from './mcp-trigger.js';
import { compileTemplate, findUriFault, isUriTemplate, normalizeTemplate, readParameters } from './resource-uri.js';
import { readToolInputSchema, readToolSchema } from './tool-input-schema.js';
import { readJsonArray, readJsonObject, refuseTrigger } from './trigger-json.js';

/** A function of an MCP trigger, and what the lists say of it. */
export interface McpEntry {
  readonly trigger: McpTrigger;
  readonly listed: JsonObject;
  /** The arguments without which it isn't called. */
  readonly required: readonly string[];
}

export interface FoundResource {
  readonly entry: McpEntry;
  /** What its template's parameters are in the URI that was read. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** Everything that the lists show, in the order of the functions' names; names and URIs are found without case. */
export class McpCatalog {
  readonly tools: readonly McpEntry[];
  readonly prompts: readonly McpEntry[];
  readonly resources: readonly McpEntry[];
  readonly templates: readonly McpEntry[];
  readonly #matchers: ReadonlyMap<McpEntry, RegExp>;

  /** Throws `ToolFailure` for what the extension would not serve. */
  constructor(functions: Iterable<RegisteredFunction>) {
    const triggers = [...functions]
      .sort((left, right) => compareNames(left.metadata.name, right.metadata.name))
      .flatMap((registered) => findMcpTrigger(registered) ?? [])
      .filter(({ functionName }) => !isDisabled(functionName));
    const ofKind = (kind: McpTrigger['kind']): readonly McpTrigger[] => triggers.filter((each) => each.kind === kind);
    this.tools = ofKind('tool').map(describeTool);
    this.prompts = ofKind('prompt').map(describePrompt);
    const resources = ofKind('resource').map(describeResource);
    this.resources = resources.filter(({ trigger }) => !isUriTemplate(trigger.name));
    this.templates = resources.filter(({ trigger }) => isUriTemplate(trigger.name));
    this.#matchers = new Map(this.templates.map((entry) => [entry, compileTemplate(entry.trigger.name)]));
    for (const entries of [this.tools, this.prompts, this.resources]) requireUnique(entries, foldCase);
    requireUnique(this.templates, normalizeTemplate);
  }

  get isEmpty(): boolean {
    return [this.tools, this.prompts, this.resources, this.templates].every((entries) => entries.length === 0);
  }

  findTool(name: string): McpEntry | undefined {
    return findByName(this.tools, name);
  }

  findPrompt(name: string): McpEntry | undefined {
    return findByName(this.prompts, name);
  }

  findResource(uri: string): FoundResource | undefined {
    const entry = findByName(this.resources, uri);
    if (entry !== undefined) return { entry, parameters: [] };
    for (const [template, compiled] of this.#matchers) {
      const parameters = readParameters(template.trigger.name, compiled, uri);
      if (parameters !== undefined) return { entry: template, parameters };
    }
    return undefined;
  }
}

function findByName(entries: readonly McpEntry[], name: string): McpEntry | undefined {
  return entries.find(({ trigger }) => foldCase(trigger.name) === foldCase(name));
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

/** `DefaultToolRegistry.ListToolsAsync`: the `resultSchema` of `@azure/functions` has no reader there. */
function describeTool(trigger: McpTrigger): McpEntry {
  const { schema, required } = readToolInputSchema(trigger);
  return {
    trigger,
    required,
    listed: present({
      name: requireName(trigger, 'toolName'),
      description: findText(trigger.binding, 'description'),
      inputSchema: schema,
      outputSchema: readToolSchema(trigger, 'outputSchema'),
      _meta: readMetadata(trigger),
    }),
  };
}

function describeResource(trigger: McpTrigger): McpEntry {
  const uri = requireName(trigger, 'uri');
  const fault = findUriFault(uri);
  if (fault !== undefined) throw refuseTrigger(trigger, `has the URI "${uri}", which ${fault}`);
  const isTemplate = isUriTemplate(uri);
  const size = findProperty(trigger.binding, 'size');
  return {
    trigger,
    required: [],
    listed: present({
      ...(isTemplate ? { uriTemplate: uri } : { uri }),
      name: findText(trigger.binding, 'resourceName') ?? '',
      title: findText(trigger.binding, 'title'),
      description: findText(trigger.binding, 'description'),
      mimeType: findText(trigger.binding, 'mimeType'),
      size: !isTemplate && typeof size === 'number' ? size : undefined,
      _meta: readMetadata(trigger),
    }),
  };
}

function describePrompt(trigger: McpTrigger): McpEntry {
  const listed = readJsonArray(trigger, 'promptArguments')?.map((each) => describeArgument(trigger, each));
  return {
    trigger,
    required: (listed ?? []).flatMap(({ name, required }) => (required === true ? [String(name)] : [])),
    listed: present({
      name: requireName(trigger, 'promptName'),
      title: findText(trigger.binding, 'title'),
      description: findText(trigger.binding, 'description'),
      arguments: listed,
      icons: readJsonArray(trigger, 'icons'),
      _meta: readMetadata(trigger),
    }),
  };
}

/** `PromptArgument`, whose description is an empty text where nothing is said of it. */
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

function readMetadata(trigger: McpTrigger): JsonObject | undefined {
  const metadata = readJsonObject(trigger, 'metadata');
  return metadata === undefined || Object.keys(metadata).length === 0 ? undefined : metadata;
}

function requireName(trigger: McpTrigger, property: string): string {
  if (trigger.name === '') throw refuseTrigger(trigger, `has no "${property}"`);
  return trigger.name;
}

/** Members without a value are not written. */
function present(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
}
