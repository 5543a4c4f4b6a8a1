import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { ToolFailure } from '../tool-failure.js';
import { startFunctionsHost, type HostedFunction, type HostExit } from './functions-host.js';
import { commonJs, createSampleApp } from './test-support/sample-app.js';
import { until } from '@certgate/x509/test-support/until.js';

const echo = `async (request, context) => ({ jsonBody: {
  url: request.url, method: request.method, params: { ...request.params }, query: [...request.query],
  headers: Object.fromEntries(request.headers), body: await request.text() } })`;

test('a CommonJS app is loaded, described and answers', async (context) => {
  const sample = await createSampleApp(
    context,
    commonJs(`
      app.http('hello', { route: 'hello/{name?}', authLevel: 'function', handler: ${echo} });
      app.timer('Tick', { schedule: '0 0 * * * *', extraOutputs: [output.storageQueue({ queueName: 'q', connection: 'c' })], handler: () => undefined });
      app.generic('any', { trigger: { type: 'HTTPTRIGGER', name: 'req' }, return: output.http({}), handler: () => ({ jsonBody: Object.keys(require.cache) }) });`),
  );
  const host = await sample.start();
  assert.deepEqual(host.functions, [
    { name: 'any', triggerType: 'HTTPTRIGGER', http: true, route: '/api/any', covered: 'none' },
    {
      name: 'hello',
      triggerType: 'httpTrigger',
      http: true,
      route: '/api/hello/{name?}',
      methods: ['GET', 'POST'],
      authLevel: 'function',
      covered: 'none',
    },
    { name: 'Tick', triggerType: 'timerTrigger', http: false },
  ]);
  assert.equal(host.streaming, false);
  const response = await fetch(`${host.url}/API/Hello/ann?a=1&a=2&b=`, { method: 'POST', body: 'text' });
  assert.equal(response.status, 200);
  const seen = (await response.json()) as Record<string, unknown>;
  assert.equal(seen['url'], `${host.url}/API/Hello/ann?a=1&a=2&b=`);
  assert.equal(seen['method'], 'POST');
  assert.deepEqual(seen['params'], { name: 'ann' });
  assert.deepEqual(seen['query'], [
    ['a', '1,2'],
    ['b', ''],
  ]);
  assert.equal(seen['body'], 'text');
  const any = await fetch(`${host.url}/api/any`, { method: 'PATCH' });
  assert.equal(any.status, 200);
  const loaded = (await any.json()) as readonly string[];
  const ofPackages = (name: string): boolean => loaded.some((file) => file.includes(name));
  // Loading the search for entry files would slow each start of the host process.
  assert.deepEqual(['azure', 'fast-glob'].map(ofPackages), [true, false]);
});

test('an ES module app is loaded, with braces in main and top-level await', async (context) => {
  const sample = await createSampleApp(context, {
    'package.json': '{ "type": "module", "main": "./dist/{index.js,functions/*.js}" }',
    'dist/index.js': `import { app } from '@azure/functions'; await Promise.resolve(); app.get('first', () => ({ body: 'one' }));`,
    'dist/functions/second.js': `import { app } from '@azure/functions'; app.get('second', () => ({ body: 'two' }));`,
    'dist/functions/notes.txt': 'not loaded',
  });
  const host = await sample.start();
  assert.deepEqual(
    host.functions.map(({ name }) => name),
    ['first', 'second'],
  );
  assert.equal(await (await fetch(`${host.url}/api/second`)).text(), 'two');
});

test("coverage and policies are read from Certgate's marks", async (context) => {
  const marks = `
    const policy = { kind: 'certificate', roles: [['a', 'b']] };
    const coverage = { functions: new Map([['gated', { name: 'Gated', policy }]]) };
    globalThis[Symbol.for('certgate/function-coverage/v1')] = new WeakMap([[require('@azure/functions-core'), coverage]]);
    app.get('Gated', () => ({})); app.get('unseen', () => ({})); app.timer('tick', { schedule: '* * * * * *', handler: () => undefined });`;
  const plain = await createSampleApp(context, commonJs(marks));
  const covered = (functions: readonly HostedFunction[]): unknown[] =>
    functions.map((hosted) => [hosted.name, hosted.covered, hosted.policy]);
  assert.deepEqual(covered((await plain.start()).functions), [
    ['Gated', 'none', undefined],
    ['tick', undefined, undefined],
    ['unseen', 'none', undefined],
  ]);
  const withGate = await createSampleApp(
    context,
    commonJs(`${marks} globalThis[Symbol.for('certgate/gate/v1')] = {};`),
  );
  assert.deepEqual(covered((await withGate.start()).functions), [
    ['Gated', 'gate', { kind: 'certificate', roles: [['a', 'b']] }],
    ['tick', undefined, undefined],
    ['unseen', 'gate', { kind: 'certificate', roles: [] }],
  ]);
});

