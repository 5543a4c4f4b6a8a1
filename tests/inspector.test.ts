import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type {
  AddedCaller,
  InspectorState,
  LiveDetails,
  LiveEvent,
  LiveUpdate,
  MatrixResult,
  TrustView,
  TryResult,
} from '../packages/certgate/dist/esm/trust/views/page-views.js';
import { until } from '@certgate/x509/test-support/until.js';
import { collect, runCertgate, runProgram, sampleFolder, startCertgate } from './test-support/certgate.js';
import { makeOpensslCertificate, writeTrust } from './test-support/openssl.js';

interface Page {
  readonly process: ChildProcess;
  readonly url: string;
  readonly token: string;
}

/** Starts a command that serves the page, and reads the page's link from the output. */
async function startPage(args: readonly string[]): Promise<Page> {
  const child = startCertgate(args);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  for (let tries = 0; tries < 1_200 && child.exitCode === null; tries += 1) {
    const link = /(http:\/\/127\.0\.0\.1:\d+)\/#token=([\w-]{43})\n/.exec(said);
    if (link?.[1] !== undefined && link[2] !== undefined) return { process: child, url: link[1], token: link[2] };
    await wait(50);
  }
  child.kill('SIGKILL');
  throw new Error(`There is no link to a page:\n${said}`);
}

async function stop({ process: child }: Page): Promise<number | null> {
  const ended = collect(child);
  child.kill('SIGTERM');
  return (await ended).exitCode;
}

