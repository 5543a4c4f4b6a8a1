import { ToolFailure, messageOf } from '#local/tool-failure.js';
import { findGateOptions } from '../../local-app/hosted-gate-options.js';
import { compareNames } from '#local/functions-host/routing/router.js';
import { findFile, isJsonObject, type JsonObject } from '#local/json-file.js';
import type { AgreedGate } from './compare-gates.js';
import { type CoverageReport, type InspectedFunction, isCallable } from './coverage-report.js';
import { findWrittenPolicy, sortPolicy } from './inspected-policy.js';

export const baselineFileName = 'certgate.baseline.json';

const baselineVersion = 3;

/** The part of a report that is compared. It is meant to be the same on every machine and at every time. */
export interface Baseline {
  readonly baselineVersion: typeof baselineVersion;
  /**
   * The gate as the code configures it. Null if the app has no gate. Undefined if the file is of an earlier version,
   * which does not describe the whole gate.
   */
  readonly gate: AgreedGate | null | undefined;
  readonly httpStreaming: boolean;
  /** Sorted by name, as this tool writes them. */
  readonly functions: readonly InspectedFunction[];
  /** Endpoints that extensions serve, sorted by path, as this tool writes them. */
  readonly webhooks: readonly BaselineWebhook[];
}

export interface BaselineWebhook {
  readonly path: string;
  readonly key: string;
}

export function createBaseline({ host, gate, functions, outsideTheGate }: CoverageReport): Baseline {
  return {
    baselineVersion,
    gate: gate === null ? null : { ...gate.options, trust: gate.trust },
    httpStreaming: host.httpStreaming,
    // An app setting says whether a function is disabled, and another machine may not have that setting.
    functions: functions
      .map(omitDisabled)
      .map((each) => (isCallable(each) ? { ...each, policy: sortPolicy(each.policy) } : each)),
    webhooks: outsideTheGate
      .filter(({ path }) => /^\/runtime\/webhooks\/[^*]/.test(path))
      .map(({ path, key }) => ({ path, key }))
      .sort((left, right) => compareNames(left.path, right.path)),
  };
}

/** The places of stores that may differ between the apps although the baselines are the same. */
export function listUncompared({ gate }: Baseline): readonly string[] {
  const unknown = (gate?.trust ?? []).filter(({ isExact }) => !isExact);
  return unknown.map(({ place }) => place);
}

function omitDisabled(inspected: InspectedFunction): InspectedFunction {
  const { disabled, ...rest } = inspected;
  return disabled === undefined ? inspected : rest;
}

export function formatBaseline(baseline: Baseline): string {
  return `${JSON.stringify(baseline, null, 2)}\n`;
}

/**
 * Undefined if the file does not exist.
 *
 * @throws {ToolFailure} if the file can't be read or is not a baseline.
 */
export async function findBaseline(path: string): Promise<Baseline | undefined> {
  const text = (await findFile(path))?.toString('utf8');
  return text === undefined ? undefined : parseBaseline(text, path);
}

/** Reads a baseline, and refuses anything unknown, because that might be what has changed. */
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
  const { baselineVersion: version } = Object(value) as JsonObject;
  if (isJsonObject(value) && !isVersion(version))
    return refuse(`its baselineVersion is ${JSON.stringify(version)}, and 1 to ${baselineVersion} are known`);
  const shape = version === 1 ? firstShape : { ...firstShape, gate: version === 2 ? () => true : isGate };
  const { functions, webhooks, ...document } = readShape(value, shape, 'the document', refuse) as Baseline;
  return {
    ...document,
    baselineVersion,
    gate: version === baselineVersion ? document.gate : undefined,
    functions: expectUnique(
      functions.map((item) => readFunction(item, refuse)),
      ({ name: key }) => key,
      refuse,
    ),
    webhooks: expectUnique(
      webhooks.map((item) => readShape(item, webhookShape, 'a webhook', refuse) as BaselineWebhook),
      ({ path }) => path,
      refuse,
    ),
  };
}

type Refuse = (why: string) => never;

/** The keys of an object, each with a test of its value. Any other key is unknown. */
type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const isText = (value: unknown): boolean => typeof value === 'string';
const isGate = (value: unknown): boolean => {
  if (value === null) return true;
  const { trust, ...options } = Object(value) as JsonObject;
  const areStores = Array.isArray(trust) && trust.every((each) => findShapeFault(each, storeShape) === undefined);
  return areStores && !('stores' in options) && findGateOptions({ ...options, stores: [] }) !== undefined;
};
const isOneOf =
  (...known: readonly unknown[]) =>
  (value: unknown): boolean =>
    known.includes(value);

const isVersion = isOneOf(1, 2, baselineVersion);

/** A document of version 1, which does not describe the gate. */
const firstShape: Shape = {
  baselineVersion: isVersion,
  httpStreaming: isOneOf(true, false),
  functions: Array.isArray,
  webhooks: Array.isArray,
};
const storeShape: Shape = { place: isText, isExact: isOneOf(true, false), options: isJsonObject };
const webhookShape: Shape = { path: isText, key: isText };
const otherShape: Shape = { name: isText, trigger: isText, http: isOneOf(false) };
const coveredShape: Shape = {
  ...otherShape,
  policy: (value) => findWrittenPolicy(value) !== undefined,
  covered: isOneOf('gate', 'none'),
};
const calledShape: Shape = { kind: isOneOf('tool', 'resource', 'prompt'), name: isText };
const mcpShape: Shape = { ...coveredShape, mcp: (value) => findShapeFault(value, calledShape) === undefined };
const httpShape: Shape = {
  ...coveredShape,
  http: isOneOf(true),
  route: isText,
  methods: (value) => value === null || (Array.isArray(value) && value.every(isText)),
  authLevel: (value) => value === null || isText(value),
};

function readFunction(value: unknown, refuse: Refuse): InspectedFunction {
  const { name, http, mcp } = Object(value) as JsonObject;
  const where = typeof name === 'string' ? name : 'a function';
  const shape = http === true ? httpShape : mcp === undefined ? otherShape : mcpShape;
  const read = readShape(value, shape, where, refuse) as InspectedFunction;
  if (!isCallable(read)) return read;
  const isOpen = read.policy.kind === 'none';
  if (isOpen !== (read.covered === 'none')) return refuse(`it contradicts itself about ${where}`);
  return { ...read, policy: sortPolicy(read.policy) };
}

function readShape(value: unknown, shape: Shape, where: string, refuse: Refuse): unknown {
  const fault = findShapeFault(value, shape);
  return fault === undefined ? value : refuse(`${where} ${fault}`);
}

function findShapeFault(value: unknown, shape: Shape): string | undefined {
  if (!isJsonObject(value)) return 'is not a JSON object';
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(shape, key));
  if (unknown !== undefined) return `has the unknown key "${unknown}"`;
  const wrong = Object.keys(shape).find((key) => shape[key]?.(value[key]) !== true);
  return wrong === undefined ? undefined : `has no "${wrong}" that can be read`;
}

/**
 * Refuses an entry that occurs twice, which a merge may cause. Otherwise the first or the last one would win by
 * accident.
 */
function expectUnique<Item>(items: readonly Item[], nameOf: (item: Item) => string, refuse: Refuse): readonly Item[] {
  const seen = new Set<string>();
  for (const name of items.map(nameOf)) {
    if (seen.has(name.toLowerCase())) refuse(`${name} is in it twice`);
    seen.add(name.toLowerCase());
  }
  return items;
}
