import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { allowAnonymous, requireAnyRole, requireRole } from './function-policy.js';
import { findClientIdentity, getClientIdentity } from './request-identity.js';
import { functionPolicies } from './gate/shared-state.js';
import { development, setEnvironment } from './test-support/environment.js';
import { createApp, createSecuredApp } from './test-support/secured-app.js';
import { loadFunctionsLibrary } from './test-support/test-worker.js';
import { withClientIdentity } from './testing.js';

function createContext(lines: string[] = []): InvocationContext {
  const { InvocationContext } = loadFunctionsLibrary();
  const logHandler = (_level: string, ...args: unknown[]): void => {
    lines.push(String(args[0]));
  };
  return new InvocationContext({ functionName: 'F', invocationId: 'id', logHandler });
}

type Handler = (request: object, context: object) => HttpResponseInit & { readonly body?: string };

const inside: Handler = () => ({ body: 'inside' });
const never: Handler = () => assert.fail('ran');

describe('requireRole without a gate', () => {
  it('denies with 503, logs why, and never runs the handler', (context) => {
    setEnvironment(context, {});
    const lines: string[] = [];
    const handler = requireRole('reader', never);
    const answer = handler({}, createContext(lines));
    assert.equal(answer.status, 503);
    assert.equal((JSON.parse(lines[0] ?? '{}') as { code?: string }).code, 'gate_not_installed');
    assert.doesNotMatch(answer.body ?? '', /gate_not_installed/);
  });

  it('denies whatever its arguments are', () => {
    const handler = requireRole('reader', never) as (...args: unknown[]) => HttpResponseInit;
    for (const args of [
      [],
      [undefined],
      [null],
      ['text'],
      [{}],
      [{}, {}],
      [{}, { options: {} }],
      [{}, { options: { trigger: {} } }],
      [Object.create(null) as object],
    ]) {
      assert.equal(handler(...args).status, 503);
    }
  });

  it('denies an identity that belongs to another context, or an object made from the context', () => {
    const known = withClientIdentity(createContext(), { name: 'a', roles: ['reader'] });
    const handler = requireRole('reader', inside);
    assert.equal(handler({}, known).body, 'inside');
    assert.equal(handler({}, createContext()).status, 503);
    assert.equal(handler({}, Object.create(known) as object).status, 503);
    assert.equal(handler(known, createContext()).status, 503);
  });

  it('denies if a gate was opened around the function', async (context) => {
    const { app, worker } = createSecuredApp(context);
    const role = requireRole('reader', inside);
    app.http('Open', { handler: allowAnonymous((...args) => role(...args)) });
    await worker.start();
    assert.equal((await worker.invoke('Open')).status, 503);
  });
});

describe('roles', () => {
  const call = (handler: Handler, roles: readonly string[]): ReturnType<Handler> =>
    handler({}, withClientIdentity(createContext(), { name: 'a', roles }));

  it('one role of a group meets the group, and every group must be met', () => {
    const both = requireRole('audit', requireAnyRole(['reader', 'writer'], inside));
    assert.deepEqual(
      { ...functionPolicies.get(both) },
      { kind: 'certificate', roles: [['audit'], ['reader', 'writer']] },
    );
    for (const [roles, status] of [
      [[], 403],
      [['audit'], 403],
      [['reader', 'writer'], 403],
      [['audit', 'writer'], undefined],
      [['reader', 'audit'], undefined],
      [['Audit', 'reader'], 403],
      [['audit,reader'], 403],
    ] as const) {
      assert.equal(call(both, roles).status, status, roles.join());
    }
  });

  it('the list of roles is copied', () => {
    const roles = ['operator'];
    const handler = requireAnyRole(roles, inside);
    roles.push('reader');
    assert.equal(call(handler, ['reader']).status, 403);
  });

  it('the body has the precise code only in Development', (context) => {
    setEnvironment(context, development);
    const handler = requireRole('operator', inside);
    assert.match(call(handler, []).body ?? '', /role_missing/);
    process.env = { ...development, CONTAINER_APP_NAME: 'app' };
    assert.doesNotMatch(call(handler, []).body ?? '', /role_missing|operator/);
  });

  it('a wrapper passes on `this`, all arguments, the result and what is thrown', async () => {
    const seen: unknown[] = [];
    const owner = { name: 'owner' };
    const handler = requireRole('r', function (this: unknown, ...args: unknown[]): Promise<string> {
      seen.push(this, ...args);
      return Promise.resolve('result');
    });
    const context = withClientIdentity(createContext(), { name: 'a', roles: ['r'] });
    assert.equal(await handler.call(owner, 1, 2, context), 'result');
    assert.deepEqual(seen, [owner, 1, 2, context]);
    const thrown = new Error('mine');
    const throwing = requireRole('r', (call: InvocationContext) => {
      assert.ok(call);
      throw thrown;
    });
    assert.throws(
      () => throwing(context),
      (error) => error === thrown,
    );
  });
});

