import { readFile } from 'node:fs/promises';
import type { GateDescription } from '@certgate/core/internal';
import { ToolFailure, hasCode, messageOf } from '../../faults/tool-failure.js';
import { findGateOptions } from '../../local/local-app/hosted-gate-options.js';
import { compareNames } from '../../local/functions-host/routing/router.js';
import {
  type CoverageReport,
  type InspectedFunction,
  type InspectedMcpFunction,
  isCallable,
} from './coverage-report.js';
import { findWrittenPolicy, sortPolicy } from './inspected-policy.js';

export const baselineFileName = 'certgate.baseline.json';

const baselineVersion = 2;

/** What is compared: the part of a report that is the same on every machine and at every time. */
export interface Baseline {
  readonly baselineVersion: typeof baselineVersion;
  /** The gate's options as the code gives them; null: no gate. Undefined: a file of version 1, which doesn't say. */
  readonly gate: GateDescription | null | undefined;
  readonly httpStreaming: boolean;
  /** Sorted by name. */
  readonly functions: readonly InspectedFunction[];
  /** Extensions' own endpoints, sorted by path. */
  readonly webhooks: readonly BaselineWebhook[];
}

export interface BaselineWebhook {
  readonly path: string;
  readonly key: string;
}

export function createBaseline({ host, gate, functions, outsideTheGate }: CoverageReport): Baseline {
  return {
    baselineVersion,
    gate: gate === null ? null : gate.options,
    httpStreaming: host.httpStreaming,
    // That one is disabled says an app setting, which another machine may not have.
    functions: functions
      .map(omitDisabled)
      .map((each) => (isCallable(each) ? { ...each, policy: sortPolicy(each.policy) } : each)),
    webhooks: outsideTheGate
      .filter(({ path }) => /^\/runtime\/webhooks\/[^*]/.test(path))
      .map(({ path, key }) => ({ path, key }))
      .sort((left, right) => compareNames(left.path, right.path)),
  };
}

function omitDisabled(inspected: InspectedFunction): InspectedFunction {
  const { disabled, ...rest } = inspected;
  return disabled === undefined ? inspected : rest;
}

export function formatBaseline(baseline: Baseline): string {
  return `${JSON.stringify(baseline, null, 2)}\n`;
}

/** Undefined where there is no such file. @throws {ToolFailure} for a file that is no baseline. */
export async function findBaseline(path: string): Promise<Baseline | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new ToolFailure(`${path} can't be read: ${messageOf(cause)}.`, { cause });
  }
  return parseBaseline(text, path);
}

