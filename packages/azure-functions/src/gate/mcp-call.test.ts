import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { input, output } from '@azure/functions';
import * as fc from 'fast-check';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { allowAnonymous, requireRole } from '../function-policy.js';
import { findClientIdentity, getClientIdentity } from '../request-identity.js';
import { observe } from '../observe.js';
import { reportOnly } from '../report-only.js';
import { appService } from '../test-support/environment.js';
import {
  mcpKinds,
  payloadOf,
  readToolResult,
  registerMcp,
  sendPayload,
  systemKey,
  transportOf,
} from '../test-support/mcp-app.js';
import { createSecuredApp, operator, reader, type SecuredApp, stranger } from '../test-support/secured-app.js';
import type { Answer } from '../test-support/test-worker.js';
import { requiresSystemKey } from './mcp-system-key.js';

const bearing = ({ header }: { readonly header: string }): object => transportOf({ 'X-ARR-ClientCert': header });
const inAMonth = new Date(Date.now() + 30 * 86_400_000).toISOString().replace(/\.\d+/, '');

/** An app with one closed function of each kind, whose handlers return the caller's name. */
function createMcpApp(context: TestContext, environment = appService): SecuredApp & { readonly runs: string[] } {
  const created = createSecuredApp(context, {}, environment);
  const runs: string[] = [];
  for (const kind of mcpKinds) {
    registerMcp(created.app, kind, kind, (_call, invocation) => {
      runs.push(kind);
      return getClientIdentity(invocation).name;
    });
  }
  return { ...created, runs };
}

function expectRefusal(answer: Answer, isTool: boolean, code: string): void {
  const result = readToolResult(answer);
  if (!isTool) {
    assert.match(
      String(answer.error),
      /^CertgateError: Certgate refused a call of .+ the invocation id [\w-]+ says why\.$/,
    );
    assert.ok(String(answer.error).includes(answer.invocationId));
    return;
  }
  assert.equal(result?.isError, true);
  const problem = JSON.parse(result.text) as { readonly code: string; readonly correlationId: string };
  assert.deepEqual([problem.code, problem.correlationId], [code, answer.invocationId]);
}

