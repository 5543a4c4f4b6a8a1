import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { until } from '@certgate/x509/test-support/until.js';
import ts from 'typescript';
import { type AdapterApp, createAdapterApp, createCallers, readHeader, send } from './test-support/adapter-app.js';
import { listAlerts } from './test-support/alerts.js';
import { root, runProgram } from './test-support/certgate.js';
import { tellKeyNames } from './test-support/key-check.js';
import { makeOpensslCertificate, makePublicCertificate, openssl } from './test-support/openssl.js';

// Compares docs/observability.md, and the queries of docs/from-function-keys.md, with what an app really writes,
// publishes and records: log lines, events, metrics and spans.

const readPage = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8').replaceAll('\r\n', '\n');
const page = readPage('observability.md');
const pageOfKeys = readPage('from-function-keys.md');
const alertQueries = listAlerts().map(({ query }) => query);
const header = 'X-ARR-ClientCert';
const keyed = { 'x-functions-key': 'billing' };

/** An app that keeps its metrics, spans and the keys of its events. Its function Telemetry returns them. */
const observedApp = `
${tellKeyNames}
import { subscribe } from 'node:diagnostics_channel';
import { app } from '@azure/functions';
import { allowAnonymous, observe, reportOnly, requireRole, secureApp, trustStoreFrom } from '@certgate/azure-functions';
import { observeGate } from '@certgate/azure-functions/opentelemetry';
import { metrics, trace } from '@opentelemetry/api';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
const spans = new InMemorySpanExporter();
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
observeGate({ decisionSpans: true });

const keys = { 'certgate:decision': [], 'certgate:trust': [], 'certgate:revocation': [] };
for (const name of Object.keys(keys)) subscribe(name, (event) => keys[name].push(Object.keys(event)));

// What the log tells after a minute, it tells when the test asks for it.
const later = [];
const startTimer = globalThis.setTimeout;
globalThis.setTimeout = (work, delay, ...rest) => {
  if (delay === 60_000) later.push(work);
  return startTimer(delay === 60_000 ? () => undefined : work, delay, ...rest);
};

let ahead = 0;
const now = performance.now.bind(performance);
performance.now = () => now() + ahead;
// In the last third of the 30 days that the callers' certificates have, so that the log warns of their end.
const today = Date.now.bind(Date);
Date.now = () => today() + 25 * 86_400_000;

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST, { refreshIntervalSeconds: 0.05 }) });
const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
const handler = () => ({ body: 'ok' });
app.http('Orders', { handler });
app.http('Refund', { handler: requireRole('operator', handler) });
const refund = requireRole('operator', handler);
app.http('Nested', { handler: (request, context) => refund(request, context) });
app.http('Trial', { handler: reportOnly(requireRole('operator', handler), { until: inDays(30) }) });
app.http('Moving', { authLevel: 'function', handler: observe(handler, { until: inDays(30) }) });
app.http('HourLater', { handler: allowAnonymous(() => { ahead += 3_600_000; return { body: 'ok' }; }) });
app.http('Telemetry', { handler: allowAnonymous(async () => {
  for (const work of later) work();
  exporter.reset();
  await reader.forceFlush();
  const list = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return { jsonBody: { keys, metrics: list, spans: spans.getFinishedSpans().map(({ attributes }) => attributes) } };
}) });`;

/** For each channel, the source file that declares its events' types. */
const eventSources: Readonly<Record<string, string>> = {
  'certgate:decision': 'log/decision-channel.ts',
  'certgate:trust': 'trust-store/trust-channel.ts',
  'certgate:revocation': 'trust-store/revocation-channel.ts',
};

interface Recorded {
  /** The keys of each event, by channel. */
  readonly keys: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly metrics: readonly {
    readonly descriptor: { readonly name: string; readonly unit: string };
    readonly dataPointType: number;
    readonly dataPoints: readonly { readonly attributes: Readonly<Record<string, unknown>> }[];
  }[];
  readonly spans: readonly Readonly<Record<string, unknown>>[];
}

type LogLine = Readonly<Record<string, unknown>>;

let lines: readonly LogLine[];
let recorded: Recorded;

const endings: (() => unknown)[] = [];

before(async () => {
  const context = { after: (end: () => unknown) => endings.push(end) } as unknown as TestContext;
  ({ lines, recorded } = await runObservedApp(context));
});
after(async () => {
  for (const end of endings.reverse()) await end();
});

/**
 * Runs the app until it has written every kind of line and event: an admission, refusals (one after an admission),
 * suppressed lines, a report-only pass, observed calls, and a source that fails and recovers.
 */