test("app settings reach the app, and another host's variables do not", async (context) => {
  const sample = await createSampleApp(context, {
    ...commonJs(`app.get('env', () => ({ jsonBody: { ...process.env, cwd: process.cwd() } }));`),
    'local.settings.json': '{ "IsEncrypted": false, "Values": { "FROM_FILE": "file", "WEBSITE_SKU": "FromFile" } }',
  });
  const set = { KUBERNETES_SERVICE_HOST: '10.0.0.1', CONTAINER_NAME: 'laptop', WEBSITE_INSTANCE_ID: 'x' };
  const before = { ...process.env };
  Object.assign(process.env, set);
  context.after(() => {
    for (const name of Object.keys(set)) Reflect.deleteProperty(process.env, name);
    // One of the variables may be set on the machine that runs the tests.
    Object.assign(process.env, before);
  });
  const host = await sample.start({ environment: { EXPLICIT: '1', CONTAINER_APP_NAME: 'named' } });
  const env = (await (await fetch(`${host.url}/api/env`)).json()) as Record<string, string>;
  assert.equal(env['FROM_FILE'], 'file');
  assert.equal(env['WEBSITE_SKU'], 'FromFile');
  assert.equal(env['CONTAINER_APP_NAME'], 'named');
  assert.equal(env['AZURE_FUNCTIONS_ENVIRONMENT'], 'Development');
  assert.equal(env['FUNCTIONS_WORKER_RUNTIME'], 'node');
  assert.equal(env['WEBSITE_HOSTNAME'], `127.0.0.1:${host.port}`);
  for (const name of Object.keys(set)) assert.equal(env[name], undefined, name);
});

const failures: readonly (readonly [
  what: string,
  files: Readonly<Record<string, string | undefined>>,
  message: RegExp,
])[] = [
  ['no package.json', { 'package.json': undefined }, /no package\.json/],
  ['package.json that is not JSON', { 'package.json': '{' }, /package\.json is not valid JSON/],
  ['no main', { 'package.json': '{}' }, /no "main"/],
  [
    'a main that matches nothing',
    { 'package.json': '{ "main": "dist/*.js" }' },
    /"dist\/\*\.js", which matches no file/,
  ],
  ['a main that does not exist', { 'package.json': '{ "main": "index.js" }' }, /"index\.js", which does not exist/],
  [
    'a file that throws',
    { 'src/b.js': 'throw new TypeError("first\\nsecond");' },
    /src.b\.js failed while it was loaded: TypeError: first$/,
  ],
  ['a file that requires what is not there', { 'src/b.js': 'require("nope")' }, /Cannot find module 'nope'$/],
  [
    'an appStart hook that throws',
    commonJs('app.hook.appStart(() => { throw new Error("no"); }); app.get("a", () => ({}));'),
    /appStart hook of the app failed: Error: no/,
  ],
  ['no function', commonJs(''), /registered no function/],
  [
    'extra inputs',
    commonJs(
      'app.get("a", { extraInputs: [input.storageBlob({ path: "p", connection: "c" })], handler: () => ({}) });',
    ),
    /"a" has the extra input "blob"/,
  ],
  [
    'extra outputs',
    commonJs(
      'app.get("a", { extraOutputs: [output.storageQueue({ queueName: "q", connection: "c" })], handler: () => ({}) });',
    ),
    /"a" has the extra output "queue"/,
  ],
  [
    'another return binding',
    commonJs(
      'app.http("a", { return: output.storageQueue({ queueName: "q", connection: "c" }), handler: () => ({}) });',
    ),
    /"a" has the extra output "queue"/,
  ],
  [
    'duplicate names',
    commonJs('app.get("a", () => ({})); app.get("a", () => ({}));'),
    /registers the function "a", which is already registered/,
  ],
  [
    'duplicate names that the app swallows',
    commonJs('app.get("a", () => ({})); try { app.get("a", () => ({})); } catch {}'),
    /"a" is registered twice/,
  ],
  [
    'names that differ in case',
    commonJs('app.get("a", () => ({})); app.get("A", { route: "b", handler: () => ({}) });'),
    /is registered twice/,
  ],
  ['a bad name', commonJs('app.get("1a", () => ({}));'), /"1a" is not a valid function name/],
  [
    'an admin route',
    commonJs('app.get("a", { route: "Administrators", handler: () => ({}) });'),
    /"Administrators" of the function "a"/,
  ],
  ['a runtime route', commonJs('app.get("runtimeX", () => ({}));'), /"runtimeX" of the function "runtimeX"/],
  [
    'an unknown constraint',
    commonJs('app.get("a", { route: "{x:even}", handler: () => ({}) });'),
    /no constraint "even"/,
  ],
  [
    'conflicting routes',
    commonJs('app.get("a", { route: "x/", handler: () => ({}) }); app.http("b", { route: "X", handler: () => ({}) });'),
    /"a" and "b" have the same route/,
  ],
  [
    'an app that ends its process',
    commonJs('process.exit(3);'),
    /^While it was loading, the app's process ended with exit code 3/,
  ],
  [
    'an app that crashes while it loads',
    {
      'src/index.mjs':
        'setImmediate(() => { throw new Error("late"); }); await new Promise((r) => setTimeout(r, 60000));',
    },
    /While it was loading, the app ended on an uncaught error: late/,
  ],
];
for (const [what, files, message] of failures) {
  test(`an app is refused: ${what}`, async (context) => {
    const sample = await createSampleApp(context, { ...commonJs('app.get("fine", () => ({}));'), ...files });
    await assert.rejects(sample.start(), (error) => {
      assert.ok(error instanceof ToolFailure, String(error));
      assert.match(error.message, message);
      assert.ok(error.remedy !== undefined, 'a remedy');
      assert.ok(!error.message.includes('\n'), 'one line');
      return true;
    });
  });
}

