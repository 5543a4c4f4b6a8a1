import assert from 'node:assert/strict';
import { it } from 'node:test';
import { denialCodes, deny } from '@certgate/core';
import { denySome, listMarks, markFacts } from '@certgate/core/test-support/denial-facts.js';
import { createStage } from '../test-support/gate-stage.js';

it('the facts of a denial are in no answer of the gate, whatever the code', (context) => {
  const { gate } = createStage(context);
  for (const code of denialCodes) {
    const facts = markFacts(denySome(code).facts ?? {});
    const answer = JSON.stringify(gate.createAnswer(deny(code, facts as never), 'id'));
    for (const mark of listMarks(facts)) assert.ok(!answer.includes(mark), `${code}: ${mark}`);
  }
});
