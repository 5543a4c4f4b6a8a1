import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import type { ClientCertificateMode } from '#local/gateway/client-certificate-mode.js';
import { type PlannedCheck, planChecks } from './check-plan.js';

const hosted = (name: string, route: string, more: Partial<HostedFunction> = {}): HostedFunction => ({
  name,
  route,
  triggerType: 'httpTrigger',
  http: true,
  methods: ['GET'],
  covered: 'gate',
  policy: { kind: 'certificate', roles: [] },
  ...more,
});
const callers = [
  { name: 'none', certificate: undefined, isTrusted: false, roles: [] },
  { name: 'allowed', certificate: undefined, isTrusted: true, roles: [] },
];
const role = { policy: { kind: 'certificate', roles: [['ops']] } };
const plan = (
  functions: readonly HostedFunction[],
  name: string,
  namesToCall: readonly string[] = [],
): PlannedCheck[] =>
  planChecks(functions, callers, namesToCall, { clientCertificateMode: 'optional', exclusionPaths: [] }).filter(
    (check) => check.function.name === name,
  );

test('a call that another function would answer is not sent, because it would run code that the user did not name', () => {
  const checks = plan([hosted('Any', '/api/{*rest}'), hosted('Zed', '/api/zed', role)], 'Zed');
  assert.deepEqual(
    checks.map(({ caller, expected }) => [caller.name, expected]),
    [
      ['none', 401],
      ['allowed', 403],
    ],
  );
  for (const { unsafeBecause } of checks) assert.match(unsafeBecause ?? '', /"Any"/);
});

test('every caller reaches an observed function, so it is called only if the user named it', () => {
  const policy = { kind: 'certificate', roles: [], observedUntil: Date.now() + 3_600_000 };
  assert.deepEqual(plan([hosted('Moving', '/api/moving', { policy })], 'Moving'), []);
  const named = plan([hosted('Moving', '/api/moving', { policy })], 'Moving', ['Moving']);
  assert.deepEqual(
    named.map(({ caller, expected }) => [caller.name, expected]),
    [
      ['none', 200],
      ['allowed', 200],
    ],
  );
  const over = { ...policy, observedUntil: Date.now() - 1 };
  assert.deepEqual(
    plan([hosted('Moving', '/api/moving', { policy: over })], 'Moving').map(({ expected }) => expected),
    [401],
  );
});

test('a check expects what Azure answers in each client certificate mode', () => {
  const certificate = { certificatePem: '', privateKeyPem: '' };
  const who = [
    ...callers.slice(0, 1),
    ...[false, true].map((isTrusted) => ({ name: 'x', certificate, isTrusted, roles: [] })),
  ];
  const expectedIn = (clientCertificateMode: ClientCertificateMode, ...exclusionPaths: string[]): readonly string[] =>
    planChecks([hosted('F', '/api/f')], who, ['F'], { clientCertificateMode, exclusionPaths }).map(
      ({ expected, answeredBy }) => `${expected} ${answeredBy}`,
    );
  assert.deepEqual(expectedIn('required'), ['403 gateway', '401 app', '200 app']);
  assert.deepEqual(expectedIn('optional-interactive'), ['401 app', '401 app', '200 app']);
  for (const expected of [expectedIn('ignore'), expectedIn('required', '/API/f')])
    assert.deepEqual(expected, ['401 app', '401 app', '401 app']);
});

test('a function with a later name or other methods does not prevent a check', () => {
  const functions = [
    hosted('Any', '/api/{*rest}', { methods: ['POST'] }),
    hosted('Zed', '/api/zed', role),
    hosted('Zz', '/api/{id}'),
  ];
  for (const { unsafeBecause } of plan(functions, 'Zed')) assert.equal(unsafeBecause, undefined);
});

test("the host's own 404 is not taken for an answer of the function", () => {
  const anonymous = { policy: { kind: 'anonymous' } };
  const checks = plan([hosted('Health', '/api/health/{id:regex(^x[0-9]+$)}', anonymous)], 'Health', ['Health']);
  assert.equal(checks.length, 2);
  for (const { unsafeBecause } of checks) assert.match(unsafeBecause ?? '', /no request is known that fits/);
});

test('a request can be made for routes of every kind', () => {
  for (const route of [
    '/',
    '/api/orders',
    '/api/orders/{id}',
    '/api/orders/{id:int}',
    '/api/orders/{id:int:min(10)?}',
    '/api/{id:guid}/{name:alpha}/{flag:bool}',
    '/api/{when:datetime}/{rest=a}',
    '/api/{**rest}',
    '/api/{name:length(7)}.{extension?}',
    '/api/{n:range(3,9)}/{d:double}',
  ]) {
    for (const { unsafeBecause } of plan([hosted('F', route)], 'F')) assert.equal(unsafeBecause, undefined, route);
  }
});

test('a report-only function is checked with unknown callers as usual, and with a caller without the role only if it is named', () => {
  const trial = { policy: { ...role.policy, reportOnlyUntil: Date.now() + 3_600_000 } };
  const expectations = (more: object, ...named: readonly string[]): readonly unknown[] =>
    plan([hosted('Trial', '/api/trial', more)], 'Trial', named).map(({ caller, expected }) => [caller.name, expected]);
  assert.deepEqual(expectations(trial), [['none', 401]]);
  assert.deepEqual(expectations(trial, 'trial'), [
    ['none', 401],
    ['allowed', 200],
  ]);
  const over = { policy: { ...role.policy, reportOnlyUntil: Date.now() - 1 } };
  assert.deepEqual(expectations(over), [
    ['none', 401],
    ['allowed', 403],
  ]);
});
