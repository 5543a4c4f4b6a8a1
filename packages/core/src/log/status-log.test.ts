import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import * as fc from 'fast-check';
import type { Decision } from '../access/decision.js';
import { deny } from '../denial.js';
import type { TrustStoreReport } from '../trust-store/trust-store.js';
import { packageVersion } from './status-channel.js';
import { type GateStatus, StatusLog, type StatusLogLine } from './status-log.js';
import { nameProcess } from './process-id.js';

const hour = 3_600_000;
const start = Date.UTC(2027, 0, 1, 10, 30);
const pin = 'AB'.repeat(32);

interface Stage {
  readonly log: StatusLog;
  /** The lines that a call has written. */
  readonly lines: StatusLogLine[];
  readonly raw: string[];
  readonly note: (decision: Decision, now: number, isObserved?: boolean) => void;
}

function createStage(
  context: TestContext,
  status: Partial<GateStatus> = {},
  report?: Partial<TrustStoreReport>,
): Stage {
  context.mock.timers.enable({ apis: ['Date'], now: start });
  const [lines, raw]: [StatusLogLine[], string[]] = [[], []];
  const write = (line: string): void => {
    raw.push(line);
    lines.push(JSON.parse(line) as StatusLogLine);
  };
  context.mock.method(console, 'info', write);
  const log = new StatusLog({
    describe: () => ({
      host: 'functions',
      frontEnd: 'nginx',
      frontEndProof: 'secret',
      closed: ['A'],
      open: ['B'],
      ...status,
    }),
    findTrustReport: () =>
      report && { description: 'file trust.json', revision: 7, warnings: [], fault: undefined, ...report },
    isLocked: () => false,
  });
  const subject = {
    functionName: 'A',
    invocationId: 'id',
    log: write,
    warn: () => assert.fail('a status line is not a warning'),
  };
  const note = (decision: Decision, now: number, isObserved = false): void => {
    log.reportTo(subject, now);
    log.count({ decision, decidedAt: now, observation: isObserved ? observation : undefined });
  };
  return { log, lines, raw, note };
}

const observation = { until: start + 2 * hour, functionKey: undefined };

function allow(name: string, matched = pin, matchedBy = 'thumbprintSha256'): Decision {
  return { outcome: 'allowed', code: 'allowed', identity: { name, matched, matchedBy } } as unknown as Decision;
}

const stranger = deny('certificate_not_trusted', {});

