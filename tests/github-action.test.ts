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

// The scripts of action.yml, run by bash as GitHub's runner does it. Not run: what makes the package, which is npm alone
// (tests/deployed-app.test.ts runs its script), and what deploys it.

const programs = {
  TEST_NODE: process.execPath,
  TEST_CERTGATE: join(root, 'packages', 'certgate', 'bin', 'certgate.js'),
};
const action = readFileSync(join(root, 'action.yml'), 'utf8');
let temporary: string;
let app: string;

before(() => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-action-'));
  app = join(temporary, 'app');
  // What `npm run stage` leaves, with the packages of this repository.
  for (const file of ['dist', 'host.json', 'package.json']) {
    cpSync(join(sampleFolder, file), join(app, 'deploy', file), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'), 'junction');
  makePrograms();
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/** npx as an app has it that has the tool installed; `doctor`, which needs a server, writes down what it was given. */
function makePrograms(): void {
  const bin = join(temporary, 'bin');
  mkdirSync(bin);
  const lines = [
    '#!/bin/bash',
    '[ "$1 $2" = "--no-install certgate" ] || exit 99',
    'if [ "$3" != doctor ]; then exec "$TEST_NODE" "$TEST_CERTGATE" "${@:3}"; fi',
    'printf "%s\\n" "${@:4}" > "$RUNNER_TEMP/doctor.txt"',
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
  /** What the step adds to the summary of the job. */
  readonly summary: string;
  readonly folder: string;
}

/** A step by its name, with its inputs as GitHub passes them: in the environment. */
async function runStep(name: string, inputs: Readonly<Record<string, string>>): Promise<StepResult> {
  const folder = mkdtempSync(join(temporary, 'runner-'));
  const script = join(folder, 'script.sh');
  writeFileSync(script, readScript(name));
  const summaryFile = join(folder, 'summary.md');
  const path = `${join(temporary, 'bin')}${delimiter}${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  const runner = { PATH: path, TMPDIR: folder, RUNNER_TEMP: folder, GITHUB_STEP_SUMMARY: summaryFile };
  const env = { ...cleanEnvironment(), ...programs, ...runner, ...inputs };
  const ended = await collect(spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], { cwd: app, env }));
  const summary = readdirSync(folder).includes('summary.md') ? readFileSync(summaryFile, 'utf8') : '';
  return { ...ended, summary, folder };
}

function readScript(name: string): string {
  const step = action.split(/^ {4}- /m).find((text) => text.startsWith(`name: ${name}\n`)) ?? '';
  const script = /^ {6}run: \|\n((?: {8}.*\n|\n)+)/m.exec(step)?.[1];
  assert.ok(script !== undefined, `no script of the step "${name}"`);
  return script.replaceAll(/^ {8}/gm, '');
}

describe('Check the inputs', () => {
  const step = 'Check the inputs';
  const inputs = { PACKAGE: '', URL: '', FUNCTIONS: '', TRUST_STORE: '' };

  for (const [what, more, message] of [
    ['nothing to do', {}, undefined],
    ['a url with a function', { URL: 'https://app.example', FUNCTIONS: 'Orders' }, undefined],
    ['a package', { PACKAGE: 'package' }, undefined],
    ['a url without a function', { URL: 'https://app.example', FUNCTIONS: ' \n' }, /^::error::A url needs functions/],
    ['a package and a url', { PACKAGE: 'package', URL: 'https://app.example', FUNCTIONS: 'Orders' }, /only deployed/],
    ['a package and a document', { PACKAGE: 'package', TRUST_STORE: 'file:trust.json' }, /only deployed/],
  ] as const) {
    it(`${message === undefined ? 'passes' : 'fails for'} ${what}`, async () => {
      const { exitCode, stdout } = await runStep(step, { ...inputs, ...more });
      assert.equal(exitCode, message === undefined ? 0 : 2);
      assert.match(stdout, message ?? /^$/);
    });
  }
});

describe('the workflow for users', () => {
  const jobs = readFileSync(join(root, 'examples', 'github-workflow', 'deploy.yml'), 'utf8')
    .split(/^jobs:\n/m)[1]
    ?.split(/^(?= {2}\w+:$)/m);

  it('runs code of dependencies in no job that has a session of Azure', () => {
    const withSession = jobs?.filter((job) => job.includes('id-token: write')) ?? [];
    assert.equal(withSession.length, 2);
    for (const job of withSession) assert.doesNotMatch(job, /checkout|npm|npx|(?:url|trust-store): /);
    // The action makes a package, by the app's scripts, where it gets none.
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

  it('passes an app that is as its baseline says, and shows the table in the summary', async () => {
    const { exitCode, summary } = await runStep(step, { BASELINE: baseline });
    assert.equal(exitCode, 0);
    assert.match(summary, /^### Who may call\n~~~~~~\n┌[\s\S]*SecuredFunction[\s\S]*\n~~~~~~\n$/);
  });

  it('fails where a function is open that the baseline has closed, and says so in the summary', async () => {
    const text = readFileSync(join(app, baseline), 'utf8');
    writeFileSync(join(app, 'closed.json'), text.replace('"kind": "anonymous"', '"kind": "certificate", "roles": []'));
    const { exitCode, summary } = await runStep(step, { BASELINE: 'closed.json' });
    assert.equal(exitCode, 1, summary);
    assert.match(summary, /opens +PublicFunction/);
  });

  it('fails where there is no baseline', async () => {
    assert.equal((await runStep(step, { BASELINE: 'absent.json' })).exitCode, 2);
  });
});

describe('Check the trust document', () => {
  const step = 'Check the trust document';

  it('passes a valid document, and fails where there is none', async () => {
    writeFileSync(join(app, 'trust.json'), '{ "schemaVersion": 1, "revision": 1, "identities": [] }');
    const [valid, absent] = await Promise.all([
      runStep(step, { TRUST_STORE: 'file:trust.json', SIGNED_BY: '' }),
      runStep(step, { TRUST_STORE: 'file:absent.json', SIGNED_BY: '' }),
    ]);
    assert.equal(valid.exitCode, 0, valid.stdout);
    assert.match(valid.summary, /^### Trust document\n~~~~~~\n[\s\S]+~~~~~~\n$/);
    assert.equal(absent.exitCode, 2);
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
    ...{ certgate: 1, event: 'decision', time: '2027-01-01T00:00:00.000Z', outcome: 'allowed', code: 'allowed' },
    ...{ function: 'Orders', correlationId: 'c', identity: '@billing', matchedBy: 'thumbprintSha256' },
    ...{ matched: thumbprintSha256.slice(0, 16), thumbprintSha256, trustRevision: 1 },
    trustSha256: createHash('sha256').update(base).digest('hex').slice(0, 16).toUpperCase(),
  };

  /** In place of GitHub's API: it knows the base branch's document, and keeps comments. */
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
      ...{ id, body: '<!-- certgate-trust-diff --> of somebody else', user: { login: 'somebody' } },
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

  const run = (inputs: Readonly<Record<string, string>> = {}): Promise<StepResult> =>
    runStep(step, {
      ...{ TRUST_DOCUMENT: 'trust.json', TRUST_BASE: '', TRUST_LOG: '', GITHUB_TOKEN: 'token', BASE_SHA: 'BASE' },
      ...{ PULL_REQUEST: '7', GITHUB_API_URL: api.url, GITHUB_REPOSITORY: 'owner/repo', GITHUB_WORKSPACE: temporary },
      ...inputs,
    });

  it('compares with the base branch, and writes one comment, which later runs write anew', async () => {
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

  it('fails where a recorded call would be refused, and says which, with no mention of anybody', async () => {
    const { exitCode, summary } = await run({ TRUST_LOG: 'app.log', TRUST_BASE: 'base.json' });
    assert.equal(exitCode, 1);
    assert.match(
      summary,
      /^- ` @billing ` at ` Orders `: 1 call, the last at 2027-01-01T00:00:00Z\. ` identity_disabled `/m,
    );
    assert.equal(api.comments.at(-1)?.body.trimEnd(), summary.trimEnd());
    assert.ok(!api.asked.some((each) => each.includes('contents')));
  });

  it('warns where the log does not tell of a call', async () => {
    writeFileSync(join(app, 'app.log'), `${JSON.stringify({ ...line, trustSha256: undefined })}\n`);
    const { exitCode, stdout, summary } = await run({ TRUST_LOG: 'app.log' });
    assert.equal(exitCode, 0);
    assert.match(stdout, /^::warning::No call that was admitted/m);
    assert.match(summary, /Cannot tell/);
  });

  it('writes the summary alone without a token, or with one that may not write', async () => {
    const without = await run({ GITHUB_TOKEN: '', TRUST_BASE: 'base.json' });
    assert.deepEqual([without.exitCode, without.stdout, api.asked], [0, '', []]);
    const reading = await run({ GITHUB_TOKEN: 'of a fork' });
    assert.equal(reading.exitCode, 0);
    assert.match(reading.stdout, /^::warning::No comment was written.*\(status 403\).*pull-requests: write/m);
    for (const { summary } of [without, reading]) assert.match(summary, /is disabled/);
    assert.equal(api.comments.length, 100);
  });

  it('fails where a document is absent or not valid', async () => {
    const absent = await run({ BASE_SHA: 'ELSEWHERE' });
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
    URL: 'https://app.example',
    FUNCTIONS: ' Orders\n  Refund  *\n',
    PUBLIC_FUNCTIONS: '',
    ALLOWED_CERTIFICATE: '-----BEGIN PRIVATE KEY-----\nas it is\n-----END PRIVATE KEY-----',
    I_OPERATE_THIS: 'true',
    TEST_DOCTOR: '0',
    TEST_REPORT: '{}',
  };

  const report = (id: string): string =>
    JSON.stringify({
      findings: [
        { id: 'denied-certificate', verdict: 'holds' },
        { id, verdict: 'cannot-tell' },
      ],
    });

  it('probes with the allowed caller and one that nobody knows, and leaves no key behind', async () => {
    const { exitCode, folder, summary, stderr } = await runStep(step, inputs);
    assert.equal(exitCode, 0, stderr);
    const given = readFileSync(join(folder, 'doctor.txt'), 'utf8').trimEnd().split('\n');
    assert.equal(given[0], inputs.URL);
    const rest = given.filter((word) => !word.startsWith('/'));
    const options = [
      '--allowed',
      '--denied',
      '--denied-key',
      '--summary',
      '--report',
      '--function',
      'Orders',
      '--function',
      'Refund',
    ];
    assert.deepEqual(rest.slice(1), [...options, '--function', '*', '--i-operate-this']);
    assert.equal(readFileSync(join(folder, 'allowed.pem'), 'utf8'), `${inputs.ALLOWED_CERTIFICATE}\n`);
    assert.match(readFileSync(join(folder, 'denied.pem'), 'utf8'), /BEGIN CERTIFICATE/);
    assert.match(readFileSync(join(folder, 'denied-key.pem'), 'utf8'), /BEGIN PRIVATE KEY/);
    assert.match(summary, /### Doctor/);
    const left = readdirSync(folder).sort();
    const written = ['allowed.pem', 'certgate-doctor.json', 'denied-key.pem', 'denied.pem', 'doctor.txt'];
    assert.deepEqual(left, [...written, 'script.sh', 'summary.md']);
  });

  it('fails where a probe fails, and warns where doctor cannot tell', async () => {
    const [failed, unclear] = await Promise.all([
      runStep(step, { ...inputs, TEST_DOCTOR: '1' }),
      runStep(step, { ...inputs, I_OPERATE_THIS: 'false', TEST_DOCTOR: '3', TEST_REPORT: report('key-proof-tls-1.2') }),
    ]);
    assert.equal(failed.exitCode, 1);
    assert.doesNotMatch(failed.stdout, /::warning::/);
    assert.equal(unclear.exitCode, 0);
    assert.match(unclear.stdout, /^::warning::/m);
    assert.doesNotMatch(readFileSync(join(unclear.folder, 'doctor.txt'), 'utf8'), /i-operate-this/);
  });

  it('fails where doctor cannot tell about a forged header or a missing certificate', async () => {
    for (const id of ['no-certificate', 'forged-header', 'forged-header-of-others']) {
      const ended = await runStep(step, { ...inputs, TEST_DOCTOR: '3', TEST_REPORT: report(id) });
      assert.equal(ended.exitCode, 3, id);
      assert.match(ended.stdout, new RegExp(`^::error::.*\\(${id}\\)`, 'm'));
    }
    const absent = await runStep(step, { ...inputs, TEST_DOCTOR: '3', TEST_REPORT: '' });
    assert.notEqual(absent.exitCode, 0);
  });
});
