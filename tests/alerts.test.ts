import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  both,
  corp,
  createAlertScene,
  faults,
  playFault,
  playSilence,
  putListThatEnds,
  reporting,
  strangers,
} from './test-support/alert-scenes.js';
import { listAlerts } from './test-support/alerts.js';

// Applies the alerts of the sample's template to lines that the real gate writes. tests/test-support/kusto.ts evaluates
// the alerts' queries; it knows the part of Kusto that they use. An alert that wakes somebody has severity 1 or 2.

const alerts = listAlerts();
const waking = alerts.filter(({ severity }) => Number(severity) <= 2);
describe('somebody is woken by', () => {
  for (const fault of faults) {
    it(fault.what, async (context) => {
      const scene = createAlertScene(context);
      await playFault(scene, fault, (when) => {
        const fired = scene.listFired(waking);
        assert.deepEqual([...fired].sort(), when === 'before' ? [] : [...fault.fired].sort());
      });
    });
  }
});

describe('nobody is woken by', () => {
  it('a revocation list that cannot be read, as long as no caller needs it', async (context) => {
    const { pass, listFired, put, table } = createAlertScene(context);
    put({ authorities: [{ ...corp, revocation: { crls: ['file:nowhere.crl'] } }] });
    await pass(5, [reporting]);
    const starts = table.map(({ message }) => String(message)).filter((line) => line.includes('"event":"start"'));
    assert.deepEqual(
      starts.map((line) => (JSON.parse(line) as { readonly code: string }).code),
      ['revocation_refresh_failed'],
    );
    assert.match(starts[0] ?? '', /nowhere\.crl.*Callers by .*corp.* are refused with 503/);
    assert.deepEqual(listFired(waking), []);
    await pass(5, both);
    assert.deepEqual(listFired(waking), ['unavailable revocation_unavailable', 'listed-caller-refused billing']);
  });

  it('strangers, whatever name they have', async (context) => {
    const { pass, listFired } = createAlertScene(context);
    await pass(240, both);
    await pass(60, [...both, ...strangers]);
    assert.deepEqual(listFired(waking), []);
  });

  it('one older document from the store', async (context) => {
    const { pass, listFired, put, table } = createAlertScene(context);
    put({}, 7);
    await pass(60, both);
    put({}, 6);
    await pass(2, both, 2);
    put({}, 7);
    for (let time = 0; time < 20; time += 1) {
      await pass(1, both, 1);
      assert.deepEqual(listFired(waking), []);
    }
    assert.ok(table.some(({ message }) => String(message).includes('trust_document_refused')));
  });
});

it('an alert warns of a revocation list in the last third of its validity', async (context) => {
  const scene = createAlertScene(context);
  const ends = alerts.filter(({ name }) => name === 'revocation-ends-soon');
  scene.put(putListThatEnds(scene.folder));
  await scene.pass(180, both);
  assert.deepEqual(scene.listFired(ends), []);
  await scene.pass(60, both);
  assert.deepEqual(scene.listFired(ends), ['revocation-ends-soon CN=Corp issuing CA']);
});

it('an alert counts denials whether their lines are written or not', async (context) => {
  const { pass, listFired } = createAlertScene(context);
  const [withoutCertificate = assert.fail()] = strangers;
  const many = alerts.filter(({ name }) => name === 'denials-by-code');
  await pass(5, [...both, ...Array.from({ length: 90 }, () => withoutCertificate)]);
  await pass(5, [...both, withoutCertificate]);
  assert.deepEqual(listFired(many), []);
  await pass(5, [...both, ...Array.from({ length: 90 }, () => withoutCertificate)]);
  await pass(5, [...both, withoutCertificate]);
  assert.deepEqual(listFired(many), ['denials-by-code certificate_missing']);
});

it('an alert names a caller that was admitted yesterday and not today, even if admissions are not logged', async (context) => {
  const scene = createAlertScene(context, { decisionLog: 'denials' });
  await playSilence(scene, (silent) => {
    assert.deepEqual(
      scene.listFired(alerts.filter(({ name }) => name === 'caller-silent')),
      silent.map((name) => `caller-silent ${name}`),
    );
    assert.deepEqual(scene.listFired(waking), []);
  });
});
