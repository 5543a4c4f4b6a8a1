import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type MadeCertificate, makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { until } from '@certgate/x509/test-support/until.js';
import { root } from './test-support/certgate.js';
import { type InstalledApp, installNextApp, type RunningHost } from './test-support/http-hosts.js';

// Tests the built app of examples/http-hosts/next: a custom server with `secureServer`, and route handlers with
// `secureFetch`, which Next.js bundles with a copy of the gate.

const frontEndSecret = 'a-secret-of-the-front-end-for-tests-only';
const [ann, bob, stranger] = ['ann', 'bob', 'ann'].map((name) => makeCertificate({ name: [`CN = ${name}`] }));
const folder = mkdtempSync(join(tmpdir(), 'certgate-http-next-'));
let app: InstalledApp;
let host: RunningHost;

before(async () => {
  const identify = (name: string, certificate: MadeCertificate | undefined, ...roles: readonly string[]): object => ({
    name,
    roles,
    pins: [
      {
        thumbprintSha256: createHash('sha256')
          .update(certificate?.der ?? '')
          .digest('hex'),
      },
    ],
  });
  const trust = join(folder, 'trust.json');
  const identities = [identify('Ann', ann, 'operator'), identify('Bob', bob)];
  writeFileSync(trust, JSON.stringify({ schemaVersion: 1, revision: 1, identities }));
  app = await installNextApp('next-routes');
  const ofFrontEnd = { CERTGATE_FRONT_END: 'haproxy', CERTGATE_FRONT_END_SECRET: frontEndSecret };
  host = await app.start({ CERTGATE_TRUST: trust, ...ofFrontEnd });
});

after(async () => {
  await host.stop();
  app.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** The status, and also the body if the status is 200. */
async function ask(caller: MadeCertificate | undefined, path: string, method = 'GET'): Promise<readonly unknown[]> {
  const headers = {
    'X-Certgate-Front-End-Secret': frontEndSecret,
    'X-Client-Certificate-Verification': 'UNVERIFIED',
    ...(caller === undefined ? {} : { 'X-Client-Certificate': caller.header }),
  };
  const answer = await fetch(`http://127.0.0.1:${host.port}${path}`, { method, headers });
  const body = await answer.text();
  return answer.status === 200 ? [200, body] : [answer.status];
}

interface Line {
  readonly code: string;
  readonly correlationId: string;
  readonly after?: string;
}

it('docs/http-hosts.md shows the custom server and the gate of the example, word for word', () => {
  const page = readFileSync(join(root, 'docs', 'http-hosts.md'), 'utf8');
  for (const file of ['server.js', 'gate.js'])
    assert.ok(page.includes(readFileSync(join(root, 'examples', 'http-hosts', 'next', file), 'utf8')), file);
});

describe('a custom server of Next.js with secureServer', () => {
  it('logs one line for an admission to a wrapped route, and refuses by role with the same correlation id', async () => {
    assert.deepEqual(await ask(ann, '/closed'), [200, 'hello Ann\n']);
    assert.deepEqual(await ask(ann, '/role'), [200, 'operator Ann\n']);
    assert.deepEqual(await ask(bob, '/role'), [403]);
    const listLines = (): readonly Line[] =>
      host.lines.filter((line) => line.includes('"event":"decision"')).map((line) => JSON.parse(line) as Line);
    await until(() => listLines().length >= 4);
    const lines = listLines().map(({ code, after: earlier = 'first' }) => `${code}, ${earlier}`);
    assert.deepEqual(lines.sort(), [...Array<string>(3).fill('allowed, first'), 'role_missing, allowed']);
    assert.equal(new Set(listLines().map(({ correlationId }) => correlationId)).size, 3);
  });

  it('closes pages, routes without a wrapper, other methods, unknown paths and files', async () => {
    for (const [path, forAnn, method] of [
      ['/page', 200, 'GET'],
      ['/unwrapped', 200, 'GET'],
      ['/closed', 204, 'OPTIONS'],
      ['/closed', 405, 'POST'],
      ['/public', 204, 'OPTIONS'],
      ['/nowhere', 404, 'GET'],
      ['/_next/static/nowhere.js', 404, 'GET'],
    ] as const) {
      assert.equal((await ask(ann, path, method))[0], forAnn, path);
      for (const caller of [undefined, stranger]) assert.deepEqual(await ask(caller, path, method), [401], path);
    }
    assert.match(String((await ask(ann, '/page'))[1]), /<p>a page/);
    assert.deepEqual(await ask(undefined, '/public'), [200, 'open to all\n']);
  });

  it('mixes up no callers that wait for each other, and refuses copies of a request without its fields', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const [caller, name] = index % 2 === 0 ? ([ann, 'Ann'] as const) : ([bob, 'Bob'] as const);
        assert.deepEqual(await ask(caller, '/closed'), [200, `hello ${name}\n`]);
        // The route answers four things: the caller whom the handler knows, the caller of a copy of the request, and
        // the statuses without header fields and from its own server.
        assert.deepEqual(await ask(caller, '/probe'), [200, JSON.stringify([name, name, 401, 401])]);
      }),
    );
    await until(() => host.lines.filter((line) => line.startsWith('after: ')).length === 40);
    assert.deepEqual(
      new Set(host.lines.filter((line) => line.startsWith('after: '))),
      new Set(['after: Ann 401', 'after: Bob 401']),
    );
  });

  it('does not write a caller into the cache that Next.js shows to all', async () => {
    for (let turn = 0; turn < 2; turn += 1) assert.deepEqual(await ask(ann, '/cached'), [401]);
  });
});
