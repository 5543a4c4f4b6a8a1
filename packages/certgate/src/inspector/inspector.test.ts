import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Inspector, startInspector } from './inspector.js';
import type { InspectorState } from '../trust/views/page-views.js';
import { ask, askRaw, post, tokenOf } from './test-support/ask.js';

const markup = '<img src=x onerror=alert(1)>';
let folder = '';
let inspector: Inspector;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-inspector-'));
  const page = join(folder, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(page, 'page.js'), 'void 0;');
  writeFileSync(join(page, 'assets', 'page.css'), 'body{}');
  writeFileSync(join(page, 'secret.txt'), 'no part of the page');
  const identities = [{ name: markup, roles: [], pins: [{ thumbprintSha256: 'A'.repeat(64) }] }];
  writeFileSync(join(folder, 'trust.json'), JSON.stringify({ schemaVersion: 1, revision: 7, identities }));
  inspector = await startInspector({ subject: { store: join(folder, 'trust.json') }, pageFolder: page });
});
after(async () => {
  await inspector.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the page', () => {
  it('is served with its content type, without a token, and with headers that forbid everything else', async () => {
    const types = {
      '/': 'text/html',
      '/index.html': 'text/html',
      '/page.js': 'text/javascript',
      '/assets/page.css': 'text/css',
    };
    for (const [path, type] of Object.entries(types)) {
      const { status, headers } = await askRaw(inspector.port, path, {
        headers: { host: `127.0.0.1:${inspector.port}` },
      });
      assert.equal(status, 200, path);
      assert.equal(headers['content-type'], `${type}; charset=utf-8`);
      const policy = headers['content-security-policy'] ?? '';
      assert.match(
        String(policy),
        /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'$/,
      );
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });

  it('consists of the only files that are read from the disk', async () => {
    const paths = [
      ...[
        '/../trust.json',
        '/assets/../../trust.json',
        '/%2e%2e/trust.json',
        '/..%2ftrust.json',
        '/assets/%2e%2e/page.js',
      ],
      ...[
        '/secret.txt',
        '/assets',
        '/assets/',
        '//page.js',
        '/page.js/',
        '/PAGE.JS',
        '/..\\trust.json',
        '/page.js%00',
        '/__proto__',
      ],
    ];
    for (const path of paths) assert.equal((await ask(inspector, path)).status, 404, path);
  });

  it('has a new token at each start, and only in the fragment of its address', async () => {
    assert.match(inspector.url, /^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/);
    const second = await startInspector({ subject: { store: join(folder, 'trust.json') } });
    try {
      assert.notEqual(tokenOf(second), tokenOf(inspector));
    } finally {
      await second.close();
    }
  });
});

describe('which senders are answered', () => {
  it('a request under another host name is refused, because that name may be made to point at this machine', async () => {
    const { port } = inspector;
    const token = { 'x-certgate-inspector': tokenOf(inspector) };
    const hosts = [
      `evil.example:${port}`,
      'localhost',
      '127.0.0.1',
      `127.0.0.1:${port + 1}`,
      `localhost.evil.example:${port}`,
    ];
    for (const host of [...hosts, `[::1]:${port}`, `LOCALHOST:${port}`, `localhost:${port}.`, '']) {
      for (const path of ['/', '/page.js', '/api/state']) {
        const { status, text } = await askRaw(port, path, { headers: { ...token, host } });
        assert.equal(status, 403, `${host} ${path}`);
        assert.match(text, /names another host/);
      }
    }
    assert.equal((await askRaw(port, '/', { headers: token })).status, 403);
  });

  it('a request with two host names is refused', async () => {
    const { port } = inspector;
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      socket.once('error', reject).once('close', () => {
        resolve(text);
      });
      socket.write(`GET / HTTP/1.1\r\nHost: localhost:${port}\r\nHost: evil.example\r\n\r\n`);
    });
    assert.match(said, /^HTTP\/1\.1 40[03] /);
  });

  it('a page of another site is refused, whatever it knows', async () => {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${inspector.port}` },
      { origin: `https://localhost:${inspector.port}` },
    ]) {
      for (const method of ['GET', 'POST']) {
        const { status, text } = await ask(inspector, '/api/state', { method, headers });
        assert.equal(status, 403, JSON.stringify(headers));
        assert.match(text, /other pages/);
      }
    }
    const own = { origin: `http://localhost:${inspector.port}`, 'sec-fetch-site': 'same-origin' };
    assert.equal((await ask(inspector, '/api/state', { headers: own })).status, 200);
    const preflight = await ask(inspector, '/api/try', {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example' },
    });
    assert.equal(preflight.status, 400);
    assert.equal(preflight.headers['access-control-allow-origin'], undefined);
  });

  it('a request without the token of this start is refused on every path of the API', async () => {
    const token = tokenOf(inspector);
    const other = await startInspector({ subject: { store: join(folder, 'trust.json') } });
    const stale = tokenOf(other);
    await other.close();
    const wrong = ['', stale, token.slice(0, -1), `${token}A`, token.toLowerCase(), `${token}, ${token}`];
    for (const path of [
      '/api/state',
      '/api/trust',
      '/api/events',
      '/api/events/1',
      '/api/try',
      '/api/matrix',
      '/api/read',
      '/api/nothing',
    ]) {
      for (const text of wrong) {
        const { status, text: body } = await ask(inspector, path, { headers: { 'x-certgate-inspector': text } });
        assert.equal(status, 401, `${path} ${text}`);
        assert.match(
          (JSON.parse(body) as { message: string }).message,
          /Open the link that certgate printed at its latest start/,
        );
      }
    }
    const inQuery = await askRaw(inspector.port, `/api/state?token=${token}`, {
      headers: { host: `localhost:${inspector.port}` },
    });
    assert.equal(inQuery.status, 401);
  });
});

