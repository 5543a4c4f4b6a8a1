import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FunctionRequirement, presentCertificate } from '@certgate/core/internal';
import { authorityOf, getStage, issueCaller } from '@certgate/core/test-support/authority-stage.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { listSignatureTwins } from '@certgate/x509/internal-certificates';
import type { GateLine, LogRecord } from '../../log/reading/log-record.js';
import { Replay } from './replay-calls.js';
import type { ReplayReport } from './replay-report.js';
import { recordCall, recordDocument, type RecordedDocument } from './test-support/recorded-calls.js';

const hour = 3_600_000;
const iso = (instant: number): string => new Date(instant).toISOString();
const der = Buffer.from(makeCertificate().der);
const twin = Buffer.from(listSignatureTwins(der)[0] ?? []);
const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = presentCertificate(der);
const twinThumbprint = presentCertificate(twin).thumbprintSha256;

const billing = { name: 'billing', roles: ['r'], pins: [{ thumbprintSha256 }] };
const documentOf = (revision: number, identities: readonly object[], more: object = {}): RecordedDocument =>
  recordDocument({ schemaVersion: 1, revision, identities, ...more });

interface CallOptions {
  readonly certificate?: Buffer;
  readonly requirement?: FunctionRequirement;
  readonly at?: number;
}

/** The line of a call, as the document decides it. */
async function callAt(document: RecordedDocument, options: CallOptions = {}): Promise<LogRecord> {
  const { certificate = der, requirement = { functionName: 'F', roles: [['r']] }, at = now } = options;
  const call = { header: certificate.toString('base64'), requirement, now: at };
  return (await recordCall(document, call)).record;
}

function replay(
  before: RecordedDocument,
  after: RecordedDocument,
  records: readonly LogRecord[],
  requirements?: ReadonlyMap<string, FunctionRequirement>,
): ReplayReport {
  const replaying = new Replay({ before: before.loaded, after: after.loaded, requirements });
  for (const record of records) replaying.note(record);
  return replaying.conclude([]);
}

/** In short, one text for each row. */
function summarize(report: ReplayReport): readonly string[] {
  const at = (name: string | null): string => name ?? 'any function';
  return [
    ...report.wouldBreak.map(
      ({ identity, code, calls, ...row }) => `${identity} breaks at ${at(row.function)}: ${String(code)} ×${calls}`,
    ),
    ...report.wouldGetIn.map(({ identity, was, calls }) => `${identity} gets in: ${was} ×${calls}`),
    ...report.asAnother.map(({ identity, as, calls }) => `${identity} comes as ${as} ×${calls}`),
    ...report.cannotTell.map(
      ({ reason, was, calls, identities }) => `${was} ${reason} (${identities.join()}) ×${calls}`,
    ),
    ...(report.unaffected > 0 ? [`same ×${report.unaffected}`] : []),
    ...(report.notAboutDocument > 0 ? [`no document ×${report.notAboutDocument}`] : []),
    ...(report.decidedByAfter > 0 ? [`after ×${report.decidedByAfter}`] : []),
  ];
}

/** The same with other members, as a line of another making. */
function withLine({ line, ...record }: LogRecord, changes: object): LogRecord {
  return { ...record, line: Object.assign({}, line, changes) };
}

