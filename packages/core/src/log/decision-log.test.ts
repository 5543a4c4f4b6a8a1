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
import { formatLogLine } from './log-text.js';

function createContext(): {
  readonly context: LoggingCall;
  readonly lines: DecisionLogLine[];
  readonly raw: string[];
} {
  const raw: string[] = [];
  const lines: DecisionLogLine[] = [];
  const write = (...args: unknown[]): void => {
    // One argument: a text with % signs in front of others would be a format.
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

  it('are limited per code and minute, and the next line tells how many were not written', () => {
    let now = 0;
    const log = new DecisionLog({ now: () => now });
    const { context, lines } = createContext();
    const write = (code: DenialCode, times: number): void => {
      for (let time = 0; time < times; time += 1) log.write(context, { decision: denySome(code) });
    };
    write('certificate_missing', 1000);
    assert.equal(lines.length, 20);
    // Another code has a budget of its own.
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

  it('of an observed function name each caller once a day, and a thousand of them at most', () => {
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
    // Refusals of closed functions have a budget of their own.
    for (let time = 0; time < 30; time += 1) write('loud');
    assert.equal(lines.length, 41);
    for (let index = 0; index < 5000; index += 1) write(`made up ${index}`, observation);
    assert.equal(lines.length, 41 + 998);
    // A caller with a key of its own has its line all the same.
    for (let time = 0; time < 5; time += 1) write('late', { ...observation, functionKey: 'late' });
    assert.equal(lines.length, 41 + 999);
    assert.deepEqual([lines.at(-1)?.functionKey, lines.at(-1)?.suppressed], ['late', 5000 - 998]);
    now += 86_400_000;
    write('quiet', observation);
    assert.deepEqual([lines.at(-1)?.thumbprintSha256, lines.at(-1)?.suppressed], ['quiet', 4]);
  });

  it('every denial is written or counted', () => {
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

  it('of admissions are never left out', () => {
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

  it('escapes what could forge a line or turn its text, and reads back as what it was', () => {
    const { context, lines, raw } = createContext();
    new DecisionLog().write(context, { decision: deny('trust_unavailable', { fault: name }, { identityName: name }) });
    assert.match(raw[0]!, /^[\x20-\x7e]+$/);
    assert.deepEqual([lines[0]?.identity, lines[0]?.detail], [name, name]);
  });

  it('of any text is one printable line of JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 150 }), (text) => {
        const line = formatLogLine({ text });
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
        assert.deepEqual(JSON.parse(line), { text });
      }),
    );
  });

  it('holds no certificate or key, whatever a store threw, and no endless text', () => {
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
    // An Ed25519 key is no longer than a thumbprint, but it says what it is.
    const key = execFileSync('openssl', ['genpkey', '-algorithm', 'ED25519'], { encoding: 'utf8' });
    const line = formatLogLine({ detail: `failed for ${key}.` });
    assert.ok(!line.includes(key.split('\n')[1]!.slice(0, 40)));
    assert.ok(formatLogLine({ detail: 'x '.repeat(100_000) }).length < 3000);
  });

  it('is quick for the longest header there can be', () => {
    const denial: Denial = deny('trust_unavailable', {
      fault: '-----BEGIN '.repeat(1500) + '%2'.repeat(5000),
    });
    const { context, lines } = createContext();
    new DecisionLog().write(context, { decision: denial });
    assert.equal(lines.length, 1);
  });
});
