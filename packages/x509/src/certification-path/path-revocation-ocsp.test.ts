import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type SuccessfulOcspResponse, noCheck, readOcsp, responderExtensions } from '../test-support/ocsp.js';
import {
  answer,
  authority,
  begin,
  client,
  end,
  good,
  make,
  revoked,
  stranger,
} from '../test-support/ocsp-questions.js';
import { type MadeAuthority, type RevokedRequest, makeCrl, readCrl } from '../test-support/revocation.js';
import type { CertificateRevocationList } from '../revocation/certificate-revocation-list.js';
import { type PathRevocation, checkRevocation, ocspClockSkewMilliseconds } from './path-revocation.js';
import type { ValidPath } from './path-validation.js';
import type { ValidationProfile } from './validation-profile.js';
import { describePathFault } from './path-fault-sentence.js';

const path: ValidPath = {
  outcome: 'valid',
  certificates: [client.certificate],
  trustAnchor: authority.certificate,
  validFrom: Number.NEGATIVE_INFINITY,
  validUntil: Number.POSITIVE_INFINITY,
  userConstrainedPolicySet: [],
};
const lasting = { lastUpdate: '20000101000000Z', nextUpdate: '99991231235959Z' };
const listOf = (issuer: MadeAuthority, ...serialNumbers: readonly string[]): CertificateRevocationList =>
  readCrl(
    makeCrl({
      authority: issuer,
      revoked: serialNumbers.map((serialNumber): RevokedRequest => ({ serialNumber })),
      ...lasting,
    }),
  );
/** A list that covers neither the client nor a responder. */
const foreign = listOf(stranger);

type Situation = Partial<PathRevocation> & {
  readonly responses?: readonly SuccessfulOcspResponse[];
  readonly now?: number;
  readonly profile?: ValidationProfile;
};

function ask({ responses = [], now = readOcsp(good).producedAt, profile = 'strict', ...rest }: Situation): {
  readonly verdict: ReturnType<typeof checkRevocation>;
  readonly wanted: number;
} {
  let wanted = 0;
  const onOcspWanted = (): void => {
    wanted += 1;
  };
  const plain = { mode: 'required', scope: 'chain', graceMilliseconds: 0, crls: [] } as const;
  const verdict = checkRevocation({
    path,
    revocation: { ...plain, findOcspResponses: () => responses, onOcspWanted, ...rest },
    signers: [],
    isSignerValid: () => true,
    profile,
    targetRole: 'end-entity',
    now,
  });
  return { verdict, wanted };
}

const judge = (situation: Situation): string => {
  const { verdict } = ask(situation);
  return verdict.outcome === 'cleared' ? 'cleared' : verdict.code;
};

describe('a responder without ocsp-nocheck', () => {
  const excepted = make({
    name: 'responder',
    key: 'p-384',
    serialNumber: '21',
    extensions: [...responderExtensions, noCheck],
  });
  const listed = make({ name: 'responder', key: 'p-384', serialNumber: '22', extensions: responderExtensions });
  const [byExcepted, byListed] = [excepted, listed].map((responder) => readOcsp(answer({ responder })));
  assert.ok(byExcepted && byListed);
  // The lists' entries for the client itself must not decide.
  const scopeless = { now: byListed.producedAt } as const;

  test("whose status the lists don't know is not accepted", () => {
    for (const profile of ['strict', 'rfc5280'] as const) {
      assert.equal(judge({ crls: [foreign], responses: [byExcepted], profile, ...scopeless }), 'cleared');
      assert.equal(judge({ crls: [foreign], responses: [byListed], profile, ...scopeless }), 'revocation_unavailable');
    }
  });

  test('is accepted if a list clears it, not if one revokes it; one with ocsp-nocheck is not looked up', () => {
    // A good answer that can be used leaves nothing to ask. The list clears the client in any case.
    const countQuestions = (response: SuccessfulOcspResponse, ...named: readonly string[]): number =>
      ask({ crls: [listOf(authority, ...named)], responses: [response], ...scopeless }).wanted;
    assert.equal(countQuestions(byListed), 0);
    assert.equal(countQuestions(byListed, '22'), 1);
    assert.equal(countQuestions(byExcepted, '21'), 0);
  });

  test('can revoke even if its own status is unknown, but not if it is revoked', () => {
    const response = readOcsp(answer({ responder: listed, index: { 10: 'R keyCompromise' } }));
    const now = response.producedAt;
    assert.equal(judge({ crls: [foreign], responses: [response], now }), 'certificate_revoked');
    assert.equal(judge({ crls: [listOf(authority)], responses: [response], now }), 'certificate_revoked');
    assert.equal(judge({ crls: [listOf(authority, '22')], responses: [response], now }), 'cleared');
  });

  test('is accepted as the profile says if there are no lists', () => {
    assert.equal(judge({ responses: [byExcepted], ...scopeless }), 'cleared');
    assert.equal(judge({ responses: [byListed], ...scopeless }), 'revocation_unavailable');
    assert.equal(judge({ responses: [byListed], profile: 'rfc5280', ...scopeless }), 'cleared');
  });
});

