import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { HandshakeAnswer } from '#local/client/handshake-request.js';
import type { TlsVersion, WireAnswer } from '#local/client/wire-request.js';
import { classifyAnswer } from '../verdict.js';
import { judgeKeyProof } from './key-proof-probe.js';

const wireAnswer: fc.Arbitrary<WireAnswer> = fc.oneof(
  fc.constantFrom(200, 204, 301, 401, 403, 500).map((status) => ({
    kind: 'answered' as const,
    status,
    fields: [],
    body: Buffer.alloc(0),
    tls: undefined,
  })),
  fc
    .constantFrom(
      'ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR',
      'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
      'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
    )
    .map((code) => ({ kind: 'tls-refused' as const, code })),
  fc.constantFrom('closed', 'timed-out', 'not-http', 'unreachable').map((kind) => ({ kind, code: 'x' }) as const),
);
const handshake: fc.Arbitrary<HandshakeAnswer> = fc.record({
  answer: wireAnswer,
  isRequested: fc.boolean(),
  isComplete: fc.boolean(),
});
const version = fc.constantFrom<TlsVersion>('TLSv1.2', 'TLSv1.3');

it('property: the verdict fails only if the function answered, and holds only after an alert in a full handshake', () => {
  fc.assert(
    fc.property(handshake, handshake, version, (proven, unproven, tlsVersion) => {
      const [verdict] = judgeKeyProof(proven, unproven, tlsVersion);
      assert.equal(verdict === 'fails', classifyAnswer(unproven.answer) === 'admitted');
      const isAlert = unproven.answer.kind === 'tls-refused' && /ALERT_(?:DECRYPT|BAD)/.test(unproven.answer.code);
      const isInPlace = unproven.isComplete === (tlsVersion === 'TLSv1.3');
      assert.equal(verdict === 'holds', isAlert && isInPlace && proven.isRequested && unproven.isRequested);
    }),
  );
});
