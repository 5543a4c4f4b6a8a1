import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createClientIdentity } from './authentication.js';
import { decodeClientCertificate } from '@certgate/x509';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { type RememberedIdentity, IdentityCache } from './decision-memory.js';
import type { ClientIdentity } from './decision.js';

const { der, header } = makeCertificate();
const decoding = decodeClientCertificate(der);
assert.ok(decoding.ok);
const { certificate } = decoding;
const identityOf = (name: string): ClientIdentity =>
  createClientIdentity({ name, roles: [] }, certificate, { matchedBy: 'test' });
const rememberedOf = (name: string, more: Partial<RememberedIdentity> = {}): RememberedIdentity => ({
  identity: identityOf(name),
  version: 'v1',
  validFrom: Number.NEGATIVE_INFINITY,
  validUntil: Number.POSITIVE_INFINITY,
  ...more,
});
const nameOf = (cache: IdentityCache, text: string, version = 'v1', at = now): string | undefined =>
  cache.find(text, version, at)?.name;

/** Another text that differs only in its first character. */
const collide = (text: string): string => (text.startsWith('M') ? 'N' : 'M') + text.slice(1);

describe('a remembered identity', () => {
  test('is found by its text and by no other text', () => {
    const cache = new IdentityCache();
    assert.equal(nameOf(cache, header), undefined);
    cache.remember(header, rememberedOf('a'));
    assert.equal(nameOf(cache, header), 'a');
    for (const text of [
      '',
      header.slice(1),
      header.slice(0, -1),
      `${header} `,
      ` ${header}`,
      header.slice(-64),
      header.toLowerCase(),
      collide(header),
    ]) {
      assert.equal(nameOf(cache, text), undefined);
    }
  });
  test('is not found under another version', () => {
    const cache = new IdentityCache();
    cache.remember(header, rememberedOf('a'));
    assert.equal(nameOf(cache, header, 'v2'), undefined);
    cache.remember(header, rememberedOf('b', { version: 'v2' }));
    assert.equal(nameOf(cache, header, 'v2'), 'b');
    assert.equal(nameOf(cache, header, 'v1'), undefined);
    assert.equal(cache.size, 1);
  });
  test('is found in [validFrom, validUntil)', () => {
    const cache = new IdentityCache();
    cache.remember(header, rememberedOf('a', { validFrom: now, validUntil: now + 10 }));
    const at = (time: number): string | undefined => nameOf(cache, header, 'v1', time);
    assert.deepEqual([at(now - 1), at(now), at(now + 9), at(now + 10)], [undefined, 'a', 'a', undefined]);
    assert.equal(at(Number.NaN), undefined);
  });
  test('is found by a text that is shorter than a tail', () => {
    const cache = new IdentityCache();
    cache.remember('AAAA', rememberedOf('a'));
    assert.equal(nameOf(cache, 'AAAA'), 'a');
    assert.equal(nameOf(cache, 'BAAAA'), undefined);
  });
});

describe('another text with the same tail', () => {
  const other = collide(header);
  test('is a miss, never a denial, and evicts nothing', () => {
    const cache = new IdentityCache();
    cache.remember(header, rememberedOf('a'));
    cache.remember(other, rememberedOf('b'));
    assert.equal(nameOf(cache, header), 'a');
    assert.equal(nameOf(cache, other), undefined);
    assert.equal(cache.size, 1);
  });
  test('replaces an identity of another version', () => {
    const cache = new IdentityCache();
    cache.remember(header, rememberedOf('a'));
    cache.remember(other, rememberedOf('b', { version: 'v2' }));
    assert.equal(nameOf(cache, other, 'v2'), 'b');
    assert.equal(nameOf(cache, header, 'v2'), undefined);
  });
});

describe('the memory of identities is bounded', () => {
  test('by the number of identities', () => {
    const cache = new IdentityCache(3);
    for (let index = 0; index < 10; index += 1) cache.remember(`${header}${index}`, rememberedOf(`${index}`));
    assert.equal(cache.size, 3);
    assert.deepEqual(
      [6, 7, 8, 9].map((index) => nameOf(cache, `${header}${index}`)),
      [undefined, '7', '8', '9'],
    );
  });
  test('and remembering the same identity again takes no more room', () => {
    const cache = new IdentityCache(2, 2 * header.length);
    for (let index = 0; index < 10; index += 1) cache.remember(header, rememberedOf('a'));
    cache.remember(`B${header.slice(1, -1)}C`, rememberedOf('b'));
    assert.equal(cache.size, 2);
    assert.equal(nameOf(cache, header), 'a');
  });
  test('by the characters of their texts, because the owner of a pinned key can make certificates as large as a header may be', () => {
    const cache = new IdentityCache(100, 1_000);
    for (let index = 0; index < 10; index += 1) cache.remember(`${'A'.repeat(299)}${index}`, rememberedOf(`${index}`));
    assert.equal(cache.size, 3);
    cache.remember('B'.repeat(1_001), rememberedOf('large'));
    assert.equal(cache.size, 0);
    cache.remember('C'.repeat(1_000), rememberedOf('fits'));
    assert.equal(cache.size, 1);
  });
});
