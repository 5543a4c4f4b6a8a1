import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { FunctionsHost } from '../functions-host.js';
import { commonJs, createSampleApp, type SampleApp } from '../test-support/sample-app.js';
import { AppContext } from '../worker/app-context.js';
import type { AppLog } from '../worker/app-context.js';
import { HttpServer } from './http-server.js';
import { createFrontEndToken } from './request-sender.js';
import { until } from '@certgate/x509/test-support/until.js';

const app = `let calls = 0;
  app.get('seen', (request) => ({ jsonBody: { calls: ++calls, headers: Object.fromEntries(request.headers) } }));`;
const forged = 'X-ARR-ClientCert: Zm9yZ2Vk\r\n';

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The answers to everything that is sent at once. The last request must end the connection, or be refused. */
async function exchange(port: number, text: string): Promise<readonly Answer[]> {
  const socket = createConnection(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  let received = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) received += chunk.toString('latin1');
  return received
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((part) => part !== '')
    .map((part) => ({ status: Number(part.slice(9, 12)), text: part.slice(part.indexOf('\r\n\r\n') + 4) }));
}

function get(fields: string, host: string | null = 'localhost', version = '1.1'): string {
  const hostField = host === null ? '' : `Host: ${host}\r\n`;
  return `GET /api/seen HTTP/${version}\r\n${hostField}${fields}\r\n`;
}

async function startHost(
  context: TestContext,
  options: Parameters<SampleApp['start']>[0] = {},
): Promise<{ readonly host: FunctionsHost; readonly sample: SampleApp; readonly token: string }> {
  const sample = await createSampleApp(context, commonJs(app));
  const host = await sample.start({ unsafeDirectHeader: false, ...options });
  return { host, sample, token: `${host.frontEndField.name}: ${host.frontEndField.value}\r\n` };
}

test('without its token the host answers nobody, whatever the request says', async (context) => {
  const { host, sample, token } = await startHost(context);
  const refused = [
    get(''),
    get(forged),
    get(forged, `127.0.0.1:${host.port}`),
    get(forged, 'evil.example:7071'),
    get(forged, null, '1.0'),
    get(`${host.frontEndField.name}: ${'a'.repeat(43)}\r\n${forged}`),
    get(`${host.frontEndField.name}: \r\n${forged}`),
    get(`${token}${token}${forged}`),
    get(`${token}${host.frontEndField.name}: x\r\n${forged}`),
    get(`${host.frontEndField.name.replaceAll('-', '_')}: ${host.frontEndField.value}\r\n${forged}`),
    `GET / HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `OPTIONS /api/seen HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n`,
    `POST /api/seen HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
    `GET /api/seen HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
  ];
  for (const request of refused) {
    const answers = (await exchange(host.port, request)).filter(({ status }) => status !== 100);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [403],
      request,
    );
    assert.match(answers[0]?.text ?? '', /Call the https:\/\/ address that "certgate dev" prints/, request);
  }
  const [first] = await exchange(host.port, get(`${token}Connection: close\r\n`));
  assert.equal((JSON.parse(first?.text ?? '') as { calls: number }).calls, 1, 'no refused request reached the app');
  const lines = (): number => sample.logs.filter(({ message }) => message.includes('was refused with 403')).length;
  await until(() => lines() > 0);
  assert.equal(lines(), 1, 'one line, however often somebody tries');
});

test('a sender that is refused before the app starts does not keep the first refusal after it out of the log', async (context) => {
  const logs: AppLog[] = [];
  const server = new HttpServer(() => undefined);
  const port = await server.listen(0, { frontEndToken: createFrontEndToken(), unsafeDirectHeader: false });
  context.after(() => {
    server.close();
  });
  const refused = async (): Promise<number | undefined> => (await exchange(port, get('')))[0]?.status;
  assert.equal(await refused(), 403);
  server.serve({
    app: new AppContext('/', (log) => logs.push(log)),
    routes: [],
    streamingUri: undefined,
    mcp: undefined,
  });
  assert.deepEqual([await refused(), await refused()], [403, 403]);
  assert.equal(logs.length, 1);
});

for (const streaming of [false, true]) {
  test(`with its token the host answers any Host, and the app never sees the token (streaming: ${streaming})`, async (context) => {
    const setup = streaming ? 'app.setup({ enableHttpStream: true });' : '';
    const sample = await createSampleApp(context, commonJs(setup + app));
    const host = await sample.start({ unsafeDirectHeader: false, frontEndToken: 'b'.repeat(43) });
    const fields = `X-Certgate-FRONT-End-Token: ${'b'.repeat(43)}\r\n${forged}Connection: close\r\n`;
    const [answer] = await exchange(host.port, get(fields, 'app.example'));
    assert.equal(answer?.status, 200);
    assert.doesNotMatch(answer.text, /front-end|bbbb/i);
    assert.match(answer.text, /"x-arr-clientcert":"Zm9yZ2Vk"/);
  });
}

test('a connection that carried the token proves nothing about its next request', async (context) => {
  const { host, token } = await startHost(context);
  const statuses = async (...requests: readonly string[]): Promise<readonly number[]> =>
    (await exchange(host.port, requests.join(''))).map(({ status }) => status);
  assert.deepEqual(await statuses(get(token), get(token), get(forged), get(token)), [200, 200, 403]);
  // After a refusal, no further request on the connection is answered, even if it is the gateway's.
  assert.deepEqual(await statuses(get(forged), get(token)), [403]);
});

test("with unsafeDirectHeader, the host answers requests for the loopback's names, and no other", async (context) => {
  const { host, token } = await startHost(context, { unsafeDirectHeader: true });
  const status = async (fields: string, name: string | null, version?: string): Promise<number | undefined> =>
    (await exchange(host.port, get(`${fields}Connection: close\r\n`, name, version)))[0]?.status;
  for (const name of ['localhost', 'LOCALHOST:7071', '127.0.0.1', `127.0.0.1:${host.port}`, '[::1]', '[::1]:7071']) {
    assert.equal(await status(forged, name), 200, name);
  }
  const foreign = [
    'evil.example',
    'evil.example:7071',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost.',
  ];
  for (const name of [...foreign, '', 'localhost, evil.example', '127.0.0.2', '0.0.0.0', '[::ffff:127.0.0.1]']) {
    assert.equal(await status(forged, name), 403, name);
  }
  assert.equal(await status(forged, null, '1.0'), 403, 'no Host at all');
  assert.equal(await status(`Host: localhost\r\n${forged}`, 'localhost'), 403, 'two of them');
  assert.equal(await status(`${token}${token}`, 'localhost'), 403, 'a doubled token');
  const absolute = `GET http://evil.example/api/seen HTTP/1.1\r\nHost: localhost\r\n${forged}Connection: close\r\n\r\n`;
  assert.equal((await exchange(host.port, absolute))[0]?.status, 400);
});
