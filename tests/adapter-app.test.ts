import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type AppFiles, type Callers, createAdapterApp, createCallers, send } from './test-support/adapter-app.js';

// Tests the adapter inside real apps with the published @azure/functions. The tests send HTTP requests and set the
// certificate header themselves.

let folder: string;
let callers: Callers;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-adapter-'));
  callers = createCallers(folder);
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const header = 'X-ARR-ClientCert';
const startCodes = (lines: readonly Record<string, unknown>[]): readonly unknown[] => lines.map(({ code }) => code);
const trust = (): Readonly<Record<string, string>> => ({ CERTGATE_TRUST: callers.trustFile });

const body = `
app.http('Closed', { methods: ['GET', 'POST'], handler: async (request, context) => {
  const { name, roles } = getClientIdentity(context);
  return { jsonBody: { name, roles, body: await request.text() } };
} });
app.http('Role', { handler: requireRole('operator', (request, context) => ({ body: getClientIdentity(context).name })) });
app.get('Open', allowAnonymous((request, context) => ({ body: findClientIdentity(context)?.name ?? 'nobody' })));
app.generic('Generic', { trigger: { type: 'HTTPTRIGGER', name: 'req', methods: ['GET'] }, return: output.http({}), handler: () => ({ body: 'generic' }) });
app.http('Throws', { handler: () => { throw new Error('mine'); } });
app.timer('Tick', { schedule: '0 0 0 1 1 *', handler: () => undefined });`;

const names = 'allowAnonymous, findClientIdentity, getClientIdentity, requireRole';
const apps: Readonly<Record<string, AppFiles>> = {
  'an ES module app': {
    'package.json': '{ "type": "module", "main": "src/{index.js,functions/*.js}" }',
    'src/index.js': `import { app } from '@azure/functions';
      import { secureApp, trustStoreFrom } from '@certgate/azure-functions';
      secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });`,
    'src/functions/all.js': `import { app, output } from '@azure/functions';
      import { ${names} } from '@certgate/azure-functions';${body}`,
  },
  'a CommonJS app': {
    'src/index.js': `const { app } = require('@azure/functions');
      const { secureApp, trustStoreFrom } = require('@certgate/azure-functions');
      secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });`,
    'src/functions/all.js': `const { app, output } = require('@azure/functions');
      const { ${names} } = require('@certgate/azure-functions');${body}`,
  },
  'an app that loads both builds of the adapter': {
    'src/index.mjs': `import { app } from '@azure/functions';
      import { secureApp, trustStoreFrom } from '@certgate/azure-functions';
      secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });`,
    'src/functions/all.cjs': `const { app, output } = require('@azure/functions');
      const { ${names} } = require('@certgate/azure-functions');${body}`,
  },
};

describe('every function answers each caller', () => {
  for (const [what, files] of Object.entries(apps)) {
    it(`in ${what}`, async (context) => {
      const app = createAdapterApp(context, files);
      const { url, functions } = await app.start({ environment: trust() });
      assert.deepEqual(
        functions.map(({ name, covered, policy }) => [name, covered, policy]),
        [
          ['Closed', 'gate', { kind: 'certificate', roles: [] }],
          ['Generic', 'gate', { kind: 'certificate', roles: [] }],
          ['Open', 'gate', { kind: 'anonymous' }],
          ['Role', 'gate', { kind: 'certificate', roles: [['operator']] }],
          ['Throws', 'gate', { kind: 'certificate', roles: [] }],
          ['Tick', undefined, undefined],
        ],
      );
      const presented = [undefined, callers.stranger, callers.reader, callers.operator];
      const statuses = async (name: string): Promise<readonly number[]> => {
        const results: number[] = [];
        for (const certificate of presented) {
          const headers = certificate === undefined ? {} : { [header]: certificate };
          results.push((await send(`${url}/api/${name}`, headers)).status);
        }
        return results;
      };
      assert.deepEqual(await statuses('Closed'), [401, 401, 200, 200]);
      assert.deepEqual(await statuses('Generic'), [401, 401, 200, 200]);
      assert.deepEqual(await statuses('Open'), [200, 200, 200, 200]);
      assert.deepEqual(await statuses('Role'), [401, 401, 403, 200]);
      assert.deepEqual(await statuses('Throws'), [401, 401, 500, 500]);
      // The closed functions were called 16 times. Each call writes one decision line, except that the gate writes at
      // most three lines a minute for a stranger's certificate. A call of an open function writes none.
      assert.equal((await app.decisions(15)).length, 15);
      assert.deepEqual(await app.startLines(0), []);
    });
  }
});