describe('MCP calls', () => {
  for (const kind of mcpKinds) {
    const isTool = kind === 'tool';

    it(`${kind}: a caller with an allowed certificate is admitted by its name`, async (context) => {
      const { worker, runs } = createMcpApp(context);
      await worker.start();
      const answer = await sendPayload(worker, kind, payloadOf(kind, kind, bearing(reader)));
      assert.equal(isTool ? readToolResult(answer)?.text : answer.response?.returnValue?.string, 'reader');
      assert.deepEqual(runs, [kind]);
      const [{ identity, tool, method, route } = {}] = worker.decisions;
      const name = kind === 'resource' ? `file://${kind}` : kind;
      assert.deepEqual([identity, tool, method, route], ['reader', name, undefined, undefined]);
    });

    it(`${kind}: other callers are refused, and the handler does not run`, async (context) => {
      const { worker, runs } = createMcpApp(context);
      await worker.start();
      const none = await sendPayload(worker, kind, payloadOf(kind, kind, transportOf({})));
      expectRefusal(none, isTool, 'client_certificate_required');
      const denied = await sendPayload(worker, kind, payloadOf(kind, kind, bearing(stranger)));
      expectRefusal(denied, isTool, 'client_certificate_required');
      assert.deepEqual(runs, []);
      const codes = worker.decisions.map(({ code }) => code);
      assert.deepEqual(codes, ['certificate_missing', 'certificate_not_trusted']);
    });

    it(`${kind}: the policies apply as they do for HTTP`, async (context) => {
      const { app, worker } = createMcpApp(context);
      const nameCaller = (_call: unknown, invocation: Parameters<typeof findClientIdentity>[0]): string =>
        findClientIdentity(invocation)?.name ?? 'anonymous';
      registerMcp(app, kind, 'Open', allowAnonymous(nameCaller));
      registerMcp(app, kind, 'Role', requireRole('operator', nameCaller));
      registerMcp(app, kind, 'Report', reportOnly(requireRole('operator', nameCaller), { until: inAMonth }));
      await worker.start();
      const call = async (name: string, transport: object): Promise<string> => {
        const answer = await sendPayload(worker, name, payloadOf(kind, name, transport));
        const text = isTool ? readToolResult(answer)?.text : answer.response?.returnValue?.string;
        return text === undefined || text.startsWith('{') ? 'refused' : text;
      };
      assert.equal(await call('Open', transportOf({})), 'anonymous');
      assert.equal(await call('Role', bearing(operator)), 'operator');
      assert.equal(await call('Role', bearing(reader)), 'refused');
      assert.equal(await call('Report', bearing(reader)), 'reader');
      assert.equal(await call('Report', bearing(stranger)), 'refused');
      const [last] = worker.decisions.filter(({ reportOnlyCode }) => reportOnlyCode !== undefined);
      assert.equal(last?.['reportOnlyCode'], 'role_missing');
    });

    it(`${kind}: over any transport but streamable HTTP, every call is refused`, async (context) => {
      const { worker, runs } = createMcpApp(context);
      await worker.start();
      for (const name of [
        'http-sse',
        'http',
        'unknown',
        'HTTP-STREAMABLE',
        'streamable-http',
        '',
        'http-streamable ',
      ]) {
        const payload = payloadOf(kind, kind, { ...bearing(reader), name });
        expectRefusal(await sendPayload(worker, kind, payload), isTool, 'client_certificate_required');
      }
      assert.deepEqual(new Set(worker.decisions.map(({ code }) => code)), new Set(['mcp_transport_unsupported']));
      assert.deepEqual(runs, []);
    });

    it(`${kind}: a payload without headers is refused as unavailable`, async (context) => {
      const { worker, runs } = createMcpApp(context);
      await worker.start();
      const name = 'http-streamable';
      const headers = { 'X-ARR-ClientCert': reader.header };
      const transports: readonly unknown[] = [
        undefined,
        null,
        'http-streamable',
        [bearing(reader)],
        {},
        { properties: { headers } },
        { name: [name], properties: { headers } },
        { name },
        { name, properties: null },
        { name, properties: {} },
        { name, properties: { headers: null } },
        { name, properties: { headers: JSON.stringify(headers) } },
        { name, properties: { headers: Object.entries(headers) } },
        { name, headers },
        { name, Properties: { headers } },
      ];
      for (const transport of transports) {
        expectRefusal(await sendPayload(worker, kind, payloadOf(kind, kind, transport)), isTool, 'unavailable');
      }
      for (const data of [
        {},
        { string: 'no JSON' },
        { json: '' },
        { json: '1', string: '{}' },
        { bytes: Buffer.from('{}') },
      ]) {
        // A payload that the library itself can't read fails before the gate.
        const answer = await worker.invoke(kind, { data });
        if (answer.error === undefined) expectRefusal(answer, isTool, 'unavailable');
      }
      const codes = new Set(worker.decisions.map(({ code }) => code));
      assert.deepEqual(codes, new Set(['mcp_headers_unavailable']));
      assert.deepEqual(runs, []);
    });
  }

  it('hostile header maps admit nobody', async (context) => {
    const { worker, runs } = createMcpApp(context);
    await worker.start();
    const { header } = reader;
    const maps: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
      ['two spellings', { 'X-ARR-ClientCert': header, 'x-arr-clientcert': header }, 'certificate_multiple'],
      ['joined', { 'X-ARR-ClientCert': `${header},${header}` }, 'certificate_multiple'],
      ['a list', { 'X-ARR-ClientCert': [header] }, 'certificate_missing'],
      ['an object', { 'X-ARR-ClientCert': { value: header } }, 'certificate_missing'],
      ['null', { 'X-ARR-ClientCert': null }, 'certificate_missing'],
      ['underscores', { X_ARR_ClientCert: header }, 'certificate_missing'],
      ['nested', { headers: { 'X-ARR-ClientCert': header } }, 'certificate_missing'],
    ];
    for (const [what, map, code] of maps) {
      expectRefusal(
        await sendPayload(worker, 'tool', payloadOf('tool', 'tool', transportOf(map))),
        true,
        'client_certificate_required',
      );
      assert.equal(worker.decisions.at(-1)?.['code'], code, what);
    }
    const prototype = `{"name":"tool","transport":{"name":"http-streamable","properties":{"headers":{"__proto__":{"x-arr-clientcert":${JSON.stringify(header)}}}}}}`;
    expectRefusal(await worker.invoke('tool', { data: { string: prototype } }), true, 'client_certificate_required');
    assert.deepEqual(runs, []);
  });

  it("a transport in the tool's own arguments is ignored", async (context) => {
    const { worker, runs } = createMcpApp(context);
    await worker.start();
    const spoofed = { transport: bearing(reader), properties: { headers: { 'X-ARR-ClientCert': reader.header } } };
    const payload = { name: 'tool', arguments: spoofed, ...spoofed.properties, transport: transportOf({}) };
    expectRefusal(await sendPayload(worker, 'tool', payload), true, 'client_certificate_required');
    const without = { name: 'tool', arguments: spoofed };
    expectRefusal(await sendPayload(worker, 'tool', without), true, 'unavailable');
    assert.deepEqual(runs, []);
  });

  it('a polluted Object.prototype is not read as a payload', async (context) => {
    const { worker, runs } = createMcpApp(context);
    await worker.start();
    const polluted = { transport: bearing(reader), useResultSchema: true, name: 'http-streamable' };
    const own = payloadOf('tool', 'tool', undefined);
    for (const [key, value] of Object.entries(polluted)) {
      Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true });
    }
    try {
      expectRefusal(await sendPayload(worker, 'tool', own), true, 'unavailable');
    } finally {
      for (const key of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, key);
    }
    assert.deepEqual(runs, []);
  });

  it('no spelling of the name and no other header changes who is admitted', async (context) => {
    const { worker } = createMcpApp(context);
    await worker.start();
    const spelling = fc
      .array(fc.boolean(), { minLength: 16, maxLength: 16 })
      .map((upper) =>
        [...Array.from('x-arr-clientcert')].map((c, index) => (upper[index] ? c.toUpperCase() : c)).join(''),
      );
    const others = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.jsonValue()), { maxKeys: 5 });
    await fc.assert(
      fc.asyncProperty(spelling, others, fc.boolean(), async (name, more, isAllowed) => {
        const rest = Object.entries(more).filter(([key]) => key.toLowerCase() !== 'x-arr-clientcert');
        const headers = { ...Object.fromEntries(rest), [name]: (isAllowed ? reader : stranger).header };
        const answer = await sendPayload(worker, 'tool', payloadOf('tool', 'tool', transportOf(headers)));
        assert.equal(readToolResult(answer)?.isError, !isAllowed);
      }),
      { numRuns: countRuns(200) },
    );
  });

  it('every other payload is refused, and none makes the gate fail', async (context) => {
    const { worker, runs } = createMcpApp(context);
    await worker.start();
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (payload, transport) => {
        const called = typeof payload === 'object' ? Object.assign({}, payload, { transport }) : payload;
        const answer = await sendPayload(worker, 'tool', called);
        assert.equal(readToolResult(answer)?.isError, true);
      }),
      { numRuns: countRuns(300) },
    );
    assert.deepEqual(runs, []);
    assert.ok(worker.decisions.every(({ code }) => code !== 'internal_fault'));
  });

  it('the shared system key appears in no log, no answer and no error', async (context) => {
    const { worker } = createMcpApp(context);
    await worker.start();
    const answers: Answer[] = [];
    for (const kind of mcpKinds) {
      for (const transport of [bearing(reader), bearing(stranger), { ...bearing(reader), name: systemKey }, 7]) {
        answers.push(await sendPayload(worker, kind, payloadOf(kind, kind, transport)));
      }
      answers.push(await worker.invoke(kind, { data: { string: `{"x-functions-key":"${systemKey}"` } }));
    }
    const said = JSON.stringify([worker.logs, answers.map(({ response, error }) => [response, String(error)])]);
    assert.ok(!said.includes(systemKey));
  });

  it('the refused call of a tool fails if the host would pass its result on as plain text, or to another output', async (context) => {
    const { app, worker } = createMcpApp(context);
    const handler = (): string => 'secret';
    const trigger = { type: 'mcpToolTrigger', name: 'call', toolName: 't' };
    app.generic('Plain', { trigger, handler });
    const queue = output.storageQueue({ queueName: 'q', connection: 'c' });
    app.generic('Bound', { trigger: { ...trigger, useResultSchema: true }, return: queue, handler });
    app.generic('Text', { trigger: { ...trigger, useResultSchema: 'true' }, handler });
    await worker.start();
    for (const name of ['Plain', 'Bound', 'Text']) {
      expectRefusal(await sendPayload(worker, name, payloadOf('tool', name, transportOf({}))), false, '');
    }
  });

  it('no hook can turn the refusal of a tool call into a success', async (context) => {
    const { app, worker, runs } = createMcpApp(context);
    app.hook.preInvocation((call) => {
      call.inputs = [payloadOf('tool', 'tool', bearing(reader))];
    });
    app.hook.postInvocation((call) => {
      call.result = 'all is well';
    });
    await worker.start();
    const answer = await sendPayload(worker, 'tool', payloadOf('tool', 'tool', transportOf({})));
    expectRefusal(answer, true, 'client_certificate_required');
    assert.deepEqual(runs, []);
  });

  it('two transports in one payload are refused, whichever one a reader would use', async (context) => {
    const { app, worker } = createSecuredApp(context);
    registerMcp(app, 'tool', 'tool', () => 'ran');
    await worker.start();
    const [known, unknown] = [reader, stranger].map((each) => JSON.stringify(bearing(each)));
    for (const [first, second] of [
      [known, unknown],
      [unknown, known],
      [known, known],
    ]) {
      const string = `{"name":"tool","transport":${first},"arguments":{},"\\u0074ransport":${second}}`;
      expectRefusal(await worker.invoke('tool', { data: { string } }), true, 'unavailable');
    }
    assert.deepEqual(new Set(worker.decisions.map(({ code }) => code)), new Set(['mcp_headers_unavailable']));
  });

  it('two payloads in one invocation are refused', async (context) => {
    const { app, worker } = createMcpApp(context);
    const extra = input.generic({ type: 'mcpToolTrigger', name: 'second' });
    app.generic('Two', {
      trigger: { type: 'mcpToolTrigger', name: 'call' },
      extraInputs: [extra],
      handler: () => 'secret',
    });
    await worker.start();
    const answer = await sendPayload(worker, 'Two', payloadOf('tool', 'Two', bearing(reader)));
    expectRefusal(answer, false, '');
    assert.equal(worker.decisions[0]?.['code'], 'mcp_headers_unavailable');
  });

  it('a handler that is called past the gate is refused, and within an admitted invocation its policy decides', async (context) => {
    const { app, worker, runs } = createMcpApp(context);
    const tool = worker.getHandler('tool');
    registerMcp(app, 'tool', 'Outer', (call, invocation) => tool(call, invocation));
    registerMcp(
      app,
      'tool',
      'Open',
      allowAnonymous((call: unknown, invocation: object) => tool(call, invocation)),
    );
    await worker.start();
    const call = { transport: bearing(reader) };
    const past = { invocationId: 'x', functionName: 'tool', log: () => undefined, warn: () => undefined };
    assert.throws(() => tool(call, past), { code: 'CERTGATE_CALL_REFUSED', cause: /was called past the gate/ });
    const admitted = await sendPayload(worker, 'Outer', payloadOf('tool', 'Outer', bearing(reader)));
    assert.equal(readToolResult(admitted)?.text, 'reader');
    assert.deepEqual(runs, ['tool']);
    const open = await sendPayload(worker, 'Open', payloadOf('tool', 'Open', bearing(reader)));
    assert.equal(readToolResult(open)?.text, 'reader');
    const refused = await sendPayload(worker, 'Open', payloadOf('tool', 'Open', bearing(stranger)));
    assert.match(String(refused.error), /^CertgateError: Certgate refused a call of "tool"/);
  });
});

