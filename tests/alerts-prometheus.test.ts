import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { observe } from '@certgate/core/test-support/gate-events.js';
import { createTelemetry } from '@certgate/core/test-support/telemetry.js';
import {
  type AlertScene,
  both,
  createAlertScene,
  faults,
  playFault,
  playSilence,
  strangers,
} from './test-support/alert-scenes.js';
import { listAlerts } from './test-support/alerts.js';
import { root } from './test-support/certgate.js';

// Applies the rules of examples/prometheus, with Prometheus' own tool `promtool`, to metrics that the real gate records
// through OpenTelemetry's SDK. The rules must fire in the same scenes as the alerts of the sample's template, which
// read log lines.

const rules = join(root, 'examples', 'prometheus', 'certgate-rules.yml');
const isInstalled = spawnSync('promtool', ['--version']).error === undefined;
const skip = isInstalled || process.env['CERTGATE_REQUIRE_PROXIES'] !== undefined ? false : 'promtool is not installed';

/**
 * For each alert of the template: the name of its Prometheus rule, and the label whose value says whom or what the
 * alert is about.
 */
const names: Readonly<Record<string, readonly [rule: string, label: string]>> = {
  unavailable: ['CertgateUnavailable', 'certgate_decision_code'],
  'document-refused': ['CertgateDocumentRefused', 'certgate_trust_source'],
  'listed-caller-refused': ['CertgateListedCallerRefused', 'certgate_identity_name'],
  'admissions-stopped': ['CertgateAdmissionsStopped', 'certgate_function_name'],
  'revocation-ended': ['CertgateRevocationEnded', 'certgate_revocation_issuer'],
  'caller-silent': ['CertgateCallerSilent', 'certgate_identity_name'],
};

/**
 * A scene that collects the gate's metrics after each round of calls, and keeps the series under the names that
 * Prometheus gives them.
 */
function createRecordedScene(context: TestContext): {
  scene: AlertScene;
  series: Map<string, string[]>;
  steps: () => number;
} {
  const telemetry = createTelemetry(context);
  observe(context, { meterProvider: telemetry.meterProvider });
  const series = new Map<string, string[]>();
  let step = 0;
  const scene = createAlertScene(context, {}, async () => {
    step += 1;
    for (const [name, { kind, unit, series: all }] of Object.entries(await telemetry.collect())) {
      const suffix = kind === 'sum' ? '_total' : unit === 's' ? '_seconds' : '';
      for (const { attributes, value } of all) {
        const labels = Object.entries({ ...attributes, instance: 'one' }).map(([key, text]) => {
          return `${toPrometheus(key)}=${JSON.stringify(text.replace(`${scene.folder}/`, ''))}`;
        });
        const key = `${toPrometheus(name)}${suffix}{${labels.sort().join(',')}}`;
        const values = series.get(key) ?? [];
        while (values.length < step) values.push('_');
        series.set(key, [...values, String(value)]);
      }
    }
  });
  return { scene, series, steps: () => step };
}

function toPrometheus(name: string): string {
  return name.replaceAll('.', '_');
}

/** One test case for `promtool test rules`: exactly the alerts in `fired` fire at step `step`. */
function writeCase(
  series: ReadonlyMap<string, readonly string[]>,
  step: number,
  fired: readonly string[],
  { often = 5, among = 'severity=~"1|2"' } = {},
): object {
  return {
    interval: `${often}m`,
    input_series: [...series].map(([key, values]) => ({ series: key, values: values.join(' ') })),
    promql_expr_test: [
      {
        expr: `ALERTS{alertstate="firing", ${among}}`,
        eval_time: `${step * often}m`,
        exp_samples: fired.map((each) => ({ labels: describeAlert(each), value: 1 })),
      },
    ],
  };
}

function describeAlert(fired: string): string {
  const [, name = '', dimension = ''] = /^(\S+) (.*)$/.exec(fired) ?? [];
  const [rule = '', label = ''] = names[name] ?? [];
  const { severity } = listAlerts().find((alert) => alert.name === name) ?? {};
  const own = dimension === 'identity_ambiguous' ? 'certgate_decision_code' : label;
  const more = rule === 'CertgateDocumentRefused' ? ', instance="one"' : '';
  return `ALERTS{alertname="${rule}", alertstate="firing", severity="${severity}", ${own}="${dimension}"${more}}`;
}

function expectRules(cases: readonly object[], file = rules): void {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-rules-'));
  const test = join(folder, 'test.yml');
  // Every JSON text is valid YAML, so `promtool` can read it.
  writeFileSync(test, JSON.stringify({ rule_files: [file], evaluation_interval: '5m', tests: cases }));
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', test], { encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}${stderr}`);
  rmSync(folder, { recursive: true });
}