async function runObservedApp(context: TestContext): Promise<{ lines: readonly LogLine[]; recorded: Recorded }> {
  const app = createAdapterApp(context, {
    'package.json': '{ "type": "module", "main": "src/index.js" }',
    'src/index.js': observedApp,
  });
  linkOpenTelemetry(app);
  const callers = createCallers(app.folder);
  const document = JSON.parse(readFileSync(callers.trustFile, 'utf8')) as { revision: number; identities: object[] };
  const { thumbprintSha256, ...files } = makePublicCertificate(app.folder, 'public', 'serverAuth,clientAuth');
  const publicCaller = { name: 'public', roles: [], pins: [{ thumbprintSha256 }] };
  // The app's clock is 25 days ahead, so the 30-day list is in its last third, and the one-day list has ended.
  const monthly = makeAuthority(app.folder, 'monthly', 30);
  const writeTrust = (revision: number, daily: object): void => {
    const authorities = [monthly, daily];
    const identities = [...document.identities, publicCaller].map((each) => ({ ...each, owner: 'payments team' }));
    writeFileSync(callers.trustFile, JSON.stringify({ ...document, revision, identities, authorities }));
  };
  writeTrust(7, makeAuthority(app.folder, 'daily', 1));
  const { url } = await app.start({ environment: { CERTGATE_TRUST: callers.trustFile } });
  const call = async (name: string, certificate?: string): Promise<number> =>
    (await send(`${url}/api/${name}`, certificate === undefined ? keyed : { ...keyed, [header]: certificate })).status;
  assert.equal(await call('Orders', callers.reader), 200);
  assert.equal(await call('Orders', readHeader({ thumbprintSha256, ...files })), 200);
  assert.equal(await call('Refund', callers.reader), 403);
  assert.equal(await call('Nested', callers.reader), 403);
  mkdirSync(join(app.folder, 'other'));
  const namesake = makeOpensslCertificate(join(app.folder, 'other'), 'reader', 'ec');
  assert.equal(await call('Orders', readHeader(namesake)), 401);
  assert.equal(await call('Trial', callers.reader), 200);
  for (const caller of [undefined, callers.stranger, callers.reader]) assert.equal(await call('Moving', caller), 200);
  for (let time = 0; time < 25; time += 1) assert.equal(await call('Orders', callers.stranger), 401);
  await call('HourLater');
  for (let time = 0; time < 25; time += 1) assert.equal(await call('Orders', callers.stranger), 401);
  writeFileSync(callers.trustFile, '{');
  const hasLine = (code: string): boolean => readLines(app).some((line) => line['code'] === code);
  await until(async () => (await call('Orders', callers.reader)) === 200 && hasLine('trust_document_refused'));
  writeTrust(8, makeAuthority(app.folder, 'daily', 1, ['file:nowhere.crl']));
  await until(async () => (await call('Orders', callers.reader)) === 200 && hasLine('trust_refreshed'));
  const { body } = await send(`${url}/api/Telemetry`);
  await until(() => readLines(app).some((line) => line['event'] === 'suppressed'));
  return { lines: readLines(app), recorded: JSON.parse(body) as Recorded };
}

