import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WireAnswer } from '#local/client/wire-request.js';
import { type AnswerMeaning, classifyAnswer, combineVerdicts } from './verdict.js';

describe('what an answer means', () => {
  const statuses: readonly (readonly [AnswerMeaning, readonly number[]])[] = [
    ['admitted', [101, 200, 204, 299]],
    ['redirected', [301, 302, 307, 308]],
    ['refused', [400, 401, 403, 404, 405, 501, 505]],
    // Statuses that depend on the moment, on the size of the request or on a fault of the server. They show nothing
    // about the gate.
    ['undecided', [408, 413, 414, 425, 429, 431, 500, 502, 503]],
  ];
  for (const [outcome, list] of statuses) {
    it(`is "${outcome}" for ${list.join(', ')}`, () => {
      for (const status of list) {
        const answer = { kind: 'answered', status, fields: [], body: Buffer.alloc(0), tls: undefined } as const;
        assert.equal(classifyAnswer(answer), outcome, String(status));
      }
    });
  }

  it('is a refusal for a TLS alert about the certificate', () => {
    const alerts: Readonly<Record<string, AnswerMeaning>> = {
      ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'refused',
      ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'refused',
      ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'refused',
      ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'refused',
      ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: 'refused',
      ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: 'undecided',
      ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'undecided',
      ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'undecided',
    };
    for (const [code, outcome] of Object.entries(alerts))
      assert.equal(classifyAnswer({ kind: 'tls-refused', code }), outcome, code);
  });

  it('is undecided if there is no answer', () => {
    for (const kind of ['closed', 'timed-out', 'not-http', 'unreachable', 'server-not-trusted'] as const) {
      const answer: WireAnswer = { kind, code: 'x' };
      assert.equal(classifyAnswer(answer), 'undecided');
    }
  });
});

it('a combined verdict fails if one part fails, and cannot tell if one part cannot tell or there is no part', () => {
  assert.equal(combineVerdicts(['holds', 'cannot-tell', 'fails']), 'fails');
  assert.equal(combineVerdicts(['holds', 'cannot-tell']), 'cannot-tell');
  assert.equal(combineVerdicts(['holds', 'holds']), 'holds');
  assert.equal(combineVerdicts([]), 'cannot-tell');
});