/** Strict: what isn't understood might be what has changed. */
export function parseBaseline(text: string, name: string): Baseline {
  const refuse = (why: string, cause?: unknown): never => {
    throw new ToolFailure(`${name} is not a baseline: ${why}.`, {
      remedy: 'Write it again with --write-baseline, and review the difference before you commit it.',
      cause,
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    return refuse(`it is not JSON (${messageOf(cause)})`, cause);
  }
  if (!isRecord(value)) return refuse('it holds no JSON object');
  const version = value['baselineVersion'];
  if (version !== 1 && version !== baselineVersion)
    return refuse(`its baselineVersion is ${JSON.stringify(version)}, and 1 and ${baselineVersion} are known`);
  const keys = ['baselineVersion', 'httpStreaming', 'functions', 'webhooks', ...(version === 1 ? [] : ['gate'])];
  expectKeys(value, keys, 'the document', refuse);
  const { httpStreaming, functions, webhooks } = value;
  if (typeof httpStreaming !== 'boolean') return refuse('httpStreaming must be true or false');
  if (!Array.isArray(functions) || !Array.isArray(webhooks)) return refuse('functions and webhooks must be lists');
  return {
    baselineVersion,
    gate: version === 1 ? undefined : readGate(value['gate'], refuse),
    httpStreaming,
    functions: expectUnique(
      functions.map((item) => readFunction(item, refuse)),
      ({ name: key }) => key,
      refuse,
    ),
    webhooks: expectUnique(
      webhooks.map((item) => readWebhook(item, refuse)),
      ({ path }) => path,
      refuse,
    ),
  };
}

type Refuse = (why: string) => never;

function readGate(value: unknown, refuse: Refuse): GateDescription | null {
  return value === null ? null : (findGateOptions(value) ?? refuse("what it says of the gate can't be read"));
}

function readFunction(value: unknown, refuse: Refuse): InspectedFunction {
  if (!isRecord(value)) return refuse('a function is no object');
  const { name, trigger, http, route, methods, authLevel } = value;
  if (typeof name !== 'string' || typeof trigger !== 'string') return refuse('a function has no name or trigger');
  if (http === false && value['mcp'] !== undefined) return readMcpFunction(name, trigger, value, refuse);
  if (http === false) {
    expectKeys(value, ['name', 'trigger', 'http'], name, refuse);
    return { name, trigger, http };
  }
  expectKeys(value, ['name', 'trigger', 'http', 'route', 'methods', 'authLevel', 'policy', 'covered'], name, refuse);
  const isComplete = http === true && typeof route === 'string' && isMethods(methods) && isTextOrNull(authLevel);
  if (!isComplete) return refuse(`what it says of the function ${name} can't be read`);
  return { name, trigger, http, route, methods, authLevel, ...readCoverage(name, value, refuse) };
}

function readMcpFunction(
  name: string,
  trigger: string,
  value: Record<string, unknown>,
  refuse: Refuse,
): InspectedFunction {
  expectKeys(value, ['name', 'trigger', 'http', 'mcp', 'policy', 'covered'], name, refuse);
  const { mcp } = value;
  const { kind, name: called } = isRecord(mcp) ? mcp : {};
  if (!isRecord(mcp) || !isMcpKind(kind) || typeof called !== 'string')
    return refuse(`what it says of the function ${name} can't be read`);
  expectKeys(mcp, ['kind', 'name'], name, refuse);
  return { name, trigger, http: false, mcp: { kind, name: called }, ...readCoverage(name, value, refuse) };
}

function readCoverage(
  name: string,
  { policy: written, covered }: Record<string, unknown>,
  refuse: Refuse,
): Pick<InspectedMcpFunction, 'policy' | 'covered'> {
  const policy = findWrittenPolicy(written);
  if (policy === undefined || !isCoverage(covered)) return refuse(`what it says of the function ${name} can't be read`);
  if ((policy.kind === 'none') !== (covered === 'none')) return refuse(`it contradicts itself about ${name}`);
  return { policy, covered };
}

function readWebhook(value: unknown, refuse: Refuse): BaselineWebhook {
  if (!isRecord(value)) return refuse('a webhook is no object');
  const { path, key } = value;
  if (typeof path !== 'string' || typeof key !== 'string') return refuse('a webhook has no path or key');
  expectKeys(value, ['path', 'key'], path, refuse);
  return { path, key };
}

function expectKeys(value: Record<string, unknown>, known: readonly string[], where: string, refuse: Refuse): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) refuse(`${where} has the unknown key "${unknown}"`);
}

/** A merge may leave an entry twice; the first or the last one would then win by accident. */
function expectUnique<Item>(items: readonly Item[], nameOf: (item: Item) => string, refuse: Refuse): readonly Item[] {
  const seen = new Set<string>();
  for (const name of items.map(nameOf)) {
    if (seen.has(name.toLowerCase())) refuse(`${name} stands in it twice`);
    seen.add(name.toLowerCase());
  }
  return items;
}

function isMethods(value: unknown): value is readonly string[] | null {
  return value === null || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isMcpKind(value: unknown): value is InspectedMcpFunction['mcp']['kind'] {
  return value === 'tool' || value === 'resource' || value === 'prompt';
}

function isCoverage(value: unknown): value is 'gate' | 'none' {
  return value === 'gate' || value === 'none';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
