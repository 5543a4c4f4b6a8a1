import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, type Gateway } from '../gateway.js';
import { connectTls, readUntil, sendBytes } from '../test-support/clients.js';
import { OpensslFolder, type TestCertificate } from '../test-support/openssl-certificates.js';
import { getValues, HttpUpstream } from '../test-support/upstreams.js';

const openssl = new OpensslFolder();
let client: TestCertificate;
let server: TestCertificate;
let upstream: HttpUpstream;
let gateway: Gateway;
let worstCase: Gateway;

before(async () => {
  client = openssl.makeSelfSigned('client');
  server = openssl.makeServerCertificate();
  upstream = await HttpUpstream.start();
  gateway = await startGateway(getOptions());
  worstCase = await startGateway({ ...getOptions(), worstCase: true });
});
after(async () => {
  await gateway.close();
  await worstCase.close();
  await upstream.close();
  openssl.remove();
});

const getOptions = () =>
  ({ upstream: upstream.url, serverCertificate: server, clientCertificateMode: 'optional' }) as const;

async function getForwarded(
  port: number,
  certificate: TestCertificate | undefined,
  fields: readonly string[],
): Promise<readonly string[]> {
  upstream.seen.length = 0;
  const answer = await sendBytes(
    port,
    certificate,
    `GET /p?q HTTP/1.1\r\nHost: example.test\r\n${fields.map((field) => `${field}\r\n`).join('')}Connection: close\r\n\r\n`,
  );
  assert.match(answer, /^HTTP\/1\.1 200 OK/);
  return upstream.seen[0]!.rawHeaders;
}

function findCertificateFields(rawHeaders: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (/^x.arr.clientcert$/i.test(name)) fields.push([name, rawHeaders[index + 1]!]);
  }
  return fields;
}

const spellings = [
  'X-ARR-ClientCert',
  'x-arr-clientcert',
  'X_ARR_CLIENTCERT',
  'X-ARR_ClientCert',
  'x.arr.clientcert',
  'X~ARR~ClientCert',
];

test("the app sees the connection's certificate or none, however the client spells a forged field", async () => {
  for (const spelling of spellings) {
    for (const certificate of [client, undefined]) {
      const fields = findCertificateFields(await getForwarded(gateway.port, certificate, [`${spelling}: Zm9yZ2Vk`]));
      assert.deepEqual(fields, certificate ? [['X-ARR-ClientCert', client.base64Der]] : []);
    }
  }
});

test('in the worst case, the forged value arrives alone, or before the true one', async () => {
  for (const spelling of spellings) {
    const forged: [string, string] = [spelling, 'Zm9yZ2Vk'];
    const field = forged.join(': ');
    assert.deepEqual(findCertificateFields(await getForwarded(worstCase.port, undefined, [field])), [forged]);
    assert.deepEqual(findCertificateFields(await getForwarded(worstCase.port, client, [field])), [
      forged,
      ['X-ARR-ClientCert', client.base64Der],
    ]);
  }
});

test("a client can't send Certgate's own fields, and the gateway's token is sent once", async () => {
  const token = { name: 'x-certgate-front-end-token', value: 'a'.repeat(43) };
  const knowing = await startGateway({ ...getOptions(), worstCase: true, upstreamToken: token });
  const forged = ['X-Certgate-Front-End-Token: f', 'x_certgate_front_end_token: f', 'X-Certgate-Other: f'];
  const findOwn = (rawHeaders: readonly string[]): readonly string[] =>
    rawHeaders.filter((_, index) => /^x.certgate/i.test(rawHeaders[index - (index % 2)] ?? ''));
  try {
    for (const fields of [forged, [...forged, 'Connection: x-certgate-front-end-token'], []]) {
      assert.deepEqual(findOwn(await getForwarded(knowing.port, client, fields)), [token.name, token.value]);
      assert.deepEqual(findOwn(await getForwarded(worstCase.port, client, fields)), []);
    }
  } finally {
    await knowing.close();
  }
  for (const wrong of [
    { name: 'authorization', value: token.value },
    { name: token.name, value: 'short' },
  ]) {
    await assert.rejects(startGateway({ ...getOptions(), upstreamToken: wrong }), /upstreamToken must be/);
  }
});

