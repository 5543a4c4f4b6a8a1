import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { input, type InvocationContext } from '@azure/functions';
import { allowAnonymous, requireRole } from '../function-policy.js';
import { findClientIdentity, getClientIdentity } from '../request-identity.js';
import { secureApp } from '../secure-app.js';
import { payloadOf, readToolResult, registerMcp, sendPayload, transportOf } from '../test-support/mcp-app.js';
import { setClassicModel } from '../test-support/models.js';
import { startProxyTarget } from '../test-support/proxy-target.js';
import { loadSecondCopy } from '../test-support/second-copy.js';
import {
  bearing as bearingHttp,
  createApp,
  createSecuredApp,
  operator,
  reader,
  stranger,
  trustStore,
} from '../test-support/secured-app.js';
import type { TestWorker } from '../test-support/test-worker.js';

const bearing = ({ header }: { readonly header: string }): object => transportOf({ 'X-ARR-ClientCert': header });
const nameCaller = (_call: unknown, invocation: InvocationContext): string =>
  findClientIdentity(invocation)?.name ?? 'nobody';

async function callTool(worker: TestWorker, name: string, transport: object, id?: string): Promise<string | undefined> {
  const data = { string: JSON.stringify(payloadOf('tool', name, transport)) };
  const result = readToolResult(await worker.invoke(name, { data }, id));
  return result?.isError === false ? result.text : undefined;
}

/**
 * An open and a closed function over HTTP and over MCP. The open ones call the closed ones of the other kind, as
 * `operator`.
 */
function createMixedApp(context: TestContext): TestWorker {
  const { app, worker } = createSecuredApp(context);
  registerMcp(app, 'tool', 'tool', nameCaller);
  app.http('web', { handler: (request, invocation) => ({ body: nameCaller(request, invocation) }) });
  const call = async (name: string, request: unknown, invocation: unknown): Promise<string> => {
    const result = await worker.getHandler(name)(request, invocation);
    return typeof result === 'string' ? result : (result as { readonly body: string }).body;
  };
  const callTool = (invocation: unknown): Promise<string> => call('tool', { transport: bearing(operator) }, invocation);
  const callWeb = (invocation: unknown): Promise<string> =>
    call('web', { headers: new Headers(bearingHttp(operator).headers) }, invocation);
  app.http('OpenWeb', { handler: allowAnonymous(async (_request, context) => ({ body: await callTool(context) })) });
  app.http('ClosedWeb', { handler: async (_request, context) => ({ body: await callTool(context) }) });
  const openTool = (_call: unknown, context: unknown): Promise<string> => callWeb(context);
  registerMcp(app, 'tool', 'OpenTool', allowAnonymous(openTool));
  registerMcp(app, 'tool', 'ClosedTool', (_call, context) => callWeb(context));
  return worker;
}

describe('handlers of HTTP and MCP functions that call each other', () => {
  it('are decided by the caller of the invocation, whatever the app passes on', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const worker = createMixedApp(context);
    await worker.start();
    for (const name of ['OpenWeb', 'ClosedWeb']) {
      assert.equal((await worker.invoke(name, bearingHttp(reader))).body, 'reader', name);
      assert.notEqual((await worker.invoke(name, bearingHttp(stranger))).status, 200, name);
    }
    for (const name of ['OpenTool', 'ClosedTool']) {
      assert.equal(await callTool(worker, name, bearing(reader)), 'reader', name);
      assert.ok(!['operator', 'nobody'].includes(String(await callTool(worker, name, bearing(stranger)))), name);
      const stream = await callTool(worker, name, { ...bearing(operator), name: 'http-sse' });
      assert.ok(!['operator', 'nobody'].includes(String(stream)), name);
    }
  });

  it('use no proxied request for an MCP call under HTTP streaming', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const worker = createMixedApp(context);
    Object.assign(worker.model!, { getCapabilities: () => ({ HttpUri: 'http://localhost:1/' }) });
    await worker.start();
    const proxy = await startProxyTarget(context);
    await proxy({ 'x-ms-invocation-id': 'id', ...bearingHttp(reader).headers });
    assert.equal(await callTool(worker, 'tool', bearing(stranger), 'id'), undefined);
    assert.equal(await callTool(worker, 'tool', bearing(operator), 'id'), 'operator');
    assert.equal(await callTool(worker, 'OpenTool', bearing(operator), 'id'), 'operator');
    assert.equal((await worker.invoke('OpenWeb', bearingHttp(operator), 'id')).body, 'reader');
  });
});

