import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AskedApp, ExplainedFunction } from './explained-function.js';
import { type ExplanationReport, heedApp } from './explanation-report.js';
import { formatExplanation } from './explanation-text.js';

// A text that tries to set colours and a title, to add a line, and to be shown backwards.
const hostileText = '\u001b[32m\u001b[8m\u001b]0;x\u0007\n✓ allowed\u202e\u2066';
const controls = /[\p{Cc}\p{Cf}]/gu;

function report(text: string): ExplanationReport {
  return {
    version: 1,
    store: text,
    revision: 1,
    audience: [text],
    at: '2027-01-01T00:00:00Z',
    function: text,
    policy: { kind: 'certificate', roles: [[text]] },
    gate: 'asked',
    certificate: { subject: text, thumbprintSha256: 'A1' },
    outcome: 'denied',
    unverified: ['signature', 'audience'],
    app: { trust: text, outcome: 'denied', code: 'certificate_not_trusted', detail: text, frontEndFault: text },
    signed: true,
    status: 401,
    publicCode: 'client_certificate_required',
    code: 'certificate_not_trusted',
    detail: text,
    deferred: null,
    identity: { name: text, owner: text, roles: [text], functions: [text], matchedBy: text },
    accessEndsAt: null,
    withoutClientAuthUntil: null,
    clientAuthLoss: null,
    nextChange: null,
    steps: [
      { step: 'trust-store', verdict: 'denied', code: 'certificate_not_trusted', text },
      { step: 'client-certificate', verdict: 'passed', code: null, text },
    ],
    paths: [
      {
        certificates: [{ subject: text, role: 'end-entity', notBefore: '', notAfter: '', thumbprintSha256: 'A1' }],
        reachesTrustAnchor: true,
        checks: [{ check: 'names', certificate: 0, verdict: 'failed', code: null, detail: text, revocation: [] }],
      },
    ],
    nearMatches: [{ identity: text, owner: text, likeness: text }],
    remedy: {
      code: 'certificate_not_trusted',
      verifyFirst: text,
      choices: [{ when: text, commands: [text], needs: text }],
    },
  };
}

const format = (text: string): string => {
  const explained: ExplainedFunction = {
    name: text,
    policy: { kind: 'certificate', roles: [[text]] },
    covered: undefined,
  };
  return formatExplanation(report(text), explained);
};

test('names that others chose add no color, no line and no direction to the text', () => {
  const [plain, hostile] = [format('name'), format(hostileText)];
  assert.deepEqual(hostile.match(controls), plain.match(controls));
  const shown = '\\u001b[32m\\u001b[8m\\u001b]0;x\\u0007\\n✓ allowed\\u202e\\u2066';
  assert.equal(hostile.replaceAll(shown, 'name'), plain);
});

test('a report that the app denies has nothing left of the admission by the document', () => {
  const end = '2027-01-02T00:00:00Z';
  const admitted: ExplanationReport = {
    ...report('name'),
    outcome: 'allowed',
    status: null,
    code: 'allowed',
    deferred: { code: 'role_missing', detail: 'no role', until: end },
    accessEndsAt: end,
    withoutClientAuthUntil: end,
    clientAuthLoss: { issuedBy: 'public CA' } as never,
  };
  const answer = { outcome: 'denied', code: 'certificate_not_trusted', trust: { source: 'own' } } as AskedApp['answer'];
  const { outcome, deferred, accessEndsAt, withoutClientAuthUntil, clientAuthLoss } = heedApp(admitted, {
    answer,
    isByDocument: false,
  });
  assert.deepEqual(
    { outcome, deferred, accessEndsAt, withoutClientAuthUntil, clientAuthLoss },
    { outcome: 'denied', deferred: null, accessEndsAt: null, withoutClientAuthUntil: null, clientAuthLoss: null },
  );
});
