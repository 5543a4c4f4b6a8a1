import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { classifyRequest, getCertificateRequestTime, isExcludedPath } from './client-certificate-mode.js';

const policy = { exclusionPaths: ['/Public'], worstCase: false };

test('the certificate is requested in the handshake unless the front end must read the request first', () => {
  assert.equal(getCertificateRequestTime('required', []), 'in-handshake');
  assert.equal(getCertificateRequestTime('optional', []), 'in-handshake');
  assert.equal(getCertificateRequestTime('required', ['/a']), 'after-request-head');
  assert.equal(getCertificateRequestTime('optional', ['/a']), 'after-request-head');
  assert.equal(getCertificateRequestTime('optional-interactive', []), 'after-request-head');
  assert.equal(getCertificateRequestTime('ignore', []), 'never');
  assert.equal(getCertificateRequestTime('ignore', ['/a']), 'never');
});

test('an exclusion path is a prefix, compared without regard to case, as on Azure', () => {
  for (const path of ['/public', '/PUBLIC/x', '/publicadmin', '/public?a=/orders']) {
    assert.equal(isExcludedPath(policy, path), true, path);
  }
  for (const path of ['/', '/orders', '/orders?x=/public', '/orders/public', '/publi']) {
    assert.equal(isExcludedPath(policy, path), false, path);
  }
  assert.equal(isExcludedPath({ ...policy, exclusionPaths: [] }, '/public'), false);
});

test('a path that is excluded in one of two readings requires a certificate, except in the worst case', () => {
  const twoFaced = [
    '/public/../orders',
    '/public/%2e%2e/orders',
    '/public/%252e%252e/orders',
    '/public%2f..%2forders',
    '/public\\..\\orders',
    '//public',
    '/%70ublic',
    '/orders/../public',
    '/./public',
  ];
  for (const path of twoFaced) {
    assert.equal(isExcludedPath(policy, path), false, path);
    assert.equal(isExcludedPath({ ...policy, worstCase: true }, path), true, path);
  }
});

test('escapes within escapes are decoded completely', () => {
  const depth = (count: number): string => `/%${'25'.repeat(count)}70ublic`;
  const worst = { ...policy, worstCase: true };
  for (const path of [depth(0), depth(1), depth(7000), '/%%37%30ublic'])
    assert.equal(isExcludedPath(worst, path), true, path.slice(0, 40));
  for (const path of ['/%7', '/%', '/%zzpublic', '/%f0ublic', `/%${'25'.repeat(7000)}`])
    assert.equal(isExcludedPath(worst, path), false, path.slice(0, 40));
});

test('property: one pass decodes as much as repeated decoding', () => {
  const decodeOnce = (path: string): string =>
    path.replace(/%([0-7][0-9a-f])/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  const decodeAgainAndAgain = (path: string): string => {
    const next = decodeOnce(path);
    return next === path ? path : decodeAgainAndAgain(next);
  };
  const characters = fc.constantFrom(...Array.from('%%%%2256701eEfFxp/.\\é'));
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 60 }), fc.nat(5), (text, length) => {
      const decoded = decodeAgainAndAgain(`/${text}`);
      fc.pre(!/[/\\]\.{0,2}([/\\]|$)/.test(decoded.slice(1)) && !/^\/(?:[/\\]|\.{1,2}(?:[/\\]|$))/.test(decoded));
      const normalized = decoded.replaceAll('\\', '/');
      const excludes = (path: string, prefix: string): boolean =>
        isExcludedPath({ exclusionPaths: [prefix], worstCase: true }, path);
      assert.equal(excludes(`/${text}`, normalized), true, text);
      assert.equal(excludes(`/${text}`, `${normalized}~`), false, text);
      assert.equal(excludes(`/${text}`, normalized.slice(0, length + 1)), true, text);
    }),
    { numRuns: 2000 },
  );
});

test('each mode decides for each request whether a certificate is needed', () => {
  const request = { target: '/orders', userAgent: 'curl/8' };
  const browser = { target: '/orders', userAgent: 'Mozilla/5.0 (X11)' };
  const excluded = { target: '/public/x', userAgent: 'curl/8' };
  assert.equal(classifyRequest({ ...policy, mode: 'required' }, request), 'required');
  assert.equal(classifyRequest({ ...policy, mode: 'required' }, browser), 'required');
  assert.equal(classifyRequest({ ...policy, mode: 'optional' }, browser), 'optional');
  assert.equal(classifyRequest({ ...policy, mode: 'optional-interactive' }, request), 'optional');
  assert.equal(classifyRequest({ ...policy, mode: 'optional-interactive' }, browser), 'none');
  assert.equal(classifyRequest({ ...policy, mode: 'ignore' }, request), 'none');
  for (const mode of ['required', 'optional', 'optional-interactive'] as const) {
    assert.equal(classifyRequest({ ...policy, mode }, excluded), 'none');
  }
});
