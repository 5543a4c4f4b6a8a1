import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { acceptedDocuments, refusedDocuments } from '../test-support/document-corpus.js';
import { documentOf } from '../test-support/documents.js';
import { anyDocument, documentTexts } from '../test-support/document-arbitraries.js';
import { TrustDocumentError } from './document-error.js';
import {
  anyAudience,
  parseTrustDocument,
  parseTrustDocumentInSlices,
  type TrustDocumentReadingOptions,
} from './parse-document.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

type Outcome = TrustSnapshot | { readonly problems: unknown; readonly message: string };

const describeError = (error: unknown): Outcome => {
  assert.ok(error instanceof TrustDocumentError, String(error));
  return { problems: error.problems, message: error.message };
};

const parseAtOnce = (document: unknown, options: TrustDocumentReadingOptions): Outcome => {
  try {
    return parseTrustDocument(document, options);
  } catch (error) {
    return describeError(error);
  }
};

async function assertAgrees(
  document: unknown,
  options: TrustDocumentReadingOptions = { audience: 'app' },
): Promise<Outcome> {
  const atOnce = parseAtOnce(document, options);
  const inSlices = await parseTrustDocumentInSlices(document, options).catch(describeError);
  assert.deepEqual(inSlices, atOnce);
  // Half a surrogate pair can't be encoded as bytes.
  if (typeof document === 'string' && !/\p{Surrogate}/u.test(document)) {
    assert.deepEqual(await parseTrustDocumentInSlices(Buffer.from(document), options).catch(describeError), atOnce);
  }
  return atOnce;
}

/** The steps of the strict reader, done as plainly as possible: the oracle for texts. */
function parsePlainly(text: string, options: TrustDocumentReadingOptions): Outcome {
  return parseAtOnce(JSON.parse(text.replace(/^\ufeff/, '')), options);
}