describe('an observed MCP function', () => {
  const handler = (_call: unknown, invocation: Parameters<typeof findClientIdentity>[0]): string =>
    findClientIdentity(invocation)?.name ?? 'nobody';

  function useFolder(context: TestContext, hostJson: string | undefined): string {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-mcp-'));
    if (hostJson !== undefined) writeFileSync(join(folder, 'host.json'), hostJson);
    context.after(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    return folder;
  }

  it('admits every caller behind the system key, and logs who will be refused', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const folder = useFolder(context, '{"version":"2.0"}');
    context.mock.method(process, 'cwd', () => folder);
    const { app, worker } = createSecuredApp(context);
    registerMcp(app, 'tool', 'Watched', observe(handler, { until: inAMonth }));
    await worker.start();
    for (const transport of [bearing(stranger), transportOf({}), { name: 'http-sse', properties: {} }, undefined]) {
      const answer = await sendPayload(worker, 'Watched', payloadOf('tool', 'Watched', transport));
      assert.deepEqual(readToolResult(answer), { isError: false, text: 'nobody' });
      assert.equal(worker.decisions.at(-1)?.['outcome'], 'observed');
    }
    const known = await sendPayload(worker, 'Watched', payloadOf('tool', 'Watched', bearing(reader)));
    assert.equal(readToolResult(known)?.text, 'reader');
  });

  it('is an error if the system key is switched off', (context) => {
    const folder = useFolder(context, '{"extensions":{"mcp":{"system":{"webhookAuthorizationLevel":"Anonymous"}}}}');
    context.mock.method(process, 'cwd', () => folder);
    const { app } = createSecuredApp(context);
    assert.throws(
      () => {
        registerMcp(app, 'tool', 'Watched', observe(handler, { until: inAMonth }));
      },
      { code: 'CERTGATE_POLICY_CONFLICT', message: /only the system key of Azure's MCP extension protects it/ },
    );
  });

  it('is an error if the folder of the app is gone', (context) => {
    context.mock.method(process, 'cwd', () => {
      throw new Error('ENOENT: no such file or directory, uv_cwd');
    });
    const { app } = createSecuredApp(context);
    assert.throws(() => {
      registerMcp(app, 'tool', 'Watched', observe(handler, { until: inAMonth }));
    }, /host\.json can't be read/);
  });

  it('needs a key if host.json and app settings say so', (context) => {
    const level = (value: unknown): string =>
      JSON.stringify({ extensions: { mcp: { system: { webhookAuthorizationLevel: value } } } });
    const setting = 'AzureFunctionsJobHost__extensions__mcp__system__webhookAuthorizationLevel';
    const cases: readonly (readonly [string | undefined, NodeJS.ProcessEnv, boolean])[] = [
      ['{}', {}, true],
      ['\uFEFF{"version":"2.0","extensions":{}}', {}, true],
      [level('System'), {}, true],
      [level('system'), {}, true],
      [level('Anonymous'), {}, false],
      [level('function'), {}, false],
      [level(null), {}, false],
      ['{"Extensions":{"MCP":{"System":{"WebhookAuthorizationLevel":"anonymous"}}}}', {}, false],
      ['{"extensions":{"mcp:system":{"webhookAuthorizationLevel":"Anonymous"}}}', {}, false],
      ['{"extensions:mcp:system:webhookAuthorizationLevel":"Anonymous"}', {}, false],
      ['{"extensions":{"mcp":{"webhookAuthorizationLevel":"Anonymous"}}}', {}, true],
      ['{"extensions":{"queues":{"mcp":{"system":{"webhookAuthorizationLevel":"Anonymous"}}}}}', {}, true],
      ['// comment\n{}', {}, false],
      [undefined, {}, false],
      ['{}', { [setting]: 'Anonymous' }, false],
      ['{}', { [setting.toUpperCase()]: 'Anonymous' }, false],
      ['{}', { [setting.replaceAll('__', ':')]: 'Anonymous' }, false],
      ['{}', { [setting]: 'System' }, true],
      [level('Anonymous'), { [setting]: 'System' }, false],
    ];
    for (const [hostJson, environment, expected] of cases) {
      const folder = useFolder(context, hostJson);
      assert.equal(
        requiresSystemKey(() => folder, environment),
        expected,
        `${hostJson ?? 'absent'} ${JSON.stringify(environment)}`,
      );
    }
  });
});
