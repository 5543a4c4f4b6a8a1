import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noCheck, readOcsp, responderExtensions } from '../test-support/ocsp.js';
import { answer, authority, client, make, stranger } from '../test-support/ocsp-questions.js';
import { type MadeAuthority, makeCrl, readCrl } from '../test-support/revocation.js';
import { checkRevocation } from './path-revocation.js';
import type { ValidPath } from './path-validation.js';

const path: ValidPath = {
  outcome: 'valid',
  certificates: [client.certificate],
  trustAnchor: authority.certificate,
  validFrom: Number.NEGATIVE_INFINITY,
  validUntil: Number.POSITIVE_INFINITY,
  userConstrainedPolicySet: [],
};
/** It speaks of neither the client nor a responder. */
const foreign = readCrl(makeCrl({ authority: stranger }));

function judge(responder: MadeAuthority, profile: 'strict' | 'rfc5280'): string {
  const response = readOcsp(answer({ responder }));
  const verdict = checkRevocation({
    path,
    revocation: {
      mode: 'required',
      scope: 'chain',
      graceMilliseconds: 0,
      crls: [foreign],
      findOcspResponses: () => [response],
    },
    signers: [],
    isSignerValid: () => true,
    profile,
    now: response.producedAt,
  });
  return verdict.outcome === 'cleared' ? 'cleared' : verdict.code;
}

test('a responder without ocsp-nocheck, of whom the lists know nothing, is not believed', () => {
  const excepted = make({ name: 'responder', key: 'p-384', extensions: [...responderExtensions, noCheck] });
  const unlisted = make({ name: 'responder', key: 'p-384', extensions: responderExtensions });
  for (const profile of ['strict', 'rfc5280'] as const) {
    assert.equal(judge(excepted, profile), 'cleared');
    assert.equal(judge(unlisted, profile), 'revocation_unavailable');
  }
});
