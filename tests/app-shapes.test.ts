import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type InspectionReport, functionsOfTheSample } from './test-support/app-inspection.js';
import { collect, root, runProgram, waitForReady } from './test-support/certgate.js';
import { addDevelopmentFiles } from './test-support/development-files.js';
import { type InstalledApps, installApps, sampleName } from './test-support/installed-apps.js';
import { type OpensslCertificate, makeOpensslCertificate, openssl, writeTrust } from './test-support/openssl.js';

interface Report {
  readonly functions: readonly { readonly name: string; readonly covered?: string }[];
  readonly checks: readonly {
    readonly function: string;
    readonly caller: string;
    readonly status: number;
    readonly ok: boolean;
    readonly code: string | null;
  }[];
}

/**
 * The answers that every app must give, as the sample does. Keys are the function and the caller; values are the status
 * and, for a refusal, the code.
 */
const answersOfTheSample = {
  'PublicFunction none': '200',
  'PublicFunction denied': '200',
  'PublicFunction allowed': '200',
  'PublicFunction allowed-operator': '200',
  'RoleFunction none': '401 certificate_missing',
  'RoleFunction denied': '401 certificate_not_trusted',
  'RoleFunction allowed': '403 role_missing',
  'RoleFunction allowed-operator': '200',
  'SecuredFunction none': '401 certificate_missing',
  'SecuredFunction denied': '401 certificate_not_trusted',
  'SecuredFunction allowed': '200',
  'SecuredFunction allowed-operator': '200',
};

/**
 * The apps that must answer as the sample does. The two in `others` have tests of their own: Hono answers behind one
 * function, and Durable Functions needs an extension.
 */
const alike = [
  sampleName,
  'func-init',
  'vscode',
  'javascript',
  'esm',
  'esbuild-one-bundle',
  'esbuild-one-bundle-esm',
  'esbuild-per-function',
  'esbuild-per-function-each-secured',
  'two-copies',
  'opentelemetry',
  'middleware',
];
const others = ['hono', 'durable-functions'];

let apps: InstalledApps;
let folder: string;
let trusted: OpensslCertificate;
let operator: OpensslCertificate;
let stranger: OpensslCertificate;
let trustFile: string;

