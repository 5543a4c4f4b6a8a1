import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpanStatusCode, TraceFlags, context, metrics, trace } from '@opentelemetry/api';
import type { DetectedResourceAttributes } from '@opentelemetry/resources';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { authorityExtensions, issueCertificate } from '@certgate/x509/test-support/issued-certificates.js';
import { nameProcess } from './log/process-id.js';
import { packageVersion } from './log/status-channel.js';
import { allowed, denied, observe, publish, publishRefresh, refreshed } from './test-support/gate-events.js';
import { toPem } from './test-support/authority-certificates.js';
import { createTelemetry } from './test-support/telemetry.js';
import { trustStoreFromDocument } from './trust-store/document-store.js';

// What an observation makes of events, with OpenTelemetry's own SDK. opentelemetry-adapter.test.ts does the same for
// the adapter.

describe('metrics', () => {
  it('count decisions by outcome, code and function', async (test) => {
    const telemetry = createTelemetry(test);
    observe(test, { meterProvider: telemetry.meterProvider });
    publish(allowed);
    publish(allowed);
    publish(denied);
    publish({ ...denied, functionName: 'Invoices' });
    publish({ ...allowed, reportOnly: { code: 'role_missing', until: Date.now() + 1000 } });
    publish({ ...denied, outcome: 'observed' });
    const { 'certgate.decisions': decisions } = await telemetry.collect();
    assert.equal(decisions?.unit, '{decision}');
    assert.equal(decisions.scope, '@certgate/core');
    assert.equal(decisions.kind, 'sum');
    const attributes = (outcome: string, code: string, functionName: string): object => ({
      'certgate.decision.outcome': outcome,
      'certgate.decision.code': code,
      'certgate.function.name': functionName,
    });
    const error = { 'error.type': 'certificate_not_trusted' };
    assert.deepEqual(decisions.series, [
      { attributes: attributes('allowed', 'allowed', 'Orders'), value: 2 },
      { attributes: { ...attributes('denied', 'certificate_not_trusted', 'Orders'), ...error }, value: 1 },
      { attributes: { ...attributes('denied', 'certificate_not_trusted', 'Invoices'), ...error }, value: 1 },
      {
        attributes: { ...attributes('allowed', 'allowed', 'Orders'), 'certgate.report_only.code': 'role_missing' },
        value: 1,
      },
      { attributes: attributes('observed', 'certificate_not_trusted', 'Orders'), value: 1 },
    ]);
  });

  it('count decisions by listed caller, of whom 500 are named', async (test) => {
    const telemetry = createTelemetry(test);
    observe(test, { meterProvider: telemetry.meterProvider });
    for (let index = 0; index < 502; index += 1) publish({ ...allowed, identityName: `caller-${index}` });
    publish({ ...denied, code: 'identity_disabled', identityName: 'caller-1' });
    publish(denied);
    const { 'certgate.identity.decisions': decisions } = await telemetry.collect();
    const series = decisions?.series ?? [];
    assert.equal(series.length, 502);
    const of = (outcome: string, name?: string): unknown =>
      series.find(
        ({ attributes }) =>
          attributes['certgate.decision.outcome'] === outcome && attributes['certgate.identity.name'] === name,
      )?.value;
    assert.deepEqual([of('allowed', 'caller-499'), of('denied', 'caller-1'), of('allowed')], [1, 1, 2]);
  });

  it('show how long the certificates in use will stay valid, by identity', async (test) => {
    const telemetry = createTelemetry(test);
    observe(test, { meterProvider: telemetry.meterProvider });
    publish(allowed);
    publish({ ...denied, identityName: 'refused', accessEndsAt: Date.now() + 1000 });
    const { 'certgate.certificate.time_to_expiry': gauge } = await telemetry.collect();
    assert.equal(gauge?.unit, 's');
    assert.equal(gauge.kind, 'gauge');
    assert.deepEqual(
      gauge.series.map(({ attributes }) => attributes),
      [{ 'certgate.identity.name': 'billing' }],
    );
    const expected = ((allowed.accessEndsAt ?? 0) - Date.now()) / 1000;
    assert.ok(Math.abs(Number(gauge.series[0]?.value) - expected) < 5, String(gauge.series[0]?.value));
  });

  it('show the age and revision of what each source gave, and count the reads of each source', async (test) => {
    const telemetry = createTelemetry(test);
    observe(test, { meterProvider: telemetry.meterProvider });
    test.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    // A whole number, because the sum of a fraction and whole milliseconds is not exact.
    let monotonic = 1_000_000;
    test.mock.method(process, 'hrtime', () => [monotonic / 1_000, 0]);
    const lastSuccessAt = Date.now() - 60_000;
    publishRefresh({ ...refreshed, lastSuccessAt });
    publishRefresh({ ...refreshed, lastSuccessAt, outcome: 'refused', fault: 'not signed' });
    publishRefresh({ ...refreshed, lastSuccessAt, outcome: 'failed', fault: 'ENOENT' });
    publishRefresh({ ...refreshed, lastSuccessAt, outcome: 'failed', fault: 'ENOENT' });
    publishRefresh({
      ...refreshed,
      source: 'app setting X',
      revision: undefined,
      outcome: 'failed',
      lastSuccessAt: undefined,
    });
    const metric = await telemetry.collect();
    const { 'certgate.trust.refreshes': refreshes, 'certgate.trust.age': age } = metric;
    assert.equal(refreshes?.unit, '{refresh}');
    const attributes = (source: string, outcome: string): object => ({
      'certgate.trust.source': source,
      'certgate.trust.refresh.outcome': outcome,
    });
    assert.deepEqual(refreshes.series, [
      { attributes: attributes('file trust.json', 'changed'), value: 1 },
      { attributes: attributes('file trust.json', 'refused'), value: 1 },
      { attributes: attributes('file trust.json', 'failed'), value: 2 },
      { attributes: attributes('app setting X', 'failed'), value: 1 },
    ]);
    assert.equal(age?.unit, 's');
    assert.equal(age.series.length, 1);
    assert.deepEqual(age.series[0]?.attributes, { 'certgate.trust.source': 'file trust.json' });
    assert.equal(age.series[0].value, 60);
    assert.deepEqual(metric['certgate.trust.revision'], {
      scope: '@certgate/core',
      scopeVersion: packageVersion,
      unit: '{revision}',
      kind: 'gauge',
      series: [{ attributes: { 'certgate.trust.source': 'file trust.json' }, value: 7 }],
    });
    const readFaults = async (): Promise<unknown> => (await telemetry.collect())['certgate.revocation.faults']?.series;
    const ofDocument = { attributes: { 'certgate.trust.source': 'file trust.json' }, value: 0 };
    const ofSetting = { attributes: { 'certgate.trust.source': 'app setting X' }, value: 0 };
    assert.deepEqual(await readFaults(), [ofDocument, ofSetting]);
    publishRefresh({ ...refreshed, lastSuccessAt, outcome: 'unchanged', revocationFault: 'no list' });
    assert.deepEqual(await readFaults(), [{ ...ofDocument, value: 1 }, ofSetting]);
    // The age grows although no event is published.
    monotonic += 2_000;
    assert.equal((await telemetry.collect())['certgate.trust.age']?.series[0]?.value, 62);
  });

  it('show in numbers which document each source gave, and when it was adopted', async (test) => {
    const telemetry = createTelemetry(test);
    observe(test, { meterProvider: telemetry.meterProvider });
    publishRefresh({ ...refreshed, sha256: `0123456789AB${'F'.repeat(52)}` });
    publishRefresh({
      ...refreshed,
      source: 'app setting X',
      outcome: 'failed',
      sha256: undefined,
      adoptedAt: undefined,
    });
    const metric = await telemetry.collect();
    const attributes = { 'certgate.trust.source': 'file trust.json' };
    assert.deepEqual(metric['certgate.trust.digest']?.series, [{ attributes, value: 0x0123456789ab }]);
    assert.deepEqual(metric['certgate.trust.adopted']?.series, [{ attributes, value: Date.UTC(2027, 0, 1) / 1000 }]);
  });

  it('show when the CA certificates of the document end, and count failed reads of revocation lists', async (test) => {
    const telemetry = createTelemetry(test);
    observe(test, { meterProvider: telemetry.meterProvider });
    const anchors = ['20900101000000Z', '20200101000000Z'].map((notAfter, index) => {
      const request = { name: [`CN = Root ${index}`], extensions: authorityExtensions, notBefore: '20190101000000Z' };
      const { certificate } = issueCertificate({ ...request, notAfter });
      return toPem(certificate.der);
    });
    const corp = {
      name: 'corp',
      trustAnchors: anchors,
      revocation: { mode: 'when-available', crls: ['file:nowhere.crl'] },
    };
    const document = { schemaVersion: 1, revision: 3, identities: [], authorities: [corp] };
    await trustStoreFromDocument(document).start?.();
    const metric = await telemetry.collect();
    const ends = metric['certgate.authority.time_to_expiry'];
    assert.deepEqual(
      ends?.series.map(({ attributes }) => attributes),
      ['CN=Root 1', 'CN=Root 0'].map((subject) => ({
        'certgate.authority.name': 'corp',
        'certgate.authority.subject': subject,
      })),
    );
    const [ended, left] = ends.series.map(({ value }) => Number(value));
    assert.equal(ended, 0);
    assert.ok(Math.abs((left ?? 0) - (Date.UTC(2090, 0, 1) - Date.now()) / 1000) < 60);
    assert.deepEqual(metric['certgate.revocation.read_failures']?.series, [
      { attributes: { 'certgate.revocation.source': 'file nowhere.crl' }, value: 1 },
    ]);
  });

  it('name the process, unless the resource of the SDK names the instance', async (test) => {
    const listInstances = async (resource: DetectedResourceAttributes): Promise<Set<unknown>> => {
      const telemetry = createTelemetry(test, AggregationTemporality.CUMULATIVE, resource);
      const observation = observe(test, { meterProvider: telemetry.meterProvider });
      publish({ ...allowed, outcome: 'denied' });
      publishRefresh(refreshed);
      const metric = await telemetry.collect();
      observation.stop();
      const series = Object.values(metric).flatMap((each) => each.series);
      assert.ok(series.length > 6);
      return new Set(series.map(({ attributes }) => attributes['service.instance.id']));
    };
    assert.deepEqual(await listInstances({ 'host.name': Promise.resolve('later') }), new Set([nameProcess()]));
    for (const instance of ['mine', Promise.resolve('later')])
      assert.deepEqual(await listInstances({ 'service.instance.id': instance }), new Set([undefined]));
  });

  it('go to the registered SDK, even if it is registered after the first decision', async (test) => {
    metrics.disable();
    observe(test, {});
    publish(allowed);
    const telemetry = createTelemetry(test);
    metrics.setGlobalMeterProvider(telemetry.meterProvider);
    test.after(() => {
      metrics.disable();
    });
    publish(denied);
    const metric = await telemetry.collect();
    // Earlier decisions can't be counted, but the state that they left is known.
    assert.deepEqual(
      metric['certgate.decisions']?.series.map(({ value }) => value),
      [1],
    );
    assert.equal(metric['certgate.certificate.time_to_expiry']?.series.length, 1);
  });

  it('drop the series of an identity that is no longer seen, with delta temporality', async (test) => {
    const telemetry = createTelemetry(test, AggregationTemporality.DELTA);
    observe(test, { meterProvider: telemetry.meterProvider });
    for (let index = 0; index <= 1000; index += 1) publish({ ...allowed, identityName: `caller-${index}` });
    const first = await telemetry.collect();
    assert.equal(first['certgate.certificate.time_to_expiry']?.series.length, 1000);
    publish({ ...allowed, identityName: 'another' });
    const second = await telemetry.collect();
    const names = second['certgate.certificate.time_to_expiry']?.series.map(
      ({ attributes }) => attributes['certgate.identity.name'],
    );
    assert.equal(names?.length, 1000);
    assert.ok(names.includes('another') && !names.includes('caller-1'));
  });
});

