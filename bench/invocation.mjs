// Measures what the gate adds to an invocation, in an in-process model of the worker's call sequence:
// getInvocationModel, getArguments, preInvocation hooks, invokeFunction, postInvocation hooks, getResponse.
//
//   node bench/invocation.mjs            the goal, with a programming model that makes plain objects
//   node bench/invocation.mjs --library  the same with the model of @azure/functions, whose requests and responses cost
//                                        some 75 µs, which vary from process to process by more than the gate costs
//   node bench/invocation.mjs --json     either, as JSON
import { createRequire } from 'node:module';
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { execFileSync, fork } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Module from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Drops the status line of each start, because standard output is for the results.
console.info = () => undefined;

const usesLibrary = process.argv.includes('--library');
const batches = 201;
const warmUpBatches = 40;
const invocationsPerBatch = usesLibrary ? 100 : 1000;
const goalMicroseconds = 5;
const require = createRequire(import.meta.url);
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
let core;

// Returns the worker's core module for its name, as the real worker does.
const originalRequire = Module.prototype.require;
Module.prototype.require = function (id) {
  return id === '@azure/functions-core' && core !== undefined ? core : originalRequire.call(this, id);
};

/** The worker's part of an app: the registered functions and hooks. */
class Worker {
  functions = new Map();
  hooks = { appStart: [], preInvocation: [], postInvocation: [] };
  messages = 0;

  constructor() {
    this.core = {
      version: '3.17.3',
      registerFunction: (metadata, callback) => this.functions.set(metadata.name, { metadata, callback }),
      registerHook: (name, callback) => this.hooks[name]?.push(callback),
      setProgrammingModel: (model) => (this.model = model),
      getProgrammingModel: () => this.model,
      log: () => undefined,
    };
  }

  async start() {
    for (const hook of this.hooks.appStart) await hook({});
    await this.model.getCapabilities({});
  }

  async invoke(name, http) {
    const { metadata, callback } = this.functions.get(name);
    const [input] = Object.keys(metadata.bindings);
    const invocationId = '00000000-0000-0000-0000-000000000000';
    const model = await this.model.getInvocationModel({
      invocationId,
      metadata,
      request: { invocationId, inputData: [{ name: input, data: { http } }], triggerMetadata: {} },
      // Each log message is only counted, because the cost of the host's channel is not the gate's.
      log: () => (this.messages += 1),
    });
    const { context, inputs } = await model.getArguments();
    const before = { functionCallback: callback, inputs, invocationContext: context, hookData: {}, appHookData: {} };
    for (const hook of this.hooks.preInvocation) await hook(before);
    const after = { ...before, result: null, error: null };
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
    for (const hook of this.hooks.postInvocation) await hook(after);
    return model.getResponse(context, after.result);
  }
}

/** A programming model that makes only what a handler needs, so that little of the measured time is its own. */
const plainModel = {
  getCapabilities: (capabilities) => capabilities,
  getInvocationModel: (context) => new PlainInvocation(context),
};

class PlainInvocation {
  #context;

  constructor(context) {
    this.#context = context;
  }

  getArguments() {
    const { invocationId, metadata, log } = this.#context;
    const write = (message) => log('information', 'user', message);
    const [{ data }] = this.#context.request.inputData;
    return { context: { invocationId, functionName: metadata.name, log: write }, inputs: [{ ...data.http }] };
  }

  async invokeFunction(context, inputs, handler) {
    return handler(...inputs, context);
  }

