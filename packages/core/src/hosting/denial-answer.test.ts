import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type Denial, type DenialCode, denialCodes, deny, getPublicCode, getPublicStatus } from '../denial.js';
import { createDenialAnswer } from './denial-answer.js';
import { denialFacts, denySome, listMarks, markFacts } from '../test-support/denial-facts.js';

describe('the answer to a refusal', () => {
  for (const code of denialCodes) {
    it(`has only the public code and the correlation id for ${code}`, () => {
      const marked = fc.sample(denialFacts[code] as fc.Arbitrary<object>, 20).map(markFacts);
      const [first = {}] = marked;
      const { status, headers, body } = createDenialAnswer(deny(code, first as never), 'id', undefined);
      assert.equal(status, getPublicStatus(code));
      const { title, ...problem } = JSON.parse(body) as Record<string, unknown>;
      const publicCode = getPublicCode(code);
      const type = `urn:certgate:problem:${publicCode}`;
      assert.deepEqual(problem, { type, status, code: publicCode, correlationId: 'id' });
      assert.match(String(title), /\.$/);
      for (const facts of marked) {
        const denial = deny(code, facts as never, { identityName: 'mark-of-the-identity' });
        const answer = createDenialAnswer(denial, 'id', undefined);
        assert.deepEqual(answer, { status, headers, body });
        for (const mark of [...listMarks(facts), 'mark-of-the-identity', denial.detail])
          assert.ok(!JSON.stringify(answer).includes(mark), mark);
      }
      assert.equal(headers['content-type'], 'application/problem+json');
      assert.equal(headers['cache-control'], 'no-store');
      // RFC 9110 §15.5.2 requires a challenge with every 401.
      assert.equal(headers['www-authenticate'], status === 401 ? 'ClientCertificate' : undefined);
      assert.equal(headers['retry-after'], code === 'trust_unavailable' ? '10' : undefined);
    });
  }

  it('has the precise code in Development, and the document that refuses the caller', () => {
    const report = { description: 'file trust.json', revision: 7, warnings: [], fault: undefined };
    const read = (denial: Denial, development: { trust?: typeof report }): unknown =>
      (JSON.parse(createDenialAnswer(denial, 'id', development).body) as { development: unknown }).development;
    const trust = { source: 'file trust.json', revision: 7 };
    const stranger = denySome('certificate_not_trusted');
    const said = { code: stranger.code, detail: stranger.detail };
    assert.deepEqual(read(stranger, { trust: report }), { ...said, trust });
    assert.deepEqual(read(stranger, {}), said);
    const names = (code: DenialCode): boolean =>
      Object.hasOwn(read(denySome(code), { trust: report }) as object, 'trust');
    assert.deepEqual((['role_missing', 'pin_expired', 'identity_disabled'] as const).map(names), [true, true, true]);
    assert.deepEqual((['certificate_missing', 'front_end_unknown'] as const).map(names), [false, false]);
  });
});
