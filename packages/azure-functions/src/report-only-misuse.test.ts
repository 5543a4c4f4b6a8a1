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
  const [invalid, conflict] = ['CERTGATE_ARGUMENT_INVALID', 'CERTGATE_POLICY_CONFLICT'] as const;
  const cases: readonly (readonly [what: string, misuse: () => unknown, code: string, message: RegExp])[] = [
    ['around allowAnonymous', () => reportOnly(allowAnonymous(secret), { until }), conflict, /anonymous handler/],
    [
      'inside allowAnonymous',
      () => allowAnonymous(reportOnly(secret, { until })),
      conflict,
      /is report-only\. Take away one/,
    ],
    [
      'inside requireRole',
      () => requireRole('r', reportOnly(secret, { until })),
      conflict,
      /requireRole .*report-only\. Put reportOnly outermost/,
    ],
    [
      'inside requireAnyRole',
      () => requireAnyRole(['r'], reportOnly(secret, { until })),
      conflict,
      /requireAnyRole .*Put reportOnly outermost/,
    ],
    ['twice', () => reportOnly(reportOnly(secret, { until }), { until }), conflict, /report-only already/],
    ['no handler', () => reportOnly(undefined as never, { until }), invalid, /needs the handler/],
    ['options in front', () => reportOnly({ until } as never, secret as never), invalid, /needs the handler/],
    ['no options', () => reportOnly(secret, undefined as never), invalid, /needs options/],
    ['an end in place of options', () => reportOnly(secret, until as never), invalid, /needs options/],
    ['no end', () => reportOnly(secret, {} as never), invalid, /needs an end/],
    ['an inherited end', () => reportOnly(secret, Object.create({ until }) as never), invalid, /needs an end/],
    ['an unknown option', () => reportOnly(secret, { until, unitl: 1 } as never), invalid, /option unitl/],
    ['an unknown symbol', () => reportOnly(secret, { until, [Symbol('x')]: 1 }), invalid, /Symbol\(x\)/],
    ['an option codes', () => reportOnly(secret, { until, codes: ['pin_expired'] } as never), invalid, /codes/],
    ...['', '2027-02-30T00:00:00Z', '2027-01-15', '2027-01-15T00:00:00', '2027-01-15T00:00:00+01:00', 'never'].map(
      (text) => [`the end "${text}"`, () => reportOnly(secret, { until: text }), invalid, /needs an end/] as const,
    ),
    ...[end, new Date(end), null, true].map(
      (value) =>
        [
          `the end ${String(value)}`,
          () => reportOnly(secret, { until: value as never }),
          invalid,
          /needs an end/,
        ] as const,
    ),
    [
      'more than 90 days',
      () => reportOnly(secret, { until: '2027-04-01T00:00:00.001Z' }),
      invalid,
      /at most 90 days ahead, 2027-04-01T00:00:00Z now; it is 2027-04-01T00:00:00\.001Z/,
    ],
    ['years', () => reportOnly(secret, { until: '9999-12-31T23:59:59Z' }), invalid, /at most 90 days/],
  ];
  for (const [what, misuse, code, message] of cases) {
    it(what, (context) => {
      setClock(context);
      assert.throws(misuse, { code, message });
    });
  }

  it('90 days, and what has passed, are none', (context) => {
    setClock(context);
    for (const text of ['2027-04-01T00:00:00Z', '2027-01-01T00:00:00Z', '2020-01-01T00:00:00Z'])
      assert.doesNotThrow(() => reportOnly(secret, { until: text }), text);
  });
});