describe('one app', () => {
  it('answers with problem details, and logs the precise code under the same correlation id', async (context) => {
    const app = createAdapterApp(context, apps['an ES module app']!);
    const { url } = await app.start({ environment: trust() });
    const refused = await send(`${url}/api/Closed`, { [header]: callers.stranger });
    assert.equal(refused.headers['content-type'], 'application/problem+json');
    assert.equal(refused.headers['www-authenticate'], 'ClientCertificate');
    const problem = JSON.parse(refused.body) as { correlationId: string; development: Record<string, unknown> };
    assert.equal(problem.development['code'], 'certificate_not_trusted');
    // Names the document that doesn't list the caller.
    const source = `file ${callers.trustFile}`;
    assert.deepEqual(problem.development['trust'], { source, revision: 1 });
    const [line] = await app.decisions(1);
    assert.equal(line?.['correlationId'], problem.correlationId);
    assert.equal(line['code'], 'certificate_not_trusted');
    assert.deepEqual([line['trustSource'], line['trustRevision']], [source, 1]);
    assert.ok(!app.logs.some(({ message }) => message.includes(callers.stranger.slice(20, 60))));
  });

  it('accepts one header with one certificate, in any letter case, and no other header', async (context) => {
    const app = createAdapterApp(context, apps['a CommonJS app']!);
    const { url } = await app.start({ environment: trust() });
    const { reader, stranger } = callers;
    const der = Buffer.from(reader, 'base64');
    const pem = `-----BEGIN CERTIFICATE-----${reader}-----END CERTIFICATE-----`;
    const cases: readonly (readonly [status: number, headers: Readonly<Record<string, string | string[]>>])[] = [
      [200, { 'x-arr-clientcert': reader }],
      [200, { 'X-Arr-CLIENTCERT': reader }],
      [200, { [header]: ` ${reader}\t` }],
      [401, { [header]: [reader, reader] }],
      [401, { [header]: [reader, stranger] }],
      [401, { [header]: [stranger, reader] }],
      [401, { [header]: ['', reader] }],
      [401, { [header]: `${reader},` }],
      [401, { [header]: `${reader};` }],
      [401, { [header]: `"${reader}"` }],
      [401, { [header]: pem }],
      [401, { [header]: encodeURIComponent(pem) }],
      [401, { [header]: der.toString('hex') }],
      [401, { [header]: Buffer.concat([der, Buffer.from([0])]).toString('base64') }],
      [401, { [header]: Buffer.concat([der, der]).toString('base64') }],
      [401, { X_ARR_ClientCert: reader }],
      [401, { 'X-ARR-ClientCert-': reader }],
      [401, { 'X-Forwarded-Client-Cert': `Cert="${encodeURIComponent(pem)}"` }],
      [401, { 'Client-Cert': `:${reader}:` }],
      [401, { Cookie: `${header}=${reader}` }],
    ];
    for (const [status, headers] of cases) {
      const answer = await send(`${url}/api/Closed`, headers);
      assert.equal(answer.status, status, JSON.stringify(headers).slice(0, 80));
    }
    const query = encodeURIComponent(reader);
    assert.equal((await send(`${url}/api/Closed?${header}=${query}&Headers=${query}`)).status, 401);
  });
});

