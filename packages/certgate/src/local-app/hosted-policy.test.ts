import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import { formatCheckTable } from './checks/check-table.js';
import { describePolicy, readPolicy } from './hosted-policy.js';

const now = Date.UTC(2027, 0, 1);
const hosted = (policy: unknown): HostedFunction => ({
  name: 'F',
  route: '/api/F',
  triggerType: 'httpTrigger',
  http: true,
  covered: 'gate',
  policy,
});
const describe = (policy: unknown, at = now): string => describePolicy(hosted(policy), at);

test('a policy in words shows who is admitted, and until when it is report-only', () => {
  const roles = [['a', 'b'], ['c']];
  assert.equal(describe({ kind: 'anonymous' }), 'public');
  assert.equal(describe({ kind: 'certificate', roles: [] }), 'allowed certificates');
  assert.equal(describe({ kind: 'certificate', roles }), 'allowed certificates, role a or b and c');
  const trial = { kind: 'certificate', roles, reportOnlyUntil: now + 1000 };
  assert.equal(describe(trial), 'allowed certificates, role a or b and c, report only until 2027-01-01T00:00:01Z');
  assert.equal(describe(trial, now + 1000), 'allowed certificates, role a or b and c');
  assert.equal(describe({ ...trial, roles: [] }), 'allowed certificates, report only until 2027-01-01T00:00:01Z');
  const moving = { kind: 'certificate', roles: [], observedUntil: now + 1000 };
  assert.equal(describe(moving), 'allowed certificates, observed until 2027-01-01T00:00:01Z');
  assert.equal(describe(moving, now + 1000), 'allowed certificates');
});

test('an end date outside the calendar is ignored, and the function is taken for closed', () => {
  for (const reportOnlyUntil of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, '2030-01-01T00:00:00Z', null, true])
    assert.deepEqual(readPolicy(hosted({ kind: 'certificate', roles: [], reportOnlyUntil })), {
      kind: 'certificate',
      roles: [],
    });
  assert.deepEqual(readPolicy(hosted({ kind: 'certificate', roles: [], observedUntil: Number.POSITIVE_INFINITY })), {
    kind: 'certificate',
    roles: [],
  });
  assert.deepEqual(readPolicy(hosted({ kind: 'anonymous', reportOnlyUntil: now })), { kind: 'anonymous' });
});

test('the table shows the policy', () => {
  const policy = { kind: 'certificate', roles: [['ops']], reportOnlyUntil: Date.UTC(9999, 0, 1) };
  const table = stripVTControlCharacters(formatCheckTable([hosted(policy)], []));
  assert.match(table, /F +│ allowed certificates, role ops, report only until 9999-01-01T00:00:00Z/);
});
