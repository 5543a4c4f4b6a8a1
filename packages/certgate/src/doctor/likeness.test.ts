import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { WireAnswer } from '#local/client/wire-request.js';
import { createLikenessReader } from './likeness.js';
import { createDoctorStage, type DoctorStage } from './test-support/doctor-stage.js';
import type { AnswerMeaning } from './verdict.js';

const answer = (status: number, text = ''): WireAnswer => ({
  kind: 'answered',
  status,
  fields: [],
  body: Buffer.from(text),
  tls: undefined,
});
const twice = (one: WireAnswer): readonly WireAnswer[] => [one, one];

const refusal = answer(401, '{"error":"no certificate"}');
const content = answer(200, '{"orders":["one","two"]}');
const usual = { nobody: twice(refusal), denied: twice(answer(403, 'not you')), allowed: twice(content) };

describe('the meaning of an answer from an unknown server', () => {
  let stage: DoctorStage;
  before(() => {
    stage = createDoctorStage();
  });

  const cases: readonly (readonly [string, Parameters<typeof createLikenessReader>[0], WireAnswer, AnswerMeaning])[] = [
    ["the allowed caller's answer", usual, content, 'admitted'],
    ['its words with a number', usual, answer(200, '{"orders":["one","two",12]}'), 'admitted'],
    ['its words with another word', usual, answer(200, '{"orders":["one","two","three"]}'), 'undecided'],
    ['its status alone', usual, answer(200, '<html>Are you human?</html>'), 'undecided'],
    ['its words with another status', usual, answer(203, '{"orders":["one","two"]}'), 'undecided'],
    ["nobody's refusal", usual, refusal, 'refused'],
    ["the denied caller's refusal", usual, answer(403, 'not you'), 'refused'],
    ["a refusal of nobody's status in other words", usual, answer(401, 'Blocked by a firewall'), 'undecided'],
    ['a refusal without words, as to HEAD', usual, answer(401), 'refused'],
    ['a refusal of the form', usual, answer(405, 'no such method'), 'refused'],
    ['a redirect', usual, answer(302), 'redirected'],
    ['a limit of requests', usual, answer(429), 'undecided'],
    ['a fault', usual, answer(500), 'undecided'],
    [
      'an answer with words that change from call to call',
      {
        ...usual,
        allowed: [answer(200, 'visit red of orders and goods'), answer(200, 'visit blue of orders and goods')],
      },
      answer(200, 'visit green of orders and goods'),
      'admitted',
    ],
    [
      'an answer to a caller whose answers have nothing in common',
      { ...usual, allowed: [answer(200, 'red'), answer(200, 'blue')] },
      answer(200, 'green'),
      'undecided',
    ],
    [
      'the answer that everybody gets',
      { nobody: twice(content), denied: twice(content), allowed: twice(content) },
      content,
      'admitted',
    ],
    ['any answer where one caller gets two kinds', { ...usual, allowed: [content, answer(503)] }, content, 'undecided'],
    ['a 2xx where the allowed caller is refused too', { ...usual, allowed: twice(refusal) }, content, 'admitted'],
    [
      'a 2xx where the allowed caller is refused, and nobody is not',
      { ...usual, nobody: twice(content), allowed: twice(refusal) },
      content,
      'undecided',
    ],
  ];
  for (const [what, samples, given, meaning] of cases) {
    it(`${what}: ${meaning}`, () => {
      assert.equal(createLikenessReader(samples, []).classify(given), meaning);
    });
  }

  it('ignores names and numbers of the certificates in the comparison', () => {
    const { allowed, denied } = stage;
    const greet = (name: string, thumbprint: string): WireAnswer => answer(200, `Welcome, CN=${name} (${thumbprint})!`);
    const own = greet('billing.contoso.example', allowed.thumbprintSha256);
    const other = greet('stranger.fabrikam.example', denied.thumbprintSha256);
    const samples = { ...usual, allowed: twice(own) };
    assert.equal(createLikenessReader(samples, [allowed.der, denied.der]).classify(other), 'admitted');
    assert.equal(createLikenessReader(samples, []).classify(other), 'undecided');
  });

  it('shows in its evidence whether a 2xx is like what the allowed caller gets, and why nothing can be concluded', () => {
    const reader = createLikenessReader(usual, []);
    assert.equal(reader.describe(content), '200, like what the allowed caller gets');
    assert.equal(reader.describe(answer(200, 'sign in')), '200, unlike what the allowed caller gets');
    assert.equal(reader.describe(refusal), '401');
    assert.equal(reader.obstacle, undefined);
    const closed = createLikenessReader({ ...usual, allowed: twice(refusal) }, []);
    assert.equal(closed.describe(content), '200, which the allowed caller does not get');
    const changing = createLikenessReader({ ...usual, denied: [refusal, answer(503)] }, []);
    assert.match(changing.obstacle ?? '', /differ from call to call/);
  });
});
