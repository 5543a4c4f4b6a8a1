// Checks what can be known about a deployment without a subscription: `npm run check -- deployment` makes the sample's
// package, and runs what is in it behind the local front end with App Service's environment variables, in each client
// certificate mode that a deployment may have. It calls every function in each mode, and `certgate doctor` probes the
// app. Exit code 0 only if every check passes.
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createClientCertificate,
  createServerCertificate,
} from '../packages/certgate/dist/esm/certificates/self-signed-certificate.js';
import { sendRequest } from '../packages/certgate/dist/esm/local/client/send-request.js';
import { startFunctionsHost } from '../packages/certgate/dist/esm/local/functions-host/functions-host.js';
import { startGateway } from '../packages/certgate/dist/esm/local/gateway/gateway.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const sample = join(root, 'examples', 'function-app');
const staged = join(sample, 'deploy');
const certgate = join(root, 'packages', 'certgate', 'bin', 'certgate.js');

/**
 * The expected status for three callers: without a certificate, with one that is not allowed, and with an allowed one,
 * whose identity has no role.
 */
const expectedAnswers = {
  required: { PublicFunction: [403, 200, 200], RoleFunction: [403, 401, 403], SecuredFunction: [403, 401, 200] },
  optional: { PublicFunction: [200, 200, 200], RoleFunction: [401, 401, 403], SecuredFunction: [401, 401, 200] },
};

const now = new Date();
const server = createServerCertificate({ days: 90, now });
const callers = {
  denied: createClientCertificate({ name: 'denied', days: 90, now }),
  allowed: createClientCertificate({ name: 'allowed', days: 90, now }),
};
const temporary = mkdtempSync(join(tmpdir(), 'certgate-deploy-check-'));
/**
 * The place where the package is unpacked. No other package of this repository is near, so that a missing one is
 * noticed.
 */
const unpacked = join(temporary, 'app');
const steps = [
  ['package', 'is made by npm run stage', makePackage],
  ['package', 'holds what the app needs, and nothing else', checkPackage],
  ['package', 'can read a trust document from a blob', loadBlobPackages],
  ...Object.keys(expectedAnswers).flatMap((mode) => [
    [mode, 'answers every caller at every function', () => withDeployedApp(mode, callEveryFunction)],
    [mode, 'passes certgate doctor', () => withDeployedApp(mode, askDoctor)],
  ]),
];

