import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Examination } from '../examination.js';
import type { Verdict } from '../verdict.js';
import { ProbeSender } from '../probe-sender.js';
import { parseTarget } from '../target.js';
import { judgeRefusalReason } from './disclosure-probes.js';

const thumbprint = 'AB'.repeat(32);

/**
 * The verdict on two refusals with status 401: the body that a caller without a certificate gets, and the body that the
 * denied caller gets.
 */
function judge(
  nobody: string,
  denied: string,
  host = 'app.example',
  fields: readonly [string, string][] = [],
): Verdict {
  const caller = { certificatePem: '', privateKeyPem: '', der: Buffer.alloc(0), thumbprintSha256: thumbprint };
  const options = {
    target: parseTarget(`https://${host}`, ['Orders'], []),
    frontEnd: 'app-service' as const,
    allowed: caller,
    denied: caller,
    plainHttpUrl: new URL('http://localhost'),
    withLargeBody: false,
    withPost: false,
    alsoHosts: [],
    userAgent: '',
    method: 'GET',
    requestsPerSecond: 1,
    timeoutMilliseconds: 1,
    deadlineMilliseconds: 1,
  };
  const examination = new Examination(options, new ProbeSender(options));
  for (const [who, body] of [
    ['nobody', nobody],
    ['denied', denied],
  ] as const)
    examination.noteRefusal(0, who, { kind: 'answered', status: 401, fields, body: Buffer.from(body), tls: undefined });
  const { verdict } = judgeRefusalReason(examination);
  assert.notEqual(verdict, 'not-run');
  return verdict as Verdict;
}

const problem = {
  type: 'urn:certgate:problem:client_certificate_required',
  title: 'A client certificate that is allowed to call this function is required.',
  status: 401,
  code: 'client_certificate_required',
};
const development = { code: 'certificate_not_trusted', detail: 'No pin matches.' };
const id = (text: string): string => JSON.stringify({ ...problem, correlationId: text });

describe('a refusal that reveals nothing', () => {
  it("is Certgate's own, with an id that is new each time", () => {
    assert.equal(
      judge(id('5f0c1ee0-8f50-4a3c-9f6e-1a2b3c4d5e6f'), id('0a1b2c3d-8f50-4a3c-9f6e-aabbccddeeff')),
      'holds',
    );
  });
  it("is IIS's page for callers without a certificate, or an empty body", () => {
    assert.equal(judge('', ''), 'holds');
    const page = 'The page requires a client certificate.';
    assert.equal(judge(page, page), 'holds');
  });
});

describe('a refusal that reveals a reason', () => {
  for (const text of [
    'certificate_not_trusted',
    'The certificate has expired.',
    'CERT: not yet valid',
    'certificate revoked',
    'unable to get local issuer certificate',
    'self-signed certificate',
    'thumbprint not in list',
    'HTTP Error 403.16',
    'Error: no\n    at decide (/home/site/wwwroot/index.js:10:5)',
    `you are ${'ab:'.repeat(31)}ab`,
  ]) {
    it(JSON.stringify(text), () => {
      assert.equal(judge('No.', text), 'fails');
      assert.equal(
        judge('No.', 'No.', 'app.example', [['x-reason', text.replaceAll('\n', ' ')]]),
        /at decide/.test(text) ? 'holds' : 'fails',
      );
    });
  }

  it('differs between callers', () => {
    assert.equal(judge('Log in.', 'You are not on the list.'), 'fails');
    assert.equal(judge('certificate_missing_here', 'certificate_unknown_here'), 'fails');
  });
});

it("a refusal's Development member is a failure, except on this machine", () => {
  const body = JSON.stringify({ ...problem, development });
  assert.equal(judge(body, body), 'fails');
  assert.equal(judge(body, body, 'localhost:7443'), 'holds');
  const foreign = JSON.stringify({ code: 'no', development });
  assert.equal(judge(foreign, foreign, 'localhost:7443'), 'fails');
});
