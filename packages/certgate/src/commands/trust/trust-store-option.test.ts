import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runLineInProcess } from './test-support/run-in-process.js';

/** The place of the document, as `--store` and CERTGATE_TRUST give it. Core has the tests of the grammar. */
describe('the place of the trust document', () => {
  let folder: string;
  let server: Server;
  let url: string;
  /** The requests that the server got, by path and query. */
  const requests: string[] = [];

  const run = (...args: readonly string[]): ReturnType<typeof runLineInProcess> =>
    runLineInProcess(['trust', ...args], folder);
  const runWith = async (variable: string, ...args: readonly string[]): ReturnType<typeof runLineInProcess> => {
    process.env['CERTGATE_TRUST'] = variable;
    try {
      return await run(...args);
    } finally {
      delete process.env['CERTGATE_TRUST'];
    }
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-store-option-'));
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      const [name = ''] = (request.url ?? '').slice(1).split('?');
      if (name !== 'trust.json' && name !== 'own.json') response.writeHead(404).end();
      else response.writeHead(200, { etag: '"1"' }).end(readFileSync(join(folder, 'trust.json')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/trust.json`;
    const init = await run('init', '--reason', 'x', '--store', 'trust.json');
    assert.equal(init.exitCode, 0, init.stderr);
    const add = ['add', 'billing', '--thumbprint-sha256', '1'.repeat(64), '--reason', 'x'];
    assert.equal((await runWith('file:trust.json', ...add)).exitCode, 0);
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is a path with or without file:, from the option or else from CERTGATE_TRUST', async () => {
    for (const text of ['trust.json', './trust.json', 'file:trust.json', join(folder, 'trust.json')]) {
      const byOption = await run('list', '--store', text);
      assert.match(byOption.stdout, /billing/, byOption.stderr);
      assert.deepEqual(await runWith(text, 'list'), byOption);
      assert.equal((await runWith('other.json', 'list', '--store', text)).exitCode, 0);
    }
    assert.match((await run('list')).stderr, /--store/);
  });

  it('may be a URL for every verb that only reads, except the log of changes', async () => {
    assert.match((await run('list', '--store', url)).stdout, /billing/);
    assert.match((await run('list', 'billing', '--store', url)).stdout, /billing/);
    const check = await run('check', '--store', url, '--json');
    assert.deepEqual(JSON.parse(check.stdout), { ...(JSON.parse(check.stdout) as object), store: url, revision: 2 });
    const explain = ['explain', '--no-certificate', '--function', 'F', '--store', url];
    assert.match((await run(...explain)).stdout, /certificate_missing/);
    assert.match((await run('diff', url, 'trust.json')).stdout, /\S/);
    const log = await run('log', '--store', url);
    assert.deepEqual([log.exitCode, /no log of changes to read: http:/.test(log.stderr)], [2, true]);
    const missing = await run('list', '--store', url.replace('trust.json', 'no.json'));
    assert.deepEqual([missing.exitCode, /answered 404: it is not there\./.test(missing.stderr)], [2, true]);
  });

  it('is refused by every verb that writes if it is a URL, before anything is read', async () => {
    const lines = [
      ['init'],
      ['add', 'a', '--thumbprint-sha256', '2'.repeat(64)],
      ['remove', 'billing'],
      ['set', 'billing', '--pin', '1'.repeat(64), '--not-after', 'none'],
      ['disable', 'billing'],
      ['enable', 'billing'],
      ['rotate', 'billing', '--thumbprint-sha256', '2'.repeat(64), '--overlap', '0'],
      ['deny', '2'.repeat(64)],
      ['undeny', '2'.repeat(64)],
      ['lock'],
      ['unlock'],
      ['restore', 'trust.json'],
      ['authority', 'remove', 'corp'],
    ];
    const before = requests.length;
    for (const line of lines) {
      const { exitCode, stderr } = await run(...line, '--reason', 'x', '--store', url);
      assert.equal(exitCode, 2, line.join(' '));
      assert.match(stderr, /is a URL, which can't be written.*in the file of the document/s, line.join(' '));
    }
    assert.equal(requests.length, before);
  });

  it('must have no secret on the command line, but may have one in the variable, where it is never shown', async () => {
    const secret = `${url}?sig=SECRET`;
    for (const line of [
      ['list', '--store', secret],
      ['diff', secret, 'trust.json'],
    ]) {
      const { exitCode, stderr } = await run(...line);
      assert.equal(exitCode, 2);
      assert.match(stderr, /must not contain secrets.*CERTGATE_TRUST/s);
      assert.doesNotMatch(stderr, /SECRET/);
    }
    requests.length = 0;
    const { stdout, stderr } = await runWith(secret, 'check', '--json');
    assert.deepEqual(requests, ['/trust.json?sig=SECRET', '/trust.json.sig?sig=SECRET']);
    assert.match(stdout, /trust\.json\?…/);
    assert.doesNotMatch(stdout + stderr, /SECRET/);
  });

  it('is refused with a remedy if it is not a place', async () => {
    const { exitCode, stderr } = await run('list', '--store', '{"schemaVersion":1}');
    assert.equal(exitCode, 2);
    assert.match(stderr, /trust document.*trustStoreFromAppSetting/s);
    assert.match((await runWith('', 'list')).stderr, /no address of a trust document/);
  });
});
