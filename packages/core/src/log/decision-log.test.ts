import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { makeCertificate } from '@certgate/x509/test-support/certificates.js';
import * as fc from 'fast-check';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { denySome } from '../test-support/denial-facts.js';
import { type Denial, type DenialCode, deny } from '../denial.js';
import type { LoggingCall, Observation } from './decision-channel.js';
import type { DecisionLogLine } from './decision-log-line.js';
import { DecisionLog } from './decision-log.js';
import { SuppressedDenials, type SuppressedLogLine } from './suppressed-denials.js';
import { LineBudget } from './line-budget.js';
import { formatLogLine } from './log-text.js';
import { nameProcess } from './process-id.js';

function createContext(): {
  readonly context: LoggingCall;
  readonly lines: DecisionLogLine[];
  readonly raw: string[];
} {
  const raw: string[] = [];
  const lines: DecisionLogLine[] = [];
  const write = (...args: unknown[]): void => {
    // The console gets one argument: a text with % signs before other arguments would be used as a format.
    assert.equal(args.length, 1);
    raw.push(String(args[0]));
    lines.push(JSON.parse(String(args[0])) as DecisionLogLine);
  };
  const context = { functionName: 'F', invocationId: 'id', log: write, warn: write };
  return { context, lines, raw };
}