describe('an answer', () => {
  const from = begin(good) - ocspClockSkewMilliseconds;

  test('that says revoked outweighs a list, and is asked for again only if the certificate may come back', () => {
    const held = answer({ index: { 10: 'R certificateHold' } });
    const clear = listOf(authority);
    for (const [der, reason, questions] of [
      [revoked, 'keyCompromise', 0],
      [held, 'certificateHold', 1],
    ] as const) {
      for (const crls of [[], [clear]]) {
        const { verdict, wanted } = ask({ crls, responses: [readOcsp(der)], now: readOcsp(der).producedAt });
        assert.ok(verdict.outcome === 'invalid' && verdict.code === 'certificate_revoked');
        assert.deepEqual(verdict.revoked, { at: Date.UTC(2026, 5, 1), reason });
        assert.equal(wanted, questions);
      }
    }
    const silent = ask({ responses: [readOcsp(held)], now: readOcsp(held).producedAt, onOcspWanted: undefined });
    assert.equal(silent.verdict.outcome, 'invalid');
  });

  test('that says good is used until it ends, and leaves nothing to ask', () => {
    const { verdict, wanted } = ask({ responses: [readOcsp(good)] });
    assert.deepEqual(verdict, { outcome: 'cleared', validFrom: from, validUntil: end(good) });
    assert.equal(wanted, 0);
    const within = ask({ responses: [readOcsp(good)], graceMilliseconds: 600_000 });
    assert.equal(within.wanted, 0);
    assert.deepEqual(within.verdict, { outcome: 'cleared', validFrom: from, validUntil: end(good) + 600_000 });
  });

  test('that is valid only by its grace period is asked for again, and used briefly', () => {
    const [responses, now] = [[readOcsp(good)], end(good)];
    assert.equal(judge({ responses, now }), 'revocation_unavailable');
    const { verdict, wanted } = ask({ responses, now, graceMilliseconds: 600_000 });
    assert.equal(wanted, 1);
    assert.deepEqual(verdict, { outcome: 'cleared', validFrom: from, validUntil: now + 60_000 });
    const ending = ask({ responses, now, graceMilliseconds: 10_000 });
    assert.deepEqual(ending.verdict, { outcome: 'cleared', validFrom: from, validUntil: now + 10_000 });
  });
});

test('a list that clears a caller is used only briefly if a responder has not answered', () => {
  const clear = listOf(authority);
  const now = Date.UTC(2030, 0, 1);
  const from = Date.UTC(2000, 0, 1);
  const heard = ask({ crls: [clear], now });
  assert.deepEqual(heard, { verdict: { outcome: 'cleared', validFrom: from, validUntil: now + 60_000 }, wanted: 1 });
  const { verdict } = ask({ crls: [clear], now, onOcspWanted: undefined });
  assert.deepEqual(verdict, { outcome: 'cleared', validFrom: from, validUntil: Date.UTC(9999, 11, 31, 23, 59, 59) });
});

describe('an unknown status', () => {
  const stale = { responses: [readOcsp(good)], now: end(good) };
  const findFault = (): string => 'The address does not answer.';
  const byList = 'No CRL is about the certificate\\.';
  const byAnswer = 'An OCSP response is no longer current\\.';
  for (const [what, situation, expected] of [
    ['no list and no responder', { onOcspWanted: undefined }, ` ${byList}`],
    ['no list, and a responder that was not heard', {}, ' '],
    ['lists of others, and a responder that was not heard', { crls: [foreign] }, ` ${byList}`],
    ['no list, and an old answer', stale, ` ${byAnswer}`],
    ['lists of others, and an old answer', { ...stale, crls: [foreign] }, ` ${byList} ${byAnswer}`],
    ['no list, and what went wrong', { findFault }, ' The address does not answer\\.'],
    ['an old answer, and what went wrong', { ...stale, findFault }, ` ${byAnswer} The address does not answer\\.`],
  ] as const) {
    test(`is reported: ${what}`, () => {
      const { verdict } = ask(situation);
      assert.ok(verdict.outcome === 'invalid' && verdict.code === 'revocation_unavailable');
      assert.match(describePathFault(verdict), new RegExp(`whether it is revoked\\.${expected}$`));
      // If no information is required, the certificate is accepted for a while.
      assert.equal(judge({ ...situation, mode: 'when-available' }), 'cleared');
    });
  }
});
