import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { denialCodes, deny, getPublicCode, getPublicStatus } from '../denial.js';
import { createDenialAnswer } from './denial-answer.js';

const secret = 'Only the operator may read this.';

describe('the answer to a refusal', () => {
  for (const code of denialCodes) {
    it(`${code} tells the public code and the correlation id, and no more`, () => {
      const { status, headers, body } = createDenialAnswer(deny(code, secret), 'id', undefined);
      assert.equal(status, getPublicStatus(code));
      const { title, ...problem } = JSON.parse(body) as Record<string, unknown>;
      const publicCode = getPublicCode(code);
      const type = `urn:certgate:problem:${publicCode}`;
      assert.deepEqual(problem, { type, status, code: publicCode, correlationId: 'id' });
      assert.match(String(title), /\.$/);
      assert.ok(!body.includes(secret));
      assert.equal(headers['content-type'], 'application/problem+json');
      assert.equal(headers['cache-control'], 'no-store');
      // RFC 9110 §15.5.2: a challenge with every 401.
      assert.equal(headers['www-authenticate'], status === 401 ? 'ClientCertificate' : undefined);
      assert.equal(headers['retry-after'], code === 'trust_unavailable' ? '10' : undefined);
    });
  }

  it('has the precise code in Development, and the document that does not list the caller', () => {
    const report = { description: 'file trust.json', revision: 7, warnings: [], fault: undefined };
    const read = (code: 'certificate_not_trusted' | 'role_missing', development: { trust?: typeof report }): unknown =>
      (JSON.parse(createDenialAnswer(deny(code, secret), 'id', development).body) as { development: unknown })
        .development;
    const trust = { source: 'file trust.json', revision: 7 };
    assert.deepEqual(read('certificate_not_trusted', { trust: report }), {
      code: 'certificate_not_trusted',
      detail: secret,
      trust,
    });
    assert.deepEqual(read('certificate_not_trusted', {}), { code: 'certificate_not_trusted', detail: secret });
    assert.deepEqual(read('role_missing', { trust: report }), { code: 'role_missing', detail: secret });
  });
});
