import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type InstalledMcpExample,
  installMcpExample,
  type McpClient,
  type McpToolResult,
  type RunningMcpExample,
} from './test-support/mcp-example.js';
import { runProgram } from './test-support/certgate.js';
import { until } from '@certgate/x509/test-support/until.js';

// Runs the official MCP client against examples/mcp-server, with real handshakes at the gateway of `certgate dev`, the
// embedded host, and the gate from its tarball.

/** How many calls the app handles at once, half of them from each of two callers, each over a connection of its own. */
const atOnce = 200;

/** More functions, for what the example does not cover. */
const functions = `
const { app } = require('@azure/functions');
const { getClientIdentity, requireRole } = require('@certgate/azure-functions');
const { setTimeout: wait } = require('node:timers/promises');
let arrived = 0;
let openDoor;
const door = new Promise((resolve) => { openDoor = resolve; });
app.mcpTool('WhoAmI', { toolName: 'who_am_i', description: 'd', toolProperties: {}, handler: async (call, context) => {
  // Nobody gets on before ${atOnce} are here, and they end in another order than they came.
  if (++arrived === ${atOnce}) openDoor();
  await door;
  await wait(Math.random() * 20);
  return JSON.stringify({ name: getClientIdentity(context).name, echo: call.arguments.echo });
} });
app.mcpResource('Manual', { uri: 'docs://manual', resourceName: 'manual', mimeType: 'text/plain', handler: (call, context) => 'for ' + getClientIdentity(context).name });
app.mcpResource('Ledger', { uri: 'docs://ledger/{year}', resourceName: 'ledger', mimeType: 'text/plain', handler: requireRole('orders.cancel', (call) => 'read ' + call.uri) });
app.mcpPrompt('Summary', { promptName: 'summary', promptArguments: [{ name: 'order', required: true }], handler: (call, context) => 'order ' + call.arguments.order + ' for ' + getClientIdentity(context).name });
`;

let example: InstalledMcpExample;
let dev: RunningMcpExample;
before(async () => {
  example = await installMcpExample(functions);
  dev = await example.startDev();
});
after(async () => {
  await dev.stop();
  example.remove();
});

const role = 'allowed-orders.cancel';
const clients = new Map<string, McpClient>();
after(() => Promise.all([...clients.values()].map((client) => client.close())));

async function connect(caller: string | undefined): Promise<McpClient> {
  const key = caller ?? 'none';
  const client = clients.get(key) ?? (await example.connect(dev.url, caller));
  clients.set(key, client);
  return client;
}

const textOf = ({ content }: McpToolResult): string => content.map(({ text }) => text).join('\n');

interface RefusedCall {
  readonly type: string;
  readonly code: string;
  readonly correlationId: string;
  readonly development?: { readonly code: string };
}

async function expectRefused(caller: string | undefined, tool: string, code: string, precise: string): Promise<void> {
  const result = await (await connect(caller)).callTool({ name: tool, arguments: { order: '1' } });
  assert.equal(result.isError, true);
  const refused = JSON.parse(textOf(result)) as RefusedCall;
  assert.deepEqual(
    [refused.type, refused.code, refused.development?.code],
    [`urn:certgate:problem:${code}`, code, precise],
  );
  const line = new RegExp(`"code":"${precise}".*"correlationId":"${refused.correlationId}"`);
  await until(() => line.test(dev.output()));
}

describe('a tool', () => {
  it('that is closed answers an allowed caller, and knows its name', async () => {
    const result = await (await connect('allowed')).callTool({ name: 'order_status', arguments: { order: '7' } });
    assert.deepEqual(result, { content: [{ type: 'text', text: 'Order 7 is on its way, allowed.' }] });
  });

  it('that is closed refuses every other caller with a code, and with a correlation id that is in the log', async () => {
    await expectRefused('denied', 'order_status', 'client_certificate_required', 'certificate_not_trusted');
    await expectRefused(undefined, 'order_status', 'client_certificate_required', 'certificate_missing');
  });

  it('that requires a role answers only callers with the role', async () => {
    const result = await (await connect(role)).callTool({ name: 'cancel_order', arguments: { order: '7' } });
    assert.deepEqual([result.isError, textOf(result)], [undefined, `Order 7 is cancelled for ${role}.`]);
    await expectRefused('allowed', 'cancel_order', 'forbidden', 'role_missing');
    await expectRefused('denied', 'cancel_order', 'client_certificate_required', 'certificate_not_trusted');
    await expectRefused(undefined, 'cancel_order', 'client_certificate_required', 'certificate_missing');
  });

  it('that is public answers everybody', async () => {
    for (const caller of ['allowed', 'denied', undefined]) {
      const result = await (await connect(caller)).callTool({ name: 'opening_hours' });
      assert.deepEqual([result.isError, textOf(result)], [undefined, 'Monday to Friday, 9 to 17.']);
    }
  });
});

