import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { type TestContext, describe, it } from 'node:test';
import { type Meter, type MeterProvider, diag } from '@opentelemetry/api';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { decisionChannelName } from './log/decision-channel.js';
import { type ObserveGateOptions, observeGate } from './opentelemetry.js';
import { allowed, observe, publish, publishRefresh, refreshed } from './test-support/gate-events.js';
import { createTelemetry } from './test-support/telemetry.js';
import { trustChannelName } from './trust-store/trust-channel.js';

// There is one observation for each meter provider, it ends when it is stopped, and its faults never change a decision.

/** Collects the errors that subscribers throw, which Node reports as uncaught exceptions. */
function watchUncaught(test: TestContext): readonly unknown[] {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  process.on('uncaughtException', note);
  test.after(() => process.off('uncaughtException', note));
  return errors;
}

const untilNextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an observation', () => {
  it('is shared by all calls for one meter provider, so that nothing is counted twice, until it is stopped', async (test) => {
    const telemetry = createTelemetry(test);
    const { meterProvider } = telemetry;
    const first = observe(test, { meterProvider });
    assert.equal(observe(test, { meterProvider }), first);
    assert.throws(() => observeGate({ meterProvider, decisionSpans: true }), {
      code: 'CERTGATE_ALREADY_INSTALLED',
      message: /called twice with different options/,
    });
    publish(allowed);
    const count = async (): Promise<unknown> => (await telemetry.collect())['certgate.decisions']?.series[0]?.value;
    assert.equal(await count(), 1);
    first.stop();
    first.stop();
    publish(allowed);
    assert.equal(await count(), 1);
    const second = observe(test, { meterProvider });
    assert.notEqual(second, first);
    first.stop();
    publish(allowed);
    assert.equal(await count(), 2);
  });

  it('observes no more gauges once it has stopped', async (test) => {
    const telemetry = createTelemetry(test, AggregationTemporality.DELTA);
    const observation = observe(test, { meterProvider: telemetry.meterProvider });
    publish(allowed);
    publishRefresh(refreshed);
    observation.stop();
    assert.deepEqual(Object.keys(await telemetry.collect()), [
      'certgate.decisions',
      'certgate.identity.decisions',
      'certgate.trust.refreshes',
    ]);
  });

  it('lets no error of a meter out, and reports the first one only', async (test) => {
    const uncaught = watchUncaught(test);
    const told: unknown[] = [];
    const ignore = (): void => undefined;
    const error = (...args: unknown[]): void => void told.push(args);
    diag.setLogger({ error, warn: ignore, info: ignore, debug: ignore, verbose: ignore });
    test.after(() => {
      diag.disable();
    });
    const fault = new Error('the meter is broken');
    const gauge = {
      addCallback: ignore,
      removeCallback: (): never => {
        throw fault;
      },
    };
    const counter = {
      add: (): never => {
        throw fault;
      },
    };
    const meter = { createCounter: () => counter, createObservableGauge: () => gauge } as unknown as Meter;
    const telemetry = createTelemetry(test);
    const observation = observe(test, { meterProvider: { getMeter: () => meter } });
    telemetry.tracerProvider.getTracer('test').startActiveSpan('call', (span) => {
      publish(allowed);
      publishRefresh(refreshed);
      span.end();
    });
    observation.stop();
    await untilNextTurn();
    assert.deepEqual(uncaught, []);
    assert.deepEqual(told, [['Certgate could not record telemetry; decisions are not touched by it.', fault]]);
    assert.equal(telemetry.spans()[0]?.attributes['certgate.decision.code'], 'allowed');
  });

  it('survives a diagnostic logger that throws too', async (test) => {
    const uncaught = watchUncaught(test);
    const fail = (): never => {
      throw new Error('the logger is broken');
    };
    // The OpenTelemetry API itself warns if a logger replaces another one, and that must not throw here.
    diag.setLogger(
      { error: fail, warn: () => undefined, info: fail, debug: fail, verbose: fail },
      { suppressOverrideMessage: true },
    );
    test.after(() => {
      diag.disable();
    });
    const meter = {
      createCounter: () => ({ add: fail }),
      createObservableGauge: () => ({ addCallback: () => undefined, removeCallback: () => undefined }),
    };
    observe(test, { meterProvider: { getMeter: () => meter as unknown as Meter } });
    publish(allowed);
    await untilNextTurn();
    assert.deepEqual(uncaught, []);
  });

  it('ignores events of unknown shapes and versions on its channels', async (test) => {
    const uncaught = watchUncaught(test);
    const telemetry = createTelemetry(test);
    observe(test, { meterProvider: telemetry.meterProvider });
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap');
        },
        has: () => true,
      },
    );
    for (const message of [undefined, null, 'text', 7, {}, { version: 1 }, { ...allowed, version: 2 }, trap]) {
      channel(decisionChannelName).publish(message);
      channel(trustChannelName).publish(message);
    }
    publish(allowed);
    await untilNextTurn();
    assert.deepEqual(uncaught, []);
    const metric = await telemetry.collect();
    assert.deepEqual(Object.keys(metric), [
      'certgate.decisions',
      'certgate.identity.decisions',
      'certgate.certificate.time_to_expiry',
    ]);
    assert.equal(metric['certgate.decisions']?.series[0]?.value, 1);
  });

  it('rejects an option that it does not know', () => {
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [null, /are an object/],
      [{ meter: {} }, /does not know "meter"; it knows meterProvider, tracerProvider, decisionSpans/],
      [{ [Symbol('odd')]: 1 }, /does not know "Symbol\(odd\)"/],
      [{ meterProvider: {} }, /meterProvider of observeGate is an object with getMeter/],
      [{ meterProvider: null }, /meterProvider/],
      [{ tracerProvider: { getMeter: () => undefined } }, /tracerProvider of observeGate is an object with getTracer/],
      [{ decisionSpans: 'yes' }, /decisionSpans of observeGate is true or false/],
    ];
    for (const [options, message] of wrong) {
      assert.throws(() => observeGate(options as ObserveGateOptions), { code: 'CERTGATE_ARGUMENT_INVALID', message });
    }
  });

  it('throws what a meter provider throws when the observation starts', () => {
    const getMeter = (): never => {
      throw new Error('no meter');
    };
    const meterProvider: MeterProvider = { getMeter };
    assert.throws(() => observeGate({ meterProvider }), /no meter/);
    // The failed attempt left nothing behind.
    assert.throws(() => observeGate({ meterProvider }), /no meter/);
  });
});
