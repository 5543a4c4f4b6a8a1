import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { appService } from '../front-ends/app-service.js';
import { caddy } from '../front-ends/caddy.js';
import { caller, victim } from '../test-support/front-end-stage.js';
import { expectSecret, FrontEndSecret, type FrontEndSecretOption } from './front-end-secret.js';
import { RequestReader } from './request-reader.js';

const first = 'a1B2c3D4.e5F6_g7H8~i9J0+k1L2/m3N4=o5P6-';
const second = 'second-value-of-another-length-than-the-first-one-0123456789';

const isProven = (option: FrontEndSecretOption, given: string | null | undefined): boolean =>
  new FrontEndSecret(option).isProvenBy(given);

describe('the secret of a front end', () => {
  it('is recognised by its exact text', () => {
    assert.equal(isProven(first, first), true);
    const others = [
      ...[null, undefined, '', ' ', first.slice(0, -1), first.slice(1), `${first}x`, `${first} `, ` ${first}`],
      ...[
        `${first},${first}`,
        `${first}, ${first}`,
        `${first},`,
        `,${first}`,
        `"${first}"`,
        `${first}\0`,
        `${first}\n`,
      ],
      ...[first.toUpperCase(), first.toLowerCase(), first.replace('a', 'ａ')],
      ...[first.repeat(2), first.slice(0, 16), Buffer.from(first).toString('base64'), 'x'.repeat(first.length)],
    ];
    for (const given of others) assert.equal(isProven(first, given), false, String(given));
  });

  it('is not recognised in other characters with the same low octets', () => {
    for (const offset of [0x100, 0x200, 0xff00, 0xd800]) {
      for (let index = 0; index < first.length; index += 1) {
        const lookalike = String.fromCharCode(first.charCodeAt(index) + offset);
        assert.equal(isProven(first, first.slice(0, index) + lookalike + first.slice(index + 1)), false);
      }
    }
    const whole = String.fromCharCode(...Array.from(first, (character) => character.charCodeAt(0) + 0x100));
    assert.equal(isProven(first, whole), false);
  });

  it('may have two values while they are exchanged, and both are valid', () => {
    for (const option of [
      [first, second],
      [second, first],
      [first, 'y'.repeat(first.length)],
    ] as const) {
      for (const value of option) assert.equal(isProven(option, value), true);
      assert.equal(isProven(option, option.join(' ')), false);
      assert.equal(isProven(option, option.join(',')), false);
      assert.equal(isProven(option, 'z'.repeat(first.length)), false);
    }
  });

  it('is compared anew for each request, so what one request brought does not help another', () => {
    const secret = new FrontEndSecret([first, second]);
    for (const proven of [first, second]) {
      assert.equal(secret.isProvenBy(proven), true);
      for (const given of ['', proven.slice(0, -1), `${proven.slice(0, -1)}\u0100`, `${proven.slice(0, -1)}é`])
        assert.equal(secret.isProvenBy(given), false);
      assert.equal(secret.isProvenBy(proven), true);
    }
  });

  it('is not recognised in any other text', () => {
    const secret = new FrontEndSecret(first);
    const near = fc
      .tuple(fc.nat(first.length - 1), fc.string({ unit: 'binary', minLength: 0, maxLength: 3 }))
      .map(([index, text]) => first.slice(0, index) + text + first.slice(index + 1));
    const any = fc.string({ unit: 'binary', minLength: first.length, maxLength: first.length });
    fc.assert(
      fc.property(fc.oneof(near, any), (given) => {
        assert.equal(secret.isProvenBy(given), given === first);
      }),
      { numRuns: countRuns(500) },
    );
  });
});

describe('what may be a secret', () => {
  it('has 32 to 256 characters that any header field carries', () => {
    for (const value of ['a'.repeat(32), 'a'.repeat(256), first]) assert.deepEqual(expectSecret(value), [value]);
    assert.deepEqual(expectSecret([first, second]), [first, second]);
    const bad = [
      ...['', 'a'.repeat(31), 'a'.repeat(257), `${first} `, `${first}\n`, `${first},`, `${first};`, `${first}"`],
      ...[`${first}é`, `${first}\u0141`, `${first} ${second}`, `${first}\0`],
    ];
    for (const value of bad) {
      assert.throws(() => expectSecret(value), { code: 'CERTGATE_ARGUMENT_INVALID' });
      assert.throws(() => new FrontEndSecret([first, value]), { code: 'CERTGATE_ARGUMENT_INVALID' });
    }
    for (const value of [[], [first, second, first]])
      assert.throws(() => expectSecret(value as readonly string[] as readonly [string, string]), {
        code: 'CERTGATE_ARGUMENT_INVALID',
      });
  });
});

describe('a request', () => {
  const reader = new RequestReader(caddy, new FrontEndSecret([first, second]), false);
  const read = (fields: Readonly<Record<string, string>>): string => {
    const reading = reader.read((name) => (Object.hasOwn(fields, name) ? fields[name] : undefined));
    return reading.outcome === 'denied' ? reading.code : reading.leaf;
  };
  const certificate = { 'x-client-certificate': caller.header };

  it('is refused without the secret, before its certificate is read', () => {
    assert.equal(read({ ...certificate, 'x-certgate-front-end-secret': first }), caller.header);
    assert.equal(read({ ...certificate, 'x-certgate-front-end-secret': second }), caller.header);
    for (const fields of [
      certificate,
      {},
      { 'x-client-certificate': 'garbage' },
      { ...certificate, 'x-certgate-front-end-secret': '' },
      { ...certificate, 'x-certgate-front-end-secret': `${first},${first}` },
      { ...certificate, x_certgate_front_end_secret: first },
      { ...certificate, 'x-arr-clientcert': victim.header, 'x-certgate-front-end-secret': second.slice(1) },
    ])
      assert.equal(read(fields), 'front_end_bypassed');
  });

  it('may have the secret and no certificate', () => {
    assert.equal(read({ 'x-certgate-front-end-secret': first }), 'certificate_missing');
  });

  it('is read only by the fields of its front end, and by that of the secret if there is one', () => {
    assert.deepEqual(reader.fields, ['x-client-certificate', 'x-certgate-front-end-secret']);
    assert.deepEqual(new RequestReader(appService, undefined, false).fields, ['x-arr-clientcert']);
  });
});
