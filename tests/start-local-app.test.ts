import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { CertgateError } from '@certgate/core';
import { type LocalApp, type LocalAppLogLine, type LocalAppOptions, startLocalApp } from 'certgate';
import { createLocalApp, setVariable } from './test-support/local-app.js';
import { until } from '@certgate/x509/test-support/until.js';
import { type OpensslCertificate, makeOpensslCertificate, writeTrust } from './test-support/openssl.js';

const temporary = mkdtempSync(join(tmpdir(), 'certgate-start-local-app-'));

/** An app for the tests that change nothing in it. */
let shared: LocalApp<'reader' | 'operator' | 'limited' | 'barred'>;
const lines: LocalAppLogLine[] = [];
const endings: (() => unknown)[] = [];

before(async () => {
  const context: Ending = { after: (ending) => endings.push(ending as () => unknown) };
  setVariable(context, 'CERTGATE_TEST_INHERITED', 'inherited');
  setVariable(context, 'JEST_WORKER_ID', '1');
  shared = await start(context, {
    callers: {
      reader: {},
      operator: { roles: ['operator'] },
      limited: { functions: ['Role'] },
      barred: { functions: [] },
    },
    environment: { OWN: 'own' },
    onLog: (line) => lines.push(line),
  });
});
after(async () => {
  for (const ending of endings.reverse()) await ending();
  rmSync(temporary, { recursive: true, force: true });
});

type Ending = Pick<TestContext, 'after'>;

async function start<Name extends string = never>(
  context: Ending,
  options: Omit<LocalAppOptions<Name>, 'folder'>,
): Promise<LocalApp<Name>> {
  const app = await startLocalApp<Name>({ folder: createLocalApp(context), ...options });
  context.after(() => app.close());
  return app;
}