test('Connection removes the fields that it names, but never those that the front end adds', async () => {
  const rawHeaders = await getForwarded(gateway.port, client, [
    'Connection: x-arr-clientcert, X-Private, x_other, x-arr-log-id, x-forwarded-for',
    'X-Private: 1',
    'X-Other: 1',
    'X-Kept: 1',
    'X-Forwarded-For: 192.0.2.1',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: x',
    'Proxy-Authorization: x',
    'TE: trailers',
  ]);
  assert.deepEqual(findCertificateFields(rawHeaders), [['X-ARR-ClientCert', client.base64Der]]);
  assert.equal(getValues(rawHeaders, 'x-arr-log-id').length, 1);
  assert.match(getValues(rawHeaders, 'x-forwarded-for').join('|'), /^127\.0\.0\.1:\d+$/);
  for (const name of ['x-private', 'x-other', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te']) {
    assert.deepEqual(getValues(rawHeaders, name), [], name);
  }
  assert.deepEqual(getValues(rawHeaders, 'x-kept'), ['1']);
  // The gateway writes this field itself, for its connection to the app.
  assert.deepEqual(getValues(rawHeaders, 'connection'), ['Keep-Alive']);
});

test("a client can't set the front end's own fields", async () => {
  const owned = [
    'CLIENT-IP',
    'DISGUISED-HOST',
    'Max-Forwards',
    'WAS-DEFAULT-HOSTNAME',
    'X-AppService-Proto',
    'X-Client-IP',
    'X-Client-Port',
    'X-Original-URL',
    'X-SITE-DEPLOYMENT-ID',
    'X-WAWS-Unencoded-URL',
    'X-ARR-LOG-ID',
    'X-ARR-SSL',
    'X-ARR-Anything',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'X-Forwarded-Client-Cert',
    'X-Forwarded-Tls-Client-Cert',
  ];
  const forged = owned.flatMap((name) => [`${name}: forged`, `${name.replaceAll('-', '_')}: forged`]);
  const rawHeaders = await getForwarded(gateway.port, client, [
    ...forged,
    'X-Client-Id: kept',
    'Content_Length: 7',
    'Transfer_Encoding: chunked',
  ]);
  assert.equal(rawHeaders.includes('forged'), false);
  assert.deepEqual(getValues(rawHeaders, 'x-client-id'), ['kept']);
  assert.equal(
    rawHeaders.some((text) => /content.length|transfer.encoding/i.test(text)),
    false,
  );
});

test('the front end adds its fields', async () => {
  const socket = await connectTls(gateway.port, client);
  const { localPort } = socket;
  upstream.seen.length = 0;
  const answer = readUntil(socket);
  socket.write(
    'GET /a%20b?c=d HTTP/1.1\r\nHost: example.test:1\r\nx-forwarded-for: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\nConnection: close\r\n\r\n',
  );
  await answer;
  const { rawHeaders } = upstream.seen[0]!;
  const expected = {
    host: 'example.test:1',
    'max-forwards': '10',
    'client-ip': `127.0.0.1:${localPort}`,
    'x-client-ip': '127.0.0.1',
    'x-client-port': String(localPort),
    'disguised-host': 'example.test:1',
    'was-default-hostname': 'example.test:1',
    'x-forwarded-proto': 'https',
    'x-appservice-proto': 'https',
    'x-arr-ssl': '2048|256|CN=localhost, O=Certgate tests|CN=localhost, O=Certgate tests',
    'x-forwarded-tlsversion': '1.3',
    'x-forwarded-for': `192.0.2.1, 192.0.2.2, 127.0.0.1:${localPort}`,
    'x-original-url': '/a%20b?c=d',
    'x-waws-unencoded-url': '/a%20b?c=d',
    'x-arr-clientcert': client.base64Der,
  };
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(getValues(rawHeaders, name), [value], name);
  assert.match(getValues(rawHeaders, 'x-arr-log-id').join('|'), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("order, spelling, duplicates and bytes of the client's fields arrive unchanged", async () => {
  const fields = [
    ...[['b-B', '2'], ['A-a', '1'], ['B-b', '3'], ['Cookie', 'x=1'], ['Cookie', 'y=2'], ['Set-Cookie', 'z']],
    ...[['X-Bytes', '\xe9\x80'], ['X-Empty', '']],
  ]; // prettier-ignore
  const rawHeaders = await getForwarded(gateway.port, client, fields.map((field) => field.join(': '))); // prettier-ignore
  const from = rawHeaders.indexOf('b-B');
  assert.deepEqual(rawHeaders.slice(from, from + 16), fields.flat());
});