it('a command line that certgate dev prints passes a tool the arguments that it requires', async () => {
  const lines = dev
    .output()
    .split('\n')
    .filter((line) => line.includes('certgate call'));
  const find = (tool: string): string => lines.find((line) => line.includes(`--mcp-tool ${tool}`)) ?? '';
  assert.match(find('order_status'), / --mcp-arguments '\{"order":"sample"\}' /);
  assert.doesNotMatch(find('opening_hours'), /--mcp-arguments/);
  const run = await runProgram('bash', ['-c', find('order_status')], { cwd: example.folder });
  assert.deepEqual([run.exitCode, run.stdout.trim()], [0, 'Order sample is on its way, allowed.']);
});

const internalError = { code: -32603, message: 'MCP error -32603: An error occurred.' };

describe('a resource and a prompt', () => {
  it('that are closed answer an allowed caller, and fail for every other without a reason', async () => {
    const allowed = await connect('allowed');
    assert.equal((await allowed.readResource({ uri: 'docs://manual' })).contents[0]?.text, 'for allowed');
    const prompt = await allowed.getPrompt({ name: 'summary', arguments: { order: '7' } });
    assert.equal(prompt.messages[0]?.content.text, 'order 7 for allowed');
    for (const caller of ['denied', undefined]) {
      const client = await connect(caller);
      await assert.rejects(client.readResource({ uri: 'docs://manual' }), internalError);
      await assert.rejects(client.getPrompt({ name: 'summary', arguments: { order: '7' } }), internalError);
    }
  });

  it('that require a role answer only callers with the role', async () => {
    const uri = 'docs://ledger/2026';
    assert.equal((await (await connect(role)).readResource({ uri })).contents[0]?.text, `read ${uri}`);
    await assert.rejects((await connect('allowed')).readResource({ uri }), internalError);
  });
});

it('the extension lists everything to everybody, because it answers these requests itself', async () => {
  const names = (await (await connect(undefined)).listTools()).tools.map(({ name }) => name).sort();
  assert.deepEqual(names, ['cancel_order', 'opening_hours', 'order_status', 'who_am_i']);
});

it('the gate mixes up no identity in 300 concurrent calls of two callers', async () => {
  const names = ['allowed', role];
  const callers = await Promise.all(names.map((name) => example.connect(dev.url, name, { connections: atOnce / 2 })));
  const calls = Array.from({ length: 300 }, async (_, index) => {
    const echo = `${names[index % 2]}-${index}`;
    const result = await callers[index % 2]?.callTool({ name: 'who_am_i', arguments: { echo } });
    assert.ok(result !== undefined && result.isError === undefined, JSON.stringify(result));
    return [JSON.parse(textOf(result)), { name: names[index % 2], echo }] as const;
  });
  const answers = await Promise.all(calls);
  for (const [answer, expected] of answers) assert.deepEqual(answer, expected);
  await Promise.all(callers.map((client) => client.close()));
});

it('the log never contains the system key, even if a caller sends it', async () => {
  const systemKey = 'the-system-key-that-is-only-in-this-test';
  for (const caller of ['allowed', 'denied', undefined]) {
    const client = await example.connect(dev.url, caller, { systemKey });
    const { isError } = await client.callTool({ name: 'order_status', arguments: { order: 'key' } });
    assert.equal(isError, caller === 'allowed' ? undefined : true);
    await assert.rejects(client.readResource({ uri: 'docs://ledger/2026' }), internalError);
    await client.close();
  }
  // This call is from a listed caller, because the log writes no more lines this minute about the other certificate.
  await expectRefused('allowed', 'cancel_order', 'forbidden', 'role_missing');
  assert.ok(!dev.output().includes(systemKey));
});