describe('a call of a caller with one pin', () => {
  const before = documentOf(1, [billing]);
  const write = { functionName: 'F', roles: [['w']] };
  const cases: readonly (readonly [string, readonly object[], string, object?])[] = [
    ['is renamed', [{ ...billing, name: 'invoices' }], 'billing comes as invoices ×1'],
    ['is spelled in another case', [{ ...billing, name: 'Billing' }], 'billing comes as Billing ×1'],
    ['has another role instead', [{ ...billing, roles: ['read'] }], 'allowed roles (billing) ×1'],
    ['has one more role', [{ ...billing, roles: ['r', 'w'] }], 'same ×1'],
    ['loses the function', [{ ...billing, functions: ['g'] }], 'billing breaks at F: function_not_allowed ×1'],
    ['is disabled', [{ ...billing, enabled: false }], 'billing breaks at F: identity_disabled ×1'],
    [
      'is disabled, and may have a pin of somebody else too',
      [
        { ...billing, enabled: false },
        { name: 'other', roles: [], pins: [{ thumbprintSha1 }] },
      ],
      'billing breaks at F: null ×1',
    ],
    ['is gone', [], 'billing breaks at F: certificate_not_trusted ×1'],
    [
      'is on the deny list',
      [billing],
      'billing breaks at F: certificate_on_deny_list ×1',
      { denied: [{ thumbprintSha256 }] },
    ],
    [
      'is locked out',
      [billing],
      'billing breaks at F: trust_locked ×1',
      { locked: { since: iso(now), by: 'ada', reason: 'x' } },
    ],
    [
      'gives its pin away',
      [
        { ...billing, pins: [] },
        { ...billing, name: 'other' },
      ],
      'billing comes as other ×1',
    ],
    [
      'gives its pin away to somebody who may call nothing',
      [{ ...billing, name: 'other', functions: [] }],
      'billing breaks at F: function_not_allowed ×1',
    ],
    ['has a second pin of another kind', [{ ...billing, pins: [{ thumbprintSha256 }, { thumbprintSha1 }] }], 'same ×1'],
    [
      'may have a pin of somebody else too',
      [billing, { name: 'other', roles: [], pins: [{ thumbprintSha1 }] }],
      'allowed entries (billing) ×1',
    ],
  ];
  for (const [what, identities, expected, more] of cases) {
    test(`that ${what}`, async () => {
      const report = replay(before, documentOf(2, identities, more), [await callAt(before)]);
      assert.deepEqual(summarize(report), [expected]);
    });
  }

  test('that is gone, where the gate may say instead what is wrong with its path to an authority', async () => {
    const more = { authorities: [authorityOf()] };
    const named = { name: 'named', roles: [], names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] };
    const { header } = issueCaller({ issuer: getStage().impostor });
    const certificate = Buffer.from(header, 'base64');
    const pin = { thumbprintSha256: presentCertificate(certificate).thumbprintSha256 };
    const earlier = documentOf(1, [{ ...billing, pins: [pin] }, named], more);
    const later = documentOf(2, [named], more);
    const record = await callAt(earlier, { certificate });
    assert.match(JSON.stringify((await callAt(later, { certificate })).line), /"code":"path_/);
    assert.deepEqual(summarize(replay(earlier, later, [record])), ['billing breaks at F: null ×1']);
  });

  test('at an app that may not be one of those that the document is for', async () => {
    const records = [await callAt(before)];
    const forApps = (revision: number, ...audience: readonly string[]): RecordedDocument =>
      documentOf(revision, [billing], { audience });
    assert.deepEqual(summarize(replay(before, forApps(2, 'orders'), records)), ['allowed audience (billing) ×1']);
    const narrow = forApps(1, 'orders');
    // Its gate has the audience that it asks for.
    const digits = narrow.loaded.documentSha256.slice(0, 16).toUpperCase();
    const told = records.map((record) => withLine(record, { trustSha256: digits }));
    assert.deepEqual(summarize(replay(narrow, forApps(2, 'orders', 'stock'), told)), ['same ×1']);
    assert.deepEqual(summarize(replay(narrow, documentOf(2, [billing]), told)), ['same ×1']);
    assert.deepEqual(summarize(replay(narrow, forApps(2, 'stock'), told)), ['allowed audience (billing) ×1']);
  });

  test('whose function requires what the app says', async () => {
    const after = documentOf(2, [{ ...billing, roles: ['read'] }]);
    const record = await callAt(before);
    const required = (roles: FunctionRequirement['roles']): ReadonlyMap<string, FunctionRequirement> =>
      new Map([['f', { functionName: 'F', roles }]]);
    assert.deepEqual(summarize(replay(before, after, [record], required([['r']]))), [
      'billing breaks at F: role_missing ×1',
    ]);
    assert.deepEqual(summarize(replay(before, after, [record], required([['r', 'read']]))), ['same ×1']);
    const refused = await callAt(before, { requirement: write });
    const wider = documentOf(2, [{ ...billing, roles: ['w'] }]);
    assert.deepEqual(summarize(replay(before, wider, [refused], required([['w']]))), [
      'billing gets in: role_missing ×1',
    ]);
    // The line names one role that is missing; there may be others.
    assert.deepEqual(summarize(replay(before, wider, [refused])), ['refused roles (billing) ×1']);
    assert.deepEqual(summarize(replay(before, after, [refused])), ['same ×1']);
  });

  test('on both sides of the end of its pin', async () => {
    const after = documentOf(2, [{ ...billing, pins: [{ thumbprintSha256, notAfter: iso(now) }] }]);
    const records = await Promise.all([-hour, -1, 0, hour].map((step) => callAt(before, { at: now + step })));
    const report = replay(before, after, records);
    assert.deepEqual(summarize(report), ['billing breaks at F: pin_expired ×2', 'same ×2']);
    assert.equal(report.wouldBreak[0]?.last, '2027-01-01T01:00:00Z');
    assert.equal(report.wouldBreak[0].detail, 'This pin of "billing" ended at 2027-01-01T00:00:00Z (notAfter).');
    assert.deepEqual([report.from, report.until], ['2026-12-31T23:00:00Z', '2027-01-01T01:00:00Z']);
  });

  test('with the weight that sampling gave it', async () => {
    const record = { ...(await callAt(before)), itemCount: 10 };
    const report = replay(before, documentOf(2, []), [record, record]);
    assert.deepEqual(summarize(report), ['billing breaks at F: certificate_not_trusted ×20']);
    assert.ok(report.isSampled);
  });
});

