import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceptedDocuments, otherSha256, refusedDocuments, sha1, sha256 } from '../test-support/document-corpus.js';
import { documentOf, snapshotOf } from '../test-support/documents.js';
import { TrustDocumentError, maximumDocumentLength } from './document-error.js';
import { parseTrustDocument } from './parse-document.js';
import type { DocumentProblem } from './document-error.js';

const problemsOf = (document: unknown, audience: string | undefined = 'app'): readonly DocumentProblem[] => {
  try {
    parseTrustDocument(document, { audience });
  } catch (error) {
    assert.ok(error instanceof TrustDocumentError, String(error));
    assert.ok(error.problems.length > 0);
    return error.problems;
  }
  return [];
};

describe('documents that are accepted', () => {
  for (const [what, document] of acceptedDocuments) {
    test(what, () => {
      assert.deepEqual(problemsOf(document), []);
      assert.deepEqual(problemsOf(JSON.stringify(document, null, 2)), []);
      assert.deepEqual(problemsOf(`\ufeff${JSON.stringify(document)}`), []);
    });
  }
});

describe('documents that are refused', () => {
  for (const { what, document, path, words } of refusedDocuments) {
    test(`${what}: the problem is at ${path === '' ? 'the document' : path}`, () => {
      for (const form of [document, JSON.stringify(document)]) {
        const problems = problemsOf(form);
        const found = problems.find((problem) => problem.path === path && words.test(problem.message));
        assert.ok(found !== undefined, `not among ${JSON.stringify(problems)}`);
      }
    });
  }

  test('every problem is reported, not only the first', () => {
    const document = { schemaVersion: 1, revision: -1, extra: 0, identities: [{ name: '', roles: 'x', more: 1 }, 5] };
    assert.deepEqual(
      problemsOf(document).map(({ path }) => path),
      ['extra', 'revision', 'identities[0].more', 'identities[0].name', 'identities[0].roles', 'identities[1]'],
    );
  });
  test('the message has the first problem and the number of the others', () => {
    assert.throws(() => parseTrustDocument({ schemaVersion: 1, revision: -1, identities: 0 }), {
      name: 'TrustDocumentError',
      message: /^The trust document is not valid: revision: .* \(and 1 more\)$/,
    });
    assert.equal(
      new TrustDocumentError([{ path: '', message: 'it is empty' }], 'file trust.json').message,
      'The trust document (file trust.json) is not valid: it is empty',
    );
  });
});

describe('JSON text', () => {
  const refused: readonly (readonly [string, string, string, RegExp])[] = [
    ['half a document', '{"schemaVersion":1,"revision":1,"identities":[{"na', '', /not JSON/],
    ['a key twice', '{"schemaVersion":1,"revision":1,"identities":[],"identities":[]}', 'identities', /twice/],
    [
      'a key twice, once escaped',
      '{"schemaVersion":1,"revision":1,"identities":[{"name":"a","roles":[],"enabled":false,"\\u0065nabled":true}]}',
      'identities[0].enabled',
      /twice/,
    ],
  ];
  for (const [what, text, path, words] of refused) {
    test(`${what} is refused`, () => {
      const [problem] = problemsOf(text);
      assert.equal(problem?.path, path);
      assert.match(problem.message, words);
    });
  }

  test("a key of the document appears in a message, but can't break its line or fill the log", () => {
    const { message } = captureError(() => parseTrustDocument(documentOf([], { 'a\r\nb\u2028\u001b[2J': 1 })));
    assert.doesNotMatch(message, /[\p{C}\p{Zl}]/u);
    const { message: long } = captureError(() => parseTrustDocument(documentOf([], { ['k'.repeat(100_000)]: 1 })));
    assert.ok(long.length < 1000);
  });
  test('a private key in place of the document does not appear in the message', () => {
    const body = 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg'.repeat(4);
    const { message } = captureError(() => parseTrustDocument(`-----BEGIN PRIVATE KEY-----\n${body}\n`));
    assert.ok(!message.includes('MIGH'), message);
  });
  test('more characters than the limit are refused before they are parsed', () => {
    const [problem] = problemsOf(' '.repeat(maximumDocumentLength + 1));
    assert.match(problem?.message ?? '', /more than/);
  });
  test('a text of megabytes in a document is an ordinary problem', () => {
    const [problem] = problemsOf(JSON.stringify(documentOf([{ reason: 'x'.repeat(30_000_000) }])));
    assert.equal(problem?.path, 'identities[0].reason');
  });
});

