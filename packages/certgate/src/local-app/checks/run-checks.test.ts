import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { createServerCertificate } from '../../certificates/self-signed-certificate.js';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import { planChecks } from './check-plan.js';
import { formatCheckTable, listFailures } from './check-table.js';
import { type CheckResult, runChecks } from './run-checks.js';

const hosted: HostedFunction = {
  name: 'Refund',
  route: '/api/Refund',
  triggerType: 'httpTrigger',
  http: true,
  methods: ['GET'],
  covered: 'gate',
  policy: { kind: 'certificate', roles: [] },
};
const callers = [{ name: 'none', certificate: undefined, isTrusted: false, roles: [] }];

/** Runs the checks of one function against a server that answers each with this refusal. */
async function check(context: TestContext, checked: HostedFunction, problem: object): Promise<readonly CheckResult[]> {
  const certificate = createServerCertificate({ now: new Date() });
  const tls = { cert: certificate.certificatePem, key: certificate.privateKeyPem };
  const server = createServer(tls, (_request, response) => {
    response.writeHead(503, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const plan = planChecks([checked], callers, [], { clientCertificateMode: 'optional', exclusionPaths: [] });
  return runChecks(plan, { url, serverCertificatePem: certificate.certificatePem });
}

const unavailable = { type: 'urn:certgate:problem:unavailable', code: 'unavailable', correlationId: 'c1' };

test('a function that no gate covers is not called, and the table shows why and what to do', async (context) => {
  const results = await check(context, { ...hosted, covered: 'none' }, unavailable);
  assert.deepEqual(
    results.map(({ sent, status, ok }) => [sent, status, ok]),
    [[false, null, false]],
  );
  const table = stripVTControlCharacters(formatCheckTable([{ ...hosted, covered: 'none' }], results));
  assert.match(table, /public: no gate.*not sent/);
  assert.doesNotMatch(table, /no answer|WRONG|expected/);
  assert.deepEqual(listFailures(results), [
    'Refund, caller none: not sent, since no gate covers this function. Call secureApp(app, …) in a file that "main" in package.json loads',
  ]);
});

test('an answer that does not come from an MCP server is not taken for one of the function', async (context) => {
  const tool = { ...hosted, http: false, mcp: { kind: 'tool', name: 'Refund' } } as const;
  assert.deepEqual(listFailures(await check(context, tool, unavailable)), [
    'Refund, caller none: no answer of the function, expected 401; initialize got no MCP answer',
  ]);
});

test('the detail of a 503 without a reason says where the reason is and what hides it', async (context) => {
  const [failure] = listFailures(await check(context, hosted, unavailable));
  assert.match(
    failure ?? '',
    /503 \(unavailable\), expected 401; the reason is in the app's log, .*correlationId c1\./,
  );
  assert.match(failure ?? '', /not take this for Development.*local\.settings\.json.*CONTAINER_APP_NAME/);
});

test('the detail of a 503 with a reason names only the reason', async (context) => {
  const development = { code: 'trust_unavailable', detail: 'x' };
  const [failure] = listFailures(await check(context, hosted, { ...unavailable, development }));
  assert.equal(failure, 'Refund, caller none: 503 (trust_unavailable), expected 401');
});