describe('documents', () => {
  const [before, after, third] = [
    documentOf(1, [billing]),
    documentOf(2, [{ ...billing, enabled: false }]),
    documentOf(7, [billing]),
  ];

  test('of which the later one decided', async () => {
    assert.deepEqual(summarize(replay(before, after, [await callAt(after)])), ['after ×1']);
  });

  test('that are neither of the two', async () => {
    const records = [await callAt(before), await callAt(third), await callAt(after)];
    const report = replay(before, after, records);
    // Whoever it was, the pin of this thumbprint is disabled.
    assert.deepEqual(summarize(report), ['billing breaks at F: identity_disabled ×2', 'after ×1']);
    assert.deepEqual(report.otherDocuments, [
      { sha256: third.loaded.documentSha256.slice(0, 16).toUpperCase(), revision: 7, calls: 1 },
    ]);
    // What roles it had there, nobody knows here.
    assert.deepEqual(summarize(replay(before, documentOf(3, [billing]), [await callAt(third)])), [
      'allowed otherDocument (billing) ×1',
    ]);
  });

  test('that several lines can mean, or none', async () => {
    const record = await callAt(before);
    const digests = `${before.loaded.documentSha256.slice(0, 16).toUpperCase()},0123456789ABCDEF`;
    const records = [
      withLine(record, { trustSha256: digests, trustRevision: undefined }),
      // Beside a store of the app's own.
      withLine(record, { trustRevision: undefined }),
      withLine(record, { trustSha256: undefined, trustRevision: undefined }),
      withLine(record, { trustRevision: 9 }),
      withLine(record, { matchedBy: 'table' }),
    ];
    assert.deepEqual(summarize(replay(before, documentOf(2, [billing]), records)), [
      'allowed firstOf (billing) ×2',
      'allowed noDocument (billing) ×1',
      'allowed otherDocument (billing) ×1',
      'allowed matched (billing) ×1',
    ]);
  });
});

