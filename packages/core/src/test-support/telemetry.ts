import type { TestContext } from 'node:test';
import { type Attributes, type MeterProvider, type TracerProvider, context as contexts } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
// A dependency of the metrics SDK.
import { defaultResource, type DetectedResourceAttributes, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider as SdkMeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

export interface Series {
  readonly attributes: Attributes;
  readonly value: unknown;
}

export interface Metric {
  /** The name of the instrumentation scope. */
  readonly scope: string;
  readonly scopeVersion: string | undefined;
  readonly unit: string;
  readonly kind: string;
  readonly series: readonly Series[];
}

export interface Telemetry {
  readonly meterProvider: MeterProvider;
  readonly tracerProvider: TracerProvider;
  /** Collects, and returns the metrics that were just exported, by name. */
  collect(): Promise<Readonly<Record<string, Metric>>>;
  /** The spans that have ended. */
  spans(): readonly ReadableSpan[];
}

/** OpenTelemetry's own SDK, which exports into memory. `more` is added to the default resource. */
export function createTelemetry(
  context: TestContext,
  temporality: AggregationTemporality = AggregationTemporality.CUMULATIVE,
  more: DetectedResourceAttributes = { 'service.instance.id': 'one' },
): Telemetry {
  const exporter = new InMemoryMetricExporter(temporality);
  // Longer than any test, so that only `collect` collects.
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const resource = defaultResource().merge(resourceFromAttributes(more));
  const meterProvider = new SdkMeterProvider({ readers: [reader], resource });
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
  contexts.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  context.after(async () => {
    contexts.disable();
    await meterProvider.shutdown();
    await tracerProvider.shutdown();
  });
  return {
    meterProvider,
    tracerProvider,
    collect: async () => {
      exporter.reset();
      await reader.forceFlush();
      const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
      const all = scopes.flatMap(({ scope, metrics }) => metrics.map((metric) => ({ scope, ...metric })));
      return Object.fromEntries(
        all.map(({ scope, descriptor, dataPointType, dataPoints }) => [
          descriptor.name,
          {
            scope: scope.name,
            scopeVersion: scope.version,
            unit: descriptor.unit,
            kind: ['histogram', 'exponential histogram', 'gauge', 'sum'][dataPointType] ?? '',
            series: dataPoints.map(({ attributes, value }) => ({ attributes, value })),
          },
        ]),
      );
    },
    spans: () => spanExporter.getFinishedSpans(),
  };
}
