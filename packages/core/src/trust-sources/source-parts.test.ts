import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { digestSha256, readCappedBody } from './document-bytes.js';
import { isLoopbackHost, redactUrl, redactUrlsIn } from '../encoding/shown-url.js';
import { pause } from './trust-source.js';
import { runOpenssl } from '@certgate/x509/test-support/openssl.js';

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

describe('readCappedBody', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 });
  test('returns every byte in order, and refuses more bytes than the limit', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, fc.nat(100), async (each, limit) => {
        const whole = Buffer.concat(each);
        const reading = readCappedBody(streamOf(each), limit, undefined);
        if (whole.length > limit) await assert.rejects(reading, /larger than/);
        else assert.deepEqual(Buffer.from(await reading), whole);
      }),
    );
  });
  test('returns every byte, however wrong the guess of the length is', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, fc.nat(300), async (each, guess) => {
        const body = await readCappedBody(streamOf(each), 200, undefined, guess);
        assert.deepEqual(Buffer.from(body), Buffer.concat(each));
      }),
    );
  });
  test('refuses another number of bytes than was announced', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, fc.nat(100), async (each, announced) => {
        const { length } = Buffer.concat(each);
        const reading = readCappedBody(streamOf(each), 1_000, announced);
        if (length !== announced) await assert.rejects(reading, /cut short/);
        else assert.equal((await reading).length, length);
      }),
    );
  });
});

test('digestSha256 is SHA-256, for short and for long inputs', async () => {
  for (const length of [0, 5, 1024 * 1024, 3 * 1024 * 1024 + 1]) {
    const bytes = Buffer.alloc(length, 'abc');
    const [expected] = runOpenssl(['dgst', '-sha256', '-r'], bytes).toString().split(' ');
    assert.equal(await digestSha256(bytes), expected?.toUpperCase());
  }
});

describe('the shown form of a URL', () => {
  test('has the place, and a mark if there is a query', () => {
    assert.equal(redactUrl(new URL('https://u:p@h.example:8/a/b?sig=x#f')), 'https://h.example:8/a/b?…');
    assert.equal(redactUrl(new URL('http://127.0.0.1:1')), 'http://127.0.0.1:1/');
  });
  test('replaces URLs inside a text', () => {
    assert.equal(
      redactUrlsIn('GET "https://u:p@h/a?sv=1&sig=x" and (https://h/b?c) failed; sig=y, token=z'),
      'GET "https://…@h/a?…" and (https://h/b?… failed; sig=… token=…',
    );
  });
  test('never contains the secret, wherever it is in the query', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.stringMatching(/^[A-Za-z0-9%]{12,30}$/), fc.string(), (url, secret, tail) => {
        assert.ok(!redactUrlsIn(`failed: ${url.split(/[?#]/)[0] ?? ''}?se=1&sig=${secret} ${tail}`).includes(secret));
      }),
    );
  });
});

test('isLoopbackHost accepts the names of this machine, and no look-alike', () => {
  const hostOf = (text: string): string => new URL(text).hostname;
  for (const url of ['http://localhost', 'http://127.0.0.1', 'http://127.9.8.7', 'http://2130706433', 'http://[::1]']) {
    assert.equal(isLoopbackHost(hostOf(url)), true, url);
  }
  for (const url of [
    'http://localhost.',
    'http://127.0.0.1.nip.io',
    'http://xlocalhost',
    'http://128.0.0.1',
    'http://[::]',
    'http://[::ffff:8.8.8.8]',
  ]) {
    assert.equal(isLoopbackHost(hostOf(url)), false, url);
  }
});

test('pause ends at once if its signal is aborted, before or during the pause', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  await pause(1_000, AbortSignal.abort());
  const controller = new AbortController();
  const pausing = pause(1_000, controller.signal);
  controller.abort();
  await pausing;
});
