import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it, type TestContext } from 'node:test';
import { decisionChannelName, type DecisionEvent, type TrustStore, trustStoreFromDocument } from '@certgate/core';
import {
  createStage,
  emptyEnvironment,
  fieldsOf,
  operator,
  reader,
  secret,
  secretField,
  stranger,
  trustDocument,
} from '../test-support/gate-stage.js';
import { createGate, type Gate } from './http-gate.js';

const trustStore = trustStoreFromDocument(trustDocument);

async function codeOf(gate: Gate, ...args: Parameters<Gate['decide']>): Promise<string> {
  return (await gate.decide(...args)).code;
}

function silenceStart(context: TestContext): () => readonly string[] {
  const warn = context.mock.method(console, 'warn', () => undefined);
  return () => warn.mock.calls.map(({ arguments: [line] }) => (JSON.parse(String(line)) as { code: string }).code);
}

describe('decide', () => {
  it('admits by the fields of a Headers, an object or a function, and checks roles', async (context) => {
    const { gate } = createStage(context);
    const fields = fieldsOf(operator);
    const inCapitals = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toUpperCase(), [value]]));
    for (const headers of [new Headers(fields), fields, inCapitals, (name: string) => fields[name]]) {
      assert.equal(await codeOf(gate, headers), 'allowed');
      assert.equal(await codeOf(gate, headers, { roles: ['operator', ['reader', 'operator']] }), 'allowed');
      assert.equal(await codeOf(gate, headers, { roles: ['operator', ['reader', 'writer']] }), 'role_missing');
    }
    assert.equal(await codeOf(gate, fieldsOf(stranger)), 'certificate_not_trusted');
    assert.equal(await codeOf(gate, fieldsOf(undefined)), 'certificate_missing');
  });

  it('asks the trust document about the name of the gate, or of the requirement', async (context) => {
    const { gate } = createStage(context);
    assert.equal(await codeOf(gate, fieldsOf(reader)), 'allowed');
    assert.equal(await codeOf(gate, fieldsOf(reader), { functionName: 'orders' }), 'function_not_allowed');
    const { gate: other } = createStage(context, { functionName: 'orders' });
    assert.equal(await codeOf(other, fieldsOf(reader)), 'function_not_allowed');
  });

  it('treats two lines of one field as two lines, in whatever spelling', async (context) => {
    const { gate } = createStage(context);
    const rest = Object.fromEntries(Object.entries(fieldsOf(operator)).filter(([name]) => name !== secretField));
    for (const twice of [
      { ...rest, [secretField]: [secret, secret] },
      { ...rest, [secretField]: secret, 'X-Certgate-Front-End-Secret': secret },
      { ...rest, [secretField]: `${secret}, ${secret}` },
    ])
      assert.equal(await codeOf(gate, twice), 'front_end_bypassed');
    const again = { ...fieldsOf(operator), 'X-Client-Certificate': operator.header };
    assert.equal(await codeOf(gate, again), 'certificate_multiple');
  });

  it('refuses if the requirement or the headers are not valid, and never throws', async (context) => {
    const { gate, lines } = createStage(context);
    for (const requirement of [
      { role: 'x' },
      { roles: 'x' },
      { roles: [[]] },
      { roles: [''] },
      { functionName: ' ' },
      { roles: undefined },
      { functionName: undefined },
      { functionName: 'orders', roles: undefined },
      { roles: null },
      null,
      1,
    ])
      assert.equal(await codeOf(gate, fieldsOf(operator), requirement as never), 'internal_fault');
    for (const headers of [undefined, null, 1, 'x'] as never[])
      assert.equal(await codeOf(gate, headers), 'internal_fault');
    const thrower = (): never => {
      throw new Error('no');
    };
    assert.equal(await codeOf(gate, thrower), 'internal_fault');
    assert.equal(lines.length, 16);
  });

  it('writes one line and publishes one event for each decision, with the correlation id of the answer', async (context) => {
    const { gate, lines } = createStage(context);
    const events: DecisionEvent[] = [];
    const hear = (event: unknown): void => {
      events.push(event as DecisionEvent);
    };
    subscribe(decisionChannelName, hear);
    await gate.decide(fieldsOf(operator), undefined, 'one');
    const denial = await gate.decide(fieldsOf(undefined), undefined, 'two');
    unsubscribe(decisionChannelName, hear);
    const known = [
      ['allowed', 'http', 'one'],
      ['certificate_missing', 'http', 'two'],
    ];
    assert.deepEqual(
      lines.map((line) => [line['code'], line['function'], line['correlationId']]),
      known,
    );
    assert.deepEqual(
      events.map((event) => [event.code, event.functionName, event.correlationId]),
      known,
    );
    assert.ok(denial.outcome === 'denied');
    const { status, headers, body } = gate.createAnswer(denial, 'two');
    assert.equal(status, 401);
    assert.equal(headers['www-authenticate'], 'ClientCertificate');
    assert.equal((JSON.parse(body) as { correlationId: string }).correlationId, 'two');
    assert.ok(!JSON.stringify(lines).includes(secret));
  });

  it('refuses if the log fails', async (context) => {
    const fail = (): never => {
      throw new Error('disk full');
    };
    const { gate } = createStage(context, { log: { info: fail, warn: fail } });
    assert.equal(await codeOf(gate, fieldsOf(operator)), 'internal_fault');
  });
});