describe('denial lines', () => {
  it('have a versioned shape', () => {
    const { context, lines } = createContext();
    const denial = deny(
      'pin_expired',
      { identity: 'billing', isOfStore: true },
      { identityName: 'billing', thumbprintSha256: 'AB' },
    );
    new DecisionLog().write(context, { decision: denial, decidedAt: Date.UTC(2027, 0, 1), trustRevision: 3 });
    assert.deepEqual(lines, [
      {
        certgate: 1,
        process: nameProcess(),
        event: 'decision',
        time: '2027-01-01T00:00:00.000Z',
        outcome: 'denied',
        code: 'pin_expired',
        status: 401,
        function: 'F',
        correlationId: 'id',
        identity: 'billing',
        thumbprintSha256: 'AB',
        trustRevision: 3,
        detail: 'What admitted "billing" has ended.',
      },
    ]);
  });

  it('are limited per code and minute, and the next line shows how many were not written', () => {
    let now = 0;
    const log = new DecisionLog({ now: () => now });
    const { context, lines } = createContext();
    const write = (code: DenialCode, times: number): void => {
      for (let time = 0; time < times; time += 1) log.write(context, { decision: denySome(code) });
    };
    write('certificate_missing', 1000);
    assert.equal(lines.length, 20);
    // Another code has a limit of its own.
    write('certificate_not_trusted', 1);
    assert.equal(lines.length, 21);
    now = 59_999;
    write('certificate_missing', 1);
    assert.equal(lines.length, 21);
    now = 60_000;
    write('certificate_missing', 2);
    assert.deepEqual(
      lines.slice(21).map(({ suppressed }) => suppressed),
      [981, undefined],
    );
  });

  it('name each caller of an observed function once a day, up to a thousand callers', () => {
    let now = 0;
    const log = new DecisionLog({ now: () => now });
    const { context, lines } = createContext();
    const observation: Observation = { until: Date.UTC(2027, 0, 1), functionKey: undefined };
    const write = (thumbprintSha256: string, observed?: Observation): void => {
      const decision = deny('certificate_not_trusted', {}, { thumbprintSha256 });
      log.write(context, { decision, observation: observed });
    };
    for (let time = 0; time < 100; time += 1) write('loud', observation);
    write('quiet', observation);
    assert.deepEqual(
      lines.map(({ thumbprintSha256 }) => thumbprintSha256),
      [...Array.from({ length: 20 }, () => 'loud'), 'quiet'],
    );
    assert.equal(lines.at(-1)?.suppressed, 80);
    // Refusals of closed functions have a limit of their own: three lines for an unknown caller's certificate.
    for (let time = 0; time < 30; time += 1) write('loud');
    assert.equal(lines.length, 24);
    for (let index = 0; index < 5000; index += 1) write(`made up ${index}`, observation);
    assert.equal(lines.length, 24 + 998);
    // A caller with a function key of its own gets a line anyway.
    for (let time = 0; time < 5; time += 1) write('late', { ...observation, functionKey: 'late' });
    assert.equal(lines.length, 24 + 999);
    assert.deepEqual([lines.at(-1)?.functionKey, lines.at(-1)?.suppressed], ['late', 5000 - 998]);
    now += 86_400_000;
    write('quiet', observation);
    assert.deepEqual([lines.at(-1)?.thumbprintSha256, lines.at(-1)?.suppressed], ['quiet', 4]);
  });

  it('of 10,000 unknown callers hide no listed caller, and each unknown certificate has three at most', () => {
    const log = new DecisionLog({ now: () => 0 });
    const { context, lines } = createContext();
    const refuse = (code: DenialCode, identityName?: string, thumbprintSha256?: string): void => {
      const known = { ...(identityName && { identityName }), ...(thumbprintSha256 && { thumbprintSha256 }) };
      log.write(context, { decision: deny(code, {}, known) });
    };
    for (let index = 0; index < 10_000; index += 1) {
      refuse(index % 2 === 0 ? 'certificate_not_trusted' : 'path_not_found', undefined, `stranger ${index}`);
      if (index % 100 === 0) refuse('role_missing', `listed ${index / 100}`, 'AB');
    }
    const identities = lines.flatMap(({ identity }) => identity ?? []);
    assert.deepEqual([identities.length, new Set(identities).size, lines.length], [100, 100, 140]);
    // The first certificate only has a name of the document. The authority has signed the second one, so its caller is
    // listed and gets a line.
    const claim = { identity: 'named', name: { type: 'dns', value: 'a.example', issuedBy: 'corp' } } as const;
    const facts = { authority: 'corp', fault: 'x', claim };
    log.write(context, { decision: deny('path_not_found', facts, { thumbprintSha256: 'forged' }) });
    assert.equal(lines.length, 140);
    log.write(context, { decision: deny('path_not_found', { ...facts, isSigned: true }, { thumbprintSha256: 'own' }) });
    assert.equal(lines.length, 141);
    for (let index = 0; index < 10; index += 1) refuse('certificate_expired', undefined, 'one stranger');
    assert.equal(lines.length, 144);
  });

  it('describe an unknown caller only if they are written', () => {
    const log = new DecisionLog({ now: () => 0 });
    const { context, lines } = createContext();
    let calls = 0;
    const describeStranger = (): { readonly subject: string } => ({ subject: `CN=${(calls += 1)}` });
    const decision = deny('certificate_not_trusted', {}, { thumbprintSha256: 'one stranger' });
    for (let time = 0; time < 100; time += 1) log.write(context, { decision, describeStranger });
    assert.deepEqual([calls, lines.map(({ subject }) => subject)], [3, ['CN=1', 'CN=2', 'CN=3']]);
  });

  it('of one noisy listed caller hide no other caller, and there are 300 a minute plus the first of each caller', () => {
    let now = 0;
    const log = new DecisionLog({ now: () => now });
    const { context, lines } = createContext();
    const refuse = (identityName: string, code: DenialCode = 'role_missing'): void => {
      log.write(context, { decision: deny(code, {}, { identityName }) });
    };
    for (let time = 0; time < 1000; time += 1) refuse('noisy');
    assert.equal(lines.length, 20);
    for (let round = 0; round < 3; round += 1) for (let index = 0; index < 400; index += 1) refuse(`listed ${index}`);
    assert.deepEqual([lines.length, new Set(lines.map(({ identity }) => identity)).size], [420, 401]);
    // A refusal for another reason is logged too.
    refuse('noisy', 'pin_expired');
    assert.deepEqual([lines.at(-1)?.identity, lines.at(-1)?.code], ['noisy', 'pin_expired']);
    now = 60_000;
    refuse('noisy');
    assert.equal(lines.at(-1)?.suppressed, 980);
    refuse('listed 0');
    assert.equal(lines.at(-1)?.suppressed, 2);
  });

  it('that were left out are reported after a minute by a line of their own, each once', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2027, 0, 1) });
    const told: unknown[] = [];
    const log = new DecisionLog({ now: () => Date.now(), warn: (line) => told.push(JSON.parse(line)) });
    const { context: call, lines } = createContext();
    const refuse = (times: number, code: DenialCode, identityName?: string): void => {
      const decision = deny(code, {}, identityName === undefined ? {} : { identityName });
      for (let time = 0; time < times; time += 1) log.write(call, { decision });
    };
    refuse(5000, 'certificate_missing');
    refuse(25, 'role_missing', 'billing');
    refuse(21, 'pin_expired', 'billing');
    for (let index = 0; index < 50; index += 1) refuse(21, 'pin_expired', `listed ${index}`);
    context.mock.timers.tick(60_000);
    const [{ identities, ...line }, ...others] = told as [{ readonly identities: Record<string, number> }];
    assert.deepEqual(line, {
      certgate: 1,
      process: nameProcess(),
      event: 'suppressed',
      time: '2027-01-01T00:01:00.000Z',
      since: '2027-01-01T00:00:00.000Z',
      denials: { certificate_missing: 4980, role_missing: 5, pin_expired: 773 },
      total: 5758,
    });
    // The line names the identities with the most denials.
    assert.deepEqual([others, Object.values(identities)], [[], Array.from({ length: 20 }, () => 20)]);
    refuse(1, 'certificate_missing');
    assert.equal(lines.at(-1)?.suppressed, undefined);
    context.mock.timers.tick(600_000);
    assert.equal(told.length, 1);
  });

  it('that a later line reported do not date the others back', () => {
    const suppressed = new SuppressedDenials();
    suppressed.note('certificate_missing', undefined, 1_000);
    suppressed.note('role_missing', 'billing', 3_000);
    suppressed.note('role_missing', 'billing', 4_000);
    assert.equal(suppressed.take('certificate_missing', undefined), 1);
    suppressed.note('pin_expired', 'listed', 5_000);
    const line = JSON.parse(suppressed.takeLine(60_000) ?? '') as SuppressedLogLine;
    assert.deepEqual([line.since, line.total], ['1970-01-01T00:00:03.000Z', 3]);
  });

  it('are bounded even if a trust store makes up identities', () => {
    const budget = new LineBudget();
    const names = Array.from({ length: 30_000 }, (_, index) => `made up ${index}`);
    assert.equal(names.filter((identity) => budget.spend({ key: 'role_missing', identity }, 0)).length, 10_000);
  });

  it('of listed and unknown callers, MCP and observed calls together hide no listed caller and lose no count', () => {
    const callers = fc.constantFrom('noisy', 'noisy', 'noisy', 'quiet', 'other');
    const codes = fc.constantFrom<DenialCode>('role_missing', 'certificate_expired', 'mcp_transport_unsupported');
    const kinds = fc.constantFrom('listed', 'stranger', 'mcp', 'observed');
    const calls = fc.array(fc.tuple(kinds, callers, codes, fc.nat(400)), { minLength: 200, maxLength: 1500 });
    fc.assert(
      fc.property(calls, (list) => {
        let now = 0;
        const log = new DecisionLog({ now: () => now });
        const { context, lines } = createContext();
        const expected = new Set<string>();
        for (const [kind, name, code, pause] of list) {
          now += pause;
          const known = kind === 'listed' ? { identityName: name, thumbprintSha256: name } : { thumbprintSha256: name };
          if (kind === 'listed') expected.add(`${code} ${name}`);
          const observation = kind === 'observed' ? { until: 0, functionKey: undefined } : undefined;
          const tool = kind === 'mcp' ? { tool: 'order' } : {};
          log.write({ ...context, about: tool }, { decision: deny(code, {}, known), observation });
        }
        const told = new Set(
          lines.flatMap(({ code, identity }) => (identity === undefined ? [] : `${code} ${identity}`)),
        );
        assert.deepEqual(told, expected);
        const count = (of: 'denied' | 'observed'): number =>
          lines.filter(({ outcome }) => outcome === of).reduce((sum, { suppressed = 0 }) => sum + 1 + suppressed, 0);
        const observed = list.filter(([kind]) => kind === 'observed').length;
        assert.ok(count('denied') <= list.length - observed && count('observed') <= observed);
      }),
      { numRuns: 50 },
    );
  });

  it('are written or counted for every denial', () => {
    const codes = fc.constantFrom<DenialCode>('certificate_missing', 'role_missing', 'trust_unavailable');
    const events = fc.array(fc.tuple(codes, fc.nat(30_000)), { maxLength: 300 });
    fc.assert(
      fc.property(events, (list) => {
        let now = 0;
        const log = new DecisionLog({ now: () => now });
        const { context, lines } = createContext();
        const observations = [undefined, ...['a', 'b'].map((functionKey) => ({ until: 0, functionKey }))];
        const observe = (pause: number): (typeof observations)[number] => observations[pause % observations.length];
        for (const [code, pause] of list) {
          now += pause % 3 === 0 ? pause : 0;
          log.write(context, { decision: denySome(code), observation: observe(pause) });
        }
        now += 60_000;
        for (const code of ['certificate_missing', 'role_missing', 'trust_unavailable'] as const) {
          for (const outcome of ['denied', 'observed'] as const) {
            const isOf = (observation: unknown): boolean => (observation === undefined) === (outcome === 'denied');
            const observation = observations.find(isOf);
            log.write(context, { decision: denySome(code), observation });
            const told = lines
              .filter((line) => line.code === code && line.outcome === outcome)
              .reduce((sum, { suppressed = 0 }) => sum + 1 + suppressed, 0);
            assert.equal(told, list.filter(([each, pause]) => each === code && isOf(observe(pause))).length + 1);
          }
        }
      }),
    );
  });

  it('about admissions are never left out', () => {
    const log = new DecisionLog({ now: () => 0 });
    const { context, lines } = createContext();
    const identity = {
      name: 'a',
      roles: [],
      functions: undefined,
      certificate: { thumbprintSha256: 'AB' },
      matchedBy: 'x',
    } as never;
    for (let time = 0; time < 50; time += 1)
      log.write(context, { decision: { outcome: 'allowed', code: 'allowed', identity } });
    assert.equal(lines.length, 50);
  });
});