describe('the queries', () => {
  const ownQueries = [...`${page}\n${pageOfKeys}`.matchAll(/^```kusto\n([\s\S]*?)^```$/gm)].map(
    ([, query = '']) => query,
  );
  const queries = [...ownQueries, ...alertQueries];

  it('read only keys that the lines have', () => {
    assert.ok(ownQueries.length >= 5 && alertQueries.length >= 10);
    for (const query of queries) {
      const events = [...query.matchAll(/line\.event == '(\w+)'/g)].map(([, event]) => event);
      const asked = lines.filter((line) => events.length === 0 || events.some((event) => event === line['event']));
      for (const event of events)
        assert.ok(
          asked.some((line) => line['event'] === event),
          `no line has the event ${event}`,
        );
      const keys = new Set(asked.flatMap((line) => Object.keys(line)));
      const fields = [...query.matchAll(/\bline\.(\w+)/g)].map(([, field = '']) => field);
      assert.ok(fields.length > 0, query);
      for (const field of fields)
        assert.ok(
          keys.has(field),
          `no line has ${field}: ${query}${asked.map((line) => JSON.stringify(line)).join('\n')}`,
        );
    }
  });

  it('compare with values that occur', () => {
    const errors = ['errors.md', 'log-fields.md']
      .map((name) => readFileSync(join(root, 'docs', name), 'utf8'))
      .join('\n');
    const compared = queries.flatMap((query) =>
      [...query.matchAll(/\bline\.(\w+) == (?:'([^']*)'|(\d+))/g)].map(([, key = '', text, digits]) => ({
        key,
        value: text ?? Number(digits),
      })),
    );
    assert.ok(compared.length > 10);
    for (const { key, value } of compared.filter((each) => !['correlationId', 'status'].includes(each.key))) {
      assert.ok(
        lines.some((line) => line[key] === value),
        `no line has ${key} ${value}`,
      );
    }
    const codes = [...queries.join('\n').matchAll(/'([a-z]+_[a-z_]+)'/g)].map(([, code = '']) => code);
    assert.ok(codes.length > 4);
    for (const code of codes)
      assert.ok(errors.includes(`\`${code}\``) || lines.some((line) => line['code'] === code), code);
  });

  it('filter lines by their common beginning, and together cover every event', () => {
    for (const query of queries) assert.ok(query.includes(`message startswith '{"certgate"'`), query);
    const events = new Set(lines.map((line) => line['event']));
    const asked = new Set([...queries.join('\n').matchAll(/line\.event == '(\w+)'/g)].map(([, event]) => event));
    assert.deepEqual([...asked].sort(), [...events].sort());
  });

  it('of examples/queries read only fields that docs/log-fields.md lists, and events that occur', () => {
    const folder = join(root, 'examples', 'queries');
    const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
    const listed = [...readPage('log-fields.md').matchAll(/^\| `(?:\w+(?:\[\])?\.)?(\w+)` \|/gm)];
    const fields = new Set(listed.map(([, field]) => field));
    const read = [...text('Certgate.kql').matchAll(/\b(?:line|part|list|\[0\])(?:\.(\w+)|\['(\w+)'\])/g)];
    assert.ok(read.length > 30);
    for (const [, name, quoted] of read) assert.ok(fields.has(name ?? quoted), name ?? quoted);
    const events = new Set([...lines.map((line) => line['event']), 'status.trust', 'status.caller']);
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.kql'))) {
      for (const [, values = ''] of text(name).matchAll(/\bevent (?:==|in) (\([^)]*\)|'[^']*')/g)) {
        for (const [, event] of values.matchAll(/'([^']*)'/g)) assert.ok(events.has(event), `${name}: ${event}`);
      }
    }
  });
});

describe('the tables', () => {
  it('list the metrics with their units, kinds and attributes, and no other', () => {
    const rows = [...page.matchAll(/^\| `(certgate\.[a-z_.]+)` \| (counter|gauge) \| `([^`]+)` \| (.+) \|$/gm)];
    const listed = rows.map(([, name = '', kind, unit, attributes = '']) => [
      name,
      kind,
      unit,
      readSpans(attributes).sort(),
    ]);
    const actual = recorded.metrics.map(({ descriptor, dataPointType, dataPoints }) => [
      descriptor.name,
      { 2: 'gauge', 3: 'counter' }[dataPointType],
      descriptor.unit,
      [...new Set(dataPoints.flatMap(({ attributes }) => Object.keys(attributes)))]
        .filter((name) => name !== 'service.instance.id')
        .sort(),
    ]);
    assert.deepEqual(sortByName(listed), sortByName(actual));
    const points = recorded.metrics.flatMap(({ dataPoints }) => dataPoints);
    const processes = lines.map(({ process }) => process);
    assert.deepEqual(new Set(points.map(({ attributes }) => attributes['service.instance.id'])), new Set(processes));
  });

  it('list the attributes of spans, and no other', () => {
    const rows = [...getSection('Span attributes').matchAll(/`((?:certgate\.|error\.)[a-z0-9_.]+)`/g)];
    const actual = new Set(recorded.spans.flatMap((span) => Object.keys(span)));
    assert.deepEqual(rows.map(([, name]) => name).sort(), [...actual].sort());
  });

  for (const [channel, file] of Object.entries(eventSources)) {
    it(`name the channel ${channel} and its events' types, whose members are the keys of real events`, () => {
      const row =
        getSection('The channels')
          .split('\n')
          .find((line) => line.startsWith(`| \`${channel}\` (`)) ?? '';
      const types = readSpans(row.split('|')[3] ?? '').map((name) => [...listMembers(file, name)].sort().join());
      const events = (recorded.keys[channel] ?? []).map((keys) => [...keys].sort().join());
      assert.deepEqual(new Set(events), new Set(types.filter((members) => members !== '')));
    });
  }
});