describe('start', () => {
  it('refuses every call after it was rejected', async (context) => {
    const readCodes = silenceStart(context);
    const failing: TrustStore = {
      start: () => Promise.reject(new Error('not valid')),
      find: () => ({ outcome: 'found', identity: { name: 'a', roles: [] }, matchedBy: 'x' }),
    };
    const { gate } = createStage(context, { trustStore: failing });
    await assert.rejects(gate.start(), /not valid/);
    for (let turn = 0; turn < 2; turn += 1) assert.equal(await codeOf(gate, fieldsOf(operator)), 'trust_unavailable');
    assert.deepEqual(readCodes(), ['trust_unavailable']);
    // If start was not called, the first decision calls it, and does not reject.
    const { gate: lazy } = createStage(context, { trustStore: failing });
    assert.equal(await codeOf(lazy, fieldsOf(operator)), 'trust_unavailable');
  });

  it('is waited for by every decision', async (context) => {
    let finish: () => void = () => undefined;
    const store: TrustStore = {
      start: () => new Promise((resolve) => (finish = resolve)),
      find: (...args) => trustStore.find(...args),
    };
    const { gate } = createStage(context, { trustStore: store });
    const decision = codeOf(gate, fieldsOf(operator));
    assert.equal(await Promise.race([decision, new Promise((resolve) => setImmediate(resolve, 'late'))]), 'late');
    finish();
    assert.equal(await decision, 'allowed');
  });

  it('is waited for only up to a limit', async (context) => {
    const store: TrustStore = {
      start: () => new Promise(() => undefined),
      find: (...args) => trustStore.find(...args),
    };
    const { gate, lines } = createStage(context, { trustStore: store });
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const decision = codeOf(gate, fieldsOf(operator));
    context.mock.timers.tick(15_000);
    assert.equal(await decision, 'trust_unavailable');
    assert.equal(lines.length, 1);
  });

  it('logs what is wrong with the front end', async (context) => {
    const readCodes = silenceStart(context);
    const { gate } = createStage(context, { frontEnd: 'nginx' });
    await gate.start();
    assert.deepEqual(readCodes(), ['front_end_unproven']);
    assert.equal(await codeOf(gate, fieldsOf(operator)), 'front_end_unproven');
    emptyEnvironment(context);
    assert.equal(await codeOf(createGate({ trustStore }), fieldsOf(operator)), 'front_end_unknown');
    process.env['CERTGATE_FRONT_END'] = 'nginx';
    assert.equal(await codeOf(createGate({ trustStore, frontEnd: 'direct-tls' }), {}), 'front_end_contradicted');
  });

  it('refuses every call if the setting for the secret is empty, although the front end is isolated', async (context) => {
    const readCodes = silenceStart(context);
    const isolated = { frontEnd: 'nginx', frontEndIsolation: 'private-network' } as const;
    const { gate } = createStage(context, isolated);
    process.env['CERTGATE_FRONT_END_SECRET'] = '';
    assert.equal(await codeOf(gate, fieldsOf(operator)), 'front_end_unproven');
    const { gate: given } = createStage(context, { ...isolated, frontEndSecret: secret });
    process.env['CERTGATE_FRONT_END_SECRET'] = '';
    assert.equal(await codeOf(given, fieldsOf(operator)), 'certificate_missing');
    assert.deepEqual(readCodes(), ['front_end_unproven']);
  });

  it('recommends no front end that anybody could pretend to be', async (context) => {
    const warn = context.mock.method(console, 'warn', () => undefined);
    emptyEnvironment(context);
    await createGate({ trustStore }).start();
    const [line] = warn.mock.calls.map(({ arguments: [each] }) => String(each));
    assert.match(
      line ?? '',
      /"code":"front_end_unknown".*nginx.*frontEnd: 'direct-tls'.*app-service is for apps on Azure/,
    );
  });

  it('reads no certificate from a header with direct-tls', async (context) => {
    emptyEnvironment(context);
    const gate = createGate({
      trustStore,
      frontEnd: 'direct-tls',
      log: { info: () => undefined, warn: () => undefined },
    });
    assert.equal(
      await codeOf(gate, { ...fieldsOf(operator), 'x-arr-clientcert': operator.header }),
      'certificate_missing',
    );
  });
});

