import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  createApp,
  functionsOfTheSample,
  gateOptions,
  httpFunction,
  inspect,
  inspectJson,
  showReport,
} from './test-support/app-inspection.js';
import { sampleFolder } from './test-support/certgate.js';

describe('certgate app inspect', () => {
  it("reports the sample's functions, host and gate", async () => {
    const { exitCode, report } = await inspectJson(sampleFolder);
    assert.equal(exitCode, 0);
    assert.equal(report.version, 1);
    assert.deepEqual(report.functions, functionsOfTheSample);
    assert.deepEqual(report.host, {
      routePrefix: 'api',
      httpStreaming: false,
      extensionBundle: { id: 'Microsoft.Azure.Functions.ExtensionBundle', version: '[4.*, 5.0.0)' },
    });
    assert.deepEqual(
      report.outsideTheGate.map(({ path }) => path),
      ['/', '/admin/*', '/runtime/webhooks/*'],
    );
    assert.deepEqual(report.warnings, []);
    assert.deepEqual(report.gate?.options, gateOptions());
  });

  it('shows the report as a table, and leaves nothing in the folder', async (context) => {
    const folder = createApp(context, `secure(); app.http('Closed', { handler });`);
    const { exitCode, stdout, stderr } = await inspect(folder);
    assert.equal(exitCode, 0, stderr);
    assert.equal(stderr, '');
    assert.doesNotMatch(stdout, /CERTGATE_LOCKED/);
    assert.match(stdout, /Closed.*httpTrigger.*GET POST \/api\/Closed.*anonymous.*allowed certificates.*gate/);
    assert.match(stdout, /\/admin\/\*/);
    assert.deepEqual(readdirSync(folder).sort(), ['host.json', 'node_modules', 'package.json', 'src']);
  });

  it('cannot tell who may call a function of function.json', async (context) => {
    const files = { 'Legacy/function.json': '{ "bindings": [] }' };
    const folder = createApp(context, `secure(); app.http('Closed', { handler });`, files);
    const { exitCode, stdout, stderr } = await inspect(folder, '--json');
    assert.equal(exitCode, 3, stderr);
    const { functionFiles } = JSON.parse(stdout) as { readonly functionFiles: unknown };
    assert.deepEqual(functionFiles, ['Legacy/function.json']);
    assert.match(stderr, /Cannot tell who may call the function of Legacy\/function\.json/);
  });

  it('shows routes, methods, keys, roles, report-only and observed functions', async (context) => {
    const until = new Date(Math.floor(Date.now() / 1000) * 1000 + 30 * 86_400_000).toISOString().replace('.000', '');
    const folder = createApp(
      context,
      `secure();
       app.http('A', { route: 'orders/{id:int}', methods: ['DELETE', 'PUT'], authLevel: 'function', handler: requireRole('b', requireAnyRole(['z', 'a', 'z'], handler)) });
       app.generic('B', { trigger: { type: 'HTTPTRIGGER', name: 'req' }, return: output.http({}), handler });
       app.http('C', { handler: reportOnly(requireRole('x', handler), { until: '${until}' }) });
       app.http('D', { authLevel: 'function', handler: observe(requireRole('x', handler), { until: '${until}' }) });`,
      {
        'host.json': '{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }',
        'local.settings.json': '{ "IsEncrypted": false, "Values": { "CERTGATE_LOCKED": "true" } }',
      },
    );
    const { exitCode, report } = await inspectJson(folder);
    assert.equal(exitCode, 0);
    assert.equal(report.locked, true);
    assert.equal(report.host.routePrefix, '');
    assert.deepEqual(report.functions, [
      httpFunction(
        'A',
        { kind: 'certificate', roles: [['b'], ['z', 'a', 'z']] },
        { route: '/orders/{id:int}', methods: ['DELETE', 'PUT'], authLevel: 'function' },
      ),
      httpFunction(
        'B',
        { kind: 'certificate', roles: [] },
        { trigger: 'HTTPTRIGGER', route: '/B', methods: null, authLevel: null },
      ),
      httpFunction('C', { kind: 'certificate', roles: [['x']], reportOnlyUntil: until }, { route: '/C' }),
      httpFunction(
        'D',
        { kind: 'certificate', roles: [['x']], observedUntil: until },
        { route: '/D', authLevel: 'function' },
      ),
    ]);
    const stdout = await showReport(report);
    const shown = `anyone who has a key until ${until} (observed), then allowed certificates, role x`;
    assert.ok(stdout.includes(shown), stdout);
  });

  it('reports a function as closed however it was registered, and fails on an app without a gate', async (context) => {
    const early = createApp(context, `app.http('Early', { handler }); secure(); app.http('Late', { handler });`);
    const { exitCode, report: closed } = await inspectJson(early);
    assert.equal(exitCode, 0);
    assert.deepEqual(closed.functions, [
      httpFunction('Early', { kind: 'certificate', roles: [] }),
      httpFunction('Late', { kind: 'certificate', roles: [] }),
    ]);
    const tool = `app.mcpTool('Tool', { toolName: 'tool', description: 'd', toolProperties: [], handler });`;
    const none = createApp(context, `app.http('Open', { handler }); ${tool}`);
    const { exitCode: code, report } = await inspectJson(none);
    assert.equal(code, 1);
    assert.deepEqual(report.functions, [
      httpFunction('Open', { kind: 'none' }, { covered: 'none' }),
      { ...mcpFunction('Tool', 'mcpToolTrigger', 'tool', 'tool', { kind: 'none' }), covered: 'none' },
    ]);
    assert.match(
      report.warnings.join('\n'),
      /^Tool is open to everybody who reaches the MCP endpoint: the app has no/m,
    );
  });

  it('shows which front end the gate expects, what proves it, and which stores the gate asks', async (context) => {
    const folder = createApp(
      context,
      `const { generateKeyPairSync } = require('node:crypto');
       const signedBy = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });
       const signed = trustStoreFrom(['first.json', 'second.json'], { signedBy });
       secure({
         trustStore: firstOf(signed, trustStoreFromFile('one.json'), trustStoreFrom(process.env.CERTGATE_TRUST), { find: () => ({ outcome: 'notFound' }) }),
         frontEnd: 'nginx', frontEndSecret: process.env.NOWHERE, frontEndIsolation: 'ingress', acceptForwardedChain: true,
       });
       app.http('Closed', { handler });`,
      {
        'one.json': JSON.stringify({ schemaVersion: 1, revision: 7, identities: [] }),
        'local.settings.json': '{ "IsEncrypted": false, "Values": { "CERTGATE_FRONT_END": "haproxy" } }',
      },
    );
    const { exitCode, report } = await inspectJson(folder);
    assert.equal(exitCode, 1, 'code and setting differ');
    assert.deepEqual(
      report.gate?.options,
      gateOptions({
        frontEnd: 'nginx',
        frontEndSecret: true,
        frontEndIsolation: 'ingress',
        acceptForwardedChain: true,
      }),
    );
    assert.deepEqual(report.gate.settings, { frontEnd: 'haproxy', frontEndSecret: false, frontEndIsolation: null });
    const [signed, ...stores] = report.gate.stores;
    const mirror = { source: 'file second.json', isInUse: false };
    assert.deepEqual([signed?.source, signed?.mirror, signed?.revision], ['file first.json', mirror, null]);
    assert.match(signed?.fault ?? '', /first\.json/);
    assert.match(signed?.signedBy?.join() ?? '', /^[0-9A-F]{16}$/);
    assert.deepEqual(
      stores.map(({ source, revision, fault }) => ({ source, revision, fault })),
      [
        { source: 'file one.json', revision: 7, fault: null },
        { source: 'the app setting CERTGATE_TRUST', revision: null, fault: 'it is not set here' },
        { source: 'a store of your own', revision: null, fault: null },
      ],
    );
    assert.match(report.warnings.join(), /The code names the front end nginx, and the app setting CERTGATE_FRONT_END/);
    const stdout = await showReport(report);
    assert.match(stdout, /front end: nginx, named in code/);
    assert.match(
      stdout,
      /proof .*: frontEndSecret in code, but it is undefined here; isolation "ingress", given in code and not checked/,
    );
  });

  it('names the mirror of a document, and shows whether it is in use', async (context) => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const signedBy = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const text = '{"schemaVersion":1,"revision":7,"identities":[]}';
    const folder = createApp(
      context,
      `secure({
         trustStore: trustStoreFrom(['first.json', 'mirror.json'], { signedBy: ${JSON.stringify(signedBy)} }),
         frontEnd: 'app-service',
       });
       app.http('Closed', { handler });`,
      { 'mirror.json': text, 'mirror.json.sig': sign(null, Buffer.from(text), privateKey).toString('base64') },
    );
    const { report } = await inspectJson(folder);
    const [{ source, revision, fault, mirror } = assert.fail()] = report.gate?.stores ?? [];
    assert.deepEqual([source, revision, mirror], ['file first.json', 7, { source: 'file mirror.json', isInUse: true }]);
    assert.match(fault ?? '', /ENOENT.*the document of the mirror \(file mirror\.json\) is in use/);
    const stdout = await showReport(report);
    assert.match(
      stdout,
      /trust: file first\.json, with the mirror file mirror\.json, signed by [0-9A-F]{16}, revision 7, not read: ENOENT/,
    );
  });

  it('fails because of unsafeTrustCertificateHeaderFromAnywhere, even if the baseline allows it', async (context) => {
    const folder = createApp(context, `secure(anywhere); app.http('Closed', { handler });`);
    const { exitCode, stderr } = await inspect(folder, '--write-baseline');
    assert.equal(exitCode, 1);
    assert.match(stderr, /unsafeTrustCertificateHeaderFromAnywhere is set: anyone who reaches the app/);
    assert.equal((await inspect(folder)).exitCode, 1);
  });

  const mcp = `
    app.mcpTool('Hello', { toolName: 'hello', description: 'd', toolProperties: [], handler: requireRole('agent', handler) });
    app.mcpResource('Readme', { uri: 'file://readme.md', resourceName: 'readme', handler: allowAnonymous(handler) });
    app.mcpPrompt('Sum', { promptName: 'sum', handler });`;
  const mcpFunction = (name: string, trigger: string, kind: string, called: string, policy: object): object => ({
    name,
    trigger,
    http: false,
    mcp: { kind, name: called },
    policy,
    covered: 'gate',
  });

  it('lists tools, resources and prompts with their names and who may call them', async (context) => {
    const folder = createApp(context, `secure(); ${mcp}`);
    const { exitCode, report } = await inspectJson(folder);
    assert.equal(exitCode, 0);
    assert.deepEqual(report.functions, [
      mcpFunction('Hello', 'mcpToolTrigger', 'tool', 'hello', { kind: 'certificate', roles: [['agent']] }),
      mcpFunction('Readme', 'mcpResourceTrigger', 'resource', 'file://readme.md', { kind: 'anonymous' }),
      mcpFunction('Sum', 'mcpPromptTrigger', 'prompt', 'sum', { kind: 'certificate', roles: [] }),
    ]);
    const stdout = await showReport(report);
    assert.match(stdout, /Hello.*mcpToolTrigger.*tool hello.*allowed certificates, role agent.*gate/);
    assert.match(stdout, /\/runtime\/webhooks\/mcp +live, system key: .* the gate decides each call of them/);
  });

  it('shows which webhooks of extensions are live, and which answer without a key', async (context) => {
    const folder = createApp(
      context,
      `secure();
       app.http('Hello', { handler, extraOutputs: [output.eventGrid({ topicEndpointUri: 'u', topicKeySetting: 'k' })] });
       const answer = (client, request) => client?.createCheckStatusResponse(request, client.createHttpManagementPayload('a').id);
       app.generic('Flow', { trigger: { type: 'orchestrationTrigger', name: 'context' }, handler });
       app.generic('Tool', { trigger: { type: 'mcpToolTrigger', name: 'tool' }, handler });
       app.timer('Tick', { schedule: '0 0 * * * *', handler });`,
      {
        'host.json': JSON.stringify({
          version: '2.0',
          extensions: {
            mcp: { system: { webhookAuthorizationLevel: 'Anonymous' } },
            later: { system: { webhookAuthorizationLevel: 'anonymous' } },
            signalR: {},
          },
        }),
        'local.settings.json': '{ "IsEncrypted": false, "Values": { "AzureWebJobsDisableHomepage": "true" } }',
      },
    );
    const { exitCode, report } = await inspectJson(folder);
    assert.equal(exitCode, 1, 'a live webhook without a key');
    assert.deepEqual(
      report.warnings.map((warning) => warning.split(' answers ')[0]),
      ['/runtime/webhooks/mcp'],
    );
    assert.equal((await inspect(folder, '--write-baseline')).exitCode, 0, 'it is agreed to');
    assert.equal(
      (await inspect(folder)).exitCode,
      0,
      'an HTTP function with an output that this host cannot supply is still reported',
    );
    assert.deepEqual(
      report.functions.map(({ name, http, trigger }) => [name, http, trigger]),
      [
        ['Flow', false, 'orchestrationTrigger'],
        ['Hello', true, 'httpTrigger'],
        ['Tick', false, 'timerTrigger'],
        ['Tool', false, 'mcpToolTrigger'],
      ],
    );
    assert.deepEqual(
      report.outsideTheGate.map(({ path, state, key }) => [path, state, key]),
      [
        ['/', 'absent', 'none'],
        ['/admin/*', 'live', 'master key'],
        ['/runtime/webhooks/durabletask', 'live', 'system key'],
        ['/runtime/webhooks/eventgrid', 'live', 'system key'],
        ['/runtime/webhooks/mcp', 'live', 'none'],
        ['/runtime/webhooks/signalr', 'possible', 'system key'],
        ['/runtime/webhooks/later', 'possible', 'none'],
        ['/runtime/webhooks/*', 'possible', 'system key'],
      ],
    );
    const starting = report.outsideTheGate.filter(({ starts }) => starts !== undefined);
    assert.deepEqual(
      starting.map(({ path, starts }) => [path, starts]),
      [['/runtime/webhooks/durabletask', ['Flow']]],
    );
    assert.match(
      report.notes.join('\n'),
      /^src\/\S+ mentions a call of createCheckStatusResponse, createHttpManagementPayload, which answers with addresses below \/runtime\/webhooks\/durabletask and their key\. .*app-shapes\.md#durable-functions$/,
    );
  });

  it('names the functions that a webhook starts without a certificate', async (context) => {
    const folder = createApp(
      context,
      `secure();
       app.eventGrid('OnEvent', { handler });
       app.storageBlob('OnBlob', { path: 'a', connection: 'c', source: 'EventGrid', handler });
       app.storageBlob('Polled', { path: 'a', connection: 'c', handler });
       app.webPubSub('OnMessage', { name: 'm', hub: 'h', eventType: 'user', eventName: 'e', handler });
       app.generic('OnInvoke', { trigger: { type: 'signalRTrigger', name: 'it' }, handler });
       app.generic('OnConnector', { trigger: { type: 'connectorTrigger', name: 'it' }, handler });`,
    );
    const { report } = await inspectJson(folder);
    assert.deepEqual(
      report.outsideTheGate.flatMap(({ path, starts = [] }) => (starts.length === 0 ? [] : [[path, ...starts]])),
      [
        ['/runtime/webhooks/blobs', 'OnBlob'],
        ['/runtime/webhooks/connector', 'OnConnector'],
        ['/runtime/webhooks/eventgrid', 'OnEvent'],
        ['/runtime/webhooks/signalr', 'OnInvoke'],
        ['/runtime/webhooks/webpubsub', 'OnMessage'],
      ],
    );
    const stdout = await showReport(report);
    assert.match(stdout, /webhooks\/blobs .*used by OnBlob, Polled; it starts OnBlob, without a certificate/);
  });

  it('loads the app once more as in Azure, and shows where the two loads differ', async (context) => {
    const folder = createApp(
      context,
      `const isAzure = process.env.WEBSITE_SITE_NAME !== undefined;
       const isDevelopment = process.env.AZURE_FUNCTIONS_ENVIRONMENT === 'Development';
       const isLocal = process.env.FUNCTIONS_CORETOOLS_ENVIRONMENT !== undefined;
       const trustStore = isAzure ? trustStoreFromFile('other.json') : trustStoreFrom(process.env.CERTGATE_TRUST);
       const frontEndSecret = isAzure ? undefined : '0123456789'.repeat(4);
       secure({ trustStore, frontEndSecret, ...(process.env.WEBSITE_INSTANCE_ID ? anywhere : {}) });
       app.http('Opened', { handler: isAzure ? allowAnonymous(handler) : handler });
       app.http('Role', { handler: isDevelopment ? handler : requireRole('a', handler) });
       app.http('Pipeline', { handler: process.env.CI ? handler : allowAnonymous(handler) });
       app.http('Setting', { handler: process.env.NODE_ENV === 'mine' ? handler : allowAnonymous(handler) });
       app.http('Same', { handler });
       if (!isLocal) app.http('Secret', { handler });`,
      {
        'other.json': '{ "schemaVersion": 1, "revision": 1, "identities": [] }',
        'local.settings.json': '{ "IsEncrypted": false, "Values": { "NODE_ENV": "mine" } }',
      },
    );
    const { CI, NODE_ENV } = process.env;
    Object.assign(process.env, { CI: 'true', NODE_ENV: '' });
    context.after(() => {
      for (const [name, value] of Object.entries({ CI, NODE_ENV })) {
        Reflect.deleteProperty(process.env, name);
        if (value !== undefined) process.env[name] = value;
      }
    });
    const { exitCode, report } = await inspectJson(folder, '--as-in-azure');
    assert.equal(exitCode, 1);
    assert.deepEqual(report.warnings, [], 'they are about the load here');
    assert.deepEqual(
      report.asInAzure?.differences.map(({ effect, subject, what }) => `${effect} ${subject} ${what}`),
      [
        'opens app unsafeTrustCertificateHeaderFromAnywhere',
        'opens Opened policy',
        'opens Pipeline policy',
        'opens Secret function',
        'closes Role policy',
        'changes app trust',
        'opens app frontEndSecret',
      ],
    );
    assert.ok(report.asInAzure.set.includes('WEBSITE_SITE_NAME'));
    const { removed } = report.asInAzure;
    assert.ok(removed.includes('FUNCTIONS_CORETOOLS_ENVIRONMENT') && removed.includes('CI'));
    assert.ok(!removed.includes('NODE_ENV'), 'a setting of the app itself');
    const { before, after } = report.asInAzure.differences.find(({ what }) => what === 'trust') ?? {};
    assert.deepEqual([before, after], ['the app setting CERTGATE_TRUST', 'file other.json']);
  });

  it('finds no difference between equal loads, and fails if the app does not load as in Azure', async (context) => {
    const settings = { 'local.settings.json': '{ "IsEncrypted": false, "Values": { "WEBSITE_SITE_NAME": "mine" } }' };
    const same = createApp(
      context,
      `if (process.env.WEBSITE_SITE_NAME !== 'mine') throw new Error('the setting of the app itself stands');
       secure(); app.http('Closed', { handler });`,
      settings,
    );
    const { exitCode, stdout } = await inspect(same, '--as-in-azure');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^As in Azure: .*WEBSITE_INSTANCE_ID.* set, and without .*FUNCTIONS_CORETOOLS_ENVIRONMENT/m);
    assert.doesNotMatch(stdout, /, WEBSITE_SITE_NAME/);
    assert.match(stdout, /Nothing differs between the two loads\./);
    const failing = createApp(
      context,
      `if (process.env.WEBSITE_INSTANCE_ID) throw new Error('no database'); secure(); app.http('Closed', { handler });`,
    );
    const failed = await inspect(failing, '--as-in-azure');
    assert.equal(failed.exitCode, 2);
    assert.match(failed.stderr, /With App Service's variables: .*no database/);
  });

  it('calls no function, serves nothing, and ends an app that keeps its process alive', async (context) => {
    const folder = createApp(
      context,
      `secure();
       const { writeFileSync } = require('node:fs');
       const { join } = require('node:path');
       const note = (name, text) => writeFileSync(join(__dirname, name), text);
       const { Server } = require('node:net');
       const { listen } = Server.prototype;
       Server.prototype.listen = function (...args) { note('listened', 'yes'); return listen.apply(this, args); };
       setInterval(() => undefined, 1000);
       app.hook.appStart(() => note('started', 'yes'));
       app.hook.appTerminate(() => note('ended', 'yes'));
       app.http('Closed', { handler: () => note('called', 'yes') });`,
    );
    const { exitCode, stderr } = await inspect(folder);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(readdirSync(join(folder, 'src')).sort(), ['ended', 'index.js', 'started']);
  });

  it('reports in one clear line why an app cannot be loaded', async (context) => {
    const throwing = createApp(context, `throw new Error('no database');`);
    for (const [folder, words] of [
      [throwing, /index\.js.*no database/s],
      [join(throwing, 'nowhere'), /does not exist/],
      [createApp(context, ''), /registered no function/],
      [
        createApp(context, `try { secureApp(app, { nonsense: 1 }); } catch {} app.http('F', { handler });`),
        /secureApp failed, and the app caught the error: .*has no option nonsense/,
      ],
      [
        createApp(
          context,
          `require('@azure/functions-core').setProgrammingModel({ name: '@azure/functions', version: '3.5.0', getInvocationModel: () => ({}) }); secure(); require('@azure/functions-core').registerFunction({ name: 'F', bindings: { req: { type: 'httpTrigger', direction: 'in' } } }, handler);`,
        ),
        /"F" was registered with registerFunction of @azure\/functions-core/,
      ],
    ] as const) {
      const { exitCode, stdout, stderr } = await inspect(folder);
      assert.equal(exitCode, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, words);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });
});
