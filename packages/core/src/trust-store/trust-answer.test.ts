import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { denialCodes, getSteps } from '../denial.js';
import { AccessGate } from '../access/access-gate.js';
import { describeClaim } from '../trust-snapshot/issued-match.js';
import { describeRefusal, type FoundIdentity, type TrustFinding } from '../trust-snapshot/trust-finding.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { pollute } from '../test-support/prototype-pollution.js';
import { hasLastingVersion, readTrustFinding, readTrustVersion, readVersion } from './trust-store.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const identity = { name: 'a', roles: ['reader'] };
const found = { outcome: 'found', identity, matchedBy: 'table' };

describe('values that are not an answer are unavailable', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['undefined', undefined],
    ['null', null],
    ['true', true],
    ['1', 1],
    ['"found"', 'found'],
    ['a function', () => found],
    ['a list', [found]],
    ['an empty object', {}],
    ['an unknown outcome', { ...found, outcome: 'allowed' }],
    ['an outcome in another case', { ...found, outcome: 'Found' }],
    ['a String object', { ...found, outcome: new String('found') }],
    ['found without identity', { outcome: 'found' }],
    ['found with identity null', { ...found, identity: null }],
    ['found with the name alone', { ...found, identity: 'a' }],
    ['an identity without a name', { ...found, identity: { roles: [] } }],
    ['a name that is empty', { ...found, identity: { name: ' ', roles: [] } }],
    ['a name that is a number', { ...found, identity: { name: 1, roles: [] } }],
    ['no roles', { ...found, identity: { name: 'a' } }],
    ['roles null', { ...found, identity: { name: 'a', roles: null } }],
    ['roles as a text, which has includes', { ...found, identity: { name: 'a', roles: 'reader,admin' } }],
    ['roles as a Set', { ...found, identity: { name: 'a', roles: new Set(['reader']) } }],
    ['roles as an object with includes', { ...found, identity: { name: 'a', roles: { includes: () => true } } }],
    ['a role that is not text', { ...found, identity: { name: 'a', roles: ['reader', 1] } }],
    ['functions null, which might mean all', { ...found, identity: { ...identity, functions: null } }],
    ['functions as a text', { ...found, identity: { ...identity, functions: 'f' } }],
    ['a function name that is not text', { ...found, identity: { ...identity, functions: [undefined] } }],
    ['an interval from NaN', { ...found, validFrom: Number.NaN }],
    ['an interval to NaN', { ...found, validUntil: Number.NaN }],
    ['an interval to null', { ...found, validUntil: null }],
    ['an interval from null', { ...found, validFrom: null }],
    ['an interval in text', { ...found, validUntil: '2030-01-01T00:00:00Z' }],
    ['an interval in dates', { ...found, validUntil: new Date(0) }],
    ['an interval in big numbers', { ...found, validUntil: 1n }],
    ['information current from NaN', { ...found, currentFrom: Number.NaN }],
    ['information current until null', { ...found, currentUntil: null }],
    ['information current until a text', { ...found, currentUntil: '2030-01-01T00:00:00Z' }],
    ['denied as no path', { outcome: 'denied', code: 'path_', detail: 'x' }],
    ['denied as revocation of no kind', { outcome: 'denied', code: 'revocation_unavailable_now', detail: 'x' }],
    ['denied without a code', { outcome: 'denied', detail: 'x' }],
    ['denied with a code that is not of a pin', { outcome: 'denied', code: 'role_missing', detail: 'x' }],
    ['denied with an unknown code', { outcome: 'denied', code: 'pin_lost', detail: 'x' }],
    ['denied with a code of Object', { outcome: 'denied', code: 'toString', detail: 'x' }],
    ['denied with a code in a list', { outcome: 'denied', code: ['pin_disabled'], detail: 'x' }],
    ['denied with a code in a String', { outcome: 'denied', code: new String('pin_disabled'), detail: 'x' }],
    ['denied with a code that says itself', { outcome: 'denied', code: { toString: () => 'pin_disabled' } }],
    ['denied as allowed', { outcome: 'denied', code: 'allowed', detail: 'x' }],
  ];
  for (const [what, answer] of cases) {
    test(what, () => {
      const finding = readTrustFinding(answer);
      assert.equal(finding.outcome, 'unavailable');
      assert.match(
        'detail' in finding ? finding.detail : '',
        /none of found, denied, notFound, unavailable|not one that a store may give/,
      );
    });
  }
});