describe('the status lines', () => {
  it('have the version of the package', () => {
    const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    assert.equal(packageVersion, (JSON.parse(text) as { readonly version: string }).version);
  });

  it('describe the gate at the start', (context) => {
    const { log, lines } = createStage(context, {}, { ageMilliseconds: 1499, isLocked: true, signedBy: ['0011'] });
    log.begin();
    assert.deepEqual(lines, [
      {
        certgate: 1,
        process: nameProcess(),
        event: 'status',
        time: '2027-01-01T10:30:00.000Z',
        moment: 'start',
        since: '2027-01-01T10:30:00.000Z',
        version: packageVersion,
        host: 'functions',
        frontEnd: 'nginx',
        frontEndProof: 'secret',
        trust: [{ source: 'file trust.json', revision: 7, ageSeconds: 1, signedBy: ['0011'], locked: true }],
        closed: ['A'],
        open: ['B'],
        locked: false,
        denials: {},
        callers: [],
      },
    ]);
  });

  it('do not stop the start if the console fails', (context) => {
    const { log } = createStage(context, {}, {});
    context.mock.method(console, 'info', () => {
      throw new Error('the console fails');
    });
    assert.doesNotThrow(() => {
      log.begin();
    });
  });

  it('show with the first call of an hour who called in the hour before, and who was refused', (context) => {
    const { log, lines, note } = createStage(context, {}, {});
    log.begin();
    note(allow('billing'), start + 1);
    note(stranger, start + 2);
    note(allow('billing'), start + 3);
    note(allow('billing', 'billing.example', 'dns'), start + 4);
    note(stranger, start + 5, true);
    assert.equal(lines.length, 1);
    note(allow('late'), start + hour / 2);
    const at = (milliseconds: number): string => new Date(start + milliseconds).toISOString();
    const [, { since, denials, callers, moment } = assert.fail()] = lines;
    assert.deepEqual(
      { since, denials, callers, moment },
      {
        since: at(0),
        denials: { certificate_not_trusted: 1 },
        callers: [
          {
            identity: 'billing',
            matchedBy: 'thumbprintSha256',
            matched: pin.slice(0, 16),
            first: at(1),
            last: at(3),
            calls: 2,
          },
          {
            identity: 'billing',
            matchedBy: 'dns',
            matched: 'billing.example',
            first: at(4),
            last: at(4),
            calls: 1,
          },
        ],
        moment: 'hour',
      },
    );
    note(stranger, start + 2 * hour);
    note(stranger, start + 2 * hour + 1);
    assert.deepEqual(
      lines.slice(2).map((line) => [line.since, line.denials, line.callers.map(({ identity }) => identity)]),
      [[at(hour / 2), {}, ['late']]],
    );
  });

  it('are not longer than a host keeps, however many callers and functions there are', (context) => {
    const names = Array.from({ length: 500 }, (_, index) => `${'F'.repeat(120)}${index}`);
    const { lines, raw, note } = createStage(context, { closed: names, open: names });
    for (let index = 0; index < 2_500; index += 1) note(allow(`\u202e${'n'.repeat(90)}${index}`), start + index);
    note(stranger, start + hour);
    assert.ok(raw.length > 10);
    for (const line of raw) assert.ok(line.length <= 32_768);
    assert.deepEqual(
      lines.map(({ part, parts }) => [part, parts]),
      lines.map((_, index) => [index + 1, lines.length]),
    );
    const identities = lines.flatMap(({ callers }) => callers.map(({ identity }) => identity));
    assert.deepEqual([new Set(identities).size, identities.length], [2_000, 2_000]);
    const [{ moreCallers, closed = [], moreClosed = 0, open = [], moreOpen = 0 } = assert.fail()] = lines;
    assert.deepEqual(moreCallers, { calls: 500 });
    assert.deepEqual([closed.length + moreClosed, open.length + moreOpen], [500, 500]);
  });

  it('change no decision, whatever a custom store reports about itself', (context) => {
    const { log, lines } = createStage(context, {}, { revision: 1n as unknown as number });
    log.begin();
    assert.deepEqual([lines[0]?.version, lines[0]?.trust], [packageVersion, undefined]);
  });

  it('are tried only once if the log fails', (context) => {
    const { log, note } = createStage(context);
    note(stranger, start);
    const broken = {
      functionName: 'A',
      invocationId: 'id',
      log: () => {
        throw new Error('full');
      },
      warn: () => assert.fail('a status line is not a warning'),
    };
    assert.throws(() => {
      log.reportTo(broken, start + hour);
    }, /full/);
    log.reportTo(broken, start + hour + 1);
  });

  it('lose no call and invent none', (context) => {
    const call = fc.record({ who: fc.constantFrom('a', 'b', 'c'), by: fc.constantFrom('x', 'y'), after: fc.nat(hour) });
    context.mock.timers.enable({ apis: ['Date'], now: start });
    fc.assert(
      fc.property(fc.array(fc.oneof(call, fc.nat(hour)), { maxLength: 60 }), (steps) => {
        const lines: StatusLogLine[] = [];
        const write = (line: string): number => lines.push(JSON.parse(line) as StatusLogLine);
        const subject = { functionName: 'A', invocationId: 'id', log: write, warn: write };
        const describeGate = (): GateStatus => ({ host: 'server', closed: [], open: [] });
        const log = new StatusLog({ describe: describeGate, findTrustReport: () => undefined, isLocked: () => true });
        const expected = { allowed: 0, denied: 0, lastOfA: '' };
        const waiting: (() => void)[] = [];
        let now = start;
        for (const step of steps) {
          now += typeof step === 'number' ? step : step.after;
          if (typeof step === 'number') expected.denied += 1;
          else {
            expected.allowed += 1;
            if (step.who === 'a') expected.lastOfA = new Date(now).toISOString();
          }
          const [decidedAt, decision] = [now, typeof step === 'number' ? stranger : allow(step.who, step.by, 'dns')];
          log.reportTo(subject, now);
          waiting.push(() => {
            log.count({ decision, decidedAt });
          });
          // An outcome is known later than its decision, and in another order.
          if (waiting.length === 3) for (const count of waiting.splice(0).reverse()) count();
        }
        for (const count of waiting) count();
        log.reportTo(subject, now + hour);
        const callers = lines.flatMap((line) => line.callers);
        for (const { first, last } of callers) assert.ok(first <= last);
        const lasts = callers.filter(({ identity }) => identity === 'a').map(({ last }) => last);
        assert.deepEqual(
          {
            allowed: callers.reduce((sum, { calls }) => sum + calls, 0),
            denied: lines.reduce((sum, { denials }) => sum + (denials?.certificate_not_trusted ?? 0), 0),
            lastOfA: lasts.sort().at(-1) ?? '',
          },
          expected,
        );
      }),
      { numRuns: countRuns(100) },
    );
  });
});