before(async () => {
  apps = await installApps();
  folder = apps.folder;
  // `durable-status` is a second app with the example code of docs/app-shapes.md, and with a function that returns the
  // extension's own addresses.
  cpSync(join(folder, 'durable-functions'), join(folder, 'durable-status'), { recursive: true });
  const page = readFileSync(join(root, 'docs', 'app-shapes.md'), 'utf8');
  const [, code = ''] = /^```ts\n((?:(?!^```)[^])*'durable-functions'[^]*?)^```$/m.exec(page) ?? [];
  writeFileSync(join(folder, 'durable-status', 'src', 'functions', 'starters.ts'), code + givesAway);
  trusted = makeOpensslCertificate(folder, 'trusted', 'ec');
  operator = makeOpensslCertificate(folder, 'operator', 'ec');
  stranger = makeOpensslCertificate(folder, 'stranger', 'ec');
  trustFile = writeTrust(folder, {
    trusted: { certificate: trusted },
    operator: { certificate: operator, roles: ['operator'] },
  });
});

after(() => {
  apps.remove();
});

it('every app of tests/apps is tested', () => {
  const present = readdirSync(join(root, 'tests', 'apps'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => name);
  assert.deepEqual(present.sort(), [...alike, ...others].filter((name) => name !== sampleName).sort());
});

describe('an app answers as the sample does', { concurrency: 2 }, () => {
  for (const name of alike) {
    it(name, async () => {
      await apps.build(name);
      // The development files of the sample were made already, by the installed tool.
      if (name !== sampleName) await addDevelopmentFiles(join(folder, name));
      const call = ['--call', 'PublicFunction', 'SecuredFunction', 'RoleFunction'];
      const { exitCode, stdout, stderr } = await apps.runCertgate(['dev', name, '--once', '--json', ...call]);
      const { functions, checks } = readReport(stdout, stderr);
      assert.deepEqual(readCoverage(functions), {
        PublicFunction: 'gate',
        RoleFunction: 'gate',
        SecuredFunction: 'gate',
      });
      assert.deepEqual(readAnswers(checks), answersOfTheSample, stderr);
      assert.equal(exitCode, 0, stderr);
    });
  }
});

describe('Hono behind a catch-all function', () => {
  before(async () => {
    await apps.build('hono');
    await addDevelopmentFiles(join(folder, 'hono'));
  });

  it('is closed as a whole, except for the function that is marked as public', async () => {
    const call = ['--call', 'PublicFunction', 'WebApp'];
    const { exitCode, stdout, stderr } = await apps.runCertgate(['dev', 'hono', '--once', '--json', ...call]);
    const { functions, checks } = readReport(stdout, stderr);
    assert.deepEqual(readCoverage(functions), { PublicFunction: 'gate', WebApp: 'gate' });
    assert.deepEqual(readAnswers(checks), {
      'PublicFunction none': '200',
      'PublicFunction denied': '200',
      'PublicFunction allowed': '200',
      'WebApp none': '401 certificate_missing',
      'WebApp denied': '401 certificate_not_trusted',
      // The checks of `certgate dev` call any path, and Hono has no route for it.
      'WebApp allowed': '404',
    });
    assert.equal(exitCode, 0, stderr);
  });

  it('answers as the sample does, by the roles of the identity', async () => {
    const dev = apps.startCertgate(['dev', 'hono', '--trust', trustFile, '--port', '0', '--host-port', '0']);
    try {
      const url = (await waitForReady(dev)).split(' ')[1] ?? '';
      const callers = [undefined, stranger, trusted, operator];
      const answers: Record<string, unknown[]> = {};
      for (const path of ['PublicFunction', 'SecuredFunction', 'RoleFunction', 'publicfunction/../SecuredFunction']) {
        answers[path] = [];
        for (const certificate of callers) answers[path].push(await callWithCurl(`${url}/api/${path}`, certificate));
      }
      const anonymous = { status: 200, msg: 'Public Azure Function called', caller: undefined };
      const refused = { status: 401, msg: undefined, caller: undefined };
      const called = (name: string, caller: string): object => ({
        status: 200,
        msg: `${name} Azure Function called`,
        caller,
      });
      const secured = [refused, refused, called('Secured', 'trusted'), called('Secured', 'operator')];
      assert.deepEqual(answers, {
        PublicFunction: Array(4).fill(anonymous),
        SecuredFunction: secured,
        RoleFunction: [refused, refused, { ...refused, status: 403 }, called('Role', 'operator')],
        'publicfunction/../SecuredFunction': secured,
      });
    } finally {
      dev.kill('SIGTERM');
      await collect(dev);
    }
  });
});

describe('HTTP starters of Durable Functions', () => {
  interface DurableReport {
    readonly functions: readonly {
      readonly name: string;
      readonly types: readonly string[];
      readonly isGated: boolean;
    }[];
    readonly answers: readonly { readonly status: number; readonly body: unknown; readonly started: number }[];
  }
  let report: DurableReport;
  const starters = ['PublicFunction', 'SecuredFunction', 'RoleFunction', 'RoleInside', 'MarkInside'];

  before(async () => {
    const app = await apps.build('durable-functions');
    await addDevelopmentFiles(app);
    const calls = starters.flatMap((functionName) =>
      [undefined, stranger, trusted, operator].map((certificate) => ({
        functionName,
        ...(certificate === undefined ? {} : { certificate: readHeader(certificate) }),
      })),
    );
    const environment = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development', CERTGATE_TRUST: trustFile };
    const { exitCode, stdout, stderr } = await apps.runScript(
      ['durable-host.mjs', app],
      environment,
      JSON.stringify(calls),
    );
    assert.equal(exitCode, 0, stderr);
    // The last line is the report. The gate's own lines come before it.
    report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as DurableReport;
  });

  it('answer through the gate in the embedded host, as the sample does', async () => {
    const call = ['--call', 'PublicFunction', 'SecuredFunction', 'RoleFunction'];
    const words = ['dev', 'durable-functions', '--once', '--json', ...call];
    const { exitCode, stdout, stderr } = await apps.runCertgate(words);
    const { checks } = readReport(stdout, stderr);
    const inside = {
      'MarkInside none': '401 certificate_missing',
      'MarkInside denied': '401 certificate_not_trusted',
      'RoleInside none': '401 certificate_missing',
      'RoleInside denied': '401 certificate_not_trusted',
    };
    assert.deepEqual(readAnswers(checks), { ...answersOfTheSample, ...inside }, stderr);
    assert.equal(exitCode, 0, stderr);
  });

  it('are behind the gate from their registration on, and no function without an HTTP trigger is', () => {
    const gated = report.functions.filter(({ isGated }) => isGated).map(({ name }) => name);
    assert.deepEqual(gated.sort(), [...starters].sort());
    assert.ok(report.functions.every(({ types, isGated }) => types.includes('httpTrigger') === isGated));
    assert.equal(report.functions.length, starters.length + 2);
  });

  it('start an orchestration only for callers who may call', () => {
    const answers = Object.fromEntries(
      starters.map((functionName, row) => {
        const own = report.answers.slice(row * 4, row * 4 + 4);
        const readCaller = (body: unknown): string => (body as { readonly caller?: string }).caller ?? '';
        return [functionName, own.map(({ status, body, started }) => [status, readCaller(body), started].join(' '))];
      }),
    );
    assert.deepEqual(answers, {
      PublicFunction: ['200  1', '200  1', '200  1', '200  1'],
      SecuredFunction: ['401  0', '401  0', '200 trusted 1', '200 operator 1'],
      RoleFunction: ['401  0', '401  0', '403  0', '200 operator 1'],
      // A handler inside `df.app.client` keeps its required role, but loses the mark of `allowAnonymous`, so MarkInside
      // is closed.
      RoleInside: ['401  0', '401  0', '403  0', '200 operator 1'],
      MarkInside: ['401  0', '401  0', '200  1', '200  1'],
    });
  });
});

const givesAway = `
app.http('GiveAway', {
  authLevel: 'anonymous',
  extraInputs: [df.input.durableClient()],
  handler: (request, context) => df.getClient(context).createCheckStatusResponse(request, 'id'),
});
`;

describe('the status of an orchestration', () => {
  it("is shown only to the caller who started it, behind the gate; the extension's own addresses contain a key", async () => {
    await apps.build('durable-status');
    await addDevelopmentFiles(join(folder, 'durable-status'));
    const dev = apps.startCertgate(['dev', 'durable-status', '--trust', trustFile, '--port', '0', '--host-port', '0']);
    try {
      const url = (await waitForReady(dev)).split(' ')[1] ?? '';
      const call = (path: string, certificate: OpensslCertificate | undefined, ...more: readonly string[]) =>
        curl('durable-status', `${url}${path}`, certificate, ...more);
      const { status, body } = await call('/api/reports', trusted, '--data', '');
      assert.equal(status, 202);
      const { status: address = '' } = JSON.parse(body) as { readonly status?: string };
      assert.match(address, /^\/api\/reports\/[0-9a-f]{32}$/);
      const own = await call(address, trusted);
      assert.deepEqual([own.status, JSON.parse(own.body)], [200, { runtimeStatus: 'Pending', output: null }]);
      assert.equal((await call(address, operator)).status, 404, 'of another caller');
      for (const certificate of [undefined, stranger]) assert.equal((await call(address, certificate)).status, 401);
      const other = address.replace(/[^/]+$/, '..%2Finstances%2F$&');
      assert.equal((await call(other, trusted)).status, 404, 'a path');
      const given = await call('/api/GiveAway', trusted);
      assert.equal(given.status, 202);
      for (const [name, value] of Object.entries(JSON.parse(given.body) as Record<string, string>))
        if (name !== 'id')
          assert.match(value, /\/runtime\/webhooks\/durabletask\/.*[?&]code=system-key-of-durabletask$/);
    } finally {
      dev.kill('SIGTERM');
      await collect(dev);
    }
  });
});

describe('certgate app inspect on apps of other shapes', () => {
  const inspectInstalled = async (name: string): Promise<InspectionReport> => {
    await apps.build(name);
    const { exitCode, stdout, stderr } = await apps.runCertgate(['app', 'inspect', name, '--json']);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout) as InspectionReport;
  };

  for (const name of ['javascript', 'esm', 'esbuild-one-bundle', 'esbuild-per-function-each-secured']) {
    it(name, async () => {
      const { functions } = await inspectInstalled(name);
      assert.deepEqual(
        functions.map((each) => [each['name'], each['policy'], each['covered']]),
        functionsOfTheSample.map((each) => {
          const { name: named, policy, covered } = each as Record<string, unknown>;
          return [named, policy, covered];
        }),
      );
    });
  }

  it('durable-functions', async () => {
    const { functions, outsideTheGate, notes } = await inspectInstalled('durable-functions');
    assert.ok(functions.every(({ http, covered }) => covered === (http === true ? 'gate' : undefined)));
    assert.deepEqual(
      functions.filter(({ http }) => http === false).map(({ trigger }) => trigger),
      ['activityTrigger', 'orchestrationTrigger'],
    );
    const durable = outsideTheGate.find(({ path }) => path === '/runtime/webhooks/durabletask');
    assert.deepEqual([durable?.state, durable?.key], ['live', 'system key']);
    assert.deepEqual(notes, []);
    const { notes: named } = await inspectInstalled('durable-status');
    assert.deepEqual(
      named.map((note) => note.split(', which ')[0]),
      ['dist/src/functions/starters.js mentions a call of createCheckStatusResponse'],
    );
  });
});

function readReport(stdout: string, stderr: string): Report {
  const report = JSON.parse(stdout) as Partial<Report>;
  assert.ok(report.functions !== undefined && report.checks !== undefined, stderr);
  return { functions: report.functions, checks: report.checks };
}

function readCoverage(functions: Report['functions']): Record<string, string | undefined> {
  return Object.fromEntries(functions.map(({ name, covered }) => [name, covered]));
}

/**
 * The answers as `answersOfTheSample` writes them. An answer that the check calls wrong gets the word `wrong`, even if
 * its status is the expected one, because an app's own 401 is not a refusal by the gate.
 */
function readAnswers(checks: Report['checks']): Record<string, string> {
  return Object.fromEntries(
    checks.map(({ function: name, caller, status, code, ok }) => [
      `${name} ${caller}`,
      [status, ...(code === null ? [] : [code]), ...(ok ? [] : ['wrong'])].join(' '),
    ]),
  );
}

/** The header value that App Service's front end sets: the certificate's DER in base64, on one line. */
function readHeader({ certificateFile }: OpensslCertificate): string {
  return openssl(['x509', '-in', certificateFile, '-outform', 'pem'], folder).replace(/-----[^-]*-----|\s/g, '');
}

async function callWithCurl(
  url: string,
  certificate: OpensslCertificate | undefined,
): Promise<{ status: number; msg: unknown; caller: unknown }> {
  const { status, body } = await curl('hono', url, certificate);
  const { msg, caller } = JSON.parse(body) as { readonly msg?: unknown; readonly caller?: unknown };
  return { status, msg, caller };
}

async function curl(
  app: string,
  url: string,
  certificate: OpensslCertificate | undefined,
  ...more: readonly string[]
): Promise<{ readonly status: number; readonly body: string }> {
  const identity =
    certificate === undefined ? [] : ['--cert', certificate.certificateFile, '--key', certificate.keyFile];
  const server = ['--cacert', join(folder, app, '.certgate', 'gateway.crt.pem')];
  const options = ['--silent', '--show-error', '--path-as-is', '--write-out', '\n%{http_code}', ...more];
  const { stdout, stderr, exitCode } = await runProgram('curl', [...options, ...server, ...identity, url]);
  assert.equal(exitCode, 0, stderr);
  const [body = '', status = ''] = stdout.split('\n');
  return { status: Number(status), body };
}
