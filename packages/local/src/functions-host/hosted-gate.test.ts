import assert from 'node:assert/strict';
import { it } from 'node:test';
import { watchReport } from './hosted-gate.js';

const mark = Symbol.for('certgate/gate/v1');

it('the host reports what the gate reads only when that has changed', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  let report: object | undefined = { description: 'file trust.json', revision: 1 };
  Object.assign(globalThis, { [mark]: { findTrustReport: () => report } });
  context.after(() => Reflect.deleteProperty(globalThis, mark));
  const reports: unknown[] = [];
  watchReport((report) => reports.push(report));
  context.mock.timers.tick(2_000);
  assert.deepEqual(reports, []);
  const later = { description: 'file trust.json', revision: 2, fault: 'it is gone', revocationFault: 'no list' };
  report = later;
  context.mock.timers.tick(2_000);
  report = undefined;
  context.mock.timers.tick(2_000);
  assert.deepEqual(reports, [later, undefined]);
});
