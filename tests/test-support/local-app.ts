import type { TestContext } from 'node:test';
import { createAdapterApp } from './adapter-app.js';

const gate = `
const { app } = require('@azure/functions');
const { secureApp, trustStoreFrom, allowAnonymous, requireRole, getClientIdentity } = require('@certgate/azure-functions');
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
const who = (request, context) => ({ jsonBody: { caller: getClientIdentity(context).name } });
app.http('Secured', { handler: who });
app.http('Role', { handler: requireRole('operator', who) });
app.http('Public', { handler: allowAnonymous(() => ({ body: 'open' })) });
app.http('Setting', { handler: allowAnonymous(({ query }) => ({ body: process.env[query.get('name')] ?? 'absent' })) });
app.http('Echo', { handler: allowAnonymous(async (request) => ({
  jsonBody: { method: request.method, bytes: (await request.arrayBuffer()).byteLength, header: request.headers.get('x-list') },
})) });
app.http('Fault', { handler: allowAnonymous(() => { throw new Error('out of cheese'); }) });
app.http('Crash', { handler: allowAnonymous(() => { setTimeout(() => { throw new Error('gone'); }); return { body: 'soon' }; }) });
`;

/**
 * Makes an app that can be started, and returns its folder. Without `main`, the app has a function for each thing that
 * the tests ask about.
 */
export function createLocalApp(context: Pick<TestContext, 'after'>, main: string = gate): string {
  return createAdapterApp(context, { 'src/index.js': main }).folder;
}

/** Sets an environment variable until `context` ends, which is a test or a test file. */
export function setVariable(context: Pick<TestContext, 'after'>, name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  context.after(() => {
    if (before === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before;
  });
}
