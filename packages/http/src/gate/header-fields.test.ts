import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { createStage, fieldsOf, operator } from '../test-support/gate-stage.js';
import { findInRawHeaders, toFindField } from './header-fields.js';

const names = [
  'x-client-certificate',
  'X-Client-Certificate',
  'X_Client_Certificate',
  'x-client-certificate2',
  'accept',
];
const line = fc.tuple(fc.constantFrom(...names), fc.string({ maxLength: 5 }));

/** RFC 9110 section 5.3: the lines of one field, joined in their order. */
const join = (lines: readonly (readonly [string, string])[], name: string): string | undefined => {
  const values = lines.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(',');
};

it('every line of a field is found, and of no other', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      for (const name of ['x-client-certificate', 'accept', 'host']) {
        assert.equal(findInRawHeaders(lines.flat())(name), join(lines, name));
        const record: Record<string, string[]> = {};
        for (const [each, value] of lines) (record[each] ??= []).push(value);
        const found = toFindField(record)(name)?.split(',').sort();
        assert.deepEqual(found, join(lines, name)?.split(',').sort());
      }
    }),
  );
});

it('what stands on a prototype is not a field', (context) => {
  const inherited = Object.create({ 'x-client-certificate': 'x' }) as Record<string, string>;
  assert.equal(toFindField(inherited)('x-client-certificate'), undefined);
  Object.defineProperty(Object.prototype, 'get', {
    value: () => 'x',
    configurable: true,
    enumerable: false,
    writable: true,
  });
  context.after(() => Reflect.deleteProperty(Object.prototype, 'get'));
  assert.equal(toFindField({ accept: 'y' })('x-client-certificate'), undefined);
});

it('of all texts, the certificate of an identity alone is admitted, once and as the front end writes it', async (context) => {
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
