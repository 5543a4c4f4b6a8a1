import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FunctionHandler, HttpResponseInit } from '@azure/functions';
import { trustStoreFromDocument } from '@certgate/core';
import * as fc from 'fast-check';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { allowAnonymous, requireAnyRole, requireRole } from './function-policy.js';
import { type AnyHandler, functionPolicies, tightenPolicy } from './gate/shared-state.js';
import { observe } from './observe.js';
import { reportOnly } from './report-only.js';
import { certificateHeaderName, documentOf } from './test-support/certificates.js';
import { startProxyTarget } from './test-support/proxy-target.js';
import { loadSecondCopy } from './test-support/second-copy.js';
import {
  codesOf,
  bearing,
  callHandler,
  callOf,
  createCall,
  createHookedApp,
  createSecuredApp,
  operator,
  reader,
  stranger,
  watchWarnings,
  wrapHandler,
} from './test-support/secured-app.js';
import {
  type Handler,
  authLevel,
  end,
  now,
  pick,
  secret,
  setClock,
  startQuietly,
  until,
  whoami,
} from './test-support/temporary-marks.js';

// The tests that both `observe` and `reportOnly` must pass. What only one of them does is tested in a file of its own.

const callers = { none: undefined, stranger, reader, operator } as const;
type Caller = keyof typeof callers;

interface Mark {
  readonly name: 'observe' | 'reportOnly';
  readonly wrap: typeof observe;
  /** The member of a policy and of a log line that has the end. */
  readonly until: 'observedUntil' | 'reportOnlyUntil';
  /** The codes of the lines at start, before the end and after it. */
  readonly startCodes: readonly [string, string];
  /** What a function for operators answers before the end: the body, or the status of a refusal. */
  readonly answers: Readonly<Record<Caller | 'ambiguous', string | number>>;
  /** `outcome`, `code` and `reportOnlyCode` of each caller's line. */
  readonly lines: Readonly<Record<Caller, readonly [string, string, string | undefined]>>;
  readonly isAlready: RegExp;
}

const marks: readonly Mark[] = [
  {
    name: 'observe',
    wrap: observe,
    until: 'observedUntil',
    startCodes: ['observed', 'observation_ended'],
    answers: { none: 'nobody', stranger: 'nobody', reader: 'nobody', operator: 'operator', ambiguous: 'nobody' },
    lines: {
      none: ['observed', 'certificate_missing', undefined],
      stranger: ['observed', 'certificate_not_trusted', undefined],
      reader: ['observed', 'role_missing', undefined],
      operator: ['allowed', 'allowed', undefined],
    },
    isAlready: /is observed already/,
  },
  {
    name: 'reportOnly',
    wrap: reportOnly,
    until: 'reportOnlyUntil',
    startCodes: ['report_only', 'report_only_ended'],
    answers: { none: 401, stranger: 401, reader: 'reader', operator: 'operator', ambiguous: 503 },
    lines: {
      none: ['denied', 'certificate_missing', undefined],
      stranger: ['denied', 'certificate_not_trusted', undefined],
      reader: ['allowed', 'allowed', 'role_missing'],
      operator: ['allowed', 'allowed', undefined],
    },
    isAlready: /is report-only already/,
  },
];
/** The answers once the mark has ended, or without a mark. */
const strictAnswers = { none: 401, stranger: 401, reader: 403, operator: 'operator', ambiguous: 503 } as const;

const names = Object.keys(callers) as Caller[];
const readAnswer = ({ status = 200, body }: { readonly status?: number; readonly body?: unknown }): unknown =>
  status === 200 ? body : status;