describe('parsing at once and in slices gives the same result', () => {
  test('for every document of the corpus', async () => {
    const documents = [
      ...acceptedDocuments.map(([, document]) => document),
      ...refusedDocuments.map((one) => one.document),
    ];
    for (const document of documents) {
      await assertAgrees(document);
      await assertAgrees(JSON.stringify(document));
      await assertAgrees(`\ufeff${JSON.stringify(document, null, 2)}`);
    }
  });

  for (const [what, text, path] of [
    ['identities twice', '{"schemaVersion":1,"revision":1,"identities":[],"identities":[]}', 'identities'],
    [
      'identities twice, once escaped',
      '{"schemaVersion":1,"revision":1,"identi\\u0074ies":[],"identities":[]}',
      'identities',
    ],
    ['a duplicate inside the first identities', '{"identities":[{"a":1,"a":2}],"identities":[]}', 'identities[0].a'],
    ['two broken places: JSON comes first', '{"a":1,"a":2,}', ''],
    ['a number beyond numbers', '{"schemaVersion":1,"revision":1e999,"identities":[]}', 'revision'],
    ['many digits', `{"schemaVersion":1,"revision":${'9'.repeat(5000)},"identities":[]}`, 'revision'],
    [
      'deep nesting',
      `{"schemaVersion":1,"revision":1,"identities":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      'identities[0]',
    ],
    ['nesting without an end', '['.repeat(300_000), ''],
    [
      'a __proto__ of its own',
      '{"schemaVersion":1,"revision":1,"identities":[],"__proto__":{"identities":[1]}}',
      '__proto__',
    ],
  ] as const) {
    test(`for ${what}`, async () => {
      const outcome = await assertAgrees(text);
      assert.ok('problems' in outcome);
      assert.equal((outcome.problems as { path: string }[])[0]?.path, path);
    });
  }

  test('for identities whose key is escaped', async () => {
    const outcome = await assertAgrees('{"schemaVersion":1,"revision":3,"identi\\u0074ies":[{"name":"a","roles":[]}]}');
    assert.ok('identities' in outcome);
    assert.equal(outcome.identities[0]?.name, 'a');
  });

  test('for generated documents, valid or not, and the pieces give what the whole gives', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(anyDocument, fc.constantFrom(undefined, 2), async (document, indent) => {
        const text = JSON.stringify(document, null, indent);
        const outcome = await assertAgrees(text);
        assert.deepEqual(outcome, parsePlainly(text, { audience: 'app' }));
        if ('identities' in outcome) accepted += 1;
      }),
      { numRuns: countRuns(150) },
    );
    assert.ok(accepted > 10, `only ${accepted} were accepted`);
  });

  test('for texts with something inserted anywhere', async () => {
    const scrap = fc.constantFrom(
      '',
      ',',
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ':',
      ' ',
      'x',
      '1',
      '"name":"z",',
      '{},',
      '\ufeff',
    );
    await fc.assert(
      fc.asyncProperty(documentTexts, fc.nat(), scrap, fc.nat({ max: 2 }), async (text, place, put, length) => {
        const at = place % (text.length + 1);
        await assertAgrees(text.slice(0, at) + put + text.slice(at + length));
      }),
      { numRuns: countRuns(150) },
    );
  });
});

describe('large documents', () => {
  const digits = (index: number): string => index.toString(16).toUpperCase().padStart(64, '0');
  const pins = (from: number, count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({ thumbprintSha256: digits(from + index) }));

  test('10,000 identities, 10,000 pins of one identity, and a long owner are read in slices', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => ({
      name: `caller ${index}`,
      pins: pins(index, 1),
    }));
    const document = documentOf([...many, { name: 'all', owner: '\u{1f600}', pins: pins(10_000, 10_000) }]);
    const text = JSON.stringify(document);
    const snapshot = await parseTrustDocumentInSlices(text);
    // Only the identities and the pins' values are compared. Otherwise the whole snapshot would be compared once per
    // pin of the last identity.
    for (const other of [parseTrustDocument(text), parseTrustDocument(document)]) {
      assert.deepEqual(snapshot.identities, other.identities);
      assert.deepEqual([...snapshot.pins.thumbprintSha256.keys()], [...other.pins.thumbprintSha256.keys()]);
    }
    assert.equal(snapshot.pins.thumbprintSha256.size, 20_000);
    for (const identity of snapshot.identities) {
      for (const pin of identity.pins) {
        const pinned = snapshot.pins.thumbprintSha256.get(pin.value);
        assert.ok(pinned?.identity === identity && pinned.pin === pin);
      }
    }
  });

  test('the event loop continues between the slices', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => ({ pins: pins(index, 1) }));
    const text = JSON.stringify(documentOf(many));
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await parseTrustDocumentInSlices(text);
    isDone = true;
    assert.ok(turns > 5, `${turns} turns`);
  });

  test('problems in a large document have the same paths', async () => {
    const many: Record<string, unknown>[] = Array.from({ length: 9000 }, (_, index) => ({
      pins: pins(index, 1),
    }));
    many[4000] = { rolls: [] };
    many[8000] = { pins: pins(17, 1) };
    const outcome = await assertAgrees(JSON.stringify(documentOf(many)));
    assert.ok('problems' in outcome);
    assert.deepEqual(
      (outcome.problems as { path: string }[]).map(({ path }) => path),
      ['identities[4000].rolls', 'identities[8000].pins[0]'],
    );
    const text = JSON.stringify(documentOf(many.map(() => ({}))));
    const twice = await assertAgrees(text.replace('{"name":"caller-7000"', '{"roles":["admin"],"name":"caller-7000"'));
    assert.ok('problems' in twice);
    assert.equal((twice.problems as { path: string }[])[0]?.path, 'identities[7000].roles');
  });
});

describe('bytes', () => {
  test('that are not UTF-8 are refused, wherever the fault is', async () => {
    const [before, after] = JSON.stringify(documentOf([{ owner: 'x|x' }])).split('|');
    assert.ok(before !== undefined && after !== undefined);
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.uint8Array({ maxLength: 6 }).filter((noise) => !noise.includes(0x22) && !noise.includes(0x5c)),
        async (text, noise) => {
          const bytes = Buffer.concat([
            Buffer.from(before),
            Buffer.from(JSON.stringify(text).slice(1, -1)),
            noise,
            Buffer.from(after),
          ]);
          const outcome = await parseTrustDocumentInSlices(bytes, { audience: 'app' }).catch(describeError);
          // Node's other decoder is the oracle.
          let isUtf8 = true;
          try {
            new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
          } catch {
            isUtf8 = false;
          }
          if (isUtf8) assert.deepEqual(outcome, parseAtOnce(bytes.toString(), { audience: 'app' }));
          else assert.ok('problems' in outcome && /not UTF-8/.test(outcome.message));
        },
      ),
      { numRuns: countRuns(100) },
    );
  });

  test('with a long list are refused wherever a list is not expected', async () => {
    const long = Array.from({ length: 9000 }, () => 'x');
    const base = documentOf([]);
    const identity = { name: 'a', roles: ['reader'], pins: [] };
    for (const document of [
      long,
      [long, long],
      { ...base, identities: [long] },
      { ...base, identities: { 0: long } },
      { ...base, identities: [{ ...identity, name: long }] },
      { ...base, identities: [{ ...identity, owner: long, enabled: long, expiresAt: long }] },
      { ...base, identities: [{ ...identity, pins: [long] }] },
      { ...base, identities: [{ ...identity, functions: long }] },
      { ...base, schemaVersion: long },
      { ...base, revision: long, audience: long, locked: long, $schema: long, denied: long },
      { ...base, authorities: [{ name: 'corp', trustAnchors: long, revocation: long }] },
    ]) {
      assert.ok('problems' in (await assertAgrees(JSON.stringify(document))));
    }
    const roles = long.map((_, index) => `role ${index}`);
    const read = await assertAgrees(JSON.stringify(documentOf([{ roles, functions: roles }])));
    assert.ok('identities' in read);
    assert.deepEqual(read.identities[0]?.functions, roles);
  });
});

describe('equal parts are kept once', () => {
  test('lists and texts of different identities are the same object', () => {
    const { identities } = parseTrustDocument(
      JSON.stringify(
        documentOf([{ functions: ['F'] }, { functions: ['f'] }, { roles: ['other', 'reader'] }, { roles: [] }]),
      ),
    );
    assert.equal(identities[0]?.roles, identities[1]?.roles);
    assert.equal(identities[0]?.functions, identities[1]?.functions);
    assert.deepEqual(
      identities.map(({ roles }) => roles),
      [['reader'], ['reader'], ['other', 'reader'], []],
    );
    assert.equal(identities[2]?.functions, undefined);
  });
});

describe('audience', () => {
  const document = documentOf([], { audience: ['orders'] });
  test('a tool reads the documents of any app, and an app only its own', () => {
    assert.deepEqual(parseTrustDocument(document, { audience: anyAudience }).audience, ['orders']);
    assert.throws(() => parseTrustDocument(document), /has not said its name/);
    assert.throws(
      () => parseTrustDocument(documentOf([], { audience: [] }), { audience: anyAudience }),
      /names no app/,
    );
  });
  test('an audience that is not a name is an error, even for a document without audience', async () => {
    for (const audience of [1, null, ['orders'], Symbol('certgate/any-audience')]) {
      const options = { audience } as unknown as TrustDocumentReadingOptions;
      assert.throws(() => parseTrustDocument(documentOf([]), options), { code: 'CERTGATE_ARGUMENT_INVALID' });
      await assert.rejects(parseTrustDocumentInSlices(documentOf([]), options), { code: 'CERTGATE_ARGUMENT_INVALID' });
    }
  });
});
