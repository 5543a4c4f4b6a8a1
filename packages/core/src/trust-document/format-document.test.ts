import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { documentTexts, validDocument } from '../test-support/document-arbitraries.js';
import { acceptedDocuments, refusedDocuments, sha256 } from '../test-support/document-corpus.js';
import { TrustDocumentError } from './document-error.js';
import { anyAudience, parseTrustDocument, readTrustDocumentWhole } from './parse-document.js';
import type { TrustDocument } from './trust-document.js';
import { formatTrustDocument } from './format-document.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const parse = (document: unknown): unknown => parseTrustDocument(document, { audience: anyAudience });
const readTrustDocument = (text: string): TrustDocument =>
  readTrustDocumentWhole(text, { audience: anyAudience }).value as TrustDocument;

describe('a document that parses serialises to itself', () => {
  test("it has the same meaning when it is written, and keeps its author's notation", () => {
    fc.assert(
      fc.property(validDocument, (document) => {
        const text = formatTrustDocument(document);
        assert.deepEqual(parse(text), parse(document));
        assert.deepEqual(readTrustDocument(text), document);
      }),
      { numRuns: countRuns(120) },
    );
  });
  test('it is the same to the byte when it is written, read and written again', () => {
    fc.assert(
      fc.property(documentTexts, (text) => {
        const written = formatTrustDocument(readTrustDocument(text));
        assert.equal(formatTrustDocument(readTrustDocument(written)), written);
      }),
      { numRuns: countRuns(120) },
    );
  });
  test('this is true of every accepted document of the corpus', () => {
    for (const [, document] of acceptedDocuments) {
      const text = formatTrustDocument(document as TrustDocument);
      assert.deepEqual(parse(text), parse(document));
      assert.deepEqual(readTrustDocument(text), document);
    }
  });
});

describe('the form of a document', () => {
  test('it has two spaces, keys in the order of the schema, and a line end at the end', () => {
    const text = formatTrustDocument({
      identities: [
        {
          pins: [{ notAfter: '2027-03-01T00:00:00Z', thumbprintSha256: sha256.toLowerCase(), enabled: false }],
          owner: 'payments\nteam',
          roles: ['orders.read'],
          name: 'billing',
        },
        { roles: [], functions: [], name: '__proto__' },
      ],
      revision: -0,
      schemaVersion: 1,
    });
    assert.equal(
      text,
      `{
  "schemaVersion": 1,
  "revision": 0,
  "identities": [
    {
      "name": "billing",
      "roles": [
        "orders.read"
      ],
      "owner": "payments\\nteam",
      "pins": [
        {
          "thumbprintSha256": "${sha256.toLowerCase()}",
          "enabled": false,
          "notAfter": "2027-03-01T00:00:00Z"
        }
      ]
    },
    {
      "name": "__proto__",
      "roles": [],
      "functions": []
    }
  ]
}
`,
    );
  });
  test('a document that no runtime would accept is not written', () => {
    for (const { document } of refusedDocuments) {
      // A text is not a document here. It is in the corpus for the parser.
      if (typeof document === 'string') continue;
      assert.throws(() => formatTrustDocument(document as TrustDocument), TrustDocumentError);
    }
    const misspelt = { schemaVersion: 1, revision: 1, identities: [{ name: 'a', roles: [], functons: [] }] };
    assert.throws(() => formatTrustDocument(misspelt), /functons/);
    const undefinedFunctions = { ...misspelt, identities: [{ name: 'a', roles: [], functions: undefined }] };
    assert.throws(() => formatTrustDocument(undefinedFunctions as unknown as TrustDocument), /undefined/);
  });
  test('a document of 20,000 identities is written and read', () => {
    const identities = Array.from({ length: 20_000 }, (_, index) => ({
      name: `caller ${index}`,
      roles: ['reader'],
      pins: [{ thumbprintSha256: index.toString(16).padStart(64, '0') }],
    }));
    const document = { schemaVersion: 1, revision: 1, identities };
    assert.deepEqual(readTrustDocument(formatTrustDocument(document)), document);
  });
});

describe('reading a document as a tool', () => {
  test('it accepts any audience, but nothing that is not valid', () => {
    const text = '{"schemaVersion":1,"revision":1,"audience":["orders"],"identities":[]}';
    assert.deepEqual(readTrustDocument(text).audience, ['orders']);
    for (const { document } of refusedDocuments) {
      const json = typeof document === 'string' ? document : JSON.stringify(document);
      assert.throws(() => readTrustDocument(json), TrustDocumentError);
    }
  });
});

