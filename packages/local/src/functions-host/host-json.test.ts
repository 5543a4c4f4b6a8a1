import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readHostConfiguration, type HostConfiguration } from './host-json.js';
import { isLogged } from './log-levels.js';

async function read(
  context: TestContext,
  text: string | undefined,
  settings: Record<string, string> = {},
): Promise<HostConfiguration> {
  const folder = await mkdtemp(join(tmpdir(), 'certgate-hostjson-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  if (text !== undefined) await writeFile(join(folder, 'host.json'), text);
  return readHostConfiguration(folder, settings);
}

const withPrefix = (prefix: unknown): string =>
  JSON.stringify({ version: '2.0', extensions: { http: { routePrefix: prefix } } });

test('the route prefix has a default, and an app setting overrides it', async (context) => {
  const mcpServer = { serverName: 'Azure Functions MCP server', serverVersion: '1.0.0' };
  const logLevels = new Map();
  assert.deepEqual(await read(context, '{ "version": "2.0" }'), { routePrefix: 'api', mcpServer, logLevels });
  assert.equal((await read(context, withPrefix(''))).routePrefix, '');
  assert.equal((await read(context, withPrefix('/v1/x'))).routePrefix, 'v1/x');
  assert.equal(
    (await read(context, '{ "Version": "2.0", "Extensions": { "HTTP": { "routeprefix": "y" } } }')).routePrefix,
    'y',
  );
  const setting = { AzureFunctionsJobHost__extensions__http__routePrefix: 'set' };
  assert.equal((await read(context, withPrefix('file'), setting)).routePrefix, 'set');
});

test('the file and app settings say how the MCP endpoint describes itself', async (context) => {
  const file =
    '{ "version": "2.0", "extensions": { "mcp": { "ServerName": "Orders", "instructions": "Ask first." } } }';
  assert.deepEqual((await read(context, file)).mcpServer, {
    serverName: 'Orders',
    serverVersion: '1.0.0',
    instructions: 'Ask first.',
  });
  const settings = { 'azurefunctionsjobhost:extensions:mcp:serverVersion': '3.1' };
  assert.equal((await read(context, file, settings)).mcpServer.serverVersion, '3.1');
});

test('in HSTS, a number without a unit means days, and app settings override the file', async (context) => {
  const readHsts = async (hsts: object, settings = {}): Promise<string | undefined> =>
    (await read(context, JSON.stringify({ version: '2.0', extensions: { http: { hsts } } }), settings))
      .strictTransportSecurity?.value;
  await assert.rejects(readHsts({ maxAge: '1' }), /has no "isEnabled"/);
  assert.equal(await readHsts({}), undefined);
  assert.equal(await readHsts({ isEnabled: false, maxAge: '1' }), undefined);
  assert.equal(await readHsts({ isEnabled: true }), 'max-age=2592000');
  assert.equal(await readHsts({ isEnabled: true, maxAge: '1.02:03:04', preload: true }), 'max-age=93784; preload');
  assert.equal(await readHsts({ isEnabled: 'True', maxAge: '00:10' }), 'max-age=600');
  const setting = { AzureFunctionsJobHost__extensions__http__hsts__isEnabled: 'true' };
  assert.equal(await readHsts({ isEnabled: false, maxAge: '1' }, setting), 'max-age=86400');
});

test('a category has the level of its longest prefix', async (context) => {
  const logLevel = { default: 'Error', Function: 'Warning', 'Function.Pay.User': 'Debug' };
  const file = JSON.stringify({ version: '2.0', logging: { logLevel } });
  const settings = { AzureFunctionsJobHost__logging__logLevel__Function: 'None' };
  const judge = async (more: object, levels: Promise<HostConfiguration>): Promise<boolean> =>
    isLogged((await levels).logLevels, {
      source: 'function',
      level: 'information',
      message: '',
      ...more,
    });
  assert.equal(await judge({ functionName: 'pay' }, read(context, file)), true);
  assert.equal(await judge({ functionName: 'pay', level: 'trace' }, read(context, file)), false);
  assert.equal(await judge({ functionName: 'other' }, read(context, file)), false);
  assert.equal(await judge({ functionName: 'other', level: 'warning' }, read(context, file)), true);
  assert.equal(await judge({ functionName: 'other', level: 'critical' }, read(context, file, settings)), false);
  assert.equal(await judge({ source: 'app', level: 'warning' }, read(context, file)), false);
  assert.equal(await judge({ source: 'host' }, read(context, file)), true);
  assert.equal(await judge({}, read(context, '{ "version": "2.0" }')), true);
});

test('a file with which the real host does not start is refused', async (context) => {
  for (const text of [
    '{}',
    '{ "version": "1.0" }',
    '[]',
    '{',
    withPrefix(1),
    withPrefix('a/'),
    '{"version":"2.0","extensions":[]}',
    '{"version":"2.0","extensions":{"mcp":{"serverName":1}}}',
    '{"version":"2.0","logging":{"logLevel":{"default":"Loud"}}}',
    '{"version":"2.0","logging":{"logLevel":"Warning"}}',
    '{"version":"2.0","extensions":{"http":{"hsts":true}}}',
    '{"version":"2.0","extensions":{"http":{"hsts":{"isEnabled":true,"maxAge":"ten"}}}}',
  ]) {
    await assert.rejects(read(context, text), /host\.json|route prefix|log level/, text);
  }
});
