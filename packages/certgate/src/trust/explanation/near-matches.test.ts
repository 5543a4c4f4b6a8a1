import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { parseTrustDocument, presentCertificate, type PresentedCertificate } from '@certgate/core/internal';
import fc from 'fast-check';
import { formatToolCall } from '../../texts/tool-call.js';
import { fillTemplate } from './command-template.js';
import { countDigitSlips, findNearMatches } from './near-matches.js';

function makeCertificate(commonName: string): PresentedCertificate {
  const der = execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-outform', 'DER'],
      ...['-subj', `/CN=${commonName}`, '-addext', 'subjectAltName=DNS:billing.corp.example', '-keyout', '/dev/null'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  return presentCertificate(der);
}

const certificate = makeCertificate('Billing');
const own = certificate.thumbprintSha256;
const digits = fc.string({ unit: fc.constantFrom(...Array.from('0123456789ABCDEF')), minLength: 64, maxLength: 64 });

function findLikeness(pin: object, name = 'a1'): string | undefined {
  const identities = [{ name, roles: [], pins: [pin] }];
  return findNearMatches(parseTrustDocument({ schemaVersion: 1, revision: 1, identities }), certificate)[0]?.likeness;
}

describe('a pin that comes near', () => {
  const replaceAt = (text: string, index: number, digit: string): string =>
    `${text.slice(0, index)}${digit}${text.slice(index + 1)}`;
  const other = (digit: string): string => (digit === '0' ? '1' : '0');
  const cases: readonly (readonly [string, object, RegExp | undefined])[] = [
    ['one digit', { thumbprintSha256: replaceAt(own, 63, other(own[63] ?? '')) }, /differs from .* in one digit/],
    ['a digit lost and one at the end', { thumbprintSha256: `${own.slice(0, 9)}${own.slice(10)}F` }, /in .*digit/],
    ['the first half', { thumbprintSha256: `${own.slice(0, 32)}${'0'.repeat(32)}` }, /the first 16 digits/],
    ['the second half', { thumbprintSha256: `${'0'.repeat(32)}${own.slice(32)}` }, /the last 16 digits/],
    [
      'by SHA-1',
      { thumbprintSha1: replaceAt(certificate.thumbprintSha1, 5, other(certificate.thumbprintSha1[5] ?? '')) },
      /thumbprintSha1 .* in one digit/,
    ],
    [
      'under the wrong key',
      { publicKeySha256: own, notAfter: '2099-01-01T00:00:00Z' },
      /as its thumbprintSha256: the pin has the wrong kind of hash/,
    ],
    ['a stranger', { thumbprintSha256: createHash('sha256').update('x').digest('hex') }, undefined],
  ];
  for (const [what, pin, likeness] of cases) {
    test(what, () => {
      const found = findLikeness(pin);
      if (likeness === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', likeness);
    });
  }
  test('is not needed if the identity has a name of the certificate', () => {
    const pin = { thumbprintSha256: '00'.repeat(32) };
    assert.match(findLikeness(pin, 'billing') ?? '', /has the name of the identity \(commonName\)/);
    assert.match(findLikeness(pin, 'billing.corp.example') ?? '', /\(dns\)/);
  });
});

describe('typing errors in a hash', () => {
  test('are never counted higher than they were made, and two different hashes have at least one', () => {
    fc.assert(
      fc.property(
        digits,
        fc.array(fc.tuple(fc.nat(62), fc.constantFrom('change', 'swap', 'lose', 'add')), { maxLength: 4 }),
        (text, slips) => {
          const slipped = slips.reduce((now, [at, kind]) => {
            const [start, one = '', two = '', end] = [now.slice(0, at), now[at], now[at + 1], now.slice(at + 2)];
            if (kind === 'swap') return `${start}${two}${one}${end}`;
            if (kind === 'lose') return `${start}${two}${end}`;
            return kind === 'add' ? `${start}0${one}${two}${end}` : `${start}0${two}${end}`;
          }, text);
          const count = countDigitSlips(text, slipped);
          // A digit that is swapped twice may no longer be next to its neighbour.
          if (slips.every(([, kind]) => kind !== 'swap') || slips.length <= 1) {
            assert.ok(count !== undefined && count <= slips.length, slipped);
          }
          assert.equal(countDigitSlips(text, text), 0);
          assert.equal(countDigitSlips(text, slipped), countDigitSlips(slipped, text));
        },
      ),
    );
    fc.assert(
      fc.property(digits, digits, (one, other) => {
        fc.pre(one !== other);
        const count = countDigitSlips(one, other);
        assert.ok(count === undefined || count > 0);
      }),
    );
  });

  test('are not found in the hashes of ten thousand other certificates', () => {
    const texts = Array.from({ length: 10_000 }, () => randomBytes(32).toString('hex').toUpperCase());
    assert.ok(texts.every((text) => countDigitSlips(own, text) === undefined));
  });
});

test('a shell reads every command as it was meant', { skip: process.platform === 'win32' }, () => {
  const words = fc.array(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => !/\p{C}/u.test(text)),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(words, (values) => {
      const command = formatToolCall(fillTemplate('trust add NAME --role ROLE', { NAME: 'a', ROLE: values }));
      const printed = execFileSync('sh', ['-c', `set -- ${command}\nprintf '%s\\0' "$@"`])
        .toString()
        .split('\0');
      assert.deepEqual(
        printed.slice(6, -1),
        values.flatMap((value) => ['--role', value]),
      );
    }),
    { numRuns: 60 },
  );
  assert.deepEqual(fillTemplate('trust enable NAME --pin PIN', { NAME: '-x', PIN: [] }), [
    'trust',
    'enable',
    '--',
    '-x',
  ]);
  assert.throws(() => fillTemplate('trust enable NAME', {}), /no value for NAME/);
});