describe('createGate', () => {
  const misuses: readonly (readonly [string, unknown, RegExp])[] = [
    ['nothing', undefined, /needs options/],
    ['no trust store', {}, /needs a trustStore/],
    ['a typo', { trustStore, allowanonymous: [] }, /has no option allowanonymous/],
    ['an unknown front end', { trustStore, frontEnd: 'lighttpd' }, /must be one of app-service/],
    ['a short secret', { trustStore, frontEnd: 'nginx', frontEndSecret: 'short' }, /32 to 256 characters/],
    ['a secret of direct-tls', { trustStore, frontEnd: 'direct-tls', frontEndSecret: secret }, /has no use for/],
    ['an isolation of direct-tls', { trustStore, frontEnd: 'direct-tls', frontEndIsolation: 'loopback' }, /no use for/],
    ['no name', { trustStore, functionName: '' }, /functionName of the gate must be/],
    ...['functionName', 'allowAnonymous', 'log', 'decisionLog', 'frontEnd', 'frontEndIsolation'].map(
      (name) =>
        [`${name} that is undefined`, { trustStore, [name]: undefined }, new RegExp(`${name}.*undefined`)] as const,
    ),
    ['a log without warn', { trustStore, log: { info: () => undefined } }, /info and warn/],
    ['no list', { trustStore, allowAnonymous: 'GET /health' }, /is a list/],
    ...[
      '/health',
      'get /health',
      'GET /health*',
      'GET /:id',
      'GET /a/../b',
      'GET //a',
      'GET /a?b',
      'GET /%61',
      'GET a',
      ' GET /a',
      'GET /a b',
      'GET /.',
      'GET /./a',
    ].map((route) => [`the route ${route}`, { trustStore, allowAnonymous: [route] }, /no patterns/] as const),
  ];
  for (const [what, options, message] of misuses) {
    it(`throws for ${what}`, (context) => {
      emptyEnvironment(context);
      assert.throws(() => createGate(options as never), { code: 'CERTGATE_ARGUMENT_INVALID', message });
    });
  }

  it('accepts methods and paths', (context) => {
    emptyEnvironment(context);
    createGate({
      trustStore,
      allowAnonymous: ['GET /', 'GET /health', 'HEAD /a/b.c/', 'GET /.well-known/x', 'GET /...'],
    });
  });
});
