import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findClientIdentity, getClientIdentity } from './caller-identity.js';
import { secureFetch } from './secure-fetch.js';
import { createStage, fieldsOf, operator, reader, stranger } from './test-support/gate-stage.js';

const hello = (request: Request): Response => new Response(`hello ${getClientIdentity(request).name}`);
const requestOf = (headers: Readonly<Record<string, string>>, path = '/', method = 'GET'): Request =>
  new Request(`http://localhost${path}`, { headers, method });

describe('secureFetch', () => {
  it('answers each caller by its certificate and role', async (context) => {
    const { gate, lines } = createStage(context);
    const handler = secureFetch(hello, gate, { roles: ['operator'] });
    const answers = await Promise.all(
      [operator, reader, stranger, undefined].map(async (caller) => handler(requestOf(fieldsOf(caller)))),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 403, 401, 401],
    );
    assert.equal(await answers[0]?.text(), 'hello operator');
    assert.equal(answers[2]?.headers.get('content-type'), 'application/problem+json');
    assert.equal(lines.length, 4);
  });

  it('decides once if one secured handler calls another, and checks the role again', async (context) => {
    const { gate, lines } = createStage(context);
    const role = secureFetch(hello, gate, { roles: ['operator'] });
    const handler = secureFetch((request: Request) => role(request), gate);
    assert.equal((await handler(requestOf(fieldsOf(operator)))).status, 200);
    assert.equal(lines.length, 1);
    assert.equal((await handler(requestOf(fieldsOf(reader)))).status, 403);
    assert.deepEqual(
      lines.slice(1).map(({ code }) => code),
      ['allowed', 'role_missing'],
    );
    assert.equal(lines[1]?.['correlationId'], lines[2]?.['correlationId']);
  });

  it('checks again whether the caller may call the server, if another function was called first', async (context) => {
    const { gate } = createStage(context, { functionName: 'orders' });
    const inner = secureFetch(hello, gate);
    // The trust document lets the reader call only `http`.
    const handler = secureFetch((request: Request) => inner(request), gate, { functionName: 'http' });
    assert.equal((await inner(requestOf(fieldsOf(reader)))).status, 403);
    assert.equal((await handler(requestOf(fieldsOf(reader)))).status, 403);
    assert.equal((await handler(requestOf(fieldsOf(operator)))).status, 200);
  });

  it('opens an anonymous route by its exact method and path, unless a role is required', async (context) => {
    const { gate } = createStage(context, { allowAnonymous: ['GET /health'] });
    const handler = secureFetch(
      (request: Request) => new Response(findClientIdentity(request)?.name ?? 'nobody'),
      gate,
    );
    assert.equal(await (await handler(requestOf({}, '/health?deep'))).text(), 'nobody');
    for (const [path, method] of [
      ['/health', 'HEAD'],
      ['/health', 'POST'],
      ['/health/', 'GET'],
      ['/Health', 'GET'],
    ] as const) {
      assert.equal((await handler(requestOf({}, path, method))).status, 401, `${method} ${path}`);
    }
    assert.equal(await (await handler(requestOf({}, '/health', 'HEAD'))).text(), '');
    assert.equal((await secureFetch(hello, gate, { roles: ['operator'] })(requestOf({}, '/health'))).status, 401);
  });

  it('passes on other arguments, and a copy of the request has no identity', async (context) => {
    const { gate } = createStage(context);
    const handler = secureFetch((request: Request, suffix: string) => {
      assert.equal(findClientIdentity(new Request(request)), undefined);
      assert.throws(() => getClientIdentity(request.clone()), { code: 'CERTGATE_CLIENT_IDENTITY_MISSING' });
      return new Response(getClientIdentity(request).name + suffix);
    }, gate);
    assert.equal(await (await handler(requestOf(fieldsOf(reader)), '!')).text(), 'reader!');
  });

  it('accepts only handlers, requirements and gates of its kind', (context) => {
    const { gate } = createStage(context);
    assert.throws(() => secureFetch(undefined as never, gate), { code: 'CERTGATE_ARGUMENT_INVALID' });
    assert.throws(() => secureFetch(hello, gate, { role: 'x' } as never), { code: 'CERTGATE_ARGUMENT_INVALID' });
    const named = (): Response => new Response();
    for (const requirement of [
      undefined,
      null,
      { roles: undefined },
      { functionName: undefined },
      { roles: [undefined] },
    ])
      assert.throws(() => secureFetch(named, gate, requirement as never), {
        code: 'CERTGATE_ARGUMENT_INVALID',
        message: /secureFetch for the handler named/,
      });
    const { gate: direct } = createStage(context, { frontEnd: 'direct-tls' });
    assert.throws(() => secureFetch(hello, direct), /secureServer/);
  });
});
