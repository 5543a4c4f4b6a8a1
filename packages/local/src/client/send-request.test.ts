import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { TLSSocket } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { OpensslFolder, type TestCertificate } from '../gateway/test-support/openssl-certificates.js';
import { type FailureKind, ToolFailure } from '../tool-failure.js';
import { sendRequest, type OutgoingRequest } from './send-request.js';

describe('sendRequest', () => {
  const folder = new OpensslFolder();
  const servers: Server[] = [];
  let own: TestCertificate;
  let client: TestCertificate;
  before(() => {
    own = folder.makeSelfSigned('server', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
    const usages = ['extendedKeyUsage=clientAuth', 'keyUsage=critical,digitalSignature'];
    client = folder.makeSelfSigned('caller', ...usages.flatMap((usage) => ['-addext', usage]));
  });
  after(async () => {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    folder.remove();
  });

  async function listen(server: Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  function startServer(listener: RequestListener, options: ServerOptions = {}): Promise<number> {
    const identity = identityOf(own);
    return listen(createServer({ ...identity, ...options }, listener));
  }

  const echo: RequestListener = (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      assert.ok(incoming.socket instanceof TLSSocket);
      const { subject } = incoming.socket.getPeerCertificate() as { subject?: { CN?: string } };
      response.writeHead(201, { 'content-type': 'application/json', 'x-seen': incoming.headers['x-asked'] ?? '' });
      response.end(
        JSON.stringify({
          method: incoming.method,
          url: incoming.url,
          body: Buffer.concat(chunks).toString(),
          caller: subject?.CN,
        }),
      );
    });
  };

  const trusting = (outgoing: OutgoingRequest): OutgoingRequest => ({
    caPem: own.certificatePem,
    ...outgoing,
  });
  const caller = (): { certificatePem: string; privateKeyPem: string } => ({
    certificatePem: client.certificatePem,
    privateKeyPem: client.privateKeyPem,
  });

  async function expectFailure(
    outgoing: OutgoingRequest,
    message: RegExp,
    kind: FailureKind = 'no_answer',
  ): Promise<void> {
    await assert.rejects(sendRequest(outgoing), (fault) => {
      assert.ok(fault instanceof ToolFailure, String(fault));
      assert.match(`${fault.message} ${fault.remedy ?? ''}`, message);
      assert.equal(fault.kind, kind);
      return true;
    });
  }

  test('method, path, headers and body arrive, and the certificate with them', async () => {
    const port = await startServer(echo, { requestCert: true, rejectUnauthorized: false });
    const response = await sendRequest(
      trusting({
        url: `https://localhost:${port}/api/orders?x=1`,
        method: 'PUT',
        headers: { 'X-Asked': 'yes' },
        body: 'grüße',
        certificate: caller(),
      }),
    );
    assert.equal(response.status, 201);
    assert.equal(response.headers['x-seen'], 'yes');
    assert.deepEqual(JSON.parse(response.body), {
      method: 'PUT',
      url: '/api/orders?x=1',
      body: 'grüße',
      caller: 'caller',
    });
  });

  test('no certificate is shown if the caller has none', async () => {
    const port = await startServer(echo, { requestCert: true, rejectUnauthorized: false });
    const response = await sendRequest(trusting({ url: `https://127.0.0.1:${port}/` }));
    assert.equal((JSON.parse(response.body) as { caller?: string }).caller, undefined);
  });

  test('a server is refused if it is unknown, has another name, or is vouched for by another authority', async () => {
    const port = await startServer(echo);
    await expectFailure({ url: `https://127.0.0.1:${port}/` }, /no authority of this machine.*--cacert/);
    await expectFailure(
      { url: `https://127.0.0.1:${port}/`, caPem: client.certificatePem },
      /file of --cacert does not vouch/,
    );
    const unfit = await startServer(echo, identityOf(client));
    await expectFailure({ url: `https://127.0.0.1:${unfit}/`, caPem: client.certificatePem }, /not meant for servers/);
    const other = folder.makeSelfSigned('alias', '-addext', 'subjectAltName=DNS:other.example');
    const alias = await startServer(echo, identityOf(other));
    await expectFailure(
      { url: `https://localhost:${alias}/`, caPem: other.certificatePem },
      /for other names than localhost/,
    );
  });

  test('a server that refuses the certificate in the handshake is explained', async () => {
    const port = await startServer(echo, {
      requestCert: true,
      rejectUnauthorized: true,
      ca: [own.certificatePem],
    });
    const url = `https://localhost:${port}/`;
    await expectFailure(trusting({ url, certificate: caller() }), /client certificate/);
    await expectFailure(trusting({ url }), /--certificate/);
    const old = await startServer(echo, {
      requestCert: true, rejectUnauthorized: true, ca: [own.certificatePem], maxVersion: 'TLSv1.2',
    }); // prettier-ignore
    await expectFailure(trusting({ url: `https://localhost:${old}/`, certificate: caller() }), /client certificate/);
  });

  test('a missing server, a server without TLS and an unknown name are explained', async () => {
    const free = await listen(createTcpServer());
    const closing = servers.pop();
    await new Promise((resolve) => closing?.close(resolve));
    await expectFailure({ url: `https://127.0.0.1:${free}/` }, /refused.*port/);
    await expectFailure({ url: `https://localhost:${free}/` }, /refused.*port/);
    const plain = await listen(createHttpServer(echo));
    await expectFailure({ url: `https://127.0.0.1:${plain}/` }, /does not speak TLS/);
    await expectFailure({ url: 'https://name.invalid/' }, /can't be resolved|can't be reached/);
  });

  test('a server that hangs up, and a server that never answers, are explained', async () => {
    const rude = await startServer((incoming) => incoming.socket.destroy());
    await expectFailure(trusting({ url: `https://localhost:${rude}/` }), /closed the connection.*client certificate/);
    await expectFailure({ url: `http://localhost:${rude}/` }, /closed the connection.*is it https:/);
    const silent = await listen(createTcpServer((socket) => socket.resume()));
    await expectFailure({ url: `https://127.0.0.1:${silent}/`, timeoutMilliseconds: 150 }, /within 0.15 s/);
    const slow = await startServer((_incoming, response) => response.writeHead(200).write('x'));
    await expectFailure(trusting({ url: `https://localhost:${slow}/`, timeoutMilliseconds: 300 }), /within 0.3 s/);
    for (const server of servers) if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
  });

  test('redirects are returned as answers, and not followed', async () => {
    const port = await startServer((_incoming, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    assert.equal((await sendRequest(trusting({ url: `https://localhost:${port}/` }))).status, 302);
  });

  test('a certificate is never sent over plain HTTP', async () => {
    await expectFailure({ url: 'http://127.0.0.1:9/', certificate: caller() }, /plain HTTP/, 'unusable_input');
    await expectFailure({ url: 'ftp://example.org' }, /not an https URL/, 'unusable_input');
    await expectFailure({ url: 'example.org/api' }, /not an https URL/, 'unusable_input');
    const port = await listen(createHttpServer((_incoming, response) => response.end('plain')));
    assert.equal((await sendRequest({ url: `http://127.0.0.1:${port}/` })).body, 'plain');
  });
});

/** The certificate in the form that a server of Node.js takes. */
function identityOf({ privateKeyPem, certificatePem }: TestCertificate): Pick<ServerOptions, 'key' | 'cert'> {
  return { key: privateKeyPem, cert: certificatePem };
}