describe('refusals', () => {
  test('that no document changes, and those that one may', async () => {
    const before = documentOf(1, [{ ...billing, enabled: false }]);
    const after = documentOf(2, [billing]);
    const refused = await callAt(before);
    const refuse = (code: string, more: object = {}): LogRecord =>
      withLine(refused, { code, identity: undefined, ...more });
    const setting = 'The environment variable CERTGATE_LOCKED is set, so nobody is admitted.';
    const records = [
      ...['front_end_bypassed', 'certificate_missing', 'certificate_expired', 'internal_fault'].map((code) =>
        refuse(code),
      ),
      refuse('trust_locked', { detail: setting }),
      refuse('trust_unavailable'),
      refuse('invented_by_a_newer_gate'),
      withLine(refused, { suppressed: 4 }),
    ];
    assert.deepEqual(summarize(replay(before, after, records)), [
      'refused suppressed () ×4',
      'refused unavailable () ×1',
      'refused matched () ×1',
      // The gate had not yet looked at the certificate itself.
      'refused certificate (billing) ×1',
      'no document ×5',
    ]);
  });

  test('of a certificate that stands for two identities, until one of them is taken away', async () => {
    const other = { name: 'other', roles: [], pins: [{ thumbprintSha1 }] };
    const before = documentOf(1, [billing, other]);
    const record = await callAt(before);
    assert.match(JSON.stringify(record.line), /"code":"identity_ambiguous"/);
    assert.deepEqual(summarize(replay(before, documentOf(2, [billing, { ...other, owner: 'x' }]), [record])), [
      'same ×1',
    ]);
    assert.deepEqual(summarize(replay(before, documentOf(2, [billing]), [record])), [
      'refused certificate (billing) ×1',
    ]);
  });

  test('of a stranger that a pin of another kind may be about', async () => {
    const before = documentOf(1, [billing]);
    const other = makeCertificate({ key: 'p-256-again' });
    const record = await callAt(before, { certificate: Buffer.from(other.der) });
    const pins = [{ thumbprintSha1: presentCertificate(other.der).thumbprintSha1 }];
    const after = documentOf(2, [billing, { name: 'other', roles: ['r'], pins }]);
    assert.match(
      JSON.stringify((await callAt(after, { certificate: Buffer.from(other.der) })).line),
      /"outcome":"allowed"/,
    );
    assert.deepEqual(summarize(replay(before, after, [record])), ['refused entries (other) ×1']);
    // A pin that was there before is of another certificate.
    const listed = documentOf(1, [billing, { name: 'old', roles: [], pins: [{ thumbprintSha1: 'B2'.repeat(20) }] }]);
    const moved = documentOf(2, [billing, { name: 'new', roles: [], pins: [{ thumbprintSha1: 'B2'.repeat(20) }] }]);
    const refused = await callAt(listed, { certificate: Buffer.from(other.der) });
    assert.deepEqual(summarize(replay(listed, moved, [refused])), ['same ×1']);
  });

  test('for a role, of a caller whose pin may have excused a missing clientAuth', async () => {
    const grace = { since: iso(now - hour), until: iso(now + hour), reason: 'x' };
    const before = documentOf(1, [{ ...billing, pins: [{ thumbprintSha256, acceptWithoutClientAuth: grace }] }]);
    const record = await callAt(before, { requirement: { functionName: 'F', roles: [['w']] } });
    const wider = { ...billing, roles: ['r', 'w'] };
    const required = new Map([['f', { functionName: 'F', roles: [['w']] }]]);
    assert.deepEqual(summarize(replay(before, documentOf(2, [wider]), [record], required)), [
      'refused certificate (billing) ×1',
    ]);
    const still = { ...wider, pins: [{ thumbprintSha256, acceptWithoutClientAuth: grace }] };
    assert.deepEqual(summarize(replay(before, documentOf(2, [still]), [record], required)), [
      'billing gets in: role_missing ×1',
    ]);
  });

  test('for want of clientAuth, which a pin may accept or no longer accepts', async () => {
    const server = makeCertificate({ extensions: ['extendedKeyUsage = serverAuth'] });
    const certificate = Buffer.from(server.der);
    const own = { thumbprintSha256: presentCertificate(server.der).thumbprintSha256 };
    const grace = { since: iso(now - hour), until: iso(now + hour), reason: 'x' };
    const without = [{ ...billing, pins: [own] }];
    const accepting = [{ ...billing, pins: [{ ...own, acceptWithoutClientAuth: grace }] }];
    const refused = await callAt(documentOf(1, without), { certificate });
    assert.deepEqual(summarize(replay(documentOf(1, without), documentOf(2, accepting), [refused])), [
      'refused certificate (billing) ×1',
    ]);
    const admitted = await callAt(documentOf(1, accepting), { certificate });
    assert.deepEqual(summarize(replay(documentOf(1, accepting), documentOf(2, without), [admitted])), [
      'billing breaks at F: certificate_extended_key_usage_unsuitable ×1',
    ]);
  });

  test('by a lock of the document, whatever its reason says', async () => {
    const before = documentOf(1, [billing], { locked: { since: iso(now), by: 'ada', reason: 'CERTGATE_LOCKED' } });
    assert.deepEqual(summarize(replay(before, documentOf(2, [billing]), [await callAt(before)])), [
      'refused certificate (billing) ×1',
    ]);
  });

  test('of strangers without number, in one group', async () => {
    const before = documentOf(1, [{ ...billing, pins: [{ publicKeySha256, notAfter: iso(now + hour) }] }]);
    const stranger = await callAt(before, { certificate: Buffer.from(makeCertificate({ key: 'p-256-again' }).der) });
    const records = Array.from({ length: 50 }, (_, index) =>
      withLine(stranger, { thumbprintSha256: index.toString(16).padStart(64, '0').toUpperCase() }),
    );
    assert.deepEqual(summarize(replay(before, documentOf(2, []), records)), ['same ×50']);
  });

  test('that a function lets through', async () => {
    const before = documentOf(1, [billing]);
    const requirement = { functionName: 'F', roles: [['w']], reportOnlyUntil: now + hour };
    const deferred = await callAt(before, { requirement });
    const fewer = documentOf(2, [{ ...billing, functions: ['G'] }]);
    assert.deepEqual(summarize(replay(before, fewer, [deferred])), ['same ×1']);
    // Its role was enough, and the function may be among those that let a refusal through.
    const admitted = await callAt(before);
    assert.deepEqual(summarize(replay(before, fewer, [deferred, admitted])), [
      'allowed reportOnly (billing) ×1',
      'same ×1',
    ]);
    const observed = withLine(admitted, { observedUntil: iso(now + hour) });
    assert.deepEqual(summarize(replay(before, fewer, [observed])), ['allowed observed (billing) ×1']);
    assert.deepEqual(summarize(replay(before, documentOf(2, [billing]), [observed])), ['same ×1']);
  });
});