let rows;
try {
  writeCallers();
  rows = await runSteps();
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
printRows();
if (rows.some(({ result }) => result === 'FAILED')) process.exitCode = 1;

/** Runs the steps one after the other. */
async function runSteps() {
  const ended = [];
  for (const [subject, what, run] of steps) {
    console.error(`${subject} ${what} …`);
    const start = performance.now();
    const [result, evidence] = await run().then(
      (text) => ['ok', text],
      (error) => ['FAILED', error.message],
    );
    ended.push({ subject, what, result, evidence, seconds: (performance.now() - start) / 1000 });
  }
  return ended;
}

function printRows() {
  for (const { subject, what, result, evidence, seconds } of rows) {
    console.log(
      `${result.padEnd(6)}  ${subject.padEnd(8)}  ${what.padEnd(47)}  ${seconds.toFixed(1).padStart(4)} s  ${evidence}`,
    );
  }
  const failed = rows.filter(({ result }) => result === 'FAILED').length;
  console.log(failed === 0 ? 'The deployment holds.' : `${failed} of ${rows.length} checks failed.`);
}

async function makePackage() {
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error('Run it as npm run check -- deployment.');
  await expectRun([npm, 'run', '--silent', 'stage'], sample);
  cpSync(staged, unpacked, { recursive: true, filter: (path) => !path.endsWith('.funcignore') });
  return `${listFiles(unpacked).length} files`;
}

async function checkPackage() {
  const allowed = /^(?:\.funcignore|host\.json|package\.json|dist\/.+\.js|node_modules\/.+)$/;
  // Files that may contain a secret. No installed package contains such a file; one that does must be looked at before
  // it is deployed.
  const secret = /\.(?:pem|key|pfx|p12|crt|cer|jsonl|log)$|(?:^|\/)\.(?:env|npmrc|certgate)|password\.txt$/i;
  const wrong = listFiles(staged).filter((path) => !allowed.test(path) || secret.test(path));
  if (wrong.length > 0) throw new Error(`deploy/ holds ${wrong.join(', ')}`);
  for (const path of ['host.json', 'package.json', 'dist/src/index.js', 'node_modules/@azure/functions/package.json']) {
    if (!existsSync(join(staged, path))) throw new Error(`deploy/ lacks ${path}`);
  }
  return 'compiled code, host.json, package.json, node_modules';
}

async function loadBlobPackages() {
  const load = createRequire(join(unpacked, 'package.json'));
  const classes = [load('@azure/storage-blob').BlobClient, load('@azure/identity').DefaultAzureCredential];
  if (classes.some((each) => typeof each !== 'function'))
    throw new Error('BlobClient or DefaultAzureCredential is missing');
  return '@azure/storage-blob and @azure/identity load';
}

/** Starts the app anew for each use, so that what one use leaves behind can't help the next. */
async function withDeployedApp(mode, use) {
  const appService = readFileSync(join(root, 'tests', 'test-support', 'app-service-environment.json'), 'utf8');
  const environment = { ...JSON.parse(appService), CERTGATE_TRUST: join(temporary, 'trust.json') };
  const host = await startFunctionsHost({ folder: unpacked, environment });
  try {
    const gateway = await startGateway({
      clientCertificateMode: mode,
      upstream: new URL(host.url),
      upstreamToken: host.frontEndField,
      serverCertificate: server,
    });
    try {
      return await use(gateway.url.replace('127.0.0.1', 'localhost'), mode);
    } finally {
      await gateway.close();
    }
  } finally {
    await host.close();
  }
}

async function callEveryFunction(url, mode) {
  const certificates = [{}, { certificate: callers.denied }, { certificate: callers.allowed }];
  const found = {};
  for (const name of Object.keys(expectedAnswers[mode])) {
    const request = { url: `${url}/api/${name}`, caPem: server.certificatePem };
    const answers = await Promise.all(certificates.map((caller) => sendRequest({ ...request, ...caller })));
    found[name] = answers.map(({ status }) => status);
  }
  const evidence = Object.entries(found)
    .map(([name, statuses]) => `${name} ${statuses.join(' ')}`)
    .join(', ');
  if (JSON.stringify(found) !== JSON.stringify(expectedAnswers[mode])) throw new Error(evidence);
  return evidence;
}

async function askDoctor(url, mode) {
  const files = ['--allowed', 'allowed.pem', '--denied', 'denied.pem', '--cacert', 'server.pem'];
  // In Required mode, the front end requires a certificate for every function, public ones included.
  const open = mode === 'optional' ? ['--public-function', 'PublicFunction'] : [];
  const options = [...files, '--function', 'SecuredFunction', ...open, '--i-operate-this'];
  return readLastLine(await expectRun([certgate, 'doctor', url, ...options], temporary));
}

/** Writes what the app and doctor read: a trust document that lists one of the callers, and PEM files. */
function writeCallers() {
  writeFileSync(join(temporary, 'server.pem'), server.certificatePem);
  for (const [name, { certificatePem, privateKeyPem }] of Object.entries(callers)) {
    writeFileSync(join(temporary, `${name}.pem`), certificatePem + privateKeyPem, { mode: 0o600 });
  }
  const { fingerprint256 } = new X509Certificate(callers.allowed.certificatePem);
  const identity = { name: 'allowed', roles: [], pins: [{ thumbprintSha256: fingerprint256 }] };
  const document = { schemaVersion: 1, revision: 1, identities: [identity] };
  writeFileSync(join(temporary, 'trust.json'), JSON.stringify(document));
}

/**
 * Runs a program. @returns what it prints to stdout. If it fails, its whole output is shown, and the promise is
 * rejected.
 */
function expectRun(words, cwd) {
  const child = spawn(process.execPath, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (said[name] += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) return resolve(said.stdout);
      console.error(said.stdout + said.stderr);
      reject(new Error(`exit code ${status}; its output is above`));
    });
  });
}

function readLastLine(text) {
  return text.trimEnd().split('\n').at(-1).trim();
}

function listFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}
