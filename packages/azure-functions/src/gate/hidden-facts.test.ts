import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createDenialAnswer, type Denial, denialCodes, deny } from '@certgate/core';
import { denySome, listMarks, markFacts } from '@certgate/core/test-support/denial-facts.js';
import { answerInvocation, answerMcpInvocation, createRefusal } from './denial-response.js';

// What the gate knew is only for the operator, so no form of a function's answer may contain any of it.

/** A denial whose facts have texts that occur nowhere else. */
function denyMarked(code: Denial['code']): { readonly denial: Denial; readonly marks: readonly string[] } {
  const facts = markFacts(denySome(code).facts ?? {});
  return { denial: deny(code, facts as never), marks: listMarks(facts) };
}

describe('the facts of a denial', () => {
  for (const code of denialCodes) {
    it(`are in no answer for ${code}`, () => {
      const { denial, marks } = denyMarked(code);
      const answer = createDenialAnswer(denial, 'id', undefined);
      const httpMetadata = { name: 'Orders', bindings: { $return: { type: 'http', direction: 'out' } } };
      const toolMetadata = { name: 'Orders', bindings: { tool: { type: 'mcpToolTrigger', useResultSchema: true } } };
      const sent: unknown[] = [];
      const respond = (response: unknown): boolean => sent.push(response) > 0;
      const refusal = createRefusal(denial, 'Orders', 'id');
      const answers = [
        answerInvocation(answer, {}, httpMetadata),
        answerMcpInvocation(answer, 'id', { call: { core: { metadata: toolMetadata } }, respond } as never),
        ...[sent, refusal.message, refusal.stack, String(refusal), JSON.stringify(refusal)],
      ];
      assert.equal(sent.length, 1);
      const text = inspect(answers, { depth: 9 });
      for (const mark of marks) assert.ok(!text.includes(mark), mark);
    });
  }
});