  getResponse(_context, result) {
    return { invocationId: this.#context.invocationId, result };
  }
}

async function createApp(decisionLog, certificate) {
  const worker = new Worker();
  core = worker.core;
  const { app } = require('@azure/functions');
  if (decisionLog !== undefined) secure(app, decisionLog, certificate);
  app.http('Hello', { handler: () => ({ status: 200, body: 'hello' }) });
  if (!usesLibrary) worker.core.setProgrammingModel(plainModel);
  await worker.start();
  return worker;
}

function secure(app, decisionLog, certificate) {
  const { secureApp, trustStoreFromDocument } = require('@certgate/azure-functions');
  const thumbprintSha256 = createHash('sha256').update(certificate).digest('hex').toUpperCase();
  const identities = [{ name: 'bench', roles: [], pins: [{ thumbprintSha256 }] }];
  const document = { schemaVersion: 1, revision: 1, identities };
  secureApp(app, { trustStore: trustStoreFromDocument(document), decisionLog });
}

function makeCertificate() {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-bench-'));
  try {
    const options = ['-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '30'];
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    const extensions = ['-addext', 'extendedKeyUsage=clientAuth', '-addext', 'basicConstraints=CA:false'];
    execFileSync('openssl', ['req', ...options, ...files, '-subj', '/CN=bench', ...extensions], { stdio: 'ignore' });
    return new X509Certificate(readFileSync(join(folder, 'cert.pem'))).raw;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The CPU time of a batch, in microseconds per invocation; other work on the machine is not measured. Each invocation
 * gets a turn of the event loop of its own, as a message of the host does, because within one turn the target of a
 * WeakRef is never collected. Each batch collects its own garbage. Otherwise another batch would pay for it, and two
 * runs of the same code would differ.
 */
async function runBatch(worker, http) {
  const start = process.cpuUsage();
  for (let count = 0; count < invocationsPerBatch; count += 1) {
    await worker.invoke('Hello', http);
    await nextTurn();
  }
  collectGarbage({ type: 'minor' });
  const { user, system } = process.cpuUsage(start);
  return (user + system) / invocationsPerBatch;
}

function median(values) {
  return [...values].sort((left, right) => left - right)[values.length >> 1];
}

/** For each app, the gate's `decisionLog`. Undefined for an app without a gate. */
const apps = {
  none: undefined,
  noneAgain: undefined,
  denials: 'denials',
  denialsAgain: 'denials',
  all: 'all',
  message: undefined,
};

/** Runs one app, and measures a batch each time the parent process asks for one. */
async function serveApp(name, certificate) {
  const worker = await createApp(apps[name], certificate);
  // The app without a gate, which logs a line as long as a decision's by itself. It shows what a message costs without
  // the gate.
  const line = 'x'.repeat(330);
  if (name === 'message') {
    worker.functions.get('Hello').callback = (_request, context) => {
      context.log(line);
      return { status: 200, body: 'hello' };
    };
  }
  const http = {
    method: 'GET',
    url: 'http://localhost/api/Hello',
    headers: { host: 'localhost', accept: '*/*', 'x-arr-clientcert': certificate.toString('base64') },
  };
  process.on('message', async () => process.send(await runBatch(worker, http)));
  process.send('ready');
}

function ask(child, message) {
  const answer = once(child, 'message');
  if (message !== undefined) child.send(message);
  return answer.then(([value]) => value);
}

const [, , appName, encodedCertificate] = process.argv;
if (appName in apps) await serveApp(appName, Buffer.from(encodedCertificate, 'base64'));
else await compareApps();

/** Measures each app in a process of its own: two copies of a library in one process would share compiled code. */
async function compareApps() {
  const certificate = makeCertificate().toString('base64');
  const names = Object.keys(apps);
  const children = {};
  const times = Object.fromEntries(names.map((name) => [name, []]));
  try {
    for (const name of names) {
      children[name] = fork(import.meta.filename, [name, certificate, ...process.argv.slice(2)], {
        env: { ...process.env, WEBSITE_INSTANCE_ID: 'bench' },
      });
      await ask(children[name]);
    }
    for (let batch = 0; batch < warmUpBatches + batches; batch += 1) {
      // Each batch has another order, so that no app of a pair always runs first.
      const order = names.map((_, index) => names[(index + batch) % names.length]);
      for (const name of order) {
        const microseconds = await ask(children[name], 'batch');
        if (batch >= warmUpBatches) times[name].push(microseconds);
      }
    }
  } finally {
    for (const child of Object.values(children)) child.disconnect();
  }
  report(times);
}

function report(times) {
  /** The median of the differences in each batch, because what slows the machine slows both apps of a pair. */
  const above = (name, base) => median(times[name].map((time, index) => time - times[base][index]));
  const noise = Math.max(Math.abs(above('noneAgain', 'none')), Math.abs(above('denialsAgain', 'denials')));
  const result = {
    noGate: median(times.none),
    denials: above('denials', 'none'),
    all: above('all', 'none'),
    oneMessage: above('message', 'none'),
    noise,
    isValid: noise < 1,
  };
  result.isMet = result.isValid && result.denials <= goalMicroseconds;
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(result));
  } else {
    const show = (text, value) => console.log(`${text.padEnd(60)} ${value.toFixed(2).padStart(7)} µs`);
    show('an invocation without a gate', result.noGate);
    show("the gate, decisionLog: 'denials', above that", result.denials);
    show("the gate, decisionLog: 'all', above that", result.all);
    show('one log message by the handler itself, above that', result.oneMessage);
    show('two runs of the same code differ by', result.noise);
    if (!result.isValid)
      console.log('Not valid: two runs of the same code differ by 1 µs or more. Try on an idle machine.');
    else
      console.log(
        result.isMet ? 'The goal (5 µs without log lines) is met.' : 'The goal (5 µs without log lines) is missed.',
      );
  }
  process.exitCode = result.isMet ? 0 : 1;
}
