import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it, type TestContext } from 'node:test';
import { type DecisionEvent, decisionChannelName, type FrontEndName, trustStoreFromDocument } from '@certgate/core';
import {
  frontEndForms,
  type Lines,
  listDoubledLines,
  writeVerified,
} from '@certgate/core/test-support/front-end-forms.js';
import { bothPinned, caller, victim } from '@certgate/core/test-support/front-end-stage.js';
import fc from 'fast-check';
import { secureFetch } from '../secure-fetch.js';
import { createStage, fieldsOf, operator } from '../test-support/gate-stage.js';
import { converse, start } from '../test-support/server-stage.js';
import type { GateOptions } from './gate-settings.js';
import { findInRawHeaders, toFindField } from './header-fields.js';

const names = [
  'x-client-certificate',
  'X-Client-Certificate',
  'X_Client_Certificate',
  'x-client-certificate2',
  'accept',
];
const line = fc.tuple(fc.constantFrom(...names), fc.string({ maxLength: 5 }));

it('every line of a field is found, and no line of another field', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      for (const name of ['x-client-certificate', 'accept', 'host']) {
        const values = lines.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
        assert.deepEqual(findInRawHeaders(lines.flat(), undefined)(name) ?? [], values);
        const record: Record<string, string[]> = {};
        for (const [each, value] of lines) (record[each] ??= []).push(value);
        assert.deepEqual([toFindField(record)(name)].flat().sort(), values.sort());
      }
    }),
  );
});

it('a member of a prototype is not a field', (context) => {
  const inherited = Object.create({ 'x-client-certificate': 'x' }) as Record<string, string>;
  assert.deepEqual(toFindField(inherited)('x-client-certificate'), []);
  Object.defineProperty(Object.prototype, 'get', {
    value: () => 'x',
    configurable: true,
    enumerable: false,
    writable: true,
  });
  context.after(() => Reflect.deleteProperty(Object.prototype, 'get'));
  assert.deepEqual(toFindField({ accept: 'y' })('x-client-certificate'), []);
});

it("of all texts, only an identity's certificate is admitted, once and as the front end writes it", async (context) => {
  const { gate } = createStage(context, {
    decisionLog: 'denials',
    log: { info: () => undefined, warn: () => undefined },
  });
  const { header } = operator;
  const edited = fc
    .tuple(fc.nat(header.length - 1), fc.constantFrom('A', 'b', '/', '+', '=', ',', ' ', '%', ''))
    .map(([index, text]) => header.slice(0, index) + text + header.slice(index + 1));
  const texts = fc.oneof(
    edited,
    fc.string({ maxLength: 60 }),
    fc.constantFrom(`${header},`, `${header},${header}`, `${header}\n`, header.slice(4), header.replaceAll('/', '_')),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      fc.pre(text.trim() !== header);
      const decision = await gate.decide({ ...fieldsOf(operator), 'x-client-certificate': text });
      assert.equal(decision.outcome, 'denied', text);
    }),
    { numRuns: 1_000 },
  );
});

const trustStore = trustStoreFromDocument(bothPinned);
const optionsFor = (frontEnd: string): Partial<GateOptions> => ({
  frontEnd: frontEnd as FrontEndName,
  ...(frontEnd !== 'app-service' && { frontEndIsolation: 'loopback' }),
  trustStore,
});

/** Collects the codes of events, because the log limits how many lines it writes for one code. */
function hearCodes(context: TestContext): string[] {
  const codes: string[] = [];
  const hear = (event: unknown): void => {
    codes.push((event as DecisionEvent).code);
  };
  subscribe(decisionChannelName, hear);
  context.after(() => unsubscribe(decisionChannelName, hear));
  return codes;
}