describe("a certificate's other signature", () => {
  const before = documentOf(1, [billing]);
  const cases: readonly (readonly [string, RecordedDocument])[] = [
    [
      'is pinned for somebody else',
      documentOf(2, [billing, { name: 'other', roles: [], pins: [{ thumbprintSha256: twinThumbprint }] }]),
    ],
    ['is on the deny list', documentOf(2, [billing], { denied: [{ thumbprintSha256: twinThumbprint }] })],
  ];
  for (const [what, after] of cases) {
    test(`${what}: a line shows whose it is`, async () => {
      const [call, tried] = [await callAt(before), await callAt(before, { certificate: twin })];
      assert.ok(summarize(replay(before, after, [tried, call])).includes('allowed twin (billing) ×1'));
      // Without it, that is taken for granted.
      const report = replay(before, after, [call]);
      assert.deepEqual(summarize(report), ['same ×1']);
      assert.match(report.assumptions.join(), /other ECDSA signature/);
      assert.match(report.assumptions.join(), /a signature or a lowest revision that they require was not compared/);
    });
  }
});

describe('calls that only status lines count', () => {
  const before = documentOf(1, [{ ...billing, functions: ['F', 'g'] }]);
  const caller = {
    ...{ identity: 'billing', matchedBy: 'thumbprintSha256', matched: thumbprintSha256.slice(0, 16) },
    ...{ first: iso(now), last: iso(now + 60_000), calls: 5 },
  };
  const status = (time: number, callers: readonly object[], document = before): LogRecord => ({
    line: {
      ...{ certgate: 1, event: 'status', time: iso(time), moment: 'hour', since: iso(time - hour) },
      trust: [{ source: 'file trust.json', sha256: document.loaded.documentSha256.toUpperCase() }],
      callers,
    } as unknown as GateLine,
    ...{ time, app: 'app', instance: undefined, itemCount: undefined },
  });
  const records = [status(now - hour, []), status(now + hour, [caller])];
  const cases: readonly (readonly [string, readonly object[], string])[] = [
    ['is disabled', [{ ...billing, enabled: false }], 'billing breaks at any function: identity_disabled ×5'],
    ['may call every function', [billing], 'same ×5'],
    ['may call the same functions and one more', [{ ...billing, functions: ['g', 'F', 'h'] }], 'same ×5'],
    ['loses a function', [{ ...billing, functions: ['g'] }], 'allowed statusOnly (billing) ×5'],
    ['loses all functions', [{ ...billing, functions: [] }], 'allowed statusOnly (billing) ×5'],
    ['has another role', [{ ...billing, roles: [] }], 'allowed roles (billing) ×5'],
    [
      'is refused from the middle of the hour on',
      [{ ...billing, expiresAt: iso(now + 30_000) }],
      'allowed statusOnly (billing) ×5',
    ],
  ];
  for (const [what, identities, expected] of cases) {
    test(`of a caller that ${what}`, () => {
      assert.deepEqual(summarize(replay(before, documentOf(2, identities), records)), [expected]);
    });
  }

  test('of a caller whose thumbprint no line tells, which a new entry may be about', () => {
    const bySha1 = { ...billing, pins: [{ thumbprintSha1 }] };
    const earlier = documentOf(1, [bySha1]);
    const called = { ...caller, matchedBy: 'thumbprintSha1', matched: thumbprintSha1.slice(0, 16) };
    const counted = [status(now - hour, [], earlier), status(now + hour, [called], earlier)];
    const summarizeAfter = (identities: readonly object[], more: object = {}): readonly string[] =>
      summarize(replay(earlier, documentOf(2, identities, more), counted));
    assert.deepEqual(summarizeAfter([{ ...bySha1, owner: 'x' }]), ['same ×5']);
    assert.deepEqual(summarizeAfter([bySha1], { denied: [{ thumbprintSha256 }] }), ['allowed denyList (billing) ×5']);
    const pinned = (notAfter: number): object => ({ thumbprintSha256, notAfter: iso(notAfter) });
    const other = { name: 'other', roles: [], pins: [pinned(now + hour)] };
    assert.deepEqual(summarizeAfter([bySha1, other]), ['allowed entries (billing) ×5']);
    const own = (notAfter: number): object => ({ ...billing, pins: [{ thumbprintSha1 }, pinned(notAfter)] });
    assert.deepEqual(summarizeAfter([own(now + hour)]), ['same ×5']);
    assert.deepEqual(summarizeAfter([own(now + 30_000)]), ['allowed statusOnly (billing) ×5']);
    assert.deepEqual(summarizeAfter([own(now - hour)]), ['allowed entries (billing) ×5']);
  });

  test('without those that have lines of their own', async () => {
    const lines = await Promise.all([0, 1000, 2000].map((step) => callAt(before, { at: now + step })));
    const after = documentOf(2, []);
    assert.deepEqual(summarize(replay(before, after, [...records, ...lines])), [
      'billing breaks at F: certificate_not_trusted ×3',
      'billing breaks at any function: certificate_not_trusted ×2',
    ]);
  });

  test('where the document was another at the beginning of the hour, or nobody says', () => {
    const after = documentOf(2, []);
    const other = documentOf(5, [billing]);
    assert.deepEqual(summarize(replay(before, after, [status(now - hour, [], other), status(now + hour, [caller])])), [
      'allowed otherDocument (billing) ×5',
    ]);
    assert.deepEqual(summarize(replay(before, after, [status(now + hour, [caller])])), [
      'allowed otherDocument (billing) ×5',
    ]);
  });
});
