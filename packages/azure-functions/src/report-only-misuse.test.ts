import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { allowAnonymous, requireAnyRole, requireRole } from './function-policy.js';
import { reportOnly } from './report-only.js';

const now = Date.UTC(2027, 0, 1);
const until = '2027-01-15T00:00:00Z';
const end = Date.UTC(2027, 0, 15);
const secret = (): object => ({ body: 'secret' });

function setClock(context: TestContext): void {
  context.mock.timers.enable({ apis: ['Date'], now });
}

describe('misuse is an error at load', () => {
  const cases: readonly (readonly [what: string, misuse: () => unknown, name: string, message: RegExp])[] = [
    ['around allowAnonymous', () => reportOnly(allowAnonymous(secret), { until }), 'TypeError', /anonymous handler/],
    [
      'inside allowAnonymous',
      () => allowAnonymous(reportOnly(secret, { until })),
      'TypeError',
      /is report-only\. Take away one/,
    ],
    [
      'inside requireRole',
      () => requireRole('r', reportOnly(secret, { until })),
      'TypeError',
      /requireRole .*report-only\. Put reportOnly outermost/,
    ],
    [
      'inside requireAnyRole',
      () => requireAnyRole(['r'], reportOnly(secret, { until })),
      'TypeError',
      /requireAnyRole .*Put reportOnly outermost/,
    ],
    ['twice', () => reportOnly(reportOnly(secret, { until }), { until }), 'TypeError', /report-only already/],
    ['no handler', () => reportOnly(undefined as never, { until }), 'TypeError', /needs the handler/],
    ['options in front', () => reportOnly({ until } as never, secret as never), 'TypeError', /needs the handler/],
    ['no options', () => reportOnly(secret, undefined as never), 'TypeError', /needs options/],
    ['an end in place of options', () => reportOnly(secret, until as never), 'TypeError', /needs options/],
    ['no end', () => reportOnly(secret, {} as never), 'TypeError', /needs an end/],
    ['an inherited end', () => reportOnly(secret, Object.create({ until }) as never), 'TypeError', /needs an end/],
    ['an unknown option', () => reportOnly(secret, { until, unitl: 1 } as never), 'TypeError', /option unitl/],
    ['an unknown symbol', () => reportOnly(secret, { until, [Symbol('x')]: 1 }), 'TypeError', /Symbol\(x\)/],
    ['an option codes', () => reportOnly(secret, { until, codes: ['pin_expired'] } as never), 'TypeError', /codes/],
    ...['', '2027-02-30T00:00:00Z', '2027-01-15', '2027-01-15T00:00:00', '2027-01-15T00:00:00+01:00', 'never'].map(
      (text) => [`the end "${text}"`, () => reportOnly(secret, { until: text }), 'TypeError', /needs an end/] as const,
    ),
    ...[end, new Date(end), null, true].map(
      (value) =>
        [
          `the end ${String(value)}`,
          () => reportOnly(secret, { until: value as never }),
          'TypeError',
          /needs an end/,
        ] as const,
    ),
    [
      'more than 90 days',
      () => reportOnly(secret, { until: '2027-04-01T00:00:00.001Z' }),
      'RangeError',
      /at most 90 days ahead, 2027-04-01T00:00:00Z now; it is 2027-04-01T00:00:00\.001Z/,
    ],
    ['years', () => reportOnly(secret, { until: '9999-12-31T23:59:59Z' }), 'RangeError', /at most 90 days/],
  ];
  for (const [what, misuse, name, message] of cases) {
    it(what, (context) => {
      setClock(context);
      assert.throws(misuse, { name, message });
    });
  }

  it('90 days, and what has passed, are none', (context) => {
    setClock(context);
    for (const text of ['2027-04-01T00:00:00Z', '2027-01-01T00:00:00Z', '2020-01-01T00:00:00Z'])
      assert.doesNotThrow(() => reportOnly(secret, { until: text }), text);
  });
});