describe('unknown and duplicate keys never pass', () => {
  /** Lists the objects of a document that have members, each with its path. */
  const listObjects = (document: TrustDocument): { path: string; value: object }[] => [
    { path: '', value: document },
    ...(document.authorities ?? []).flatMap((authority, index) => [
      { path: `authorities[${index}].`, value: authority },
      ...(Object.keys(authority.revocation ?? {}).length === 0
        ? []
        : [{ path: `authorities[${index}].revocation.`, value: authority.revocation ?? {} }]),
      ...(authority.revocation?.minimumCrlNumbers ?? []).map((value, listIndex) => ({
        path: `authorities[${index}].revocation.minimumCrlNumbers[${listIndex}].`,
        value,
      })),
    ]),
    ...(document.locked === undefined ? [] : [{ path: 'locked.', value: document.locked }]),
    ...(document.denied ?? []).map((entry, index) => ({ path: `denied[${index}].`, value: entry })),
    ...document.identities.flatMap((identity, index) => [
      { path: `identities[${index}].`, value: identity },
      ...(identity.names ?? []).map((trustName, nameIndex) => ({
        path: `identities[${index}].names[${nameIndex}].`,
        value: trustName,
      })),
      ...(identity.pins ?? []).flatMap((pin, pinIndex) => {
        const path = `identities[${index}].pins[${pinIndex}].`;
        const grace = pin.acceptWithoutClientAuth;
        return [{ path, value: pin }, ...(grace ? [{ path: `${path}acceptWithoutClientAuth.`, value: grace }] : [])];
      }),
    ]),
  ];
  /** The document as text, with `member` added to one of its objects, as the first or last member. */
  const inject = (document: TrustDocument, target: object, member: string, isFirst: boolean): string => {
    const write = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(write).join()}]`;
      if (typeof value !== 'object' || value === null) return JSON.stringify(value);
      const members = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}:${write(field)}`);
      if (value === target) members.splice(isFirst ? 0 : members.length, 0, member);
      return `{${members.join()}}`;
    };
    return write(document);
  };
  const problemsOf = (text: string): readonly { readonly path: string; readonly message: string }[] => {
    try {
      parse(text);
    } catch (error) {
      assert.ok(error instanceof TrustDocumentError);
      assert.equal(error.code, 'CERTGATE_TRUST_DOCUMENT_INVALID');
      return error.problems;
    }
    return [];
  };
  const value = fc.constantFrom('null', 'true', '[]', '{}', '"x"', '0');

  test('an unknown key is refused anywhere', () => {
    const key = fc.oneof(
      fc.constantFrom('Name', 'role', 'enable', 'thumbprint', 'notafter', '__proto__', 'toString', 'comment', 'x y'),
      fc.string({ unit: fc.constantFrom('a', 'b', 'é', '_'), minLength: 1 }),
    );
    fc.assert(
      fc.property(validDocument, fc.nat(), key, value, fc.boolean(), (document, choice, name, field, isFirst) => {
        const objects = listObjects(document);
        const target = objects[choice % objects.length];
        assert.ok(target !== undefined);
        const text = inject(document, target.value, `${JSON.stringify(name)}:${field}`, isFirst);
        const problem = problemsOf(text).find(({ path }) => path === `${target.path}${name}`);
        assert.match(problem?.message ?? 'it passed', /unknown key/);
      }),
      { numRuns: countRuns(200) },
    );
  });

  test('a key is refused that the object has already, written plainly or escaped, with the same value or another', () => {
    fc.assert(
      fc.property(
        validDocument,
        fc.nat(),
        fc.nat(),
        fc.boolean(),
        fc.boolean(),
        (document, choice, at, escape, isFirst) => {
          const objects = listObjects(document);
          const target = objects[choice % objects.length];
          assert.ok(target !== undefined);
          const entries = Object.entries(target.value) as [string, unknown][];
          const [key, field] = entries[at % entries.length] ?? ['', undefined];
          const escaped = `\\u${key.charCodeAt(0).toString(16).padStart(4, '0')}${key.slice(1)}`;
          const text = inject(document, target.value, `"${escape ? escaped : key}":${JSON.stringify(field)}`, isFirst);
          const [problem] = problemsOf(text);
          assert.equal(problem?.path, `${target.path}${key}`);
          assert.match(problem.message, /twice/);
        },
      ),
      { numRuns: countRuns(200) },
    );
  });
});