describe('the environment', () => {
  const cases: readonly (readonly [
    what: string,
    environment: Readonly<Record<string, string>>,
    status: number,
    code?: string,
  ])[] = [
    ['Development on a laptop', {}, 200],
    ['Development copied to Linux Consumption', { CONTAINER_NAME: 'c' }, 503, 'front_end_unknown'],
    ['Development copied to App Service', { WEBSITE_INSTANCE_ID: 'a1' }, 200],
    ['Flex Consumption, named', { WEBSITE_SKU: 'FlexConsumption', CERTGATE_FRONT_END: 'app-service' }, 200],
    [
      'Container Apps, named App Service',
      { CONTAINER_APP_NAME: 'n', CERTGATE_FRONT_END: 'app-service' },
      503,
      'front_end_contradicted',
    ],
  ];
  for (const [what, environment, status, code] of cases) {
    it(what, async (context) => {
      const app = createAdapterApp(context, apps['a CommonJS app']!);
      const { url } = await app.start({ environment: { ...trust(), ...environment } });
      assert.deepEqual(startCodes(await app.startLines(code === undefined ? 0 : 1)), code === undefined ? [] : [code]);
      const answer = await send(`${url}/api/Closed`, { [header]: callers.reader });
      assert.equal(answer.status, status);
      const refused = await send(`${url}/api/Closed`, { [header]: callers.stranger });
      assert.equal(refused.body.includes('"development"'), Object.keys(environment).length === 0);
      assert.equal((await send(`${url}/api/Open`)).status, 200);
    });
  }
});

describe('the app does not start with', () => {
  const secured = (more: string): AppFiles => ({
    'src/index.js': `const { app } = require('@azure/functions');
      const { requireRole, secureApp, trustStoreFrom } = require('@certgate/azure-functions');
      const trustStore = trustStoreFrom(process.env.CERTGATE_TRUST);
      ${more}
      app.http('Closed', { handler: () => ({}) });`,
  });
  const failures: readonly (readonly [what: string, more: string, message: RegExp])[] = [
    ['a typo in an option', "secureApp(app, { trustStore, frontend: 'app-service' });", /has no option frontend/],
    [
      'a role on a timer',
      "secureApp(app, { trustStore }); app.timer('T', { schedule: '* * * * * *', handler: requireRole('r', () => {}) });",
      /"T" has no HTTP trigger/,
    ],
  ];
  for (const [what, more, message] of failures) {
    it(what, async (context) => {
      const app = createAdapterApp(context, secured(more));
      await assert.rejects(app.start({ environment: trust() }), message);
    });
  }

  it('an invalid trust document', async (context) => {
    const invalid = join(folder, 'invalid.json');
    writeFileSync(invalid, '{ "schemaVersion": 1, "revision": 1, "identities": [{ "nam": "x" }] }');
    const app = createAdapterApp(context, secured('secureApp(app, { trustStore });'));
    await assert.rejects(
      app.start({ environment: { CERTGATE_TRUST: invalid } }),
      (error: Error & { readonly remedy?: string }) => {
        assert.match(error.message, /^The app does not start, because of its trust document\. .*invalid\.json/);
        assert.doesNotMatch(error.message, /hook/);
        assert.ok(error.remedy?.endsWith(`: npx --no-install certgate trust check --store ${invalid}`));
        return true;
      },
    );
  });

  it('no trust document, because the setting that names it is empty', async (context) => {
    const app = createAdapterApp(context, secured('secureApp(app, { trustStore });'));
    await assert.rejects(
      app.start({ environment: { CERTGATE_TRUST: '' } }),
      (error: Error & { readonly remedy?: string }) => {
        assert.match(
          error.message,
          /^The app does not start, because it finds no trust document\. trustStoreFrom can't find the trust document\. There is no address/,
        );
        assert.match(error.remedy ?? '', /CERTGATE_TRUST in local\.settings\.json.*certgate trust check --store/);
        return true;
      },
    );
  });
});
