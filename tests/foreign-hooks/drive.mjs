// Plays the worker for an app of app.mjs: `node drive.mjs <entry file> <folder of test-worker.js>`. Reads the callers'
// headers as JSON from stdin. Runs every ordered pair of hooks with every function and every caller. Writes what went
// wrong as JSON to stdout.
import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const [entry, testSupport] = process.argv.slice(2);
const callers = JSON.parse(await text(process.stdin));
const { createWorker } = await import(new URL('test-worker.js', pathToFileURL(testSupport)).href);
const { clientHeaderName, createCallingHooks, rewritingHooks } = await import(
  new URL('other-hooks.js', pathToFileURL(testSupport)).href
);
const worker = createWorker({ after: () => undefined });
if (entry.endsWith('.mjs')) await import(pathToFileURL(entry).href);
else createRequire(import.meta.url)(entry);
const { app, allowAnonymous, runs, raw } = globalThis.foreignHooks;
const hooksOfTheGate = worker.hooks.preInvocation.length;
const { HttpUri: uri } = (await worker.start()) ?? {};

/** What another hook does with the handler. A hook may have the app's own, unwrapped code. */
const behaviours = {
  'sets a raw handler': (call) => {
    call.functionHandler = raw[call.invocationContext.functionName];
  },
  'sets an anonymous handler': (call) => {
    call.functionHandler = allowAnonymous(raw[call.invocationContext.functionName]);
  },
  'disposes itself': (_call, hook) => {
    hook.dispose();
  },
  'caches responses': (call, _hook, cache) => {
    const { functionHandler: present } = call;
    const { functionName } = call.invocationContext;
    call.functionHandler = async (...args) => (cache[functionName] ??= await present(...args));
  },
  throws: () => {
    throw new Error('a hook failed');
  },
};

/**
 * `rewritingHooks` change the request and `callingHooks` call handlers themselves. Each kind is harmless without the
 * other.
 */
const callingHooks = createCallingHooks((name) => worker.functions.get(others[name]).callback);
const others = { LateName: 'LateBare', LateRole: 'LateName', LateTool: 'LateName' };

const failures = [];
let invocations = 0;
for (const first of Object.keys(behaviours)) {
  for (const second of Object.keys(behaviours)) await tryPair([first, second]);
}
for (const rewrite of Object.keys(rewritingHooks)) {
  for (const calling of Object.keys(callingHooks)) {
    for (const pair of [
      [rewrite, calling],
      [calling, rewrite],
    ])
      await tryTogether(pair);
  }
}
process.stdout.write(JSON.stringify({ failures, invocations, hooksOfTheGate }));
process.exit();

async function tryPair(pair) {
  const cache = {};
  for (const name of Object.keys(raw)) {
    // The operator, who may call everything, comes first, so that a cache contains the secret when the others call.
    for (const caller of ['operator', 'reader', 'stranger', 'none']) {
      addHooks(pair, cache);
      const before = runs[name];
      const { status, body } = await invoke(name, callers[caller]);
      const expected = expectStatus(pair, name, caller);
      const isShown = expected !== 200 && (runs[name] !== before || body.includes('secret'));
      if (status !== expected || isShown) failures.push({ pair, name, caller, status, expected, isShown });
      invocations += 1;
    }
  }
}

/**
 * Tests a rewriting and a calling hook together. Every caller also sends the operator's public certificate, in another
 * header.
 */
async function tryTogether(pair) {
  for (const name of Object.keys(others)) {
    for (const caller of ['operator', 'reader', 'stranger']) {
      worker.hooks.preInvocation.splice(0);
      for (const each of pair) app.hook.preInvocation(rewritingHooks[each] ?? callingHooks[each]);
      const before = JSON.stringify(runs);
      const { status, body } = await invoke(name, callers[caller], { [clientHeaderName]: callers.operator });
      const expected = expectStatus([], name, caller);
      const isShown = expected === 401 && (JSON.stringify(runs) !== before || body.includes('secret'));
      const isOther = body.includes('secret of') && !body.includes(`secret of ${caller}`);
      if (status !== expected || isShown || isOther) failures.push({ pair, name, caller, status, expected, body });
      invocations += 1;
    }
  }
}

/** Registers the hooks anew for each invocation, because a hook that disposed itself is gone. */
function addHooks(pair, cache) {
  worker.hooks.preInvocation.splice(0);
  for (const name of pair) {
    const hook = app.hook.preInvocation((call) => behaviours[name](call, hook, cache));
  }
}

function expectStatus([first, second], name, caller) {
  // The worker iterates over its live list of hooks, so a hook that disposes itself makes the worker skip the next one.
  if (first === 'throws' || (second === 'throws' && first !== 'disposes itself')) return 500;
  if (caller === 'none' || caller === 'stranger') return 401;
  return caller === 'reader' && name.endsWith('Role') ? 403 : 200;
}

async function invoke(name, certificate, more = {}) {
  const headers = { ...(certificate === undefined ? {} : { 'x-arr-clientcert': certificate }), ...more };
  if (name === 'LateTool') return invokeTool(name, headers);
  if (uri === undefined) return worker.invoke(name, { headers });
  const invocationId = randomUUID();
  const proxied = {
    ...headers,
    'x-ms-invocation-id': invocationId,
    'x-forwarded-host': 'h',
    'x-forwarded-proto': 'http',
  };
  const request = httpRequest(new URL(`/api/${name}`, uri), { headers: proxied });
  const response = new Promise((resolve, reject) => {
    request.once('response', resolve).once('error', reject).end();
  });
  response.catch(() => undefined);
  const answer = await worker.invoke(name, {}, invocationId);
  if (answer.status === 500) {
    request.destroy();
    return answer;
  }
  const { statusCode: status, ...incoming } = await response.then(async (message) => ({
    statusCode: message.statusCode,
    body: await text(message),
  }));
  return { status, ...incoming };
}

async function invokeTool(name, headers) {
  const payload = { name, arguments: {}, transport: { name: 'http-streamable', properties: { headers } } };
  const { response } = await worker.invoke(name, { data: { string: JSON.stringify(payload) } });
  const body = response?.returnValue?.string ?? '';
  return { status: body.includes('secret of') ? 200 : 401, body };
}
