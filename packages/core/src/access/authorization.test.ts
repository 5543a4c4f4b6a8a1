import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { findAuthorizationDenial } from './authorization.js';
import { createClientIdentity } from './authentication.js';
import { decodeClientCertificate } from '@certgate/x509';
import { makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import type { ClientIdentity } from './decision.js';

const decoding = decodeClientCertificate(makeCertificate().der);
assert.ok(decoding.ok);
const { certificate } = decoding;
const identityOf = (roles: readonly string[], functions?: readonly string[]): ClientIdentity =>
  createClientIdentity({ name: 'billing', roles, functions }, certificate, { matchedBy: 'thumbprintSha256' });
const codeOf = (identity: ClientIdentity, functionName: string, ...roles: readonly string[][]): string | undefined =>
  findAuthorizationDenial(identity, { functionName, roles })?.code;

describe('roles', () => {
  for (const [what, has, asked, code] of [
    ['none asked, none there', [], [], undefined],
    ['the one that is asked', ['a'], [['a']], undefined],
    ['one of a group', ['b'], [['a', 'b']], undefined],
    [
      'one of every group',
      ['a', 'c'],
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      undefined,
    ],
    [
      'one of one group only',
      ['a'],
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      'role_missing',
    ],
    ['none there', [], [['a']], 'role_missing'],
    ['another letter case', ['A'], [['a']], 'role_missing'],
    ['a part of the name', ['admin'], [['adm']], 'role_missing'],
    ['a group that is empty, which nobody meets', ['a'], [[]], 'role_missing'],
    ['an empty group among met ones', ['a'], [['a'], []], 'role_missing'],
    ['names of Object', [], [['toString'], ['constructor']], 'role_missing'],
  ] as const) {
    test(`${what}: ${code ?? 'may'}`, () => {
      assert.equal(codeOf(identityOf(has), 'f', ...asked.map((group) => [...group])), code);
    });
  }
});

test('a refusal names the identity, what it matched, the roles it has and the roles it needs', () => {
  const lacking = findAuthorizationDenial(identityOf(['b'], ['f']), { functionName: 'F', roles: [['a']] });
  assert.deepEqual(lacking?.facts, { identity: 'billing', functionName: 'F', anyOf: ['a'], roles: ['b'] });
  assert.ok(!('matched' in lacking));
  const by = { matchedBy: 'dnsName', matched: 'billing.example' };
  const named = createClientIdentity({ name: 'billing', roles: [], functions: ['g'] }, certificate, by);
  const elsewhere = findAuthorizationDenial(named, { functionName: 'F', roles: [] });
  assert.equal(elsewhere?.matched, 'billing.example');
  assert.equal(elsewhere.thumbprintSha256, certificate.thumbprintSha256);
  assert.equal(elsewhere.identityName, 'billing');
  assert.deepEqual(elsewhere.facts, { identity: 'billing', functionName: 'F', functions: ['g'] });
});

test('a requirement that inherits its members is an error', () => {
  for (const own of [{ functionName: 'f' }, { roles: [] }, {}]) {
    const requirement = Object.assign(Object.create({ functionName: 'f', roles: [] }), own) as never;
    assert.throws(() => findAuthorizationDenial(identityOf([]), requirement), { code: 'CERTGATE_ARGUMENT_INVALID' });
  }
});

describe('functions', () => {
  test('may all be called if the list is absent, and none if it is empty', () => {
    assert.equal(codeOf(identityOf([]), 'anything'), undefined);
    assert.equal(codeOf(identityOf([], []), 'anything'), 'function_not_allowed');
  });
  test('are compared as whole names, without letter case', () => {
    const identity = identityOf([], ['getorders']);
    assert.equal(codeOf(identity, 'GetOrders'), undefined);
    assert.equal(codeOf(identity, 'getOrder'), 'function_not_allowed');
    assert.equal(codeOf(identity, ' getorders'), 'function_not_allowed');
    assert.equal(codeOf(identity, ''), 'function_not_allowed');
  });
  test('only restrict: a role is still required', () => {
    assert.equal(codeOf(identityOf([], ['f']), 'f', ['admin']), 'role_missing');
    assert.equal(codeOf(identityOf(['admin'], ['g']), 'f', ['admin']), 'function_not_allowed');
  });
});

test('a denial names the identity and the certificate', () => {
  const denial = findAuthorizationDenial(identityOf(['a']), { functionName: 'Delete', roles: [['b', 'c']] });
  assert.equal(denial?.identityName, 'billing');
  assert.equal(denial.thumbprintSha256, certificate.thumbprintSha256);
  assert.match(denial.detail, /"billing" lacks the role that Delete requires: b or c/);
});

test('an identity is a frozen copy', () => {
  const roles = ['a'];
  const functions = ['f'];
  const identity = identityOf(roles, functions);
  roles.push('admin');
  functions.push('g');
  assert.deepEqual(identity.roles, ['a']);
  assert.deepEqual(identity.functions, ['f']);
  for (const part of [identity, identity.roles, identity.functions]) assert.ok(Object.isFrozen(part));
});

test('a call is admitted if the function is listed or no list exists, and the caller has a role of every group', () => {
  const role = fc.constantFrom('a', 'b', 'c');
  const functionName = fc.constantFrom('f', 'G');
  fc.assert(
    fc.property(
      fc.array(role),
      fc.option(fc.array(functionName), { nil: undefined }),
      functionName,
      fc.array(fc.array(role, { maxLength: 2 }), { maxLength: 2 }),
      (has, functions, called, groups) => {
        const identity = identityOf(
          has,
          functions?.map((name) => name.toLowerCase()),
        );
        const mayCall =
          functions === undefined || functions.some((name) => name.toLowerCase() === called.toLowerCase());
        const hasRoles = groups.every((group) => group.some((one) => has.includes(one)));
        assert.equal(codeOf(identity, called, ...groups) === undefined, mayCall && hasRoles);
      },
    ),
    { numRuns: countRuns(200) },
  );
});