test('a missing folder, a file in place of a folder, and a port in use are refused', async (context) => {
  const sample = await createSampleApp(context, commonJs('app.get("a", () => ({}));'));
  await assert.rejects(startFunctionsHost({ folder: join(sample.folder, 'nope') }), /nope does not exist/);
  await assert.rejects(startFunctionsHost({ folder: join(sample.folder, 'host.json') }), /is a file/);
  await assert.rejects(startFunctionsHost({ folder: join(sample.folder, 'host.json/x') }), /does not exist/);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  context.after(() => other.close());
  const address = other.address();
  assert.ok(typeof address === 'object' && address !== null);
  await assert.rejects(sample.start({ port: address.port }), /another program uses it/);
});

test("the stack of an error from the app's file is kept as the cause", async (context) => {
  const sample = await createSampleApp(context, { 'src/index.js': 'throw new Error("at load");' });
  await assert.rejects(sample.start(), (error) => {
    assert.ok(error instanceof ToolFailure && error.cause instanceof Error);
    assert.match(error.cause.stack ?? '', /at load[^]*index\.js:1/);
    return true;
  });
});

test("a missing host.json is an error, because the folder is probably not the app's", async (context) => {
  const sample = await createSampleApp(context, { ...commonJs('app.get("a", () => ({}));'), 'host.json': undefined });
  await assert.rejects(sample.start(), /There is no host\.json in /);
});

test('host.json and app settings decide about log lines, options of Node and HSTS', async (context) => {
  const sample = await createSampleApp(context, {
    ...commonJs(
      `app.get('a', (_, context) => { context.log('quiet'); context.warn('loud'); console.log('raw'); return { jsonBody: process.execArgv }; });
       app.get('b', (_, context) => { context.log('of b'); return {}; });`,
    ),
    'host.json': JSON.stringify({
      version: '2.0',
      logging: { logLevel: { 'Function.a': 'Warning', 'Host.Function.Console': 'None' } },
      extensions: {
        http: { hsts: { isEnabled: true, maxAge: '10', includeSubDomains: true, excludedHosts: ['x.test'] } },
      },
    }),
    'local.settings.json': JSON.stringify({
      IsEncrypted: false,
      Values: { languageWorkers__node__arguments: '--max-old-space-size=300  --no-warnings' },
    }),
  });
  const host = await sample.start({ frontEndToken: 't'.repeat(43) });
  const ask = (name: string, headers: Record<string, string> = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const token = { [host.frontEndField.name]: host.frontEndField.value };
      get(`${host.url}/api/${name}`, { headers: { ...token, ...headers } }, resolve).on('error', reject);
    });
  const first = await ask('a', { host: 'app.test', 'x-forwarded-proto': 'https' });
  assert.equal(first.headers['strict-transport-security'], 'max-age=864000; includeSubDomains');
  let body = '';
  for await (const part of first) body += String(part);
  assert.deepEqual(JSON.parse(body), ['--max-old-space-size=300', '--no-warnings']);
  for (const headers of [
    { host: 'localhost', 'x-forwarded-proto': 'https' },
    { host: 'X.test', 'x-forwarded-proto': 'https' },
    { host: 'app.test', 'x-forwarded-proto': 'http' },
  ]) {
    const { headers: answered } = (await ask('b', headers)).resume();
    assert.equal(answered['strict-transport-security'], undefined, JSON.stringify(headers));
  }
  await until(() => sample.logs.filter(({ message }) => message === 'of b').length === 3);
  const own = sample.logs.filter(({ message }) => ['quiet', 'loud', 'raw'].includes(message));
  assert.deepEqual(own.map(({ message }) => message), ['loud']); // prettier-ignore
});