describe('which requests are answered', () => {
  it('only GET, and POST with JSON of at most 1 MiB, are answered', async () => {
    for (const method of ['HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      assert.equal((await ask(inspector, '/api/state', { method })).status, 400, method);
    }
    for (const type of [
      '',
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=utf-16',
      'application/jsonp',
    ]) {
      const { status } = await ask(inspector, '/api/read', {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{}',
      });
      assert.equal(status, 400, type);
    }
    const json = { 'content-type': 'application/json' };
    for (const body of ['', '{', '\u0000', Buffer.from([0x22, 0xff, 0x22])]) {
      assert.equal((await ask(inspector, '/api/read', { method: 'POST', headers: json, body })).status, 400);
    }
    for (const value of [
      null,
      1,
      [],
      { name: 'a' },
      { name: 'a', base64: '!', password: null },
      { name: 'a', base64: '', password: null, more: 1 },
    ]) {
      assert.equal((await post(inspector, '/api/read', value)).status, 400, JSON.stringify(value));
    }
  });

  it('a larger request is refused, whether it declares its length or not', async () => {
    const body = Buffer.alloc(3 * 1_048_576, 0x20);
    const declared = await ask(inspector, '/api/read', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': body.length },
      body,
    });
    assert.equal(declared.status, 413);
    assert.match(declared.text, /more than 1 MiB/);
    const chunked = await ask(inspector, '/api/read', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
      body,
    });
    assert.equal(chunked.status, 413);
  });

  it('a page that goes away within its request is not reported as a fault of the tool', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error): void => {
      warnings.push(message);
    };
    process.on('warning', note);
    const { port } = inspector;
    const token = `x-certgate-inspector: ${tokenOf(inspector)}`;
    const head = `Host: localhost:${port}\r\n${token}\r\nContent-Type: application/json\r\nContent-Length: 9`;
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`POST /api/read HTTP/1.1\r\n${head}\r\n\r\n{`, () => setTimeout(() => socket.destroy(), 50));
    });
    await once(socket, 'close');
    // Gives the server time for the earlier requests.
    await ask(inspector, '/api/state');
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off('warning', note);
    assert.deepEqual(warnings, []);
  });

  it('other paths get 404', async () => {
    for (const path of [
      '/api/',
      '/api/State',
      '/api/state/',
      '/api/events/x',
      '/api/events/1/2',
      '/api/try',
      '/api/__proto__',
    ]) {
      assert.equal((await ask(inspector, path)).status, 404, path);
    }
    assert.equal((await post(inspector, '/api/state', {})).status, 404);
    assert.equal((await post(inspector, '/', {})).status, 404);
    assert.equal((await ask(inspector, '/api/events/1')).status, 404);
  });

  it('a page without an app gets the trust document, and the reason why nothing can be tried', async () => {
    const state = JSON.parse((await ask(inspector, '/api/state')).text) as InspectorState;
    const { tag } = state;
    assert.deepEqual(state, {
      version: 1,
      tag,
      app: null,
      trust: { store: `file:${join(folder, 'trust.json')}`, revision: 7, fault: null },
    });
    const update = JSON.parse((await ask(inspector, '/api/events?after=0')).text) as unknown;
    assert.deepEqual(update, { stateTag: tag, events: [] });
    const call = { functionName: 'A', method: 'GET', target: '/', headers: [], body: null, caller: { id: 'none' } };
    const { status, text } = await post(inspector, '/api/try', call);
    assert.equal(status, 404);
    assert.match(text, /certgate dev/);
  });

  it('a name with markup is sent as text in JSON, which no browser takes for a page', async () => {
    const { status, headers, text } = await ask(inspector, '/api/trust');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    const view = JSON.parse(text) as { readonly identities: readonly { readonly name: string }[] };
    assert.equal(view.identities[0]?.name, markup);
  });
});