for (const mark of marks) {
  const { wrap } = mark;
  /**
   * The callers whom the mark lets go on to a function for operators, although the strict function would refuse them.
   */
  const deferred = names.filter((name) => mark.answers[name] !== strictAnswers[name]);

  describe(mark.name, () => {
    it('lets the callers go on that it is for, logs what would happen to each call, and ends by itself', async (context) => {
      const { app, worker, setTime } = startQuietly(context);
      app.http('Moving', { authLevel, handler: wrap(requireRole('operator', whoami), { until }) });
      await worker.start();
      const ask = async (name: Caller): Promise<unknown> =>
        readAnswer(await worker.invoke('Moving', callOf(callers[name])));
      for (const name of names) {
        assert.equal(await ask(name), mark.answers[name], name);
        const line = worker.decisions.at(-1);
        assert.deepEqual(pick(line, 'outcome', 'code', 'reportOnlyCode'), mark.lines[name], name);
        assert.deepEqual(
          pick(line, 'status', 'identity', 'thumbprintSha256'),
          [
            mark.answers[name] === 401 ? 401 : undefined,
            name === 'none' || name === 'stranger' ? undefined : name,
            callers[name]?.thumbprintSha256,
          ],
          name,
        );
        const hasEnd = mark.name === 'observe' || deferred.includes(name);
        assert.equal(line?.[mark.until], hasEnd ? until : undefined, name);
      }
      assert.match(String(worker.decisions[2]?.['detail']), /lacks the role that Moving requires: operator/);
      const levels = worker.logs.filter(({ message }) => message.startsWith('{"certgate"')).map(({ level }) => level);
      assert.deepEqual(levels, ['warning', 'warning', 'warning', 'information']);

      setTime(end - 1);
      for (const name of names) assert.equal(await ask(name), mark.answers[name], name);
      setTime(end);
      for (const name of names) {
        assert.equal(await ask(name), strictAnswers[name], name);
        assert.equal(worker.decisions.at(-1)?.[mark.until], undefined, name);
      }
      assert.deepEqual(pick(worker.decisions.at(-2), 'outcome', 'code', 'status'), ['denied', 'role_missing', 403]);
    });

    it('does not change the given handler, so that a second registration of it is closed', async (context) => {
      const { app, worker } = startQuietly(context);
      const role = requireRole('operator', whoami);
      const marked = wrap(role, { until });
      assert.notEqual(marked, role);
      app.http('Strict', { authLevel, handler: role });
      app.http('Moving', { authLevel, handler: marked });
      await worker.start();
      for (const name of [...names, ...names]) {
        assert.equal(readAnswer(await worker.invoke('Moving', callOf(callers[name]))), mark.answers[name], name);
        assert.equal(readAnswer(await worker.invoke('Strict', callOf(callers[name]))), strictAnswers[name], name);
      }
    });

    it('passes on `this`, arguments, results and errors', async (context) => {
      const { app, worker } = startQuietly(context);
      const thrown = new Error('mine');
      app.http('Throws', { authLevel, handler: wrap(() => Promise.reject(thrown), { until }) });
      await worker.start();
      assert.equal((await worker.invoke('Throws', bearing(reader))).error, thrown);
      const seen: unknown[] = [];
      const plain = wrap(
        function (this: unknown, ...args: unknown[]) {
          seen.push(this, ...args);
        },
        { until },
      );
      plain.call('owner', 1, 2);
      assert.deepEqual(seen, ['owner', 1, 2]);
    });

    it('is decided by the proxied request under HTTP streaming', async (context) => {
      const proxy = await startProxyTarget(context);
      const { setTime, ...created } = startQuietly(context);
      created.app.http('Moving', { authLevel, handler: wrap(requireRole('operator', whoami), { until }) });
      await created.worker.start();
      // The certificate in the request is what the library would build from trigger metadata, so it must have no
      // effect.
      const call = (id: string): unknown =>
        readAnswer(callHandler(created, 'Moving', operator, createCall(created.library, 'Moving', id)));
      const expectAnswers = async (answers: Mark['answers']): Promise<void> => {
        for (const name of names) {
          const header = callers[name]?.header;
          const id = `${name} ${String(answers[name])}`;
          const fields = header === undefined ? {} : { [certificateHeaderName]: header };
          await proxy({ 'x-ms-invocation-id': id, ...fields });
          assert.equal(call(id), answers[name], name);
        }
        assert.equal(call('of no proxied request'), answers.ambiguous, 'ambiguous');
      };
      await expectAnswers(mark.answers);
      setTime(end);
      await expectAnswers({ ...strictAnswers, operator: 'operator' });
    });

    it('closes the function if a mark or a role gets lost, whichever it is', async (context) => {
      const { app, worker } = startQuietly(context);
      const role = requireRole('operator', secret);
      const marked = wrap(role, { until });
      const loseRole = (...args: readonly unknown[]): HttpResponseInit => role(...args);
      const handlers: Readonly<Record<string, FunctionHandler>> = {
        LostOutside: (...args) => marked(...args),
        Bound: marked.bind(undefined),
        LostInside: wrap(loseRole, { until }),
        OneOfTwo: wrap(requireRole('reader', loseRole), { until }),
        // This function was deferred for a role of its own. The wrapper of another function inside it is not the gate's
        // to defer.
        Another: wrap(requireRole('auditor', loseRole), { until }),
      };
      for (const [name, handler] of Object.entries(handlers)) app.http(name, { authLevel, handler });
      await worker.start();
      for (const name of Object.keys(handlers)) {
        const lines = worker.decisions.length;
        const answers = [await worker.invoke(name, bearing(reader)), await worker.invoke(name)];
        for (const { status, body } of answers) {
          assert.ok(status >= 401, name);
          assert.doesNotMatch(body, /secret/);
        }
        if (name === 'Another')
          assert.deepEqual(pick(worker.decisions[lines], 'outcome', 'code', 'reportOnlyCode'), mark.lines.reader);
        // Once a mark is lost, an observed call has no known caller, but a report-only call still has the reader.
        if (mark.name === 'reportOnly') {
          assert.equal(answers[0]?.status, 403, name);
          assert.equal(worker.decisions.at(-2)?.['code'], 'role_missing', name);
        }
      }
      assert.equal((await worker.invoke('LostOutside', bearing(operator))).body, 'secret');
    });

    it('works if another hook wraps the handler: one decision, one line, no warning, and closed at the end', async (context) => {
      const setTime = setClock(context);
      const readWarnings = watchWarnings(context);
      const { app, worker } = createHookedApp(context, wrapHandler);
      app.http('Moving', { authLevel, handler: wrap(requireRole('operator', whoami), { until }) });
      await worker.start();
      for (const name of names)
        assert.equal(readAnswer(await worker.invoke('Moving', callOf(callers[name]))), mark.answers[name], name);
      assert.deepEqual(
        worker.decisions.map((line) => pick(line, 'outcome', 'code', 'reportOnlyCode')),
        names.map((name) => mark.lines[name]),
      );
      assert.deepEqual(codesOf(readWarnings()), [mark.startCodes[0]]);
      setTime(end);
      for (const name of names)
        assert.equal(readAnswer(await worker.invoke('Moving', callOf(callers[name]))), strictAnswers[name], name);
    });

    it('is in force for two registrations of one name only if both have it, and the stricter policy applies', () => {
      const roles = [['a']] as const;
      const strict = { kind: 'certificate', roles } as const;
      const anonymous = { kind: 'anonymous' } as const;
      const moving = (instant: number): typeof strict => ({ ...strict, [mark.until]: instant });
      const twice = [['a'], ['a']];
      assert.deepEqual(tightenPolicy(undefined, moving(5)), moving(5));
      assert.deepEqual({ ...tightenPolicy(moving(7), moving(5)) }, { ...moving(5), roles: twice });
      assert.deepEqual({ ...tightenPolicy(moving(5), moving(7)) }, { ...moving(5), roles: twice });
      const other = { ...strict, [mark.name === 'observe' ? 'reportOnlyUntil' : 'observedUntil']: 5 };
      for (const each of [strict, other, anonymous]) {
        const merged = each.kind === 'anonymous' ? strict : { ...strict, roles: twice };
        assert.deepEqual({ ...tightenPolicy(moving(5), each) }, merged);
        assert.deepEqual({ ...tightenPolicy(each, moving(5)) }, merged);
      }
      assert.deepEqual(tightenPolicy(anonymous, anonymous), anonymous);
    });

    it('is logged at start with its end, and one that has ended is closed and logged too', async (context) => {
      const { app, worker } = startQuietly(context);
      const readWarnings = watchWarnings(context);
      const handler = (instant: string): Handler => wrap(requireRole('operator', secret), { until: instant });
      app.http('Moving', { authLevel, handler: handler(until) });
      app.http('Over', { authLevel, handler: handler('2026-12-31T23:59:59Z') });
      app.http('Strict', { authLevel, handler: requireRole('operator', secret) });
      app.hook.appStart(() => {
        app.http('Late', { authLevel, handler: handler(until) });
      });
      await worker.start();
      const [lasts, ended] = mark.startCodes;
      assert.deepEqual(
        readWarnings().map((line) => pick(line, 'certgate', 'event', 'code', 'function', mark.until)),
        [
          [1, 'start', lasts, 'Moving', until],
          [1, 'start', ended, 'Over', '2026-12-31T23:59:59Z'],
          [1, 'start', lasts, 'Late', until],
        ],
      );
      assert.equal((await worker.invoke('Over')).status, 401);
      assert.equal((await worker.invoke('Over', bearing(reader))).status, 403);
      assert.equal((await worker.invoke('Over', bearing(operator))).body, 'secret');
    });

    it('is understood by another copy of this package, whichever copy made the marks', async (context) => {
      const { app, worker } = startQuietly(context);
      const copy = await loadSecondCopy(context);
      const wrapThere = copy[mark.name];
      app.http('Theirs', { authLevel, handler: wrapThere(copy.requireRole('operator', whoami), { until }) });
      app.http('Mixed', { authLevel, handler: wrapThere(requireRole('operator', whoami), { until }) });
      app.http('Inside', { authLevel, handler: wrap(copy.requireRole('operator', whoami), { until }) });
      await worker.start();
      for (const name of ['Theirs', 'Mixed', 'Inside']) {
        for (const caller of names)
          assert.equal(
            readAnswer(await worker.invoke(name, callOf(callers[caller]))),
            mark.answers[caller],
            `${name} ${caller}`,
          );
      }
      assert.throws(() => copy.requireRole('r', wrap(secret, { until })), new RegExp(`Put ${mark.name} outermost`));
    });

    it('stays closed in an older copy that does not know it, for the gate and for the role', async (context) => {
      const { app, worker } = startQuietly(context);
      // Version 0.1.0 of the package wrote and read its marks like this.
      const oldRole = (handler: AnyHandler): AnyHandler => {
        const inner = functionPolicies.get(handler);
        assert.ok(inner?.kind !== 'anonymous');
        const wrapper: AnyHandler = () => ({ status: 403 });
        functionPolicies.set(wrapper, { kind: 'certificate', roles: [['operator'], ...(inner?.roles ?? [])] });
        return wrapper;
      };
      app.http('OldOutside', { authLevel, handler: oldRole(wrap(secret, { until })) as never });
      app.http('OldInside', { authLevel, handler: wrap(oldRole(secret), { until }) as never });
      await worker.start();
      for (const name of ['OldOutside', 'OldInside'])
        assert.equal((await worker.invoke(name, bearing(reader))).status, 403, name);
      assert.equal((await worker.invoke('OldOutside')).status, 401);
      // An old gate reads only `kind` and `roles` of a policy, and notes no deferral.
      const policy = functionPolicies.get(wrap(requireRole('operator', secret), { until }));
      assert.deepEqual({ ...policy }, { kind: 'certificate', roles: [['operator']], [mark.until]: end });
    });

    it('changes only the answers to callers whom it lets go on, whatever the wrappers, caller and time', async (context) => {
      const setTime = setClock(context);
      const roles = fc.array(fc.subarray(['reader', 'operator', 'owner'], { minLength: 1 }), { maxLength: 3 });
      const functions = fc.constantFrom(undefined, [], ['Other'], ['Moving', 'Strict']);
      await fc.assert(
        fc.asyncProperty(
          roles,
          fc.constantFrom(...names),
          functions,
          fc.boolean(),
          async (groups, name, list, isOver) => {
            setTime(now);
            const document = documentOf({
              reader: { certificate: reader, roles: ['reader'], ...(list === undefined ? {} : { functions: list }) },
              operator: { certificate: operator, roles: ['reader', 'operator'] },
            });
            const { app, worker } = createSecuredApp(context, { trustStore: trustStoreFromDocument(document) });
            const wrapRoles = (): FunctionHandler =>
              groups.reduce<FunctionHandler>((inner, anyOf) => requireAnyRole(anyOf, inner), whoami);
            app.http('Strict', { authLevel, handler: wrapRoles() });
            app.http('Moving', { authLevel, handler: wrap(wrapRoles(), { until }) });
            await worker.start();
            setTime(isOver ? end : now);
            const strict = readAnswer(await worker.invoke('Strict', callOf(callers[name])));
            const moving = readAnswer(await worker.invoke('Moving', callOf(callers[name])));
            const isRefused = typeof strict === 'number' && !isOver;
            const isDeferred = isRefused && (mark.name === 'observe' || strict === 403);
            assert.equal(moving, isDeferred ? (mark.name === 'observe' ? 'nobody' : name) : strict);
            assert.equal(worker.decisions.length, 2);
            const [closed, marked] = worker.decisions;
            if (mark.name === 'observe') {
              assert.equal(marked?.['code'], closed?.['code']);
              assert.equal(marked?.['outcome'], isDeferred ? 'observed' : closed?.['outcome']);
            } else assert.equal(marked?.['reportOnlyCode'], isDeferred ? closed?.['code'] : undefined);
          },
        ),
        { numRuns: countRuns(50) },
      );
    });
  });

  describe(`misuse of ${mark.name} is an error at load`, () => {
    const [invalid, conflict] = ['CERTGATE_ARGUMENT_INVALID', 'CERTGATE_POLICY_CONFLICT'] as const;
    const outermost = new RegExp(`Put ${mark.name} outermost`);
    const other = mark.name === 'observe' ? reportOnly : observe;
    const withOptions = (options: unknown) => (): unknown => wrap(secret, options as never);
    const cases: readonly (readonly [what: string, misuse: () => unknown, code: string, message: RegExp])[] = [
      ['around allowAnonymous', () => wrap(allowAnonymous(secret), { until }), conflict, /anonymous handler/],
      ['inside allowAnonymous', () => allowAnonymous(wrap(secret, { until })), conflict, /Remove one/],
      ['inside requireRole', () => requireRole('r', wrap(secret, { until })), conflict, outermost],
      ['inside requireAnyRole', () => requireAnyRole(['r'], wrap(secret, { until })), conflict, outermost],
      ['twice', () => wrap(wrap(secret, { until }), { until }), conflict, mark.isAlready],
      ['inside the other one', () => other(wrap(secret, { until }), { until }), conflict, mark.isAlready],
      ['no handler', () => wrap(undefined as never, { until }), invalid, /needs the handler/],
      ['options in front', () => wrap({ until } as never, secret as never), invalid, /needs the handler/],
      ['no options', withOptions(undefined), invalid, /needs options/],
      ['an end in place of options', withOptions(until), invalid, /needs options/],
      ['no end', withOptions({}), invalid, /needs an end/],
      ['an inherited end', withOptions(Object.create({ until })), invalid, /needs an end/],
      ['an unknown option', withOptions({ until, unitl: 1 }), invalid, /option unitl/],
      ['an unknown symbol', withOptions({ until, [Symbol('x')]: 1 }), invalid, /Symbol\(x\)/],
      ['an option codes', withOptions({ until, codes: ['pin_expired'] }), invalid, /codes/],
      ...['', '2027-02-30T00:00:00Z', '2027-01-15', '2027-01-15T00:00:00', '2027-01-15T00:00:00+01:00', 'never'].map(
        (text) =>
          [`the end "${text}"`, withOptions({ until: text }), invalid, /needs an end: until is ".*must be/] as const,
      ),
      ...[end, new Date(end), null, true].map(
        (value) => [`the end ${String(value)}`, withOptions({ until: value }), invalid, /needs an end/] as const,
      ),
      [
        'more than 90 days',
        withOptions({ until: '2027-04-01T00:00:00.001Z' }),
        invalid,
        /at most 90 days ahead, 2027-04-01T00:00:00Z now; it is 2027-04-01T00:00:00\.001Z/,
      ],
      ['years', withOptions({ until: '9999-12-31T23:59:59Z' }), invalid, /at most 90 days/],
    ];
    for (const [what, misuse, code, message] of cases) {
      it(what, (context) => {
        setClock(context);
        assert.throws(misuse, { code, message });
        if (code === invalid) assert.throws(misuse, new RegExp(mark.name));
      });
    }

    it('a function without an HTTP trigger', (context) => {
      const { app } = startQuietly(context);
      const handler = wrap(() => undefined, { until });
      assert.throws(
        () => {
          app.timer('Tick', { schedule: '0 * * * * *', handler });
        },
        { code: conflict, message: new RegExp(`"Tick" has no HTTP trigger.*: remove .*${mark.name}`) },
      );
    });

    it('an end in 90 days, or in the past, is not an error', (context) => {
      setClock(context);
      for (const text of ['2027-04-01T00:00:00Z', '2027-01-01T00:00:00Z', '2020-01-01T00:00:00Z'])
        assert.doesNotThrow(() => wrap(secret, { until: text }), text);
    });
  });
}