test('a function that an app setting disables is reported as disabled, and keeps its route', async (context) => {
  const sample = await createSampleApp(
    context,
    commonJs('app.get("a", () => ({})); app.get("b", { route: "{*rest}", handler: () => ({}) });'),
  );
  const host = await sample.start({ environment: { 'AzureWebJobs.A.Disabled': '1', 'AzureWebJobs.b.Disabled': 'no' } });
  assert.deepEqual(host.functions.map(({ disabled }) => disabled), [true, undefined]); // prettier-ignore
  const statuses = ['a', 'c'].map(async (name) => (await fetch(`${host.url}/api/${name}`)).status);
  assert.deepEqual(await Promise.all(statuses), [404, 200]);
});

test('an unhandled rejection ends the app, and the parent gets the reason', async (context) => {
  const sample = await createSampleApp(
    context,
    commonJs(
      `app.get('float', () => { Promise.reject(new Error('nobody\\nawaits')); return {}; }); app.get('exit', () => { process.exit(7); });`,
    ),
  );
  const exits: HostExit[] = [];
  const first = await sample.start({ onExit: (exit) => exits.push(exit) });
  await fetch(`${first.url}/api/float`).catch(() => undefined);
  await until(() => exits.length === 1);
  assert.equal(exits[0]?.message, 'The app ended on an uncaught error: nobody');
  assert.equal(exits[0].exitCode, 1);
  assert.match(exits[0].stack ?? '', /index\.js/);
  await first.close();

  const second = await sample.start({ onExit: (exit) => exits.push(exit) });
  await fetch(`${second.url}/api/exit`).catch(() => undefined);
  await until(() => exits.length === 2);
  assert.match(exits[1]?.message ?? '', /exit code 7/);
});

test('close runs appTerminate hooks, kills what does not end, and does not exit', async (context) => {
  const sample = await createSampleApp(
    context,
    commonJs(
      `app.get('a', () => ({})); app.hook.appTerminate((c) => { console.log('terminated'); }); setInterval(() => undefined, 1000);`,
    ),
  );
  const exits: HostExit[] = [];
  const host = await sample.start({ onExit: (exit) => exits.push(exit) });
  await Promise.all([host.close(), host.close()]);
  assert.ok(sample.logs.some(({ source, message }) => source === 'app' && message === 'terminated'));
  assert.deepEqual(exits, []);
  await assert.rejects(fetch(host.url));
});

test("the debugger listens in the app's process", async (context) => {
  const sample = await createSampleApp(context, commonJs('app.get("a", () => ({}));'));
  await sample.start({ inspect: '127.0.0.1:0' });
  await until(() => sample.logs.some(({ message }) => message.startsWith('Debugger listening on ws://127')));
});

test('the app ends with its parent, however the parent ends', async (context) => {
  const sample = await createSampleApp(context, commonJs('app.get("a", () => ({}));'));
  const parent = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { startFunctionsHost } from ${JSON.stringify(new URL('functions-host.js', import.meta.url).href)};
     console.log((await startFunctionsHost({ folder: ${JSON.stringify(sample.folder)}, unsafeDirectHeader: true })).url);`,
  ]);
  context.after(() => parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const url = `${line.toString().trim()}/api/a`;
  assert.equal((await fetch(url)).status, 200);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await until(() =>
    fetch(url).then(
      () => false,
      () => true,
    ),
  );
});
