import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import { after, test } from 'node:test';
import { withGateway } from '../../gateway/test-support/house.js';
import { OpensslFolder, type TestCertificate } from '../../gateway/test-support/openssl-certificates.js';
import { commonJs, createSampleApp } from '../test-support/sample-app.js';

const openssl = new OpensslFolder();
const [ann, bob] = [openssl.makeSelfSigned('ann'), openssl.makeSelfSigned('bob')];
after(() => {
  openssl.remove();
});

const appText = `
app.mcpTool('who', { toolName: 'who', toolProperties: [], handler: async ({ arguments: given, transport }) => {
  await new Promise((resolve) => setTimeout(resolve, given?.wait ?? 0));
  return transport.properties.headers;
} });`;

interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string;
}

type Call = (caller: TestCertificate | undefined, sent?: Sent) => Promise<Answer>;

interface Sent {
  readonly method?: string;
  readonly arguments?: object;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** Each with a connection of its own, on which its certificate was presented. */
function callThrough(port: number): Call {
  return (caller, sent = {}) => {
    const identity = caller === undefined ? {} : { cert: caller.certificatePem, key: caller.privateKeyPem };
    const agent = new Agent({ ...identity, rejectUnauthorized: false, keepAlive: false });
    const headers = {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...sent.headers,
    };
    const target = { host: '127.0.0.1', port, path: '/runtime/webhooks/mcp', method: sent.method ?? 'POST' };
    const params = { name: 'who', arguments: sent.arguments };
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...target, agent, headers }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, contentType: response.headers['content-type'], body });
        });
      });
      outgoing.once('error', reject);
      outgoing.end(
        target.method === 'POST' ? JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }) : undefined,
      );
    });
  };
}

function readHeaders({ status, contentType, body }: Answer): Readonly<Record<string, string>> {
  assert.deepEqual([status, contentType], [200, 'text/event-stream']);
  const { result } = JSON.parse(/^event: message\ndata: (.+)\n\n$/.exec(body)?.[1] ?? '') as {
    result: { content: [{ text: string }] };
  };
  return JSON.parse(result.content[0].text) as Readonly<Record<string, string>>;
}

test("a tool gets the gateway's certificate header, under the gateway's name and with nothing of the client's", async (context) => {
  const sample = await createSampleApp(context, commonJs(appText));
  const host = await sample.start({ unsafeDirectHeader: false });
  const upstreamToken = host.frontEndField;
  await withGateway(
    new URL(host.url),
    async ({ gateway }) => {
      const call = callThrough(gateway.port);
      const seen = readHeaders(await call(ann));
      assert.equal(seen['X-ARR-ClientCert'], ann.base64Der);
      assert.ok(!Object.keys(seen).some((name) => /^x-certgate-/i.test(name)), Object.keys(seen).join());
      const certificateNames = (headers: object): readonly string[] =>
        Object.keys(headers).filter((name) => /clientcert$/i.test(name));
      assert.deepEqual(certificateNames(readHeaders(await call(undefined))), []);
      for (const name of ['X-ARR-ClientCert', 'x-arr-clientcert', 'X_ARR_ClientCert', 'X-ARR-CLIENTCERT']) {
        const faked = { headers: { [name]: bob.base64Der } };
        assert.deepEqual(certificateNames(readHeaders(await call(undefined, faked))), [], name);
        const kept = readHeaders(await call(ann, faked));
        assert.deepEqual(certificateNames(kept), ['X-ARR-ClientCert'], name);
        assert.equal(kept['X-ARR-ClientCert'], ann.base64Der, name);
      }
      assert.equal((await call(ann, { method: 'GET' })).status, 405);
      assert.equal((await call(ann, { method: 'DELETE' })).status, 405);

      const callers = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? ann : bob));
      const answers = await Promise.all(
        callers.map((caller, index) => call(caller, { arguments: { wait: index % 5 } })),
      );
      assert.deepEqual(
        answers.map((answer) => readHeaders(answer)['X-ARR-ClientCert']),
        callers.map((caller) => caller.base64Der),
      );
    },
    { upstreamToken, clientCertificateMode: 'optional' },
  );
});

test("the host's own port answers no MCP call without the gateway", async (context) => {
  const sample = await createSampleApp(context, commonJs(appText));
  const host = await sample.start({ unsafeDirectHeader: false });
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const headers = { accept: '*/*', 'content-type': 'application/json', 'X-ARR-ClientCert': ann.base64Der };
  const response = await fetch(`${host.url}/runtime/webhooks/mcp`, { method: 'POST', headers, body });
  assert.equal(response.status, 403);
});
