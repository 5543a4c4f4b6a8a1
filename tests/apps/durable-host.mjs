// Invokes functions of an app with HTTP starters of Durable Functions: `node durable-host.mjs <folder>`. Reads the
// calls as JSON from stdin and writes the answers as JSON to stdout. It is made of parts of the embedded host, and
// gives functions a Durable Functions client whose address counts the orchestrations that were started.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { AppContext } from './node_modules/certgate/dist/esm/local/functions-host/worker/app-context.js';
import { findAppEntry } from './node_modules/certgate/dist/esm/local/functions-host/app-entry.js';
import { createCoreApi, supplyCoreModule } from './node_modules/certgate/dist/esm/local/functions-host/worker/core-api.js';
import { invoke } from './node_modules/certgate/dist/esm/local/functions-host/worker/invocation.js';
import { loadApp } from './node_modules/certgate/dist/esm/local/functions-host/worker/load-app.js';

const folder = resolve(process.argv[2]);
const calls = JSON.parse(await text(process.stdin));
process.chdir(folder);

let started = 0;
const extension = createServer((request, response) => {
  request.resume();
  started += 1;
  response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ id: randomUUID() }));
});
await new Promise((listening) => extension.listen(0, '127.0.0.1', listening));
const base = `http://127.0.0.1:${extension.address().port}/durabletask/`;
// The data that the Durable Functions extension passes as the client's input (`OrchestrationClientInputData` of
// durable-functions).
const durableClient = {
  taskHubName: 'TestHub',
  creationUrls: {},
  managementUrls: {},
  baseUrl: base,
  requiredQueryStringParameters: '',
  rpcBaseUrl: base,
};

const app = new AppContext(folder, ({ level, message }) => {
  if (level === 'error') process.stderr.write(`${message}\n`);
});
const coreApi = createCoreApi(app);
supplyCoreModule(coreApi);
const { entryFiles, packageType } = await findAppEntry(folder);
await loadApp(app, entryFiles, packageType);

const covered = globalThis[Symbol.for('certgate/function-coverage/v1')].get(coreApi).functions;
const functions = [...app.functions.values()].map(({ metadata: { name, bindings } }) => ({
  name,
  types: Object.values(bindings).map(({ type }) => type),
  isGated: covered.get(name.toLowerCase())?.kind === 'http',
}));

const answers = [];
for (const call of calls) answers.push(await answer(call));
process.stdout.write(JSON.stringify({ functions, answers }));
extension.close();
process.exit();

async function answer({ functionName, certificate }) {
  const registered = app.functions.get(functionName);
  const inputData = Object.entries(registered.metadata.bindings).flatMap(([name, { type }]) => {
    if (type === 'durableClient') return [{ name, data: { json: JSON.stringify(durableClient) } }];
    if (type === 'httpTrigger') return [{ name, data: { http: createHttp(functionName, certificate) } }];
    return [];
  });
  const before = started;
  const { response } = await invoke(app, registered, {
    invocationId: randomUUID(),
    functionId: functionName,
    inputData,
    triggerMetadata: {},
    traceContext: { traceParent: '', traceState: '', attributes: {} },
  });
  const { statusCode, body } = response.returnValue.http;
  const sent = body?.string ?? Buffer.from(body?.bytes ?? []).toString();
  return { status: Number(statusCode), body: JSON.parse(sent), started: started - before };
}

function createHttp(functionName, certificate) {
  const headers = certificate === undefined ? {} : { 'x-arr-clientcert': certificate };
  return { method: 'GET', url: `http://localhost/api/${functionName}`, headers, query: {}, params: {} };
}