describe('who is admitted', () => {
  it('depends on the declared callers, over real TLS', async () => {
    const app = shared;
    const answers: Record<string, readonly number[]> = {};
    for (const caller of ['none', 'denied', 'reader', 'operator', 'limited', 'barred'] as const) {
      const ask = async (name: string): Promise<number> => (await app.callAs(caller, `/api/${name}`)).status;
      answers[caller] = [await ask('Public'), await ask('Secured'), await ask('Role')];
    }
    assert.deepEqual(answers, {
      none: [200, 401, 401],
      denied: [200, 401, 401],
      reader: [200, 200, 403],
      operator: [200, 200, 200],
      limited: [200, 403, 403],
      barred: [200, 403, 403],
    });
    assert.deepEqual((await app.callAs('operator', '/api/Secured')).json(), { caller: 'operator' });
  });

  it('is nobody if no caller is declared, whatever trust document this process or the app names', async (context) => {
    const folder = createLocalApp(context);
    writeTrust(folder, {});
    writeFileSync(
      join(folder, 'local.settings.json'),
      '{ "IsEncrypted": false, "Values": { "CERTGATE_TRUST": "trust.json" } }',
    );
    const app = await startLocalApp({ folder });
    context.after(() => app.close());
    const { body } = await app.callAs('none', '/api/Setting?name=CERTGATE_TRUST');
    assert.match(body, /certgate-test-\w+[\\/]trust\.json$/);
    assert.deepEqual(JSON.parse(readFileSync(body, 'utf8')), { schemaVersion: 1, revision: 1, identities: [] });
    assert.equal((await app.callAs('denied', '/api/Secured')).status, 401);
  });

  it("may be defined by a trust document of the test, for the test's own certificates", async (context) => {
    const folder = mkdtempSync(join(temporary, 'own-'));
    const known = makeOpensslCertificate(folder, 'known', 'rsa');
    const stranger = makeOpensslCertificate(folder, 'stranger', 'ec');
    const trust = writeTrust(folder, { known: { certificate: known, roles: ['operator'] } });
    const app = await start(context, { environment: { CERTGATE_TRUST: trust } });
    const answer = await app.callAs(readPem(known), '/api/Role');
    assert.deepEqual([answer.status, answer.json()], [200, { caller: 'known' }]);
    assert.equal((await app.callAs(readPem(stranger), '/api/Role')).status, 401);
    const mixed = { ...readPem(known), privateKeyPem: readPem(stranger).privateKeyPem };
    await assert.rejects(app.callAs(mixed, '/api/Role'), /The caller's key belongs to another certificate\./);
  });

  it('is first decided by the front end, if it requires a certificate', async (context) => {
    const app = await start(context, { clientCertificateMode: 'required' });
    assert.equal((await app.callAs('none', '/api/Public')).status, 403);
    assert.equal((await app.callAs('denied', '/api/Public')).status, 200);
  });
});

describe('a call', () => {
  it('carries a method, headers and a body', async () => {
    const app = shared;
    const body = new Uint8Array([0, 255, 0]);
    const answer = await app.callAs('none', {
      path: '/api/Echo',
      method: 'POST',
      headers: { 'x-list': ['a', 'b'] },
      body,
    });
    assert.deepEqual(answer.json(), { method: 'POST', bytes: 3, header: 'a,b' });
    assert.equal(answer.headers['content-type'], 'application/json');
    const open = await app.callAs('none', '/api/Public');
    assert.throws(() => open.json(), {
      code: 'CERTGATE_LOCAL_APP_CALL_FAILED',
      message: /The answer \(status 200\) is not JSON: open/,
    });
  });

  it('is refused if its arguments are invalid', async () => {
    const app = shared;
    const noCaller = /no caller "raeder"; there are reader, operator, limited, barred, none, denied/;
    // @ts-expect-error -- a caller that nobody declared
    await assert.rejects(app.callAs('raeder', '/'), noCaller);
    const wrong: readonly [unknown, unknown, RegExp][] = [
      [{ certificatePem: 'x' }, '/', /the caller's privateKeyPem must be a non-empty string/],
      [{ certificatePem: 'x', privateKeyPem: 'y', password: 'z' }, '/', /has no "password"/],
      ['none', 'https://localhost/', /path must be a string that starts with "\/"/],
      ['none', { path: '/', verb: 'GET' }, /has no "verb"; it can have path, method, headers, body/],
      ['none', { path: '/', body: 'x' }, /must name its method/],
      ['none', { path: '/', method: 'POST', body: {} }, /write JSON with JSON\.stringify/],
      ['none', { path: '/', headers: { a: 1 } }, /header "a" must be a list of strings/],
    ];
    for (const [caller, request, message] of wrong) {
      await assert.rejects(app.callAs(caller as 'none', request as string), {
        code: 'CERTGATE_ARGUMENT_INVALID',
        message,
      });
    }
  });
});

describe('the app', () => {
  it('has a description of its functions, their policy and how the gate covers them', () => {
    const { functions } = shared;
    assert.deepEqual(
      functions.find(({ name }) => name === 'Role'),
      {
        name: 'Role',
        triggerType: 'httpTrigger',
        http: true,
        route: '/api/Role',
        methods: ['GET', 'POST'],
        authLevel: 'anonymous',
        covered: 'gate',
        policy: { kind: 'certificate', roles: [['operator']] },
      },
    );
  });

  it("gets the settings and this process's environment, but not the test runner's variables", async () => {
    const read = async (name: string): Promise<string> =>
      (await shared.callAs('none', `/api/Setting?name=${name}`)).body;
    assert.equal(await read('OWN'), 'own');
    assert.equal(await read('CERTGATE_TEST_INHERITED'), 'inherited');
    assert.equal(await read('JEST_WORKER_ID'), 'absent');
    assert.equal(await read('NODE_TEST_CONTEXT'), 'absent');
  });

  it('has its log passed to onLog', async () => {
    assert.equal((await shared.callAs('none', '/api/Fault')).status, 500);
    await until(() => lines.some(({ level, message }) => level === 'error' && message.includes('out of cheese')));
  });

  it('that has ended by itself gets no more calls', async (context) => {
    const app = await start(context, { onLog: () => undefined });
    await app.callAs('none', '/api/Crash').catch(() => undefined);
    await until(async () => {
      const message = await app.callAs('none', '/api/Public').then(() => '', String);
      return message === 'CertgateError: The app ended on an uncaught error: gone';
    });
  });
});

describe('a start with invalid options', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(temporary, 'app-'));
    writeFileSync(join(folder, 'package.json'), '{ "main": "dist/index.js" }');
  });

  it('is refused with the reason', async () => {
    const wrong: readonly [unknown, RegExp][] = [
      [undefined, /its argument must be an object/],
      [{}, /folder must be a non-empty string/],
      [
        { folder, caller: {} },
        /has no "caller"; it can have folder, callers, environment, frontEnd, clientCertificateMode, onLog/,
      ],
      [{ folder, callers: { denied: {} } }, /"denied" is always there and never trusted/],
      [{ folder, callers: { a: { role: ['x'] } } }, /callers\.a has no "role"; it can have roles, functions/],
      [{ folder, callers: { a: { functions: undefined } } }, /callers\.a\.functions must be a list of strings/],
      [{ folder, callers: { a: { roles: 'x' } } }, /callers\.a\.roles must be a list of strings/],
      [{ folder, callers: { a: {} }, environment: { CERTGATE_TRUST: 'x' } }, /Leave out one of the two/],
      [{ folder, environment: { PORT: 1 } }, /environment\.PORT must be a string/],
      [{ folder, frontEnd: 'lighttpd' }, /frontEnd must be one of app-service, application-gateway/],
      [{ folder, frontEnd: 'nginx', clientCertificateMode: 'required' }, /clientCertificateMode is for app-service/],
      [{ folder, clientCertificateMode: 'on' }, /must be one of required, optional/],
      [{ folder, onLog: 'console' }, /onLog must be a function/],
    ];
    for (const [options, message] of wrong) {
      await assert.rejects(startLocalApp(options as LocalAppOptions), { code: 'CERTGATE_ARGUMENT_INVALID', message });
    }
  });

  it('names the app that is not built or does not exist', async () => {
    const notBuilt = /"main" in .* is "dist\/index\.js", which does not exist\. Build the app first/;
    await assert.rejects(startLocalApp({ folder }), { code: 'CERTGATE_LOCAL_APP_NOT_STARTED', message: notBuilt });
    await assert.rejects(startLocalApp({ folder: join(folder, 'nowhere') }), /The app folder .* does not exist/);
  });

  it('refuses callers that no trust document could contain', async () => {
    const callers = { a: { roles: ['x', 'x'] } };
    await assert.rejects(startLocalApp({ folder, callers }), /identities\[0\]\.roles: the same string appears twice/);
  });

  it("has the app's own error as its cause", async (context) => {
    const options = { folder: createLocalApp(context, 'null.x'), onLog: () => undefined };
    const error = await startLocalApp(options).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof CertgateError && error.cause instanceof Error);
    assert.equal(error.code, 'CERTGATE_LOCAL_APP_NOT_STARTED');
    assert.match(error.stack ?? '', /^CertgateError: /);
    assert.match(error.cause.stack ?? '', /src.index\.js:1/);
  });
});

it('startLocalApp is the same function by import and by require', () => {
  const required = createRequire(import.meta.url)('certgate') as { readonly startLocalApp: unknown };
  assert.equal(required.startLocalApp, startLocalApp);
});

function readPem({ certificateFile, keyFile }: OpensslCertificate): { certificatePem: string; privateKeyPem: string } {
  return { certificatePem: readFileSync(certificateFile, 'utf8'), privateKeyPem: readFileSync(keyFile, 'utf8') };
}