describe('answers that are understood', () => {
  test('notFound is understood, and other members are left out', () => {
    assert.deepEqual(readTrustFinding({ outcome: 'notFound', identity }), { outcome: 'notFound' });
  });
  test('unavailable is understood, with or without a detail', () => {
    assert.deepEqual(readTrustFinding({ outcome: 'unavailable', detail: 'down' }), {
      outcome: 'unavailable',
      detail: 'down',
    });
    for (const detail of [undefined, '', 7]) {
      assert.deepEqual(readTrustFinding({ outcome: 'unavailable', detail }), {
        outcome: 'unavailable',
        detail: 'The trust store is unavailable.',
      });
    }
  });
  test('denied is understood, with or without a detail and the identity’s name', () => {
    const answer = { outcome: 'denied', code: 'pin_disabled', detail: 'x', identityName: 'a' };
    assert.deepEqual(readTrustFinding(answer), answer);
    const finding = readTrustFinding({ outcome: 'denied', code: 'pin_disabled', identityName: 7 });
    assert.deepEqual(finding, {
      outcome: 'denied',
      code: 'pin_disabled',
      detail: 'The trust store refused the certificate.',
    });
  });
  test('found is copied, with function names in lower case and no bound if none was given', () => {
    const roles = ['Reader'];
    const finding = readTrustFinding({ ...found, identity: { name: 'a', roles, functions: ['GetOrders'] } });
    roles.push('admin');
    assert.deepEqual(finding, {
      outcome: 'found',
      identity: { name: 'a', roles: ['Reader'], functions: ['getorders'] },
      matchedBy: 'table',
      validFrom: Number.NEGATIVE_INFINITY,
      validUntil: Number.POSITIVE_INFINITY,
      currentFrom: Number.NEGATIVE_INFINITY,
      currentUntil: Number.POSITIVE_INFINITY,
    });
  });
  test('found has isPathValidated only if the value is true', () => {
    for (const isPathValidated of [undefined, null, false, 1, 'true', {}]) {
      assert.ok(!('isPathValidated' in readTrustFinding({ ...found, isPathValidated })));
    }
    const finding = readTrustFinding({ ...found, isPathValidated: true, currentFrom: 1, currentUntil: 2 });
    assert.ok(finding.outcome === 'found');
    assert.deepEqual([finding.isPathValidated, finding.currentFrom, finding.currentUntil], [true, 1, 2]);
  });
  test('denied keeps the facts that one of this library’s stores gave for the same code', () => {
    const facts = { identity: 'a', pin: { kind: 'publicKeySha256', value: 'AB' }, others: [] } as const;
    const own = { outcome: 'denied', ...describeRefusal('pin_disabled', facts), identityName: 'a' };
    assert.deepEqual(readTrustFinding(own), own);
    assert.deepEqual(readTrustFinding({ ...own, detail: 'mine', more: 1 }), { ...own, detail: 'mine' });
    // Facts for another code, copies, and facts that this library did not create are dropped. It is a denial with its
    // detail anyway.
    const said = { outcome: 'denied', code: 'pin_disabled', detail: own.detail, identityName: 'a' };
    for (const odd of [{ ...facts }, {}, [], null, 'facts', 7, new Proxy(own.facts, {})])
      assert.deepEqual(readTrustFinding({ ...own, facts: odd }), said);
    assert.deepEqual(readTrustFinding({ ...own, code: 'pin_expired' }), { ...said, code: 'pin_expired' });
  });
  test('denied is unavailable if the getter of its facts throws, as for any store that fails', async () => {
    const find = (): TrustFinding => ({
      outcome: 'denied',
      code: 'pin_disabled',
      detail: 'x',
      get facts(): never {
        throw new Error('mine');
      },
    });
    const { header } = makeCertificate();
    const decision = await new AccessGate({ trustStore: { find } }).decide(
      header,
      { functionName: 'F', roles: [] },
      now,
    );
    assert.equal(decision.code, 'trust_unavailable');
  });
  test('denied is understood only with a code that a trust store may give', () => {
    for (const code of denialCodes) {
      const finding = readTrustFinding({ outcome: 'denied', code, detail: 'x' });
      if (getSteps(code).includes('trust-store')) assert.deepEqual(finding, { outcome: 'denied', code, detail: 'x' });
      else assert.equal(finding.outcome, 'unavailable', code);
    }
    for (const code of ['pin_x', 'revocation_unavailable_now', '', 'toString', '__proto__', 7, null, undefined, {}]) {
      const finding = readTrustFinding({ outcome: 'denied', code, detail: 'x' });
      assert.equal(finding.outcome, 'unavailable', JSON.stringify(code));
    }
    const unfit = readTrustFinding({ outcome: 'denied', code: 'certificate_expired', detail: 'x' });
    assert.ok(unfit.outcome === 'unavailable');
    assert.match(unfit.detail, /refused the certificate with the code "certificate_expired".*TrustDenialCode/);
  });
  test('nominated is understood, and the answers of its confirm are checked in the same way', async () => {
    const confirmed = { ...found, isPathValidated: true };
    const answer = {
      outcome: 'nominated',
      identityName: 7,
      claim: describeClaim({ identity: { name: 'a' }, trustName: { type: 'dns', value: 'b', issuedBy: 'c' } } as never),
    };
    const answers: readonly (readonly [unknown, string])[] = [
      [confirmed, 'found'],
      [{ outcome: 'notFound' }, 'notFound'],
      [{ outcome: 'denied', step: 'certification-path', code: 'path_not_found', detail: 'x' }, 'path_not_found'],
      [{ outcome: 'denied', step: 'client-identity', code: 'identity_disabled', detail: 'x' }, 'identity_disabled'],
      // A step that can't report this code, and an answer without a step.
      [{ outcome: 'denied', step: 'client-identity', code: 'path_not_found', detail: 'x' }, 'unavailable'],
      [{ outcome: 'denied', step: 'certification-path', code: 'identity_disabled', detail: 'x' }, 'unavailable'],
      [{ outcome: 'denied', step: 'authorization', code: 'role_missing', detail: 'x' }, 'unavailable'],
      [{ outcome: 'denied', code: 'identity_disabled', detail: 'x' }, 'unavailable'],
      // `confirm` must not answer with another nomination.
      [{ ...answer, confirm: () => found }, 'unavailable'],
      [{ ...found, validUntil: Number.NaN }, 'unavailable'],
      [undefined, 'unavailable'],
    ];
    for (const [given, expected] of answers) {
      for (const confirm of [() => given, () => Promise.resolve(given)]) {
        const finding = readTrustFinding({ ...answer, confirm });
        assert.ok(finding.outcome === 'nominated');
        assert.deepEqual([finding.identityName, finding.claim], [undefined, answer.claim]);
        const came = await finding.confirm();
        assert.equal(came.outcome === 'denied' ? came.code : came.outcome, expected);
      }
    }
    for (const confirm of [undefined, null, 'found', found]) {
      assert.equal(readTrustFinding({ ...answer, confirm }).outcome, 'unavailable');
    }
  });
  test('nominated has its confirm called on the answer, without arguments, and an immediate answer stays immediate', () => {
    const calls: unknown[] = [];
    const answer = {
      outcome: 'nominated',
      confirm(...given: unknown[]) {
        calls.push(this, ...given);
        // Not a promise, since `then` is not a function.
        return { ...found, then: 'later' };
      },
    };
    const finding = readTrustFinding(answer);
    assert.ok(finding.outcome === 'nominated');
    const confirmed = finding.confirm();
    assert.ok('outcome' in confirmed && confirmed.outcome === 'found');
    assert.deepEqual(calls, [answer]);
  });
  test('nominated loses a claim that this library did not create', () => {
    const name = { type: 'dns', value: 'b', issuedBy: 'c' };
    for (const claim of ['By its name it would be "a".', { identity: 'a', name }, { identity: 'a' }, null, 7]) {
      assert.ok(!('claim' in readTrustFinding({ outcome: 'nominated', claim, confirm: () => found })));
    }
  });
  test('found keeps every member of its identity', () => {
    const whole: Required<FoundIdentity> = { ...identity, functions: ['f'], owner: 'payments team' };
    const finding = readTrustFinding({ ...found, identity: whole });
    assert.deepEqual(finding.outcome === 'found' && finding.identity, whole, 'change readIdentity in trust-store.ts');
  });
  test('found keeps its owner if it is a text', () => {
    const ownerOf = (owner: unknown): unknown => {
      const finding = readTrustFinding({ ...found, identity: { ...identity, owner } });
      assert.ok(finding.outcome === 'found');
      return finding.identity.owner;
    };
    assert.equal(ownerOf('payments team'), 'payments team');
    for (const owner of [undefined, null, 7, ['x'], {}]) assert.equal(ownerOf(owner), undefined);
  });
  test('found keeps the CA certificates of its path, and is unavailable if they are not bytes', () => {
    const pathAuthorities = [new Uint8Array([48, 0]), Buffer.from([48, 0])];
    const finding = readTrustFinding({ ...found, pathAuthorities });
    assert.ok(finding.outcome === 'found');
    assert.equal(finding.pathAuthorities, pathAuthorities);
    for (const wrong of [null, [1], ['MAA='], [new Uint16Array(1)], [...pathAuthorities, 7], Buffer.alloc(2)]) {
      assert.equal(readTrustFinding({ ...found, pathAuthorities: wrong }).outcome, 'unavailable');
    }
  });
  test('notFound keeps its detail if it is a text', () => {
    assert.deepEqual(readTrustFinding({ outcome: 'notFound', detail: 'x' }), { outcome: 'notFound', detail: 'x' });
    assert.deepEqual(readTrustFinding({ outcome: 'notFound', detail: 7 }), { outcome: 'notFound' });
  });
  test('found without matchedBy is understood', () => {
    const finding = readTrustFinding({ outcome: 'found', identity });
    assert.ok(finding.outcome === 'found');
    assert.equal(finding.matchedBy, 'own store');
  });
});

