import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import * as fc from 'fast-check';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { firstOf } from '../trust-store/first-of.js';
import { listDocuments } from '../trust-store/listed-documents.js';
import type { TrustedIdentity, TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import type { ExpiryLogLine } from './expiry-lines.js';
import { ListedEnds } from './listed-ends.js';
import { nameProcess } from './process-id.js';

const day = 86_400_000;
const now = Date.UTC(2027, 0, 1);
const toTime = (days: number): string => new Date(now + days * day).toISOString().replace('.000', '');
let pinned = 0;
const pin = (more: object = {}): object => ({
  thumbprintSha256: (pinned += 1).toString(16).padStart(64, '0'),
  ...more,
});
const documentOf = (...identities: readonly object[]): object => ({
  schemaVersion: 1,
  revision: 1,
  identities: identities.map((identity, index) => ({ name: `caller ${index}`, roles: [], ...identity })),
});
const read = (...identities: readonly object[]): TrustSnapshot => parseTrustDocument(documentOf(...identities));

interface Stage {
  readonly lines: ExpiryLogLine[];
  readonly call: (at?: number, hasLine?: (thumbprintSha256: string) => boolean) => void;
}

function createStage(...documents: readonly TrustSnapshot[]): Stage {
  const lines: ExpiryLogLine[] = [];
  const ends = new ListedEnds();
  const warn = (line: string): void => void lines.push(JSON.parse(line) as ExpiryLogLine);
  const context = { functionName: 'F', invocationId: 'id', log: () => assert.fail('no warning'), warn };
  const call: Stage['call'] = (at = now, hasLine = () => false) => {
    ends.note(context, () => documents, hasLine, at);
  };
  return { lines, call };
}

describe('access that the document ends soon', () => {
  it('is logged once a day, even for callers that have not called', () => {
    const { lines, call } = createStage(
      read(
        { name: 'billing', owner: 'payments team', pins: [pin({ notAfter: toTime(10) })] },
        { name: 'later', pins: [pin({ notAfter: toTime(31) })] },
        { name: 'endless', pins: [pin()] },
      ),
      read({ name: 'project', expiresAt: toTime(5), pins: [pin()] }),
    );
    for (const at of [now, now + 1, now + day - 1]) call(at);
    assert.deepEqual(
      lines.map((line) => ({ ...line, detail: '' })),
      [
        {
          certgate: 1,
          process: nameProcess(),
          event: 'expiry',
          time: '2027-01-01T00:00:00.000Z',
          code: 'access_ends_soon',
          identity: 'billing',
          owner: 'payments team',
          thumbprintSha256: lines[0]?.thumbprintSha256,
          endsAt: toTime(10),
          endsFirst: 'trust',
          detail: '',
        },
        {
          certgate: 1,
          process: nameProcess(),
          event: 'expiry',
          time: '2027-01-01T00:00:00.000Z',
          code: 'access_ends_soon',
          identity: 'project',
          endsAt: toTime(5),
          endsFirst: 'trust',
          detail: '',
        },
      ],
    );
    assert.match(lines[0]?.detail ?? '', /last pin of "billing".*2027-01-11T00:00:00Z/);
    assert.match(lines[1]?.detail ?? '', /identity "project".*expiresAt/);
    call(now + day);
    assert.deepEqual(
      lines.slice(2).map(({ identity }) => identity),
      ['billing', 'later', 'project'],
    );
  });

  it('is not logged while another pin lasts, or if nobody is admitted anyway', () => {
    const soon = { notAfter: toTime(3) };
    const { lines, call } = createStage(
      read(
        { pins: [pin(soon), pin({ notAfter: toTime(300) })] },
        { pins: [pin(soon), pin()] },
        { pins: [pin(soon)], enabled: false },
        { pins: [pin({ ...soon, enabled: false })] },
        { pins: [pin({ notAfter: toTime(-1) })] },
        { pins: [pin()], expiresAt: toTime(-1) },
        { pins: [] },
        // This pin's window has six days and ends in five, so its last third has not begun.
        { pins: [pin({ notBefore: toTime(-1), notAfter: toTime(5) })] },
        { name: 'ends', pins: [pin(soon), pin({ ...soon, notAfter: toTime(4) }), pin({ enabled: false })] },
      ),
    );
    call();
    assert.deepEqual(
      lines.map(({ identity, endsAt }) => [identity, endsAt]),
      [['ends', toTime(4)]],
    );
  });

  it('is logged although another pin lasts, if the deny list has that one', () => {
    const [kept, denied] = [pin({ notAfter: toTime(3) }), { thumbprintSha256: 'AB'.repeat(32), notAfter: toTime(300) }];
    const document = documentOf({ pins: [kept, denied] });
    const list = [{ thumbprintSha256: denied.thumbprintSha256, reason: 'stolen' }];
    for (const [more, ends] of [
      [{}, []],
      [{ denied: list }, [toTime(3)]],
    ] as const) {
      const { lines, call } = createStage(parseTrustDocument({ ...document, ...more }));
      call();
      assert.deepEqual(
        lines.map(({ endsAt }) => endsAt),
        ends,
      );
    }
  });

  it('is not logged again for a certificate in use', () => {
    const { lines, call } = createStage(read({ pins: [pin({ notAfter: toTime(3) })] }));
    call(now, () => true);
    assert.deepEqual(lines.length, 0);
  });

  it('is looked for in parts: of a hundred thousand identities, a thousand with each call, and all of them that day', () => {
    let looks = 0;
    const identities = Array.from({ length: 100_000 }, (_, index) => ({
      name: `caller ${index}`,
      expiresAt: now + (index === 99_999 ? 1 : 40) * day,
      pins: [{ enabled: true }],
      names: [],
      get enabled(): boolean {
        looks += 1;
        return true;
      },
    })) as unknown as readonly TrustedIdentity[];
    const { lines, call } = createStage({ ...read(), identities });
    for (let calls = 1; calls <= 100; calls += 1) {
      call();
      assert.equal(looks, calls * 1_000);
    }
    assert.deepEqual(
      lines.map(({ identity }) => identity),
      ['caller 99999'],
    );
    call(now + day - 1);
    assert.equal(lines.length, 1);
  });

  it('is logged for 500 callers a day, ten with each call', () => {
    const many = read(...Array.from({ length: 600 }, () => ({ pins: [pin({ notAfter: toTime(3) })] })));
    const { lines, call } = createStage(many);
    call();
    assert.equal(lines.length, 10);
    for (let calls = 0; calls < 100; calls += 1) call();
    assert.equal(lines.length, 500);
    assert.equal(new Set(lines.map(({ identity }) => identity)).size, 500);
  });

  it('is read from every store of the library, and from the stores that firstOf asks', () => {
    const [one, other] = [documentOf({ name: 'a', pins: [] }), documentOf({ name: 'b', pins: [] })].map((document) =>
      trustStoreFromDocument(document),
    );
    assert.ok(one !== undefined && other !== undefined);
    const own = { find: one.find.bind(one) };
    const names = listDocuments(firstOf(one, own, firstOf(other))).map(({ identities }) =>
      identities.map(({ name }) => name),
    );
    assert.deepEqual(names, [['a'], ['b']]);
    assert.deepEqual(listDocuments(own), []);
  });

  it('is the same as in the decision: from that moment, nothing of the document admits the caller', () => {
    const window = fc.record(
      { notAfter: fc.integer({ min: -2, max: 40 }), enabled: fc.boolean() },
      { requiredKeys: [] },
    );
    const identity = fc.record(
      { pins: fc.array(window, { maxLength: 3 }), enabled: fc.boolean(), expiresAt: fc.integer({ min: -2, max: 40 }) },
      { requiredKeys: ['pins'] },
    );
    fc.assert(
      fc.property(identity, ({ pins, expiresAt, ...more }) => {
        const snapshot = read({
          ...more,
          ...(expiresAt === undefined ? {} : { expiresAt: toTime(expiresAt) }),
          pins: pins.map(({ notAfter, ...rest }) =>
            pin({ ...rest, ...(notAfter === undefined ? {} : { notAfter: toTime(notAfter) }) }),
          ),
        });
        const isAdmitted = (at: number): boolean =>
          snapshot.identities[0]!.pins.some(
            ({ kind, value }) =>
              findInSnapshot(snapshot, { [kind]: value, decoding: { ok: false } } as never, at).outcome === 'found',
          );
        const { lines, call } = createStage(snapshot);
        call();
        const [line] = lines;
        if (line === undefined) assert.equal(isAdmitted(now) && !isAdmitted(now + 30 * day), false);
        else {
          const end = Date.parse(line.endsAt);
          assert.deepEqual([isAdmitted(end - 1), isAdmitted(end)], [true, false]);
        }
      }),
      { numRuns: countRuns(300) },
    );
  });
});
