import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ToolFailure } from '#local/tool-failure.js';
import { formatBaseline, parseBaseline } from './baseline.js';
import { compareBaselines } from './compare-baselines.js';
import { readInspectedPolicy } from './inspected-policy.js';

const names = fc.constantFrom('A', 'B', 'C');
const policies = fc.oneof(
  fc.constant({ kind: 'anonymous' }),
  fc.record({ kind: fc.constant('certificate'), roles: fc.constantFrom([], [['a']], [['a', 'b'], ['c']]) }),
  fc.record({
    kind: fc.constant('certificate'),
    roles: fc.constant([['a']]),
    reportOnlyUntil: fc.constant('2027-01-01T00:00:00Z'),
  }),
);
const gates = fc.oneof(
  fc.record({ policy: fc.constant({ kind: 'none' }), covered: fc.constant('none') }),
  fc.record({ policy: policies, covered: fc.constant('gate') }),
);
const httpFunctions = fc
  .record({
    name: names,
    trigger: fc.constantFrom('httpTrigger', 'HTTPTRIGGER'),
    http: fc.constant(true),
    route: fc.constantFrom('/api/x', '/{*rest}'),
    methods: fc.constantFrom(null, ['GET'], ['GET', 'POST'], []),
    authLevel: fc.constantFrom(null, 'anonymous', 'function', 'admin', 'odd'),
  })
  .chain((base) => gates.map((gate) => ({ ...base, ...gate })));
const mcpFunctions = fc
  .record({
    name: names,
    trigger: fc.constant('mcpToolTrigger'),
    http: fc.constant(false),
    mcp: fc.record({ kind: fc.constantFrom('tool', 'resource', 'prompt'), name: fc.constantFrom('x', 'y') }),
  })
  .chain((base) => gates.map((gate) => ({ ...base, ...gate })));
const otherFunctions = fc.record({ name: names, trigger: fc.constant('timerTrigger'), http: fc.constant(false) });
const gateOptions = fc.record({
  frontEnd: fc.constantFrom(null, 'nginx', 'envoy'),
  frontEndSecret: fc.boolean(),
  frontEndIsolation: fc.constantFrom(null, 'ingress', 'loopback'),
  forwardedElements: fc.constantFrom(null, 1, 2),
  acceptForwardedChain: fc.boolean(),
  unsafeTrustCertificateHeaderFromAnywhere: fc.boolean(),
  decisionLog: fc.constantFrom('all', 'denials'),
  strangerNames: fc.boolean(),
  trust: fc.uniqueArray(
    fc.record({
      place: fc.constantFrom('file a', 'file b', 'a store of your own'),
      isExact: fc.boolean(),
      options: fc.record({ audience: fc.constantFrom(null, 'a'), signedBy: fc.constantFrom(null, ['A'], ['B']) }),
    }),
    { selector: ({ place }) => place },
  ),
});
const documents = fc.record({
  baselineVersion: fc.constant(3),
  gate: fc.option(gateOptions),
  httpStreaming: fc.boolean(),
  functions: fc.uniqueArray(fc.oneof(httpFunctions, mcpFunctions, otherFunctions), {
    selector: (each) => each.name.toLowerCase(),
    maxLength: 4,
  }),
  webhooks: fc.uniqueArray(
    fc.record({ path: fc.constantFrom('/a', '/b'), key: fc.constantFrom('none', 'system key') }),
    { selector: (each) => each.path },
  ),
});

test('a baseline is written as it was read', () => {
  fc.assert(
    fc.property(documents, (document) => {
      const text = JSON.stringify(document);
      const read = parseBaseline(text, 'x');
      assert.deepEqual(JSON.parse(formatBaseline(read)), JSON.parse(text));
      assert.deepEqual(compareBaselines(read, read), []);
    }),
  );
});

test('every difference between two baselines is reported', () => {
  fc.assert(
    fc.property(documents, documents, fc.boolean(), (before, other, isWhole) => {
      // In about half of the runs, at most one function is replaced.
      const after = isWhole
        ? other
        : { ...before, functions: [...before.functions.slice(1), ...other.functions.slice(0, 1)] };
      fc.pre(new Set(after.functions.map(({ name }) => name)).size === after.functions.length);
      const [left, right] = [before, after].map((document) => parseBaseline(JSON.stringify(document), 'x'));
      assert.equal(compareBaselines(left!, right!).length === 0, normalize(before) === normalize(after));
    }),
    { numRuns: 2000 },
  );
});

/** Ignores the order of lists and the spelling of the trigger type of an HTTP function. */
function normalize(document: unknown): string {
  const compare = (left: unknown, right: unknown): number => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1);
  const sorted = JSON.stringify(document, (_key, value: unknown) =>
    Array.isArray(value) ? [...(value as unknown[])].sort(compare) : value,
  );
  return sorted.replaceAll('HTTPTRIGGER', 'httpTrigger');
}

