import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Session } from 'node:inspector/promises';
import type * as adapter from '@certgate/azure-functions';
import { documentOf, makeCertificate } from './certificates.js';
import { TestWorker, loadFunctionsLibrary, useWorker } from './test-worker.js';

// A program that plays an app's cold start with the files that apps load, then one request that is admitted and two
// that are refused. Its argument is a file for the trust document. It prints the statuses, and what ran according to
// V8's coverage.

const [, , file = ''] = process.argv;
const [caller, stranger] = [makeCertificate('caller'), makeCertificate('stranger')];
writeFileSync(file, JSON.stringify(documentOf({ caller: { certificate: caller } })));
const worker = new TestWorker();
useWorker(worker);
const { app } = loadFunctionsLibrary();
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

const require = createRequire(import.meta.url);
const { getClientIdentity, secureApp, trustStoreFrom } = require('@certgate/azure-functions') as typeof adapter;
secureApp(app, { trustStore: trustStoreFrom(file) });
app.http('read', { handler: (_, context) => ({ body: getClientIdentity(context).name }) });
await worker.start();
const statuses: number[] = [];
for (const header of [caller.header, stranger.header, undefined]) {
  const { status } = await worker.invoke(
    'read',
    header === undefined ? {} : { headers: { 'X-ARR-ClientCert': header } },
  );
  statuses.push(status);
}
const { result } = await session.post('Profiler.takePreciseCoverage');
process.stdout.write(JSON.stringify({ statuses, scripts: result.filter(({ url }) => url.endsWith('.cjs')) }));