describe('literals in code', () => {
  for (const [what, document, path] of [
    ['functions', documentOf([{ functions: undefined }]), 'identities[0].functions'],
    ['enabled', documentOf([{ enabled: undefined }]), 'identities[0].enabled'],
    ['audience', documentOf([], { audience: undefined }), 'audience'],
    [
      'notAfter',
      documentOf([{ pins: [{ thumbprintSha256: sha256, notAfter: undefined }] }]),
      'identities[0].pins[0].notAfter',
    ],
  ] as const) {
    test(`${what} that is undefined is an error and not an absence`, () => {
      const problem = problemsOf(document).find((found) => found.path === path);
      assert.match(problem?.message ?? '', /undefined; leave the key out/);
    });
  }

  test('a member of the prototype is not in the document', () => {
    const inherited = Object.create({ schemaVersion: 1, revision: 1, identities: [] }) as object;
    assert.ok(problemsOf(inherited).length > 0);
    const [identity] = documentIdentities(
      Object.assign(Object.create({ functions: [] }) as object, { name: 'a', roles: [] }),
    );
    assert.equal(identity?.functions, undefined);
  });
  test('a hole in a list is an error, like undefined', () => {
    const holed = (item: unknown): unknown[] => Object.assign(new Array<unknown>(2), { 0: item });
    assert.ok(problemsOf({ schemaVersion: 1, revision: 1, identities: holed({ name: 'a', roles: [] }) }).length > 0);
    assert.ok(problemsOf(documentOf([{ roles: holed('reader') }])).length > 0);
    assert.ok(problemsOf(documentOf([{ functions: holed('f') }])).length > 0);
    assert.ok(problemsOf(documentOf([{ pins: holed({ thumbprintSha256: sha256 }) }])).length > 0);
  });
  test('a Date, a Map and a function are not JSON values', () => {
    assert.ok(problemsOf(documentOf([{ expiresAt: new Date(0) }])).length > 0);
    assert.ok(problemsOf(new Map([['schemaVersion', 1]])).length > 0);
    assert.ok(problemsOf(() => documentOf([])).length > 0);
    assert.ok(problemsOf(Buffer.from(JSON.stringify(documentOf([])))).length > 0);
    assert.ok(problemsOf(undefined).length > 0);
  });
  test('the snapshot is a copy, so later changes of the literal have no effect', () => {
    const roles = ['reader'];
    const pins = [{ thumbprintSha256: sha256 }];
    const snapshot = snapshotOf({ roles, pins });
    roles.push('admin');
    pins.push({ thumbprintSha256: otherSha256 });
    assert.deepEqual(snapshot.identities[0]?.roles, ['reader']);
    assert.equal(snapshot.pins.thumbprintSha256.size, 1);
  });

  function documentIdentities(identity: unknown): ReturnType<typeof parseTrustDocument>['identities'] {
    return parseTrustDocument({ schemaVersion: 1, revision: 1, identities: [identity] }).identities;
  }
});

