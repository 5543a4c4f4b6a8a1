import assert from 'node:assert/strict';
import type { Server } from 'node:https';
import { TLSSocket } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { createTemporaryFolder, runOpenssl } from '../../certificates/test-support/openssl.js';
import { runCertgate, type CommandRun } from '../certificate/test-support/run-certgate.js';
import { startTlsServer } from './test-support/tls-server.js';

interface Answer {
  readonly status: number;
  readonly code: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly certificate: { readonly thumbprintSha256: string; readonly subject: string } | null;
}

describe('certgate call', () => {
  const folder = createTemporaryFolder();
  let server: Server;
  let origin: string;
  before(async () => {
    ({ server, origin } = await startTlsServer(folder, (incoming, response) => {
      assert.ok(incoming.socket instanceof TLSSocket);
      const { subject } = incoming.socket.getPeerCertificate() as { subject?: { CN?: string } };
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        if (subject?.CN === 'allowed') {
          const seen = {
            method: incoming.method,
            asked: incoming.headers['x-asked'],
            body: Buffer.concat(chunks).toString(),
          };
          response.end(JSON.stringify(seen));
          return;
        }
        response.writeHead(401, { 'content-type': 'application/problem+json' });
        response.end(JSON.stringify({ code: 'client_certificate_required', title: 'no' }));
      });
    }));
    for (const name of ['allowed', 'denied']) {
      const pem = folder.file(`${name}.pem`);
      runOpenssl(['pkcs12', '-export', '-in', pem, '-out', folder.file(`${name}.pfx`), '-passout', 'pass:secret']);
    }
    folder.file('password', 'secret\n');
  });
  after(() => {
    server.close();
    folder.remove();
  });

  const call = (args: readonly string[], input?: string): Promise<CommandRun> =>
    runCertgate(
      ['call', `${origin}/api/orders`, ...(args.includes('--cacert') ? [] : ['--cacert', 'server.crt']), ...args],
      {
        cwd: folder.path,
        ...(input === undefined ? {} : { input }),
      },
    );

  test('prints the answer, its code, who called, and sets the exit code, for an allowed caller, a denied one, and none', async () => {
    const allowed = await call(['--certificate', 'allowed.pfx', '--password-file', 'password']);
    assert.equal(allowed.exitCode, 0, allowed.stderr);
    assert.equal(allowed.stdout, '{"method":"GET","body":""}');
    assert.match(allowed.stderr, /^200 OK\nas CN=allowed, SHA-256 [0-9A-F]{64}\n$/);
    const denied = await call(['--certificate', 'denied.pfx', '--password-stdin'], 'secret\n');
    assert.equal(denied.exitCode, 1);
    assert.match(denied.stderr, /^401 Unauthorized {2}code: client_certificate_required\nas CN=denied, /);
    const none = await call([]);
    assert.equal(none.exitCode, 1);
    assert.match(none.stderr, /^401 Unauthorized .*\nwithout a client certificate\n$/);
  });

  test('prints one object with --json', async () => {
    const denied = await call(['--certificate', 'denied.pem', '--json']);
    assert.equal(denied.exitCode, 1);
    assert.equal(denied.stderr, '');
    const answer = JSON.parse(denied.stdout) as Answer;
    assert.equal(answer.status, 401);
    assert.equal(answer.code, 'client_certificate_required');
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.equal(answer.certificate?.subject, 'CN=denied');
    const thumbprint = runOpenssl(['x509', '-noout', '-fingerprint', '-sha256', '-in', folder.file('denied.crt')]);
    assert.equal(answer.certificate.thumbprintSha256, thumbprint.trim().replace(/^.*=|:/g, ''));
    const none = JSON.parse((await call(['--json'])).stdout) as Answer;
    assert.equal(none.certificate, null);
  });

  test('accepts PEM in two files, an encrypted key, a method, headers, and bodies of each kind', async () => {
    const encrypted = runOpenssl(['pkcs8', '-topk8', '-in', folder.file('allowed.key'), '-passout', 'pass:secret']);
    folder.file('encrypted.key', encrypted);
    folder.file('body.txt', 'from a file');
    const identity = ['--certificate', 'allowed.crt', '--key'];
    const cases: readonly (readonly [readonly string[], string | undefined, object])[] = [
      [[...identity, 'allowed.key', '-d', 'text'], undefined, { method: 'POST', body: 'text' }],
      [[...identity, 'allowed.key', '-X', 'put', '-d', '@body.txt'], undefined, { method: 'PUT', body: 'from a file' }],
      [[...identity, 'allowed.key', '-d', '@-'], 'from stdin', { method: 'POST', body: 'from stdin' }],
      [
        [...identity, 'encrypted.key', '--password-file', 'password', '-H', 'X-Asked: one', '-H', 'x-asked: two'],
        undefined,
        { method: 'GET', asked: 'one, two', body: '' },
      ],
    ];
    for (const [args, input, seen] of cases) {
      const run = await call(args, input);
      assert.equal(run.exitCode, 0, run.stderr);
      assert.deepEqual(JSON.parse(run.stdout), seen);
    }
  });

  test('sends nothing and ends with 2 if an argument cannot be used', async () => {
    folder.file('other.txt', 'no certificate');
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--certificate', 'allowed.crt'], /not its private key/],
      [['--certificate', 'allowed.crt', '--key', 'allowed.crt'], /no private key in PEM/],
      [['--key', 'allowed.key'], /no certificate/],
      [['--certificate', 'allowed.pem', '--cacert', 'other.txt'], /no server could be trusted/],
      [['-H', 'nonsense'], /Name: value/],
      [['-H', 'x: a\r\ny: b'], /Name: value/],
      [['-X', 'GET /'], /HTTP method/],
      [['--timeout', '0'], /seconds/],
      [['-d', '@absent'], /There is no file/],
      [['--certificate', 'allowed.pfx', '--password-stdin', '-d', '@-'], /only one of/i],
    ];
    for (const [args, message] of cases) {
      const run = await call(args, 'secret');
      assert.equal(run.exitCode, 2, `${args.join(' ')}: ${run.stderr}`);
      assert.match(run.stderr, message);
      assert.equal(run.stdout, '');
    }
  });

  test("ends with 1 if no trusted authority has issued the server's certificate", async () => {
    const unknown = await runCertgate(['call', origin], { cwd: folder.path });
    assert.equal(unknown.exitCode, 1);
    assert.match(unknown.stderr, /--cacert/);
  });
});