describe('the caller of an MCP function', () => {
  it('does not learn why an inner handler refused it, even if a tool passes the message on', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const { app, worker } = createSecuredApp(context);
    const role = requireRole('operator', nameCaller);
    registerMcp(app, 'tool', 'Role', role);
    const registered = worker.getHandler('Role');
    for (const [name, inner] of Object.entries({ Registered: registered, Wrapped: role })) {
      const handler = async (call: unknown, invocation: InvocationContext): Promise<string> => {
        try {
          return (await inner(call, invocation)) as string;
        } catch (error) {
          return (error as Error).message;
        }
      };
      registerMcp(app, 'tool', name, allowAnonymous(handler));
    }
    await worker.start();
    for (const name of ['Registered', 'Wrapped']) {
      for (const transport of [transportOf({}), bearing(stranger), bearing(reader)]) {
        const said = await callTool(worker, name, transport);
        assert.match(
          String(said),
          /^Certgate refused a call of "\w+"; the log line with the invocation id \S+ says why\.$/,
        );
        assert.ok(String(said).includes(String(worker.decisions.at(-1)?.['correlationId'])));
      }
    }
  });
});

describe('MCP functions of apps that are loaded in other ways', () => {
  it('are decided if another copy of the package sets their policies, and the caller is known', async (context) => {
    const other = await loadSecondCopy(context);
    const { app, worker } = createApp(context);
    const handler = other.requireRole('operator', (_call: unknown, invocation: InvocationContext) =>
      Promise.resolve(other.getClientIdentity(invocation).name),
    );
    registerMcp(app, 'tool', 'Role', handler);
    secureApp(app, { trustStore });
    registerMcp(app, 'tool', 'Open', other.allowAnonymous(nameCaller));
    await worker.start();
    assert.equal(await callTool(worker, 'Role', bearing(operator)), 'operator');
    assert.equal(await callTool(worker, 'Role', bearing(reader)), undefined);
    assert.equal(await callTool(worker, 'Role', transportOf({})), undefined);
    assert.equal(await callTool(worker, 'Open', transportOf({})), 'nobody');
  });

  it('are closed if they are of function.json, and their caller is known', async (context) => {
    const { app, worker } = createApp(context);
    secureApp(app, { trustStore });
    setClassicModel();
    let runs = 0;
    const callback = (call: unknown): Promise<string> => {
      runs += 1;
      return Promise.resolve(getClientIdentity(call as InvocationContext).name);
    };
    for (const [name, more] of Object.entries({ Plain: {}, Result: { useResultSchema: true } })) {
      const bindings = { call: { type: 'mcpToolTrigger', direction: 'in', ...more } };
      worker.functions.set(name, { metadata: { name, bindings }, callback });
    }
    await worker.start();
    for (const transport of [transportOf({}), bearing(stranger)]) {
      const plain = await sendPayload(worker, 'Plain', payloadOf('tool', 'Plain', transport));
      assert.match(String(plain.error), /Certgate refused a call of "Plain"/);
      const result = await sendPayload(worker, 'Result', payloadOf('tool', 'Result', transport));
      assert.equal(readToolResult(result)?.isError, true);
    }
    assert.equal(runs, 0);
    const plain = await sendPayload(worker, 'Plain', payloadOf('tool', 'Plain', bearing(reader)));
    assert.equal(plain.response?.returnValue?.string, 'reader');
  });

  it('cause a log line that names the worker if the model cannot be gated', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const { app, worker } = createApp(context);
    registerMcp(app, 'tool', 'Early', nameCaller);
    const { model } = worker;
    worker.model = Object.freeze({ getInvocationModel: (core: object) => model!.getInvocationModel(core) });
    secureApp(app, { trustStore });
    await worker.start();
    const { error } = await sendPayload(worker, 'Early', payloadOf('tool', 'Early', bearing(reader)));
    assert.match(String(error), /Certgate refused a call of "Early"/);
    assert.equal(worker.decisions[0]?.['code'], 'mcp_headers_unavailable');
    assert.match(String(worker.decisions[0]['detail']), /this worker hides the headers from Certgate/);
  });

  it("are read from the worker's own objects: text or JSON, with the unset members on their prototype", async (context) => {
    const { app, worker } = createSecuredApp(context);
    registerMcp(app, 'tool', 'tool', nameCaller);
    await worker.start();
    const text = JSON.stringify(payloadOf('tool', 'tool', transportOf({ 'x-arr-clientcert': reader.header })));
    for (const member of ['string', 'json']) {
      const data = Object.assign(Object.create({ string: '', json: '', http: null }), { [member]: text }) as object;
      assert.equal(readToolResult(await worker.invoke('tool', { data }))?.text, 'reader', member);
    }
    const both = await worker.invoke('tool', { data: { string: text, json: text } });
    assert.equal(readToolResult(both)?.isError, true);
    assert.equal(worker.decisions.at(-1)?.['code'], 'mcp_headers_unavailable');
  });

  it('do not identify the caller by an input that is not the trigger', async (context) => {
    const { app, worker } = createSecuredApp(context);
    const trigger = { type: 'mcpToolTrigger', name: 'call', useResultSchema: true };
    const extraInputs = [
      input.generic({ type: 'mcpToolProperty', name: 'property', propertyName: 'p' }),
      input.generic({ type: 'blob', name: 'blob', path: 'a/b', connection: 'c' }),
    ];
    app.generic('tool', { trigger, extraInputs, handler: nameCaller });
    await worker.start();
    const call = async (transport: object): Promise<string | undefined> => {
      const forged = { string: JSON.stringify(payloadOf('tool', 'tool', bearing(operator))) };
      const data = { string: JSON.stringify(payloadOf('tool', 'tool', transport)) };
      const answer = await worker.invoke('tool', { data, extraInputs: { property: forged, blob: forged } });
      const result = readToolResult(answer);
      return result?.isError === false ? result.text : undefined;
    };
    assert.equal(await call(bearing(reader)), 'reader');
    assert.equal(await call(bearing(stranger)), undefined);
    assert.equal(await call(transportOf({})), undefined);
  });

  it('are not refused in plain text because of a polluted Object.prototype', async (context) => {
    const { app, worker } = createSecuredApp(context);
    app.generic('Plain', { trigger: { type: 'mcpToolTrigger', name: 'call' }, handler: nameCaller });
    await worker.start();
    const payload = payloadOf('tool', 'Plain', transportOf({}));
    Object.defineProperty(Object.prototype, 'useResultSchema', { value: true, configurable: true, writable: true });
    try {
      const { error } = await sendPayload(worker, 'Plain', payload);
      assert.match(String(error), /Certgate refused a call of "Plain"/);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'useResultSchema');
    }
  });

  it('never answer another invocation with a refusal, even if its model is the same object', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const { app, worker } = createApp(context);
    let release = (): void => undefined;
    let isRunning = (): void => undefined;
    const running = new Promise<void>((resolve) => (isRunning = resolve));
    registerMcp(app, 'tool', 'tool', async (call, invocation) => {
      isRunning();
      await new Promise<void>((resolve) => (release = resolve));
      return nameCaller(call, invocation);
    });
    const original = worker.model!;
    let shared: ReturnType<typeof original.getInvocationModel> | undefined;
    worker.model = { getInvocationModel: (core) => (shared ??= original.getInvocationModel(core)) };
    secureApp(app, { trustStore });
    await worker.start();
    const first = callTool(worker, 'tool', bearing(reader));
    await running;
    const second = await sendPayload(worker, 'tool', payloadOf('tool', 'tool', bearing(stranger)));
    assert.match(String(second.error), /Certgate refused a call of "tool"/);
    release();
    assert.equal(await first, 'reader');
  });
});

describe("an MCP function behind a front end of the app's own", () => {
  it('needs the secret among the headers of the call', async (context) => {
    const secret = 'S3cret-of-the-front-end-0123456789.a';
    const options = { frontEnd: 'haproxy', frontEndSecret: secret } as const;
    const { app, worker } = createSecuredApp(context, options, { KUBERNETES_SERVICE_HOST: '10.0.0.1' });
    registerMcp(app, 'tool', 'tool', nameCaller);
    await worker.start();
    const fields = { 'X-Client-Certificate': reader.header, 'X-Client-Certificate-Verification': '0' };
    const name = 'x-certgate-front-end-secret';
    assert.equal(await callTool(worker, 'tool', transportOf({ ...fields, [name]: secret })), 'reader');
    for (const forged of [{}, { [name]: `${secret},${secret}` }, { [name]: [secret] }, { [name]: { value: secret } }]) {
      assert.equal(await callTool(worker, 'tool', transportOf({ ...fields, ...forged })), undefined);
      assert.equal(worker.decisions.at(-1)?.['code'], 'front_end_bypassed');
    }
    assert.ok(worker.logs.every(({ message }) => !message.includes(secret)));
  });
});
