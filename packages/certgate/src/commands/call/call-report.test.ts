import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCallReport } from './call-report.js';

const problem = (contentType: string, body: string): string | null =>
  createCallReport({ response: { status: 401, headers: { 'content-type': contentType }, body } }, undefined).code;

test('the code of an answer is read only from a problem document', () => {
  assert.equal(problem('application/problem+json', '{"code":"forbidden"}'), 'forbidden');
  assert.equal(problem('application/problem+json; charset=utf-8', '{"code":"forbidden"}'), 'forbidden');
  assert.equal(problem('application/json', '{"code":"forbidden"}'), null);
  for (const body of ['', 'null', '[]', '{"code":1}', '{', '"code"']) {
    assert.equal(problem('application/problem+json', body), null);
  }
});