describe('the text of a line', () => {
  const name = 'a\nb\r\u0000\u001b[31m\u0085\u2028\u2029\u202e\u200b\ufeff\u{e0041}\ud800"\\%s';

  it('escapes what could forge a line or change the direction of its text, and reads back unchanged', () => {
    const { context, lines, raw } = createContext();
    new DecisionLog().write(context, { decision: deny('trust_unavailable', { fault: name }, { identityName: name }) });
    assert.match(raw[0]!, /^[\x20-\x7e]+$/);
    assert.deepEqual([lines[0]?.identity, lines[0]?.detail], [name, name]);
  });

  it('is one printable line of JSON, whatever it contains', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 150 }), (text) => {
        const line = formatLogLine({ text });
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
        assert.deepEqual(JSON.parse(line), { text });
      }),
    );
  });

  it('contains no certificate or key, whatever a store threw, and no endless text', () => {
    const { der, header } = makeCertificate();
    const { thumbprintSha256 } = presentCertificate(der);
    const base64 = header.slice(40, 80);
    const wrapped = header.replace(/(.{64})/g, '$1\n');
    const pem = `-----BEGIN PRIVATE KEY-----\n${wrapped}\n-----END PRIVATE KEY-----`;
    const texts = [
      header,
      wrapped,
      pem,
      pem.slice(0, 200),
      encodeURIComponent(pem),
      der.toString('base64url'),
      `a ${header} b`,
    ];
    for (const text of texts) {
      const line = formatLogLine({ detail: `failed for ${text}`, thumbprintSha256 });
      assert.doesNotMatch(line.replaceAll('\\u000a', ''), new RegExp(base64.replace(/[+/]/g, '\\$&')), text);
      assert.match(line, /failed for/);
      assert.ok(line.includes(thumbprintSha256));
    }
    // An Ed25519 key is not longer than a thumbprint, but its PEM armour identifies it.
    const key = execFileSync('openssl', ['genpkey', '-algorithm', 'ED25519'], { encoding: 'utf8' });
    const line = formatLogLine({ detail: `failed for ${key}.` });
    assert.ok(!line.includes(key.split('\n')[1]!.slice(0, 40)));
    assert.ok(formatLogLine({ detail: 'x '.repeat(100_000) }).length < 3000);
  });

  it('is made quickly from the longest header that is possible', () => {
    const denial: Denial = deny('trust_unavailable', {
      fault: '-----BEGIN '.repeat(1500) + '%2'.repeat(5000),
    });
    const { context, lines } = createContext();
    new DecisionLog().write(context, { decision: denial });
    assert.equal(lines.length, 1);
  });
});
