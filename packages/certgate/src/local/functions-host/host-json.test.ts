import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readHostConfiguration, type HostConfiguration } from './host-json.js';

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

test('the route prefix, its default, and the app setting that overrides it', async (context) => {
  const mcpServer = { serverName: 'Azure Functions MCP server', serverVersion: '1.0.0' };
  assert.deepEqual(await read(context, undefined), { routePrefix: 'api', mcpServer, absent: true });
  assert.deepEqual(await read(context, '{ "version": "2.0" }'), { routePrefix: 'api', mcpServer, absent: false });
  assert.equal((await read(context, withPrefix(''))).routePrefix, '');
  assert.equal((await read(context, withPrefix('/v1/x'))).routePrefix, 'v1/x');
  assert.equal(
    (await read(context, '{ "Version": "2.0", "Extensions": { "HTTP": { "routeprefix": "y" } } }')).routePrefix,
    'y',
  );
  const setting = { AzureFunctionsJobHost__extensions__http__routePrefix: 'set' };
  assert.equal((await read(context, withPrefix('file'), setting)).routePrefix, 'set');
});

test('how the MCP endpoint describes itself, by the file and by app settings', async (context) => {
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

test('what the real host does not start with is refused', async (context) => {
  for (const text of [
    '{}',
    '{ "version": "1.0" }',
    '[]',
    '{',
    withPrefix(1),
    withPrefix('a/'),
    '{"version":"2.0","extensions":[]}',
    '{"version":"2.0","extensions":{"mcp":{"serverName":1}}}',
  ]) {
    await assert.rejects(read(context, text), /host\.json|route prefix/, text);
  }
});
