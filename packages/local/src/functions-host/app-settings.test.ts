import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ToolFailure } from '../tool-failure.js';
import { resolveAppSettings } from './app-settings.js';

async function resolve(
  context: TestContext,
  file: unknown,
  inherited: Record<string, string | undefined> = {},
  explicit: Record<string, string> = {},
): Promise<Readonly<Record<string, string>>> {
  const folder = await mkdtemp(join(tmpdir(), 'certgate-settings-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  if (file !== undefined) {
    const text = typeof file === 'string' ? file : JSON.stringify(file);
    await writeFile(join(folder, 'local.settings.json'), text);
  }
  return resolveAppSettings({ folder, inherited, explicit });
}

test('without a file, the app gets the settings of the local host', async (context) => {
  const { AzureWebJobsScriptRoot: root, ...settings } = await resolve(context, undefined, { PATH: '/bin' });
  assert.ok(root !== undefined);
  assert.deepEqual(settings, {
    PATH: '/bin',
    FUNCTIONS_WORKER_RUNTIME: 'node',
    FUNCTIONS_CORETOOLS_ENVIRONMENT: 'True',
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
  });
});

test('explicit settings win over inherited ones, and inherited ones over the file unless they are empty', async (context) => {
  const file = { IsEncrypted: false, Values: { A: 'file', B: 'file', C: 'file', D: 'file' } };
  const settings = await resolve(context, file, { A: 'inherited', B: '', C: 'inherited' }, { C: 'explicit' });
  assert.deepEqual(
    ['A', 'B', 'C', 'D'].map((name) => settings[name]),
    ['inherited', 'file', 'explicit', 'file'],
  );
});

test('a variable that describes another host is not inherited, but kept if an app setting contains it', async (context) => {
  const names = [
    'WEBSITE_INSTANCE_ID',
    'WEBSITE_SKU',
    'WEBSITE_POD_NAME',
    'WEBSITE_PLACEHOLDER_MODE',
    'WEBSITE_HOSTNAME',
  ];
  names.push(
    'LEGION_SERVICE_HOST',
    'CONTAINER_NAME',
    'MANAGED_ENVIRONMENT',
    'LEGION_ANY',
    'WEBSITE_SITE_NAME',
    'CONTAINER_APP_REVISION',
    'kubernetes_port',
  );
  const inherited = Object.fromEntries(names.map((name) => [name, 'cloud']));
  const settings = await resolve(
    context,
    { IsEncrypted: false, Values: { WEBSITE_SKU: 'file' } },
    { ...inherited, CONTAINERS: 'kept', WEBSITE_TIME_ZONE: 'kept' },
    { CONTAINER_NAME: 'explicit' },
  );
  const seen = names.filter((name) => settings[name] !== undefined).map((name) => [name, settings[name]]);
  assert.deepEqual(seen, [
    ['WEBSITE_SKU', 'file'],
    ['CONTAINER_NAME', 'explicit'],
  ]);
  assert.equal(settings['CONTAINERS'], 'kept');
  assert.equal(settings['WEBSITE_TIME_ZONE'], 'kept');
});

test('the environment is Development whatever the file or the shell contains, unless it is set explicitly', async (context) => {
  const name = 'AZURE_FUNCTIONS_ENVIRONMENT';
  const file = { IsEncrypted: false, Values: { [name]: 'Production' } };
  assert.equal((await resolve(context, file, { [name]: 'Staging' }))[name], 'Development');
  assert.equal((await resolve(context, file, {}, { [name]: 'Production' }))[name], 'Production');
});

test('comments, a byte order mark, numbers, booleans, null and connection strings are read as Core Tools reads them', async (context) => {
  const settings = await resolve(
    context,
    `\uFEFF{ // plain
      "isEncrypted": false, /* "Values": {} */
      "Values": { "URL": "https://x.test/*not*/", "N": 1.5, "B": true, "Z": null, "E": "" },
      "ConnectionStrings": { "db": { "ConnectionString": "Server=1", "ProviderName": "p" }, "other": "text" } }`,
  );
  assert.equal(settings['URL'], 'https://x.test/*not*/');
  assert.deepEqual([settings['N'], settings['B'], settings['Z'], settings['E']], ['1.5', 'True', undefined, '']);
  assert.deepEqual([settings['ConnectionStrings:db'], settings['ConnectionStrings:other']], ['Server=1', 'text']);
});

test('a file without values needs no decryption', async (context) => {
  assert.equal((await resolve(context, { IsEncrypted: true, Values: {} }))['FUNCTIONS_WORKER_RUNTIME'], 'node');
});

test('a fault of the file is explained with its place, and comments do not shift it', async (context) => {
  for (const [file, message] of [
    ['{ "IsEncrypted": true, "Values": { "A": "x" } }', /is encrypted/],
    ['{ "Values": { "A": "x" } }', /is encrypted, or doesn't say/],
    ['{ "Values": ', /local\.settings\.json is not valid JSON/],
    ['{ "IsEncrypted": false, "Values": { "A": {} } }', /other than a string under "A"/],
  ] as const) {
    await assert.rejects(resolve(context, file), (error) => {
      assert.ok(error instanceof ToolFailure && error.remedy !== undefined, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
  await assert.rejects(
    resolve(context, '{ // c\n  "IsEncrypted": false, /* x */ "Values": { "A": "x", } }'),
    /local\.settings\.json is not valid JSON: there is a comma before the closing \}; remove it \(line 2, column 53\)/,
  );
});