describe('the command line', () => {
  const cacert = ['--cacert', '.certgate/gateway.crt.pem'];
  const as = (caller: string): readonly string[] => [
    ...['--certificate', `.certgate/${caller}.crt.pem`, '--key', `.certgate/${caller}.key.pem`, ...cacert],
  ];

  it('calls a tool with and without an allowed certificate', async () => {
    const call = ['call', dev.url, '--mcp-tool', 'order_status', '--mcp-arguments', '{"order":"7"}'];
    const allowed = await example.runCertgate([...call, ...as('allowed')]);
    assert.deepEqual([allowed.exitCode, allowed.stdout], [0, 'Order 7 is on its way, allowed.'], allowed.stderr);
    const denied = await example.runCertgate([...call, ...as('denied')]);
    assert.equal(denied.exitCode, 1);
    assert.match(denied.stderr, /^200 OK {2}tools\/call: error result {2}code: client_certificate_required\n/);
    const none = await example.runCertgate([...call, ...cacert]);
    assert.equal(none.exitCode, 1);
    assert.match(none.stdout, /certificate_missing/);
  });

  it('checks tools, resources and prompts like HTTP functions, and runs no code that --call does not name', async () => {
    const { exitCode, stdout, stderr } = await example.runCertgate(['dev', '--once', '--json']);
    assert.equal(exitCode, 0, stdout + stderr);
    const { checks } = JSON.parse(stdout) as {
      readonly checks: readonly { readonly function: string; readonly caller: string; readonly status: number }[];
    };
    const got = new Map<string, string[]>();
    for (const check of checks)
      got.set(check.function, [...(got.get(check.function) ?? []), `${check.caller} ${check.status}`]);
    const closed = ['none 401', 'denied 401'];
    const needsRole = [...closed, 'allowed 403'];
    assert.deepEqual(
      [...got].sort(([one], [other]) => (one < other ? -1 : 1)),
      [
        ...[['CancelOrder', needsRole], ['Ledger', needsRole]],
        ...['Manual', 'OrderStatus', 'Summary', 'WhoAmI'].map((name) => [name, closed]),
      ],
    ); // prettier-ignore
  });

  it('calls functions that --call names as allowed callers too', async () => {
    const named = ['--call', 'CancelOrder', 'OpeningHours', 'Manual', 'Summary'];
    const { exitCode, stdout, stderr } = await example.runCertgate(['dev', '--once', ...named]);
    assert.equal(exitCode, 0, stdout + stderr);
    assert.match(stdout, /CancelOrder .*401 ok.*401 ok.*403 ok.*200 ok/);
    assert.match(stdout, /OpeningHours .*public.*200 ok.*200 ok.*200 ok.*200 ok/);
    assert.match(stdout, /Summary .*401 ok.*401 ok.*200 ok.*200 ok/);
  });
});

describe("the example's client", () => {
  it('prints what each tool answers to each caller', async () => {
    const run = (caller: string | undefined): Promise<string> => {
      const files =
        caller === undefined ? ['denied.crt.pem', 'denied.key.pem'] : [`${caller}.crt.pem`, `${caller}.key.pem`];
      return example
        .runClient([dev.url, ...[...files, 'gateway.crt.pem'].map((file) => `.certgate/${file}`)])
        .then(({ exitCode, stdout, stderr }) => {
          assert.equal(exitCode, 0, stderr);
          return stdout;
        });
    };
    const forRole = await run(role);
    assert.match(forRole, /^opening_hours: Monday to Friday, 9 to 17\.$/m);
    assert.match(forRole, /^order_status: Order 4711 is on its way, allowed-orders\.cancel\.$/m);
    assert.match(forRole, /^cancel_order: Order 4711 is cancelled for allowed-orders\.cancel\.$/m);
    const forDenied = await run('denied');
    assert.match(forDenied, /^opening_hours: Monday/m);
    assert.match(forDenied, /^order_status: refused or failed: \{.*"code":"client_certificate_required"/m);
  });
});