const gate = {
  frontEnd: null,
  frontEndSecret: false,
  frontEndIsolation: null,
  forwardedElements: null,
  acceptForwardedChain: false,
  unsafeTrustCertificateHeaderFromAnywhere: false,
  decisionLog: 'all',
  strangerNames: true,
  trust: [{ place: 'file trust.json', isExact: true, options: { audience: null } }],
};
const closed = {
  name: 'A',
  trigger: 'httpTrigger',
  http: true,
  route: '/api/A',
  methods: ['GET'],
  authLevel: 'anonymous',
  policy: { kind: 'certificate', roles: [] },
  covered: 'gate',
};
const write = (more: object): string =>
  JSON.stringify({ baselineVersion: 3, gate, httpStreaming: false, functions: [closed], webhooks: [], ...more });

test('a difference opens, closes or only changes, and those that open come first', () => {
  const one = (more: object): object => ({ functions: [{ ...closed, ...more }] });
  const withB = { functions: [closed, { ...closed, name: 'B' }] };
  const timer = { name: 'Tick', trigger: 'timerTrigger', http: false };
  const hook = { webhooks: [{ path: '/hook', key: 'system key' }] };
  const cases: readonly (readonly [before: object, after: object, expected: readonly string[]])[] = [
    [{}, one({ policy: { kind: 'anonymous' } }), ['opens A policy']],
    [one({ policy: { kind: 'anonymous' } }), {}, ['closes A policy']],
    [{}, one({ methods: ['GET', 'DELETE'] }), ['opens A methods']],
    [one({ methods: null }), {}, ['closes A methods']],
    [{}, one({ route: '/api/x' }), ['changes A route']],
    [{}, one({ authLevel: 'function' }), ['closes A authLevel']],
    [one({ authLevel: null }), {}, ['opens A authLevel']],
    [{}, one({ authLevel: 'odd' }), ['changes A authLevel']],
    [{}, withB, ['opens B function']],
    [withB, {}, ['closes B function']],
    [withB, { functions: [...withB.functions].reverse() }, []],
    [{}, { functions: [closed, timer] }, ['changes Tick function']],
    [{ functions: [{ ...timer, name: 'A' }] }, {}, ['opens A trigger']],
    [{}, { httpStreaming: true }, ['changes app httpStreaming']],
    [{}, hook, ['opens /hook webhook']],
    [hook, {}, ['closes /hook webhook']],
    [{}, { webhooks: [{ path: '/hook', key: 'none' }] }, ['opens /hook webhook']],
    [{}, { gate: null }, ['opens app gate']],
    [
      one({ route: '/api/x' }),
      { functions: [closed, { ...closed, name: 'B' }] },
      ['opens B function', 'changes A route'],
    ],
  ];
  for (const [before, after, expected] of cases) {
    const differences = compareBaselines(parseBaseline(write(before), 'x'), parseBaseline(write(after), 'x'));
    assert.deepEqual(differences.map(({ effect, subject, what }) => `${effect} ${subject} ${what}`), expected); // prettier-ignore
  }
});

test('a baseline with an unknown, missing or contradictory value is refused', () => {
  for (const [text, words] of [
    ['[]', /not a JSON object/],
    [write({ baselineVersion: 4 }), /baselineVersion is 4/],
    [write({ gate: { ...gate, frontEnd: 7 } }), /no "gate" that can be read/],
    [write({ gate: { ...gate, trust: [{ place: 'x' }] } }), /no "gate" that can be read/],
    [write({ gate: { ...gate, trust: undefined } }), /no "gate" that can be read/],
    [write({ gate: undefined }), /no "gate" that can be read/],
    [write({ baselineVersion: 1 }), /unknown key "gate"/],
    [write({ functoins: [] }), /unknown key "functoins"/],
    [write({ functions: [closed, closed] }), /A is in it twice/],
    [write({ functions: [{ ...closed, policy: { kind: 'certificat' } }] }), /no "policy" that can be read/],
    [write({ functions: [{ ...closed, covered: 'none' }] }), /contradicts itself about A/],
    [write({ functions: [{ ...closed, open: true }] }), /unknown key "open"/],
  ] as const) {
    assert.throws(() => parseBaseline(text, 'x'), words);
  }
});

test('an unknown mark of the gate is an error, and never taken for a closed function', () => {
  const marks: readonly unknown[] = [
    undefined,
    null,
    'anonymous',
    { kind: 'certificate' },
    { kind: 'certificate', roles: 'operator' },
    { kind: 'certificate', roles: [[]] },
    { kind: 'certificate', roles: [], reportOnlyUntil: '2027-01-01T00:00:00Z' },
    { kind: 'certificate', roles: [], reportOnlyUntil: Number.POSITIVE_INFINITY },
    { kind: 'certificate', roles: [], someLaterKey: true },
    { kind: 'none' },
    { kind: 'later' },
  ];
  for (const policy of marks) {
    const hosted = { name: 'X', triggerType: 'httpTrigger', http: true, covered: 'gate', policy } as const;
    assert.throws(() => readInspectedPolicy(hosted), ToolFailure, JSON.stringify(policy));
  }
});