describe('spans', () => {
  it("get the decision's attributes if they are active at the decision", (test) => {
    const telemetry = createTelemetry(test);
    observe(test, { meterProvider: telemetry.meterProvider });
    const tracer = telemetry.tracerProvider.getTracer('test');
    tracer.startActiveSpan('call', (span) => {
      publish({ ...allowed, reportOnly: { code: 'role_missing', until: Date.now() + 1000 } });
      span.end();
    });
    const [span] = telemetry.spans();
    assert.deepEqual(span?.attributes, {
      'certgate.decision.outcome': 'allowed',
      'certgate.decision.code': 'allowed',
      'certgate.report_only.code': 'role_missing',
      'certgate.function.name': 'Orders',
      'certgate.correlation_id': allowed.correlationId,
      'certgate.identity.name': 'billing',
      'certgate.identity.owner': 'payments team',
      'certgate.identity.roles': ['orders.read'],
      'certgate.certificate.thumbprint_sha256': 'AB'.repeat(32),
      'certgate.certificate.matched_by': 'thumbprintSha256',
      'certgate.certificate.matched': 'AB'.repeat(32),
      'certgate.trust.revision': 7,
      'certgate.trust.sha256': 'CD'.repeat(32),
    });
  });

  it('lack attributes for what is not known, and never have the detail, which is text for the log', (test) => {
    const telemetry = createTelemetry(test);
    observe(test, { meterProvider: telemetry.meterProvider });
    telemetry.tracerProvider.getTracer('test').startActiveSpan('call', (span) => {
      publish({ ...denied, thumbprintSha256: undefined, trustRevision: undefined, trustSha256: undefined });
      span.end();
    });
    assert.deepEqual(telemetry.spans()[0]?.attributes, {
      'certgate.decision.outcome': 'denied',
      'certgate.decision.code': 'certificate_not_trusted',
      'certgate.function.name': 'Orders',
      'certgate.correlation_id': denied.correlationId,
      'error.type': 'certificate_not_trusted',
    });
    assert.equal(telemetry.spans()[0]?.status.code, SpanStatusCode.UNSET);
  });

  it("are made only on request if none is active, and then belong to the host's trace", (test) => {
    const telemetry = createTelemetry(test);
    const { meterProvider, tracerProvider } = telemetry;
    // The context as @azure/functions-opentelemetry-instrumentation leaves it: only the ids of the host's span are
    // known.
    const host = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.SAMPLED,
    };
    const withinHost = (work: () => void): void => {
      context.with(trace.setSpanContext(context.active(), { ...host, isRemote: true }), work);
    };
    const first = observe(test, { meterProvider });
    withinHost(() => {
      publish(allowed);
    });
    assert.deepEqual(telemetry.spans(), []);
    first.stop();
    observe(test, { meterProvider, tracerProvider, decisionSpans: true });
    withinHost(() => {
      publish(denied);
    });
    const [span, ...more] = telemetry.spans();
    assert.deepEqual(more, []);
    assert.equal(span?.name, 'certgate.decision');
    assert.deepEqual(
      [span.instrumentationScope.name, span.instrumentationScope.version],
      ['@certgate/core', packageVersion],
    );
    assert.equal(span.spanContext().traceId, host.traceId);
    assert.equal(span.parentSpanContext?.spanId, host.spanId);
    assert.equal(span.attributes['certgate.decision.code'], 'certificate_not_trusted');
  });
});