async function ask<Answer>({ url, token }: Page, path: string, value?: unknown): Promise<Answer> {
  const response = await fetch(`${url}/${path}`, {
    headers: { 'x-certgate-inspector': token, 'content-type': 'application/json' },
    ...(value === undefined ? {} : { method: 'POST', body: JSON.stringify(value) }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as Answer;
}

/** Finds the event of a request. The page gets it a moment after the caller gets the answer. */
async function findEvent(page: Page, correlationId: string | null): Promise<LiveEvent> {
  let found: LiveEvent | undefined;
  await until(async () => {
    const { events } = await ask<LiveUpdate>(page, 'api/events?after=0');
    found = events.find((each) => each.correlationId === correlationId);
    return found !== undefined;
  });
  return found as LiveEvent;
}

describe('the inspector of certgate dev', () => {
  let page: Page;
  let state: InspectorState;
  const development = join(sampleFolder, '.certgate');

  before(async () => {
    page = await startPage(['dev', sampleFolder, '--port', '0', '--host-port', '0', '--inspector-port', '0']);
    state = await ask(page, 'api/state');
  });
  after(async () => {
    assert.equal(await stop(page), 0);
  });

  const attempt = (id: string, functionName: string, more: object = {}): Promise<TryResult> =>
    ask(page, 'api/try', {
      functionName,
      method: 'GET',
      target: `/api/${functionName}`,
      headers: [],
      body: null,
      caller: { id },
      ...more,
    });

  it('shows the functions, the callers and the trust document of the app', () => {
    assert.deepEqual(
      state.app?.functions.map(({ name, policy, isCovered }) => [name, policy, isCovered]),
      [
        ['PublicFunction', 'public', true],
        ['RoleFunction', 'allowed certificates, role operator', true],
        ['SecuredFunction', 'allowed certificates', true],
      ],
    );
    assert.equal(
      state.app.callers.map(({ id }) => id).join(' '),
      'none denied allowed allowed-operator expired not-yet-valid wrong-usage ca-as-leaf lookalike forged-header',
    );
    assert.equal(state.trust.store, `file:${join(development, 'trust.json')}`);
    assert.equal(state.trust.fault, null);
  });

  it('tries every caller at every function, and the gate answers as the explanation and Live say', async () => {
    const matrix = await ask<MatrixResult>(page, 'api/matrix', {});
    const codes: Record<string, string | null> = {};
    for (const { name: functionName } of state.app?.functions ?? []) {
      for (const { id } of state.app?.callers ?? []) {
        const { answer, explanation, fault } = await attempt(id, functionName);
        const at = `${id} at ${functionName}`;
        assert.ok(answer !== null && explanation !== null && fault === null, `${at}: ${fault ?? ''}`);
        // The answer comes from the gate in the app's process. The explanation comes from `decideAccess`.
        const body = answer.body.startsWith('{') ? (JSON.parse(answer.body) as { development?: { code: string } }) : {};
        if (explanation.outcome === 'denied') {
          assert.equal(answer.status, explanation.status, at);
          assert.equal(body.development?.code, explanation.code, at);
        } else {
          assert.equal(answer.status, 200, at);
        }
        const { correlationId } = answer;
        assert.match(correlationId ?? '', /^[0-9a-f-]{36}$/);
        const event = await findEvent(page, correlationId);
        assert.equal(event.functionName, functionName);
        assert.equal(event.status, answer.status);
        assert.equal(event.code, explanation.code, at);
        assert.equal(event.verdict, explanation.gate === 'not-asked' ? 'open' : explanation.outcome, at);
        assert.ok((event.durationMilliseconds ?? -1) >= 0 && Math.abs(Date.parse(event.time) - Date.now()) < 60_000);
        const details = await ask<LiveDetails>(page, `api/events/${event.id}`);
        assert.equal(details.explanation?.code, explanation.code, at);
        assert.deepEqual(details.explanation.steps, explanation.steps, at);
        const cell = matrix.cells.find((each) => each.functionName === functionName && each.callerId === id);
        assert.equal(cell?.status, explanation.outcome === 'denied' ? answer.status : null, at);
        assert.equal(cell.expected, explanation.outcome, at);
        assert.equal(cell.code, explanation.code ?? 'open', at);
        codes[at] = explanation.code;
      }
    }
    assert.deepEqual(
      Object.entries(codes)
        .filter(([at]) => at.endsWith('RoleFunction'))
        .map(([, code]) => code),
      [
        ...['certificate_missing', 'certificate_not_trusted', 'role_missing', 'allowed', 'certificate_expired'],
        ...['certificate_not_yet_valid', 'certificate_extended_key_usage_unsuitable', 'certificate_is_authority'],
        ...['certificate_not_trusted', 'certificate_missing'],
      ],
    );
  });

  it('gives command lines that do the same from a terminal', async () => {
    const { commands } = await attempt('denied', 'SecuredFunction', { headers: [['X-Note', 'a "b" $c']] });
    const { stdout } = await runProgram('sh', [
      '-c',
      `${commands.curl} --silent --output /dev/null --write-out '%{http_code}'`,
    ]);
    assert.equal(stdout, '401');
  });

  it("shows and explains another program's call, found by its correlation id", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-stranger-'));
    try {
      const stranger = makeOpensslCertificate(folder, 'stranger', 'ec');
      const identity = ['--cert', stranger.certificateFile, '--key', stranger.keyFile];
      const options = ['--silent', '--cacert', join(development, 'gateway.crt.pem'), ...identity];
      const { stdout } = await runProgram('curl', [...options, `${state.app?.url}/api/SecuredFunction?code=secret`]);
      const { correlationId } = JSON.parse(stdout) as { readonly correlationId: string };
      const event = await findEvent(page, correlationId);
      assert.equal(event.code, 'certificate_not_trusted');
      assert.equal(event.path, '/api/SecuredFunction');
      const { explanation } = await ask<LiveDetails>(page, `api/events/${event.id}`);
      assert.equal(explanation?.certificate?.thumbprintSha256, event.thumbprintSha256);
      assert.equal(explanation.code, event.code);
      // Files that the user drops on the page identify the same caller, and the matrix calls as it.
      const files = [stranger.certificateFile, stranger.keyFile].map((path) => ({
        name: basename(path),
        base64: readFileSync(path, 'base64'),
        password: null,
      }));
      const { id, fault } = await ask<AddedCaller>(page, 'api/callers', { files });
      assert.ok(id !== null, fault ?? '');
      const { cells } = await ask<MatrixResult>(page, 'api/matrix', {});
      const cell = cells.find(({ functionName, callerId }) => functionName === 'SecuredFunction' && callerId === id);
      assert.deepEqual([cell?.status, cell?.code], [401, 'certificate_not_trusted']);
      const tried = await attempt(id, 'SecuredFunction');
      assert.equal(tried.explanation?.certificate?.thumbprintSha256, event.thumbprintSha256);
      assert.equal(tried.answer?.status, 401);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('does not change the document', async () => {
    const after = await ask<InspectorState>(page, 'api/state');
    assert.deepEqual(after.trust, state.trust);
  });
});

describe('certgate trust view', () => {
  it('serves the same page for a document without an app, until it is stopped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-view-'));
    try {
      const billing = makeOpensslCertificate(folder, 'billing', 'ec');
      const store = writeTrust(folder, { billing: { certificate: billing } });
      const page = await startPage(['trust', 'view', '--store', store, '--inspector-port', '0']);
      let exitCode: number | null | undefined;
      try {
        const state = await ask<InspectorState>(page, 'api/state');
        assert.equal(state.app, null);
        const view = await ask<TrustView>(page, 'api/trust');
        assert.deepEqual(
          view.identities.map(({ name }) => name),
          ['billing'],
        );
      } finally {
        exitCode = await stop(page);
      }
      assert.equal(exitCode, 0);
      const nowhere = ['--store', join(folder, 'none.json'), '--inspector-port', '0'];
      assert.equal((await runCertgate(['trust', 'view', ...nowhere])).exitCode, 2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