describe('the rules for Prometheus', { skip }, () => {
  for (const fault of faults) {
    it(`find ${fault.what}`, async (context) => {
      const { scene, series, steps } = createRecordedScene(context);
      const cases: object[] = [];
      const { fired, notByMetrics = [] } = fault;
      await playFault(scene, fault, (when) => {
        const expected = fired.filter((each) => !notByMetrics.includes(each));
        cases.push(writeCase(series, steps(), when === 'before' ? [] : expected));
      });
      expectRules(cases);
    });
  }

  it('do not fire for strangers, whatever name they have, or after the store has once returned an older document', async (context) => {
    const { scene, series, steps } = createRecordedScene(context);
    scene.put({}, 7);
    await scene.pass(240, both);
    scene.put({}, 6);
    await scene.pass(5, both);
    scene.put({}, 7);
    await scene.pass(60, [...both, ...strangers]);
    expectRules([writeCase(series, steps(), [])]);
  });

  it('do not fire for an idle process because another process of its instance has refused a document', () => {
    const of = (id: string): string => `certgate_trust_source="t", instance="one", service_instance_id="${id}"`;
    const series = {
      [`certgate_trust_age_seconds{${of('idle')}}`]: '400x60',
      [`certgate_trust_age_seconds{${of('other')}}`]: '10x60',
      [`certgate_trust_refreshes_total{certgate_trust_refresh_outcome="refused", ${of('other')}}`]: '0x20 1x40',
    };
    const input = Object.entries(series).map(([key, values]) => ({ series: key, values }));
    const test = { expr: 'ALERTS{alertstate="firing"}', eval_time: '30m', exp_samples: [] };
    expectRules([{ interval: '1m', input_series: input, promql_expr_test: [test] }]);
  });

  it('name a caller that was admitted yesterday and was not admitted today', async (context) => {
    const { scene, series, steps } = createRecordedScene(context);
    const cases: object[] = [];
    const options = { often: 30, among: 'alertname="CertgateCallerSilent"' };
    await playSilence(scene, (silent) => {
      cases.push(
        writeCase(
          series,
          steps(),
          silent.map((name) => `caller-silent ${name}`),
          options,
        ),
      );
    });
    expectRules(cases);
  });
});

describe('the rules of examples/queries', { skip }, () => {
  const queries = join(root, 'examples', 'queries', 'certgate-queries.yml');
  const blob = 'certgate_trust_source="blob trust"';
  /**
   * Plays the series for 40 minutes and checks which rules fire then. Each string in `fired` is one firing alert, as
   * `{alertname="…", label="value"}`.
   */
  const play = (series: Readonly<Record<string, string>>, fired: readonly string[]): void => {
    const input = Object.entries(series).map(([key, values]) => ({ series: key, values }));
    const expr =
      'count by (alertname, service_instance_id, certgate_authority_name, certgate_revocation_source) (ALERTS{alertstate="firing"})';
    const samples = fired.map((labels) => ({ labels, value: 1 }));
    const test = { expr, eval_time: '40m', exp_samples: samples };
    expectRules([{ interval: '1m', input_series: input, promql_expr_test: [test] }], queries);
  };

  it('name the process that keeps an older document, but not one that is a few minutes late', () => {
    const digest = `certgate_trust_digest{${blob},service_instance_id=`;
    const revision = `certgate_trust_revision{${blob},service_instance_id=`;
    const newest = { [`${digest}"a"}`]: '5x10 9x50', [`${revision}"a"}`]: '7x10 8x50' };
    const behind = { [`${digest}"b"}`]: '5x60', [`${revision}"b"}`]: '7x60' };
    const late = { [`${digest}"b"}`]: '5x12 9x50', [`${revision}"b"}`]: '7x12 8x50' };
    play({ ...newest, ...behind }, ['{alertname="CertgateNotAdopted", service_instance_id="b"}']);
    play({ ...newest, ...late }, []);
    const ofFiles = Object.entries({ ...newest, ...behind }).map(([key, values]) => [
      key.replace('blob', 'file'),
      values,
    ]);
    play(Object.fromEntries(ofFiles) as Record<string, string>, []);
  });

  it('name the authority whose certificate ends within 30 days', () => {
    const end = (name: string, days: number): object => ({
      [`certgate_authority_time_to_expiry_seconds{certgate_authority_name="${name}",certgate_authority_subject="CN=x"}`]: `${days * 86_400}x60`,
    });
    play({ ...end('corp', 29), ...end('other', 31) }, [
      '{alertname="CertgateAuthorityEndsSoon", certgate_authority_name="corp"}',
    ]);
  });

  it('name the revocation list that could not be read for 15 minutes, but not one that failed once', () => {
    const failures = (source: string): string =>
      `certgate_revocation_read_failures_total{certgate_revocation_source="${source}"}`;
    play({ [failures('file corp.crl')]: '0+1x60', [failures('file once.crl')]: '0x5 1x60' }, [
      '{alertname="CertgateListUnreadable", certgate_revocation_source="file corp.crl"}',
    ]);
  });

  it('use only metrics and attributes that docs/observability.md lists', () => {
    const page = readFileSync(join(root, 'docs', 'observability.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `(certgate\.[a-z_.]+)` \| (counter|gauge) \| `([^`]+)` \| (.*) \|$/gm)];
    const names = rows.flatMap(([, name = '', kind, unit, attributes = '']) => {
      const suffix = kind === 'counter' ? '_total' : unit === 's' ? '_seconds' : '';
      const others = [...attributes.matchAll(/`([^`]+)`/g)].map(([, attribute = '']) => toPrometheus(attribute));
      return [`${toPrometheus(name)}${suffix}`, ...others];
    });
    const asked = readFileSync(queries, 'utf8').match(/\bcertgate_\w+/g) ?? [];
    assert.ok(asked.length > 10);
    assert.deepEqual(
      asked.filter((name) => !names.includes(name)),
      [],
    );
  });
});
