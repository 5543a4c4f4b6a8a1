import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { type Ended, cleanEnvironment, collect, root, runCertgateHere, sampleFolder } from './test-support/certgate.js';

// Runs the steps of action.yml, and of the actions below actions/, in bash as GitHub's runner does: with the inputs, or
// with the action's defaults. Two kinds of steps don't run: those that make the package, which only call npm
// (tests/deployed-app.test.ts runs their script), and those that deploy it.

const programs = {
  TEST_NODE: process.execPath,
  TEST_CERTGATE: join(root, 'packages', 'certgate', 'bin', 'certgate.js'),
};
const actionNames = ['inspect', 'trust-check', 'doctor'] as const;
/** The text of each action.yml, by the action's folder. */
const actions = new Map(
  ['.', ...actionNames.map((name) => `actions/${name}`)].map((folder) => [
    folder,
    readFileSync(join(root, folder, 'action.yml'), 'utf8').replaceAll('\r\n', '\n'),
  ]),
);
let temporary: string;
let app: string;

before(() => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-action-'));
  app = join(temporary, 'app');
  // The app as `npm run stage` leaves it, with this repository's packages.
  for (const file of ['dist', 'host.json', 'package.json']) {
    cpSync(join(sampleFolder, file), join(app, 'deploy', file), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'), 'junction');
  makePrograms();
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/**
 * Writes an `npx` that runs the tool, as in an app where the tool is installed. Its `doctor`, which would need a
 * server, writes its arguments to a file instead.
 */
function makePrograms(): void {
  const bin = join(temporary, 'bin');
  mkdirSync(bin);
  const lines = [
    '#!/bin/bash',
    '[ "$1 $2" = "--no-install certgate" ] || exit 99',
    'if [ "$3" != doctor ]; then exec "$TEST_NODE" "$TEST_CERTGATE" "${@:3}"; fi',
    'printf "%s\n" "${@:4}" > "$RUNNER_TEMP/doctor.txt"',
    'while [ $# -gt 0 ]; do case "$1" in',
    '--allowed|--denied|--denied-key) cp "$2" "$RUNNER_TEMP/${1#--}.pem";;',
    '--report) printf "%s" "$TEST_REPORT" > "$2";; esac; shift; done',
    'echo "### Doctor" >> "$GITHUB_STEP_SUMMARY"',
    'exit "$TEST_DOCTOR"',
  ];
  writeFileSync(join(bin, 'npx'), `${lines.join('\n')}\n`);
  chmodSync(join(bin, 'npx'), 0o755);
}
interface StepResult extends Ended {
  /** What the step adds to the job's summary. */
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly folder: string;
}

interface Surroundings {
  /** The folder of the action that has the step. The root action if absent. */
  readonly action?: string;
  /** Values of GitHub's context, by the expression without `github.`, such as `token`. */
  readonly github?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a step by its name. Its inputs are in the environment variables that the step declares, as GitHub passes them.
 */
async function runStep(
  name: string,
  inputs: Readonly<Record<string, string>>,
  { action = '.', github = {}, env = {} }: Surroundings = {},
): Promise<StepResult> {
  const folder = mkdtempSync(join(temporary, 'runner-'));
  const { run, variables } = readStep(action, name);
  const script = join(folder, 'script.sh');
  writeFileSync(script, run);
  const files = { GITHUB_STEP_SUMMARY: join(folder, 'summary.md'), GITHUB_OUTPUT: join(folder, 'output.txt') };
  for (const file of Object.values(files)) writeFileSync(file, '');
  const path = `${join(temporary, 'bin')}${delimiter}${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  const runner = { PATH: path, TMPDIR: folder, RUNNER_TEMP: folder, GITHUB_ACTION_PATH: join(root, action), ...files };
  const passed = variables.map(([key, expression]) => [key, evaluate(action, expression, inputs, github)] as const);
  const all = { ...cleanEnvironment(), ...programs, ...runner, ...env, ...Object.fromEntries(passed) };
  const ended = await collect(
    spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], { cwd: app, env: all }),
  );
  const outputs = readFileSync(files.GITHUB_OUTPUT, 'utf8').split('\n').filter(Boolean);
  return {
    ...ended,
    summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
    outputs: Object.fromEntries(outputs.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string])),
    folder,
  };
}

function readStep(
  action: string,
  name: string,
): { readonly run: string; readonly variables: readonly (readonly [string, string])[] } {
  const step =
    actions
      .get(action)
      ?.split(/^ {4}- /m)
      .find((text) => text.startsWith(`name: ${name}\n`)) ?? '';
  const script = /^ {6}run: (?:\|\n((?: {8}.*\n|\n)+)|(.+)\n)/m.exec(step);
  const run = script?.[1] ?? script?.[2];
  assert.ok(run !== undefined, `no script of the step "${name}"`);
  const declared = /^ {6}env:\n((?: {8}.*\n)+)/m.exec(step)?.[1] ?? '';
  const variables = [...declared.matchAll(/^ {8}(\w+): (.*)$/gm)].map(
    ([, key = '', value = '']) => [key, value] as const,
  );
  return { run: run.replaceAll(/^ {8}/gm, ''), variables };
}

/**
 * The value of an environment variable of a step: an input or its default, a value of GitHub's context, or a plain
 * text.
 */
function evaluate(
  action: string,
  value: string,
  inputs: Readonly<Record<string, string>>,
  github: Readonly<Record<string, string>>,
): string {
  const [, kind, name = ''] = /^\$\{\{ (inputs|github)\.([\w.-]+) \}\}$/.exec(value) ?? [];
  if (kind === undefined) return value;
  if (kind === 'inputs') return inputs[name] ?? evaluate(action, readDefault(action, name), inputs, github);
  assert.ok(name in github, `the step needs github.${name}`);
  return github[name] ?? '';
}

function readDefault(action: string, input: string): string {
  const text = new RegExp(`^ {2}${input}:\n(?: {4}.*\n)*? {4}default: (.*)$`, 'm').exec(actions.get(action) ?? '')?.[1];
  assert.ok(text !== undefined, `the input ${input} is required`);
  return text === "''" ? '' : text.replace(/^'(.*)'$/, '$1');
}

describe('an action below actions/', () => {
  it('has the steps of the root action, which run the same scripts with the same variables', () => {
    for (const name of actionNames) {
      const folder = `actions/${name}`;
      const steps = [...(actions.get(folder) ?? '').matchAll(/^ {4}- name: (.*)$/gm)].map(([, step = '']) => step);
      const own = steps.filter((step) => step !== 'Check the inputs');
      assert.ok(own.length > 0);
      for (const step of own) {
        const [whole, part] = [readStep('.', step), readStep(folder, step)];
        assert.equal(part.run.replace('$GITHUB_ACTION_PATH', `$GITHUB_ACTION_PATH/${folder}`), whole.run);
        assert.deepEqual(
          part.variables.map(([key]) => key),
          whole.variables.map(([key]) => key),
        );
      }
    }
  });

  it('reports in its outputs what it did', async () => {
    writeFileSync(join(app, 'trust.json'), '{ "schemaVersion": 1, "revision": 1, "identities": [] }');
    const inputs = { 'trust-store': 'file:trust.json' };
    const { exitCode, outputs, folder } = await runStep('Check the trust document', inputs, {
      action: 'actions/trust-check',
    });
    assert.equal(exitCode, 0);
    assert.deepEqual(outputs, { 'exit-code': '0', report: join(folder, 'certgate-trust-check.txt') });
    assert.match(readFileSync(outputs.report, 'utf8'), /revision 1/i);
  });

  it('fails if there is nothing to check', async () => {
    const { exitCode, stdout } = await runStep('Check the inputs', {}, { action: 'actions/trust-check' });
    assert.equal(exitCode, 2);
    assert.match(stdout, /^::error::There is nothing to check/);
  });
});

describe('Check the inputs', () => {
  const step = 'Check the inputs';

  for (const [what, more, message] of [
    ['nothing to do', {}, undefined],
    ['a url with a function', { url: 'https://app.example', functions: 'Orders' }, undefined],
    ['a package', { package: 'package' }, undefined],
    ['a url without a function', { url: 'https://app.example', functions: ' \n' }, /^::error::A url needs functions/],
    ['a package and a url', { package: 'package', url: 'https://app.example', functions: 'Orders' }, /only deployed/],
    ['a package and a document', { package: 'package', 'trust-store': 'file:trust.json' }, /only deployed/],
  ] as const) {
    it(`${message === undefined ? 'passes' : 'fails for'} ${what}`, async () => {
      const { exitCode, stdout } = await runStep(step, more);
      assert.equal(exitCode, message === undefined ? 0 : 2);
      assert.match(stdout, message ?? /^$/);
    });
  }
});

describe('the workflow for users', () => {
  const jobs = readFileSync(join(root, 'examples', 'github-workflow', 'deploy.yml'), 'utf8')
    .split(/^jobs:\n/m)[1]
    ?.split(/^(?= {2}\w+:$)/m);

  it('runs code of dependencies only in jobs without an Azure session', () => {
    const withSession = jobs?.filter((job) => job.includes('id-token: write')) ?? [];
    assert.equal(withSession.length, 2);
    for (const job of withSession) assert.doesNotMatch(job, /checkout|npm|npx|(?:url|trust-store): /);
    // Without the input `package`, the action would make the package itself, with the app's own scripts.
    const [deploying] = withSession.filter((job) => job.includes('certgate/certgate@'));
    assert.match(deploying ?? '', /^ {10}package: package$/m);
    for (const job of jobs ?? []) {
      if (!withSession.includes(job)) assert.doesNotMatch(job, /azure\/login|id-token/i);
    }
  });
});

describe('Inspect who may call', () => {
  const step = 'Inspect who may call';
  const baseline = 'certgate.baseline.json';

  before(async () => {
    const { exitCode, stderr } = await runCertgateHere(
      ['app', 'inspect', 'deploy', '--baseline', baseline, '--write-baseline'],
      app,
    );
    assert.equal(exitCode, 0, stderr);
  });

  it('passes an app that equals its baseline, and shows the table in the summary', async () => {
    const { exitCode, summary } = await runStep(step, { baseline });
    assert.equal(exitCode, 0);
    assert.match(summary, /^### Who may call\n~~~~~~\n┌[\s\S]*SecuredFunction[\s\S]*\n~~~~~~\n$/);
  });

  it('fails if a function is open that the baseline closes, and says so in the summary', async () => {
    const text = readFileSync(join(app, baseline), 'utf8');
    writeFileSync(join(app, 'closed.json'), text.replace('"kind": "anonymous"', '"kind": "certificate", "roles": []'));
    const { exitCode, summary } = await runStep(step, { baseline: 'closed.json' });
    assert.equal(exitCode, 1, summary);
    assert.match(summary, /opens +PublicFunction/);
  });

  it('fails if there is no baseline', async () => {
    assert.equal((await runStep(step, { baseline: 'absent.json' })).exitCode, 2);
  });
});

describe('Check the trust document', () => {
  const step = 'Check the trust document';

  it('passes a valid document, and fails if there is none', async () => {
    writeFileSync(join(app, 'trust.json'), '{ "schemaVersion": 1, "revision": 1, "identities": [] }');
    const [valid, absent] = await Promise.all([
      runStep(step, { 'trust-store': 'file:trust.json' }),
      runStep(step, { 'trust-store': 'file:absent.json' }),
    ]);
    assert.equal(valid.exitCode, 0, valid.stdout);
    assert.match(valid.summary, /^### Trust document\n~~~~~~\n[\s\S]+~~~~~~\n$/);
    assert.equal(absent.exitCode, 2);
  });

  it('prevents a name in the document from being a command to the runner', async () => {
    writeFileSync(join(app, 'trust.json'), '{ "schemaVersion": 1, "::add-mask::a": 1 }');
    const { exitCode, stdout } = await runStep(step, { 'trust-store': 'file:trust.json' });
    assert.equal(exitCode, 2);
    assert.match(stdout, /^::stop-commands::(certgate-\d{3,})\n[^]*^ *::add-mask::a[^]*\n::\1::\n$/m);
  });
});

describe('Compare the trust document', () => {
  const step = 'Compare the trust document';
  const thumbprintSha256 = 'A1'.repeat(32);
  const document = (revision: number, identity: object): string =>
    JSON.stringify({
      schemaVersion: 1,
      revision,
      identities: [{ name: '@billing', roles: [], pins: [{ thumbprintSha256 }], ...identity }],
    });
  const base = document(1, {});
  const line = {
    certgate: 1,
    event: 'decision',
    time: '2027-01-01T00:00:00.000Z',
    outcome: 'allowed',
    code: 'allowed',
    function: 'Orders',
    correlationId: 'c',
    identity: '@billing',
    matchedBy: 'thumbprintSha256',
    matched: thumbprintSha256.slice(0, 16),
    thumbprintSha256,
    trustRevision: 1,
    trustSha256: createHash('sha256').update(base).digest('hex').slice(0, 16).toUpperCase(),
  };

  /** Stands in for GitHub's API: it has the base branch's document, and keeps comments. */
  interface Api {
    readonly url: string;
    readonly comments: { id: number; body: string; readonly user: { readonly login: string } }[];
    readonly asked: string[];
  }
  let api: Api;
  let server: Server;

  beforeEach(async () => {
    writeFileSync(join(app, 'trust.json'), document(2, { enabled: false }));
    writeFileSync(join(app, 'base.json'), base);
    writeFileSync(join(app, 'app.log'), `${JSON.stringify(line)}\n`);
    const comments: Api['comments'] = Array.from({ length: 100 }, (_, id) => ({
      id,
      body: '<!-- certgate-trust-diff --> of somebody else',
      user: { login: 'somebody' },
    }));
    const asked: string[] = [];
    const keep = (method: string, url: string, sent: string): boolean => {
      const { body } = JSON.parse(sent) as { readonly body: string };
      const id = Number(/^\/repos\/owner\/repo\/issues\/comments\/(\d+)$/.exec(url)?.[1]);
      const known = comments.find((each) => each.id === id);
      if (method === 'PATCH' && known !== undefined) known.body = body;
      else if (method === 'POST' && url === '/repos/owner/repo/issues/7/comments')
        comments.push({ id: 1000, body, user: { login: 'github-actions[bot]' } });
      else return false;
      return true;
    };
    server = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      asked.push(`${method} ${url}`);
      const answer = (status: number, value: unknown): void => {
        response.writeHead(status).end(typeof value === 'string' ? value : JSON.stringify(value));
      };
      const respond = async (): Promise<void> => {
        const sent = await text(request);
        const page = Number(/^\/repos\/owner\/repo\/issues\/7\/comments\?per_page=100&page=(\d)$/.exec(url)?.[1]);
        if (url === '/repos/owner/repo/contents/app/trust.json?ref=BASE') answer(200, base);
        else if (headers.authorization !== 'Bearer token') answer(403, {});
        else if (method !== 'GET') answer(keep(method, url, sent) ? 200 : 404, {});
        else if (Number.isNaN(page)) answer(404, {});
        else answer(200, comments.slice(100 * (page - 1), 100 * page));
      };
      respond().catch((error: unknown) => {
        answer(500, String(error));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    api = { url: `http://127.0.0.1:${port}`, comments, asked };
  });
  afterEach(() => {
    server.close();
  });

  const run = (inputs: Readonly<Record<string, string>> = {}, base = 'BASE'): Promise<StepResult> =>
    runStep(
      step,
      { 'trust-document': 'trust.json', ...inputs },
      {
        github: { token: 'token', 'event.pull_request.base.sha': base, 'event.pull_request.number': '7' },
        env: { GITHUB_API_URL: api.url, GITHUB_REPOSITORY: 'owner/repo', GITHUB_WORKSPACE: temporary },
      },
    );

  it('compares with the base branch, and writes one comment, which later runs update', async () => {
    const { exitCode, summary, stderr } = await run();
    assert.equal(exitCode, 0, stderr);
    assert.match(summary, /^- "@billing" is disabled/m);
    writeFileSync(join(app, 'trust.json'), document(3, {}));
    assert.equal((await run()).exitCode, 0);
    const [comment, ...others] = api.comments.slice(100);
    assert.deepEqual(others, []);
    assert.match(
      comment?.body ?? '',
      /^<!-- certgate-trust-diff -->\n[^]*Revision 1 → 3\. Nobody gains or loses anything\./,
    );
    assert.equal(api.comments.filter(({ user }) => user.login === 'somebody').length, 100);
  });

  it('fails if a recorded call needed what is lost, names that caller, and mentions no GitHub user', async () => {
    const { exitCode, summary } = await run({ 'trust-log': 'app.log', 'trust-base': 'base.json' });
    assert.equal(exitCode, 1);
    assert.match(
      summary,
      /^- "@billing" is disabled.*\n {4}"@billing": last call by thumbprintSha256 \w{16} 2027-01-01T00:00Z/m,
    );
    assert.doesNotMatch(summary.replace(/^(`{3,})diff\n[^]*?\n\1$/gm, ''), /@/);
    assert.equal(api.comments.at(-1)?.body.trimEnd(), summary.trimEnd());
    assert.ok(!api.asked.some((each) => each.includes('contents')));
  });

  it('warns if the log shows no call that needed what is lost, and fails if the log has no line', async () => {
    writeFileSync(join(app, 'app.log'), `${JSON.stringify({ ...line, identity: 'other', matched: '0'.repeat(16) })}\n`);
    const { exitCode, stdout, summary } = await run({ 'trust-log': 'app.log' });
    assert.equal(exitCode, 0);
    assert.match(stdout, /^::warning::No recorded call is known/m);
    assert.match(summary, /cannot tell: no whole day or hour is covered/);
    writeFileSync(join(app, 'app.log'), 'Host started\n');
    assert.equal((await run({ 'trust-log': 'app.log' })).exitCode, 3);
  });

  it('writes only the summary without a token, or with one that may not write', async () => {
    const without = await run({ 'github-token': '', 'trust-base': 'base.json' });
    assert.deepEqual([without.exitCode, without.stdout, api.asked], [0, '', []]);
    const reading = await run({ 'github-token': 'of a fork' });
    assert.equal(reading.exitCode, 0);
    assert.match(reading.stdout, /^::warning::No comment was written.*\(status 403\).*pull-requests: write/m);
    for (const { summary } of [without, reading]) assert.match(summary, /is disabled/);
    assert.equal(api.comments.length, 100);
  });

  it('fails if a document is absent or invalid', async () => {
    const absent = await run({}, 'ELSEWHERE');
    assert.equal(absent.exitCode, 2);
    assert.match(
      absent.stdout,
      /^::error::The base branch's trust\.json can't be read: status 40\d\. Pass trust-base\./m,
    );
    writeFileSync(join(app, 'trust.json'), '{}');
    assert.equal((await run()).exitCode, 2);
    assert.equal(api.comments.length, 100);
  });
});

describe('Probe the app from outside', () => {
  const step = 'Probe the app from outside';
  const inputs = {
    url: 'https://app.example',
    functions: ' Orders\n  Refund  *\n',
    'allowed-certificate': '-----BEGIN PRIVATE KEY-----\nas it is\n-----END PRIVATE KEY-----',
    'i-operate-this': 'true',
  };
  /** Runs the step with a doctor that ends with this exit code and writes this report. */
  const probe = (exitCode: number, report: string, more: object = {}, action = '.'): Promise<StepResult> =>
    runStep(step, { ...inputs, ...more }, { action, env: { TEST_DOCTOR: String(exitCode), TEST_REPORT: report } });

  const refusedToo = { id: 'denied-certificate', verdict: 'holds' };
  const report = (id: string, verdict = 'cannot-tell'): string =>
    JSON.stringify({ findings: [refusedToo, { id, verdict }] });

  it('probes with the allowed caller and an unknown one, and leaves no key of its own making behind', async () => {
    const { exitCode, folder, summary, stderr, outputs } = await probe(0, '{"findings":[]}', {}, 'actions/doctor');
    assert.equal(exitCode, 0, stderr);
    const report = join(folder, 'certgate-doctor.json');
    assert.deepEqual(outputs, { 'exit-code': '0', report, failed: '0', 'cannot-tell': '0' });
    const given = readFileSync(join(folder, 'doctor.txt'), 'utf8').trimEnd().split('\n');
    assert.equal(given[0], inputs.url);
    const rest = given.filter((word) => !word.startsWith('/'));
    const options = '--allowed --denied --denied-key --summary --report';
    const functions = '--function Orders --function Refund --function *';
    assert.equal(rest.slice(1).join(' '), `${options} ${functions} --i-operate-this`);
    assert.equal(readFileSync(join(folder, 'allowed.pem'), 'utf8'), `${inputs['allowed-certificate']}\n`);
    assert.match(readFileSync(join(folder, 'denied.pem'), 'utf8'), /BEGIN CERTIFICATE/);
    assert.match(readFileSync(join(folder, 'denied-key.pem'), 'utf8'), /BEGIN PRIVATE KEY/);
    assert.match(summary, /### Doctor/);
    const left = readdirSync(folder).sort();
    const written = ['allowed.pem', 'certgate-doctor.json', 'denied-key.pem', 'denied.pem', 'doctor.txt'];
    assert.deepEqual(left, [...written, 'output.txt', 'script.sh', 'summary.md']);
  });

  it('fails if a probe fails, and warns if doctor cannot tell', async () => {
    const [failed, unclear] = await Promise.all([
      probe(1, report('key-proof-tls-1.2', 'fails')),
      probe(3, report('key-proof-tls-1.2'), { 'i-operate-this': 'false' }),
    ]);
    assert.equal(failed.exitCode, 1);
    assert.deepEqual([failed.outputs['failed'], failed.outputs['cannot-tell']], ['1', '0']);
    assert.deepEqual([unclear.outputs['failed'], unclear.outputs['cannot-tell']], ['0', '1']);
    assert.doesNotMatch(failed.stdout, /::warning::/);
    assert.equal(unclear.exitCode, 0);
    assert.match(unclear.stdout, /^::warning::/m);
    assert.doesNotMatch(readFileSync(join(unclear.folder, 'doctor.txt'), 'utf8'), /i-operate-this/);
  });

  it('fails if doctor cannot tell about a forged header or a missing certificate', async () => {
    for (const id of ['no-certificate', 'forged-header', 'forged-header-of-others']) {
      const ended = await probe(3, report(id));
      assert.equal(ended.exitCode, 3, id);
      assert.match(ended.stdout, new RegExp(`^::error::.*\\(${id}\\)`, 'm'));
    }
    const absent = await probe(3, '');
    assert.equal(absent.exitCode, 3);
    assert.deepEqual(absent.outputs, { 'exit-code': '3' });
    const nowhere = await probe(0, '', { functions: ' \n' }, 'actions/doctor');
    assert.equal(nowhere.exitCode, 2);
    assert.match(nowhere.stdout, /^::error::A url needs functions/);
  });
});

describe('docs/github.md', () => {
  const page = readFileSync(join(root, 'docs', 'github.md'), 'utf8');
  const listFirstCells = (heading: string): readonly string[] => {
    const [, table = ''] = page.split(new RegExp(`^\\| ${heading} \\|.*\n\\|-.*\n`, 'm'));
    const [rows = ''] = table.split(/^(?!\|)/m);
    return [...rows.matchAll(/^\| `?([^|`]+?)`?(?:,[^|]*)? \|/gm)].map(([, cell = '']) => cell);
  };

  it('lists every job of the workflow, and whether it logs in to Azure', () => {
    const workflow = readFileSync(join(root, 'examples', 'github-workflow', 'deploy.yml'), 'utf8');
    const jobs = (workflow.split(/^jobs:\n/m)[1] ?? '').split(/^(?= {2}\w+:\n)/m);
    assert.deepEqual(
      jobs.map((job) => /^ {2}(\w+):/.exec(job)?.[1]),
      listFirstCells('Job'),
    );
    for (const job of jobs) {
      const [, name = ''] = /^ {2}(\w+):/.exec(job) ?? [];
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
      assert.equal(row.endsWith('| yes |'), job.includes('Azure/login@'), name);
    }
  });

  it('names only steps that the action has, and names every action', () => {
    const steps = listFirstCells('Step');
    assert.ok(steps.length > 3);
    for (const step of steps) assert.ok(actions.get('.')?.includes(`- name: ${step}\n`), step);
    const named = [...page.matchAll(/`certgate\/certgate\/actions\/([\w-]+)@COMMIT`/g)].map(([, name]) => name);
    assert.deepEqual(named, actionNames);
  });
});