describe('misuse is an error at load', () => {
  const anonymous = allowAnonymous(inside);
  const cases: readonly (readonly [what: string, misuse: () => unknown, message: RegExp])[] = [
    ['allowAnonymous around a role', () => allowAnonymous(requireRole('r', inside)), /requires a role/],
    ['a role around allowAnonymous', () => requireRole('r', anonymous), /anonymous handler/],
    ['an empty role', () => requireRole('', inside), /non-empty/],
    ['a blank role', () => requireRole(' ', inside), /non-empty/],
    ['no role', () => requireAnyRole([], inside), /non-empty/],
    ['an empty role among others', () => requireAnyRole(['a', ''], inside), /non-empty/],
    ['a hole among the roles', () => requireAnyRole(new Array<string>(1), inside), /non-empty/],
    ['a list where one role belongs', () => requireRole(['a'] as never, inside), /non-empty/],
    ['a text where a list belongs', () => requireAnyRole('admin' as never, inside), /non-empty/],
    [
      'a role that is undefined',
      () => requireRole(undefined as never, inside),
      /requireRole needs the role that the handler "inside" requires.*it got undefined/,
    ],
    [
      'roles that are undefined',
      () => requireAnyRole(undefined as never, inside),
      /requireAnyRole needs the role that the handler "inside" requires.*it got undefined/,
    ],
    [
      'a role among others that is undefined',
      () => requireAnyRole(['a', undefined as never], inside),
      /it got "a", undefined/,
    ],
    ['no handler', () => requireRole('r', undefined as never), /requireRole needs the handler/],
    ['arguments in the wrong order', () => requireRole(inside as never, 'r' as never), /requireRole needs the handler/],
    [
      'options in the place of a handler',
      () => allowAnonymous({ handler: inside } as never),
      /allowAnonymous needs the handler/,
    ],
  ];
  for (const [what, misuse, message] of cases) {
    it(what, () => {
      const code = what.includes(' around ') ? 'CERTGATE_POLICY_CONFLICT' : 'CERTGATE_ARGUMENT_INVALID';
      assert.throws(misuse, { code, message });
    });
  }

  it('allowAnonymous is idempotent, and does not change the handler', () => {
    assert.equal(functionPolicies.get(allowAnonymous(anonymous))?.kind, 'anonymous');
    assert.equal(functionPolicies.get(inside), undefined);
  });
});

describe('identities', () => {
  it('getClientIdentity throws if nobody was authenticated, whatever it is given', () => {
    for (const value of [createContext(), {}, undefined, null, 'text']) {
      assert.throws(() => getClientIdentity(value as InvocationContext), {
        name: 'ClientIdentityMissing',
        code: 'CERTGATE_CLIENT_IDENTITY_MISSING',
      });
      assert.equal(findClientIdentity(value as InvocationContext), undefined);
    }
    assert.throws(() => getClientIdentity(createContext()), /"F".*withClientIdentity/);
  });

  it('withClientIdentity gives a frozen identity whose roles are used', () => {
    const roles = ['reader'];
    const context = withClientIdentity(createContext(), { name: 'a', roles });
    roles.push('operator');
    const identity = getClientIdentity(context);
    assert.deepEqual([identity.name, identity.roles, identity.matchedBy], ['a', ['reader'], 'test']);
    assert.ok(Object.isFrozen(identity) && Object.isFrozen(identity.roles));
    assert.equal(identity.certificate.thumbprintSha256, '0'.repeat(64));
    assert.deepEqual([identity.owner, identity.accessEndsAt], [undefined, identity.certificate.notAfter]);
    const owned = withClientIdentity(createContext(), { name: 'a', owner: 'payments team' });
    assert.equal(getClientIdentity(owned).owner, 'payments team');
  });

  it('withClientIdentity throws inside a host', (context) => {
    createApp(context);
    assert.throws(() => withClientIdentity(createContext(), { name: 'a' }), {
      code: 'CERTGATE_TESTING_ONLY',
      message: /only the gate says who calls/,
    });
  });

  it('withClientIdentity refuses an identity that no document could contain', () => {
    for (const identity of [
      {},
      { name: '' },
      { name: 'a', roles: 'reader' },
      { name: 'a', role: ['reader'] },
      { name: 'a', owner: 7 },
    ]) {
      assert.throws(() => withClientIdentity(createContext(), identity as never), {
        code: 'CERTGATE_ARGUMENT_INVALID',
      });
    }
  });
});