describe('@opentelemetry/api', () => {
  it("receives metrics if the app contains the page's snippet unchanged", async (context) => {
    const snippet = /^```ts\n([\s\S]*?)^```$/m.exec(getSection('OpenTelemetry'))?.[1] ?? '';
    assert.match(snippet, /observeGate\(\)/);
    const app = createAdapterApp(context, {
      'package.json': '{ "type": "module", "main": "src/{index.js,functions/*.js}" }',
      'src/index.js': ts.transpileModule(snippet, { compilerOptions: { module: ts.ModuleKind.ESNext } }).outputText,
      'src/functions/all.js': `
        import { app } from '@azure/functions';
        import { allowAnonymous } from '@certgate/azure-functions';
        import { metrics } from '@opentelemetry/api';
        app.http('Orders', { handler: () => ({ body: 'ok' }) });
        app.http('Flush', { handler: allowAnonymous(async () => {
          await metrics.getMeterProvider().forceFlush();
          return { body: 'ok' };
        }) });`,
    });
    linkOpenTelemetry(app);
    const callers = createCallers(app.folder);
    const { url } = await app.start({ environment: { CERTGATE_TRUST: callers.trustFile } });
    assert.equal((await send(`${url}/api/Orders`, { [header]: callers.reader })).status, 200);
    await send(`${url}/api/Flush`);
    const said = (): string => app.logs.map(({ message }) => message).join('\n');
    const names = [
      'certgate.decisions',
      'certgate.certificate.time_to_expiry',
      'certgate.trust.age',
      'certgate.trust.refreshes',
    ];
    await until(() => names.every((name) => said().includes(`name: '${name}'`)));
  });

  it('is not loaded by the main entry', async () => {
    const list = `require('@certgate/azure-functions'); console.log(Object.keys(require.cache).join('\\n'))`;
    const { stdout, stderr } = await runProgram(process.execPath, ['-e', list]);
    assert.match(stdout, /azure-functions[\\/]dist[\\/]index\.cjs/, stderr);
    assert.doesNotMatch(stdout, /opentelemetry/);
  });
});

/** An authority for the trust document, with a revocation list that is valid for `days` days. */
function makeAuthority(folder: string, name: string, days: number, moreLists: readonly string[] = []): object {
  const usages = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  const { certificateFile, keyFile } = makeOpensslCertificate(folder, name, 'ec', usages);
  writeFileSync(join(folder, 'index.txt'), '');
  writeFileSync(join(folder, 'number'), '01\n');
  const settings = ['database = index.txt', 'crlnumber = number', 'default_md = sha256', 'crl_extensions = crl'];
  const lines = [
    '[ca]',
    'default_ca = here',
    '[here]',
    ...settings,
    '[crl]',
    'authorityKeyIdentifier = keyid:always',
    '',
  ];
  writeFileSync(join(folder, 'ca.cnf'), lines.join('\n'));
  const files = ['-cert', certificateFile, '-keyfile', keyFile, '-out', `${name}.crl`];
  openssl(['ca', '-gencrl', '-config', 'ca.cnf', '-crldays', String(days), ...files], folder);
  const crls = [`file:${join(folder, `${name}.crl`)}`, ...moreLists];
  return { name, trustAnchors: [readFileSync(certificateFile, 'utf8')], revocation: { mode: 'required', crls } };
}

function readLines(app: AdapterApp): readonly LogLine[] {
  return app.logs
    .filter(({ message }) => message.startsWith('{"certgate"'))
    .map(({ message }) => JSON.parse(message) as LogLine);
}

function linkOpenTelemetry({ folder }: AdapterApp): void {
  // A junction needs no privilege on Windows. Other systems ignore this argument.
  symlinkSync(join(root, 'node_modules', '@opentelemetry'), join(folder, 'node_modules', '@opentelemetry'), 'junction');
}

/** The members of an interface in core's sources. */
function listMembers(file: string, type: string): readonly string[] {
  const text = readFileSync(join(root, 'packages', 'core', 'src', file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  return source.statements
    .filter((statement) => ts.isInterfaceDeclaration(statement))
    .filter(({ name }) => name.text === type)
    .flatMap(({ members }) => members.map(({ name }) => name?.getText(source) ?? ''));
}

function readSpans(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
}

function getSection(heading: string): string {
  const section = page.split(/^##+ /m).find((text) => text.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, heading);
  return section;
}

function sortByName(rows: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] {
  return [...rows].sort(([first], [second]) => String(first).localeCompare(String(second)));
}
