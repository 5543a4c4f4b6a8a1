import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { createGate, findClientIdentity, type GateOptions, secureServer, trustStoreFromDocument } from '@certgate/http';
import { type Caller, type Certificates, makeCertificates } from './front-ends/callers.js';
import { TlsConnection } from './front-ends/tls-connection.js';

// Tests TLS that ends in the server itself, so the gate reads the caller's certificate from the connection.
// http-hosts.test.ts tests the four kinds of callers, and resumed sessions.

let folder: string;
let certificates: Certificates;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-direct-tls-'));
  certificates = makeCertificates(folder);
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A trust document that lists callers by the client CA and their names. */
function makeTrust(): GateOptions['trustStore'] {
  const identity = (name: string): object => ({
    name,
    roles: [],
    names: [{ issuedBy: 'corp', commonName: name }],
  });
  return trustStoreFromDocument({
    schemaVersion: 1,
    revision: 1,
    identities: [identity('issued'), identity('chained')],
    authorities: [{ name: 'corp', trustAnchors: [certificates.clientCa.pem], revocation: { mode: 'off' } }],
  });
}

function makeGate(more: Partial<GateOptions> = {}): ReturnType<typeof createGate> {
  const log = { info: (): void => undefined, warn: (): void => undefined };
  return createGate({ trustStore: makeTrust(), frontEnd: 'direct-tls', log, ...more });
}

async function listen(context: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const createTlsServer = (): Server =>
  createServer({ ...certificates.server, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const body = findClientIdentity(request)?.name ?? 'nobody';
    response.setHeader('content-length', body.length).end(body);
  });

const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

async function ask(port: number, caller: Caller | undefined): Promise<string> {
  const connection = await TlsConnection.open(port, certificates, caller);
  const { status, body } = await connection.ask(request);
  connection.close();
  return status === 200 ? body : String(status);
}

describe('direct-tls', () => {
  it('uses the certificates that a caller sends for its path only if the app allows it', async (context) => {
    const { issued, chained } = certificates.callers;
    for (const [more, expected] of [
      [{}, '401'],
      [{ acceptForwardedChain: true }, 'chained'],
    ] as const) {
      const server = createTlsServer();
      secureServer(server, makeGate(more));
      const port = await listen(context, server);
      assert.equal(await ask(port, issued), 'issued');
      assert.equal(await ask(port, chained), expected);
      // On another connection, the same caller sends only its own certificate. The result is the same.
      const alone = { ...chained, cert: chained.certificates[0]?.pem ?? '' };
      assert.equal(await ask(port, alone), expected === '401' ? '401' : 'chained');
    }
  });

  it('reads no certificate from a connection without TLS', async (context) => {
    const server = createHttpServer((_request, response) => response.end('in'));
    secureServer(server, makeGate());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => server.close());
    const leaf = certificates.callers.issued.certificates[0]?.der.toString('base64') ?? '';
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
      headers: { 'X-ARR-ClientCert': leaf, 'X-Client-Certificate': leaf, Connection: 'close' },
    });
    assert.equal(answer.status, 401);
  });

  it('logs at the start that the server itself refuses callers, or requests no certificate', async (context) => {
    const { issued } = certificates.callers;
    const { cert, key } = certificates.server;
    const ca = certificates.clientCa.pem;
    const servers: readonly (readonly [object, string, RegExp | undefined])[] = [
      [{ requestCert: true }, 'closed', /no ca, and rejectUnauthorized is true[^]*rejectUnauthorized: false/],
      [{ requestCert: true, ca }, 'issued', /without a certificate of its ca[^]*rejectUnauthorized: false/],
      [{}, '401', /does not request certificates[^]*requestCert: true/],
      [{ requestCert: true, rejectUnauthorized: false }, 'issued', undefined],
    ];
    const warn = context.mock.method(console, 'warn', () => undefined);
    for (const [options, expected, detail] of servers) {
      for (const isLate of [false, true]) {
        const server = createServer({ cert, key, ...options }, (request, response) => {
          const body = findClientIdentity(request)?.name ?? 'nobody';
          response.setHeader('content-length', body.length).end(body);
        });
        if (!isLate) secureServer(server, makeGate());
        const port = await listen(context, server);
        if (isLate) secureServer(server, makeGate());
        const all = warn.mock.calls.map(({ arguments: [line] }) => String(line));
        const lines = all.filter((line) => line.includes('"code":"tls_callers_refused"'));
        warn.mock.resetCalls();
        assert.equal(lines.length, detail === undefined ? 0 : 1);
        if (detail !== undefined) assert.match(lines[0] ?? '', detail);
        assert.equal(await ask(port, issued).catch(() => 'closed'), expected);
      }
    }
  });

  it('refuses everybody if the server requests no certificate', async (context) => {
    const server = createServer(certificates.server, (_request, response) => response.end('in'));
    secureServer(server, makeGate());
    assert.equal(await ask(await listen(context, server), certificates.callers.issued), '401');
  });

  it('lets no connection change its certificate in TLS 1.2, even one that is older than the gate', async (context) => {
    const server = createTlsServer();
    const accepted: Socket[] = [];
    server.on('connection', (socket: Socket) => accepted.push(socket));
    const port = await listen(context, server);
    const connections = await Promise.all(
      [0, 1].map(() => TlsConnection.open(port, certificates, certificates.callers.issued, { maxVersion: 'TLSv1.2' })),
    );
    secureServer(server, makeGate());
    connections.push(
      await TlsConnection.open(port, certificates, certificates.callers.issued, { maxVersion: 'TLSv1.2' }),
    );
    for (const [index, connection] of connections.entries()) {
      const ofServer = accepted.find(({ remotePort }) => remotePort === connection.socket.localPort);
      assert.ok(ofServer !== undefined);
      if (index !== 1) assert.equal((await connection.ask(request)).body, 'issued');
      connection.socket.renegotiate({}, () => undefined);
      // The second connection has sent no request yet, so the gate reads its certificate with this first request.
      if (index === 1) assert.equal((await connection.ask(request)).body, 'issued');
      connection.socket.renegotiate({}, () => undefined);
      await assert.rejects(connection.ask(request));
      if (!ofServer.closed) await once(ofServer, 'close');
      connection.close();
    }
  });
});
