import { compareNames } from '#local/functions-host/routing/router.js';
import type { Baseline } from './baseline.js';
import { compareGates, type GateChange } from './compare-gates.js';
import { comparePolicies } from './compare-policies.js';
import {
  type InspectedFunction,
  type InspectedHttpFunction,
  type InspectedMcpFunction,
  isCallable,
} from './coverage-report.js';
import { describeInspectedPolicy } from './inspected-policy.js';

/**
 * `opens` if some callers reach more than before, even if others reach less. `changes` if callers reach the same, or if
 * that cannot be decided.
 */
export type Effect = 'opens' | 'closes' | 'changes';

export interface BaselineDifference {
  readonly effect: Effect;
  /** The function's name, a webhook's path, or `app`. */
  readonly subject: string;
  readonly what:
    | GateChange['what']
    | 'function'
    | 'trigger'
    | 'policy'
    | 'mcp'
    | 'methods'
    | 'route'
    | 'authLevel'
    | 'webhook'
    | 'httpStreaming';
  /** Null if there was nothing before. */
  readonly before: string | null;
  readonly after: string | null;
}

const effects: readonly Effect[] = ['opens', 'closes', 'changes'];

/** Lists every difference between the agreed baseline and the present one. Those that open come first. */
export function compareBaselines(before: Baseline, after: Baseline): readonly BaselineDifference[] {
  const differences: readonly BaselineDifference[] = [
    ...compareGates(before.gate, after.gate ?? null).map((change) => ({ ...change, subject: 'app' })),
    ...pair(before.functions, after.functions, ({ name }) => name).flatMap(compareFunctions),
    ...pair(before.webhooks, after.webhooks, ({ path }) => path).flatMap(compareWebhooks),
    ...compareStreaming(before, after),
  ];
  return differences
    .map((difference, index) => ({ difference, order: effects.indexOf(difference.effect), index }))
    .sort((left, right) => left.order - right.order || left.index - right.index)
    .map(({ difference }) => difference);
}