test('any value gives one of the known answers, and found only if every part is valid', () => {
  const value = fc.oneof(fc.anything(), fc.constantFrom('found', 'denied', 'notFound', 'unavailable'));
  const answer = fc.record(
    {
      outcome: value,
      identity: fc.oneof(fc.anything(), fc.record({ name: fc.anything(), roles: fc.anything() })),
      validUntil: fc.anything(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.anything(), answer), (given) => {
      const finding = readTrustFinding(given);
      if (finding.outcome !== 'found') return;
      assert.equal(typeof finding.identity.name, 'string');
      assert.ok(finding.identity.roles.every((role) => typeof role === 'string'));
      assert.ok(!Number.isNaN(finding.validUntil) && !Number.isNaN(finding.validFrom));
    }),
    { numRuns: countRuns(600) },
  );
});

test('a version is a text that is not empty', () => {
  assert.equal(readTrustVersion({ version: '7' }), '7');
  assert.equal(readTrustVersion({}), undefined);
  for (const version of [undefined, null, '', 0, 7, Number.NaN, {}, [], Symbol('v'), () => '7']) {
    assert.equal(readTrustVersion({ version }), undefined);
  }
});

test('hasLastingVersion is true only if nothing can take the version away', () => {
  class Store {
    get version(): string {
      return '7';
    }
  }
  assert.equal(hasLastingVersion(Object.freeze(new Store())), true);
  assert.equal(hasLastingVersion(Object.freeze({ version: '7' })), true);
  // An object that is not frozen could lose its version, or get another prototype.
  assert.equal(hasLastingVersion(new Store()), false);
  assert.equal(hasLastingVersion(undefined), false);
  const restore = pollute({ version: 'of nobody' });
  try {
    const without = Object.freeze({});
    assert.equal(hasLastingVersion(without), false);
    assert.equal(readVersion(without, hasLastingVersion(without)), undefined);
    assert.equal(readTrustVersion(without), undefined);
  } finally {
    restore();
  }
});
