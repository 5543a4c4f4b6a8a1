import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readWireResponse, WireResponseError, type WireResponse } from './wire-response.js';

/** Reads a response that arrives in pieces of `size` bytes. */
function read(text: string, method = 'GET', size: number = text.length): Promise<WireResponse> {
  const bytes = Buffer.from(text, 'latin1');
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  return readWireResponse(Readable.from(pieces), method);
}

describe('readWireResponse', () => {
  for (const [what, text, status, body, method] of [
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokREST', 200, 'okREST', 'GET'],
    ['the end of the connection', 'HTTP/1.0 401 No\r\n\r\nno', 401, 'no', 'GET'],
    [
      'chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: v\r\n\r\n',
      200,
      'abc',
      'GET',
    ],
    ['chunks that break off', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab', 200, 'ab', 'GET'],
    ['interim answers', 'HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 204 None\r\n\r\n', 204, '', 'GET'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 200, '', 'HEAD'],
    ['no reason', 'HTTP/1.1 404\r\n\r\n', 404, '', 'GET'],
  ] as const) {
    it(`reads an answer with ${what}, whatever pieces it arrives in`, async () => {
      for (const size of [1, 3, text.length]) {
        const response = await read(text, method, size);
        assert.equal(response.status, status);
        // How much is read after a complete body depends on the pieces.
        assert.ok(body.startsWith(response.body.toString()) || response.body.toString() === body);
        if (!text.includes('REST')) assert.equal(response.body.toString(), body);
      }
    });
  }

  it('returns names in lower case, fields in their order, and repeated fields', async () => {
    const { fields } = await read('HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nX:  b \r\nset-cookie: c\r\n\r\n');
    assert.deepEqual(fields, [
      ['set-cookie', 'a'],
      ['x', 'b'],
      ['set-cookie', 'c'],
    ]);
  });

  it('reads at most 64 KiB of a body, and of a head that has no end', async () => {
    let sent = 0;
    const endless = function* (first: string): Generator<Buffer> {
      yield Buffer.from(first);
      for (;;) {
        sent += 65_536;
        yield Buffer.alloc(65_536, 'x');
      }
    };
    const { body } = await readWireResponse(Readable.from(endless('HTTP/1.1 200 OK\r\n\r\n')), 'GET');
    assert.equal(body.length, 65_536);
    assert.ok(sent < 2_000_000);
    await assert.rejects(readWireResponse(Readable.from(endless('HTTP/1.1 200 OK\r\nA: ')), 'GET'), WireResponseError);
  });

  it('refuses an answer that is not HTTP/1, too many interim answers, and a connection that ends within the head', async () => {
    for (const text of ['SSH-2.0-x\r\n', 'HTTP/2 200\r\n\r\n', 'HTTP/1.1 2000 x\r\n\r\n', 'HTTP/1.1 200 OK\r\nA'])
      await assert.rejects(read(text), WireResponseError, text);
    await assert.rejects(read('HTTP/1.1 100 x\r\n\r\n'.repeat(11)), WireResponseError);
    await assert.rejects(read('', 'GET', 1), { code: 'closed' });
  });

  it('answers or refuses any bytes, and does so fast', async () => {
    const parts = fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '0',
      '\r\n0\r\na',
      'f',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(parts, fc.string({ maxLength: 5 })), { maxLength: 40 }), async (texts) => {
        const outcome = await read(texts.join(''), 'GET', 7).catch((fault: unknown) => fault);
        assert.ok(!(outcome instanceof Error) || 'code' in outcome);
      }),
    );
    const began = process.cpuUsage();
    await read(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\n0\r\n'.repeat(10_000)}`, 'GET', 1000);
    assert.ok(process.cpuUsage(began).user < 2_000_000);
  });
});