describe('audience', () => {
  const document = documentOf([], { audience: ['orders', 'Billing'] });
  test('a document for this app is accepted, whatever the letter case', () => {
    assert.deepEqual(problemsOf(document, 'orders'), []);
    assert.deepEqual(problemsOf(document, 'ORDERS'), []);
    assert.deepEqual(problemsOf(document, 'billing'), []);
  });
  test('a document for other apps is refused, and so is one if the app has no name', () => {
    assert.match(problemsOf(document, 'order')[0]?.message ?? '', /for orders, Billing, not for "order"/);
    assert.match(problemsOf(document, '')[0]?.message ?? '', /not for ""/);
    assert.throws(() => parseTrustDocument(document), /has not said its name/);
  });
  test('a document without an audience is for every app', () => {
    assert.deepEqual(problemsOf(documentOf([]), 'anything'), []);
  });
  test('a misspelt option is an error', () => {
    assert.throws(() => parseTrustDocument(document, { audiance: 'orders' } as object), {
      code: 'CERTGATE_ARGUMENT_INVALID',
      message: /no option "audiance"; its options are audience/,
    });
  });
});

describe('the snapshot', () => {
  test('has hashes in upper case, functions in lower case, and times in milliseconds', () => {
    const snapshot = snapshotOf({
      name: 'billing',
      roles: ['Orders.Read'],
      functions: ['GetOrders'],
      expiresAt: '2027-03-01T00:00:00.250Z',
      pins: [{ thumbprintSha256: `\u200e${sha256.toLowerCase()}`, notBefore: '2026-01-01T00:00:00Z', enabled: false }],
    });
    const pin = {
      kind: 'thumbprintSha256',
      value: sha256,
      issuedBy: undefined,
      enabled: false,
      notBefore: Date.UTC(2026, 0, 1),
      notAfter: undefined,
      acceptWithoutClientAuth: undefined,
    };
    const identity = {
      name: 'billing',
      roles: ['Orders.Read'],
      functions: ['getorders'],
      functionsAsWritten: ['GetOrders'],
      enabled: true,
      owner: undefined,
      reason: undefined,
      expiresAt: Date.UTC(2027, 2, 1) + 250,
      names: [],
      pins: [pin],
    };
    assert.deepEqual(snapshot.identities, [identity]);
    assert.deepEqual(snapshot.pins.thumbprintSha256.get(sha256), { identity, pin });
    assert.equal(snapshot.pins.thumbprintSha1.size + snapshot.pins.publicKeySha256.size, 0);
    assert.equal(snapshot.revision, 1);
  });
  test('allows every function if the list is absent, and none if it is empty', () => {
    assert.equal(snapshotOf({}).identities[0]?.functions, undefined);
    assert.deepEqual(snapshotOf({ functions: [] }).identities[0]?.functions, []);
  });
  test('has warnings with their places', () => {
    const snapshot = snapshotOf({}, { pins: [] }, { pins: [{ thumbprintSha256: sha256 }, { thumbprintSha1: sha1 }] });
    assert.deepEqual(
      snapshot.warnings.map(({ code, path }) => [code, path]),
      [
        ['identity_without_pins', 'identities[0]'],
        ['identity_without_pins', 'identities[1]'],
        ['pin_sha1', 'identities[2].pins[1]'],
      ],
    );
  });
  test('is frozen, lists included', () => {
    const snapshot = snapshotOf({ functions: ['f'], pins: [{ thumbprintSha256: sha256 }] });
    const [identity] = snapshot.identities;
    assert.ok(identity !== undefined);
    const parts = [
      snapshot,
      snapshot.pins,
      snapshot.identities,
      snapshot.warnings,
      identity,
      identity.roles,
      identity.functions,
      identity.pins,
      identity.pins[0],
    ];
    for (const part of parts) assert.ok(Object.isFrozen(part));
  });
  test('is read whole from a document of 20,000 identities', () => {
    const identities = Array.from({ length: 20_000 }, (_, index) => ({
      name: `caller ${index}`,
      pins: [{ thumbprintSha256: index.toString(16).padStart(64, '0') }],
    }));
    const snapshot = parseTrustDocument(JSON.stringify(documentOf(identities)));
    assert.equal(snapshot.pins.thumbprintSha256.size, 20_000);
  });
});

function captureError(work: () => unknown): TrustDocumentError {
  try {
    work();
  } catch (error) {
    if (error instanceof TrustDocumentError) return error;
  }
  throw new Error('no TrustDocumentError came');
}
