import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext, app as AzureApp } from '@azure/functions';
import {
  type SecureAppOptions,
  type TrustStore,
  allowAnonymous,
  findClientIdentity,
  getClientIdentity,
  observe,
  requireAnyRole,
  reportOnly,
  requireRole,
  secureApp,
  unsafeTrustCertificateHeaderFromAnywhere,
} from './index.js';

// This file is compiled but not run: the compiler is the test. A line under @ts-expect-error that compiles fails the
// build.
declare const app: typeof AzureApp;
declare const trustStore: TrustStore;
declare const context: InvocationContext;

/** Assignable in both directions. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;

type DurableHandler = (trigger: HttpRequest, client: { start(): string }, call: InvocationContext) => HttpResponseInit;

function checkHandlerTypes(): void {
  // The handler keeps its own type: its parameters, its result, and what the library requires.
  const plain = (request: HttpRequest, call: InvocationContext): HttpResponseInit => ({
    body: `${request.url}${call.invocationId}`,
  });
  const role = requireRole('r', plain);
  const anyRole = requireAnyRole(['r', 's'], plain);
  const open = allowAnonymous(plain);
  const isRoleKept: Same<typeof role, typeof plain> = true;
  const isAnyRoleKept: Same<typeof anyRole, typeof plain> = true;
  const isOpenKept: Same<typeof open, typeof plain> = true;
  const trial = reportOnly(role, { until: '2027-03-01T00:00:00Z' });
  const isTrialKept: Same<typeof trial, typeof plain> = true;
  const moving = observe(role, { until: '2027-03-01T00:00:00Z' });
  const isMovingKept: Same<typeof moving, typeof plain> = true;
  assert.ok(isMovingKept);
  app.http('a', { handler: role });
  app.http('b', { handler: anyRole });
  app.get('c', open);
  app.get('c2', trial);
  app.http('c3', { authLevel: 'function', handler: moving });

  // If a handler is written in place, its parameters get their types from the registration.
  app.http('d', {
    handler: requireRole('r', (request, call) => ({ body: `${request.url}${getClientIdentity(call).name}` })),
  });
  app.http('e', { handler: allowAnonymous(async (request) => ({ body: await request.text() })) });
  app.post(
    'f',
    requireAnyRole(['r'], (request, call) => ({ jsonBody: [request.method, call.functionName] })),
  );
  const asHttpHandler: HttpHandler = requireRole('r', (request) => ({ body: request.method }));
  app.http('g', { handler: asHttpHandler });

  // The arguments with which durable-functions calls a handler.
  const durable = requireRole('r', (trigger: HttpRequest, client: { start(): string }, call: InvocationContext) => ({
    body: trigger.url + client.start() + call.functionName,
  }));
  const asDurable: DurableHandler = durable;
  assert.ok([isRoleKept, isAnyRoleKept, isOpenKept, isTrialKept, asDurable]);

  // If a handler is written in place and registered elsewhere, its parameters get their types from the HTTP handler.
  const refund = requireRole('r', async (request, call) => ({ body: (await request.text()) + call.invocationId }));
  const audit = requireAnyRole(['r', 's'], (request) => ({ body: request.method }));
  const health = allowAnonymous((request, call) => ({ jsonBody: [request.url, call.functionName] }));
  const tried = reportOnly(
    requireRole('r', (request) => ({ body: request.method })),
    { until: 'x' },
  );
  const inPlace = reportOnly((request) => ({ body: request.method }), { until: 'x' });
  const observed = observe((request, call) => ({ body: request.method + call.functionName }), { until: 'x' });
  const isRequest: Same<Parameters<typeof refund>, [request: HttpRequest, call: InvocationContext]> = true;
  assert.ok(isRequest);
  for (const handler of [refund, audit, health, tried, inPlace, observed]) app.http('i', { handler });
  app.mcpTool('tool', {
    toolName: 'tool',
    description: 'a tool',
    handler: requireRole(
      'r',
      (toolArguments: unknown, call: InvocationContext) => `${String(toolArguments)}${call.functionName}`,
    ),
  });
  // @ts-expect-error -- the text of a request takes no arguments: so it is the text of a request
  requireRole('r', async (request) => ({ body: await request.text('utf8') }));
  // @ts-expect-error -- a URL is not a status
  app.http('j', { handler: requireRole('r', (request) => ({ status: request.url })) });
  const wrong = allowAnonymous((_request, call) => ({ status: call.functionName }));
  // @ts-expect-error -- a function's name is not a status, wherever it is registered
  app.http('k', { handler: wrong });

  // @ts-expect-error -- an HTTP handler must not have another result
  app.http('h', { handler: requireRole('r', (request: HttpRequest) => request.url.length) });
  // @ts-expect-error -- the role is missing
  requireRole(plain);
  // @ts-expect-error -- the wrong order
  requireRole(plain, 'r');
  // @ts-expect-error -- one role is a text
  requireRole(['r'], plain);
  // @ts-expect-error -- any role is a list
  requireAnyRole('r', plain);
  // @ts-expect-error -- the options are not a handler
  allowAnonymous({ handler: plain });
  // @ts-expect-error -- report-only without an end
  reportOnly(plain);
  // @ts-expect-error -- observed without an end
  observe(plain);
  // @ts-expect-error -- the end is missing
  reportOnly(plain, {});
  // @ts-expect-error -- an end is a text
  reportOnly(plain, { until: new Date() });
  // @ts-expect-error -- what is deferred can't be chosen
  reportOnly(plain, { until: '2027-03-01T00:00:00Z', codes: ['pin_expired'] });
}

function checkOptionTypes(): void {
  secureApp(app, { trustStore });
  secureApp(app, { trustStore, frontEnd: 'app-service' });
  secureApp(app, { trustStore, [unsafeTrustCertificateHeaderFromAnywhere]: true });
  // @ts-expect-error -- the trust store is missing
  secureApp(app, {});
  // @ts-expect-error -- the options are missing
  secureApp(app);
  // @ts-expect-error -- the app is missing
  secureApp({ trustStore });
  // @ts-expect-error -- a typo in an option
  secureApp(app, { trustStore, frontend: 'app-service' });
  // @ts-expect-error -- an unknown front end
  secureApp(app, { trustStore, frontEnd: 'lighttpd' });
  // @ts-expect-error -- named or left out, never undefined
  secureApp(app, { trustStore, frontEnd: undefined });
  // @ts-expect-error -- true or left out
  secureApp(app, { trustStore, [unsafeTrustCertificateHeaderFromAnywhere]: false });
  const options: SecureAppOptions = { trustStore };
  // @ts-expect-error -- options are readonly
  options.frontEnd = 'app-service';
}

function checkIdentityTypes(): void {
  const identity = getClientIdentity(context);
  // @ts-expect-error -- identities are readonly
  identity.name = 'other';
  // @ts-expect-error -- and so are their roles
  identity.roles[0] = 'admin';
  // @ts-expect-error -- in an anonymous function there is none
  assert.ok(findClientIdentity(context).name);
}

it('types are checked by the compiler', () => {
  for (const check of [checkHandlerTypes, checkOptionTypes, checkIdentityTypes]) assert.equal(check.length, 0);
});