for (const form of frontEndForms) {
  const { name, fields } = form.frontEnd;
  const ask = async (port: number, lines: Lines): Promise<string> => {
    const text = [['host', 'x'], ['connection', 'close'], ...lines].map(([each, value]) => `${each}: ${value}\r\n`);
    return (await converse(port, `GET / HTTP/1.1\r\n${text.join('')}\r\n`)).slice(9, 12);
  };

  describe(`lines behind ${name}`, () => {
    it('are one line with the certificate, or the request is refused', async (context) => {
      const { gate, port } = await start(context, (_, response) => response.end(), optionsFor(name));
      const codes = hearCodes(context);
      const own = writeVerified(form, caller.der);
      assert.equal(await ask(port, Object.entries(own)), '200');
      assert.equal((await gate.decide(own)).code, 'allowed');
      codes.length = 0;
      for (const doubled of listDoubledLines(form)) {
        const lists: Record<string, string[]> = {};
        for (const [each, value] of doubled) (lists[each.toLowerCase()] ??= []).push(value);
        assert.equal(await ask(port, doubled), '401');
        await gate.decide(lists);
        await gate.decide(Object.fromEntries(doubled));
        await gate.decide((each) => lists[each]);
        assert.deepEqual(codes.splice(0), Array(4).fill('certificate_multiple'));
        // Code that joins the lines hides how many there were.
        for (const separator of [',', ', ']) {
          const joined = Object.fromEntries(Object.entries(lists).map(([each, all]) => [each, all.join(separator)]));
          await gate.decide(joined);
        }
        const guarded = secureFetch(() => new Response(), gate);
        await guarded(new Request('http://x/', { headers: doubled.map(([each, value]) => [each, value]) }));
        for (const code of codes.splice(0)) assert.match(code, /^certificate_m(?:ultiple|alformed)$/);
      }
    });

    it('are complete, or the request is refused, because Node.js drops lines beyond a number', async (context) => {
      const codes = hearCodes(context);
      const { port, server } = await start(context, (_, response) => response.end(), optionsFor(name));
      const [first = ['', ''], ...others] = listDoubledLines(form)[0] ?? [];
      const between = (count: number): Lines => [first, ...Array<Lines[0]>(count).fill(['a', '']), ...others];
      const answers: string[] = [];
      for (const [maximum, count] of [
        [null, 1_500],
        [50, 100],
        [0, 1_500],
      ] as const) {
        server.maxHeadersCount = maximum;
        answers.push(await ask(port, between(count)));
      }
      // Some versions of Node.js refuse such requests themselves.
      const ofNode = answers[0] === '431' ? '431' : '401';
      assert.deepEqual(answers, [ofNode, ofNode, '401']);
      assert.deepEqual(codes, Array(ofNode === '431' ? 1 : 3).fill('certificate_multiple'));
      assert.equal(await ask(port, [...between(1_500).slice(1)]), '200');
    });

    if (form.handsOnChain)
      it('may be several lines of a chain that has a field of its own, and one line that contains a chain', async (context) => {
        const { gate, port } = await start(context, (_, response) => response.end(), optionsFor(name));
        const written = Object.entries(form.write(caller.der, [victim.der, victim.der]));
        assert.equal(await ask(port, written), '200');
        const split = written.flatMap(([each, value]): Lines => {
          return each === fields[0] ? [[each, value]] : value.split(', ').map((part) => [each, part]);
        });
        assert.equal(await ask(port, split), '200');
        assert.equal(
          (await gate.decide(Object.fromEntries(written.map(([each, value]) => [each, [value]])))).code,
          'allowed',
        );
      });
  });
}

it('a text that may be two lines behind Traefik is read as a chain by an app that accepts chains', async (context) => {
  const form = frontEndForms.find(({ frontEnd }) => frontEnd.name === 'traefik');
  assert.ok(form);
  const fields = form.write(caller.der, [victim.der]);
  for (const options of [{}, { acceptForwardedChain: true }] as const) {
    const { gate, lines } = createStage(context, { ...optionsFor('traefik'), ...options });
    await gate.decide(fields);
    const expected = 'acceptForwardedChain' in options ? 'allowed' : 'certificate_multiple';
    const [line = {}] = lines;
    assert.equal(line['code'], expected);
    if (expected !== 'allowed') assert.match(String(line['detail']), /set acceptForwardedChain: true/);
  }
});