interface Pair<Item> {
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

function pair<Item>(
  before: readonly Item[],
  after: readonly Item[],
  nameOf: (item: Item) => string,
): readonly Pair<Item>[] {
  const find = (items: readonly Item[], name: string): Item | undefined =>
    items.find((item) => nameOf(item).toLowerCase() === name);
  const names = new Set([...before, ...after].map((item) => nameOf(item).toLowerCase()));
  return [...names].sort(compareNames).map((name) => ({ before: find(before, name), after: find(after, name) }));
}

function compareFunctions({ before, after }: Pair<InspectedFunction>): readonly BaselineDifference[] {
  if (before === undefined || after === undefined) return compareWithNothing(before, after);
  if (before.http && after.http) return compareHttpFunctions(before, after);
  if (before.mcp !== undefined && after.mcp !== undefined) return compareMcpFunctions(before, after);
  if (describeFunction(before) === describeFunction(after)) return [];
  const isCalled = { before: isCallable(before), after: isCallable(after) };
  const effect = isCalled.before === isCalled.after ? 'changes' : isCalled.after ? 'opens' : 'closes';
  return [
    { effect, subject: after.name, what: 'trigger', before: describeFunction(before), after: describeFunction(after) },
  ];
}

function compareWithNothing(
  before: InspectedFunction | undefined,
  after: InspectedFunction | undefined,
): readonly BaselineDifference[] {
  const [one, effect] = after === undefined ? [before, 'closes' as const] : [after, 'opens' as const];
  if (one === undefined) return [];
  return [
    {
      effect: isCallable(one) ? effect : 'changes',
      subject: one.name,
      what: 'function',
      before: before === undefined ? null : describeFunction(before),
      after: after === undefined ? null : describeFunction(after),
    },
  ];
}

function describeFunction(inspected: InspectedFunction): string {
  if (inspected.mcp !== undefined)
    return `${describeMcp(inspected.mcp)} for ${describeInspectedPolicy(inspected.policy)}`;
  if (!inspected.http) return inspected.trigger;
  const { methods, route, policy } = inspected;
  return `${describeMethods(methods)} ${route} for ${describeInspectedPolicy(policy)}`;
}

export function describeMcp({ kind, name }: InspectedMcpFunction['mcp']): string {
  return `${kind} ${name}`;
}

export function describeMethods(methods: readonly string[] | null): string {
  return methods === null ? 'any method' : methods.join(' ');
}

function compareHttpFunctions(
  before: InspectedHttpFunction,
  after: InspectedHttpFunction,
): readonly BaselineDifference[] {
  const reportChange = createChangeReporter(before, after);
  return [
    ...reportChange('policy', findPolicyEffect(before, after), ({ policy }) => describeInspectedPolicy(policy)),
    ...reportChange('methods', findMethodsEffect(before.methods, after.methods), ({ methods }) =>
      describeMethods(methods),
    ),
    ...reportChange('route', before.route === after.route ? undefined : 'changes', ({ route }) => route),
    ...reportChange(
      'authLevel',
      findKeyEffect(before.authLevel, after.authLevel),
      ({ authLevel }) => authLevel ?? 'not said',
    ),
  ];
}

function compareMcpFunctions(before: InspectedMcpFunction, after: InspectedMcpFunction): readonly BaselineDifference[] {
  const reportChange = createChangeReporter(before, after);
  const isSame = describeMcp(before.mcp) === describeMcp(after.mcp) && before.trigger === after.trigger;
  return [
    ...reportChange('policy', findPolicyEffect(before, after), ({ policy }) => describeInspectedPolicy(policy)),
    ...reportChange('mcp', isSame ? undefined : 'changes', ({ mcp }) => describeMcp(mcp)),
  ];
}

/** Makes a function that returns a difference between two states of one function, or nothing if there is no effect. */
function createChangeReporter<Inspected extends InspectedFunction>(
  before: Inspected,
  after: Inspected,
): (
  what: BaselineDifference['what'],
  effect: Effect | undefined,
  describe: (inspected: Inspected) => string,
) => readonly BaselineDifference[] {
  return (what, effect, describe) =>
    effect === undefined
      ? []
      : [{ effect, subject: after.name, what, before: describe(before), after: describe(after) }];
}

type WithPolicy = InspectedHttpFunction | InspectedMcpFunction;

function findPolicyEffect(before: WithPolicy, after: WithPolicy): Effect | undefined {
  const { opens, closes } = comparePolicies(before.policy, after.policy);
  if (opens) return 'opens';
  if (closes) return 'closes';
  // The policies may name the same callers in other words, for example with a role that another one implies.
  return JSON.stringify(before.policy) === JSON.stringify(after.policy) ? undefined : 'changes';
}

function findMethodsEffect(before: readonly string[] | null, after: readonly string[] | null): Effect | undefined {
  const isWithin = (inner: readonly string[] | null, outer: readonly string[] | null): boolean =>
    outer === null || (inner !== null && inner.every((method) => outer.includes(method)));
  if (!isWithin(after, before)) return 'opens';
  return isWithin(before, after) ? undefined : 'closes';
}

const keyLevels = ['anonymous', 'function', 'admin'];

function findKeyEffect(before: string | null, after: string | null): Effect | undefined {
  if (before === after) return undefined;
  // If an app gives no level, the host takes `function`.
  const [from, to] = [before, after].map((level) => keyLevels.indexOf(level ?? 'function'));
  if (from === undefined || to === undefined || from === -1 || to === -1 || from === to) return 'changes';
  return to < from ? 'opens' : 'closes';
}

function compareWebhooks({ before, after }: Pair<Baseline['webhooks'][number]>): readonly BaselineDifference[] {
  if (before?.key === after?.key) return [];
  const subject = after?.path ?? before?.path ?? '';
  const effect = after === undefined || before?.key === 'none' ? 'closes' : 'opens';
  return [{ effect, subject, what: 'webhook', before: before?.key ?? null, after: after?.key ?? null }];
}

function compareStreaming(before: Baseline, after: Baseline): readonly BaselineDifference[] {
  if (before.httpStreaming === after.httpStreaming) return [];
  const [from, to] = [before, after].map(({ httpStreaming }) => (httpStreaming ? 'on' : 'off'));
  return [{ effect: 'changes', subject: 'app', what: 'httpStreaming', before: from ?? null, after: to ?? null }];
}

/** One line, for example `opens RoleFunction policy allowed certificates, role operator → public`. */
export function describeDifference({ effect, subject, what, before, after }: BaselineDifference): string {
  const change = before === null ? `new: ${after ?? ''}` : after === null ? `gone: ${before}` : `${before} → ${after}`;
  return `${effect.padEnd(7)}  ${subject}  ${what} ${change}`;
}
