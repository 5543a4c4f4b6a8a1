import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { leadingDotReadings, revocationModes, revocationScopes } from '@certgate/x509/path';
import {
  allKeys,
  copyAndFind,
  findKeyAt,
  keysOf,
  listKeysIn,
  listProblemPaths,
  notWithIssuer,
  objectNames,
  type ObjectName,
  pathOf,
  whole,
} from '../test-support/whole-document.js';
import * as fc from 'fast-check';
import { anyDocument } from '../test-support/document-arbitraries.js';
import { refusedDocuments } from '../test-support/document-corpus.js';
import { getDocumentKeys, getKnownKeys, type KeyType } from './document-keys.js';
import { formatTrustDocument } from './format-document.js';
import { parseTrustDocument } from './parse-document.js';
import type { TrustDocument } from './trust-document.js';

type Schema = Readonly<Record<string, unknown>>;

describe('the readers read every key of the table', () => {
  test('a document with all keys is accepted, and it has all of them', () => {
    assert.deepEqual(listProblemPaths(whole), []);
    for (const objectName of objectNames) {
      const { target } = copyAndFind(objectName);
      for (const [key, { presence }] of keysOf(objectName))
        assert.ok(
          presence === 'alternative' || key === notWithIssuer || key in target,
          `test-support/whole-document.ts lacks ${pathOf(objectName, key)}`,
        );
    }
  });
  for (const objectName of objectNames) {
    test(`${objectName}: a value of another type is refused at its key`, () => {
      for (const [key, { presence }] of keysOf(objectName)) {
        const { document, target } = copyAndFind(objectName);
        // The key is the only alternative, so that the fault is in its value.
        if (presence === 'alternative' && objectName !== 'denied') {
          for (const [other, type] of keysOf(objectName))
            if (type.presence === 'alternative') Reflect.deleteProperty(target, other);
        }
        if (objectName === 'denied' && key === 'thumbprintSha256')
          target['issuedBy'] = target['serialNumber'] = undefined;
        target[key] = Symbol('no JSON value');
        const expected = pathOf(objectName, key);
        assert.ok(listProblemPaths(document).includes(expected), `no reader checks ${expected}`);
      }
    });
    test(`${objectName}: an absent required key is reported, and an absent optional key is not`, () => {
      for (const [key, { presence }] of keysOf(objectName)) {
        if (presence === 'alternative') continue;
        const { document, target } = copyAndFind(objectName);
        Reflect.deleteProperty(target, key);
        const isMissed = listProblemPaths(document).includes(pathOf(objectName, key));
        assert.equal(isMissed, presence === 'required', pathOf(objectName, key));
      }
    });
    test(`${objectName}: the problem of an unknown key lists the known ones`, () => {
      const { document, target } = copyAndFind(objectName);
      target['unheardOf'] = 1;
      const words = `unknown key; the known keys are ${keysOf(objectName)
        .map(([key]) => key)
        .join(', ')}`;
      assert.throws(() => parseTrustDocument(document, { audience: 'app' }), new RegExp(words.replaceAll('$', '\\$')));
    });
    test(`${objectName}: the formatter writes the keys in the order of the table`, () => {
      const { document, target } = copyAndFind(objectName);
      const entries = Object.entries(target).reverse();
      for (const [key] of entries) Reflect.deleteProperty(target, key);
      Object.assign(target, Object.fromEntries(entries));
      assert.equal(formatTrustDocument(document as TrustDocument), formatTrustDocument(whole));
      const order = keysOf(objectName).map(([key]) => key);
      const written = entries.map(([key]) => key).reverse();
      assert.deepEqual(
        written,
        order.filter((key) => written.includes(key)),
      );
    });
  }
});

describe('the tests of documents have every key', () => {
  test('document-corpus.ts has a refused value of each key', () => {
    const refused = refusedDocuments.map(({ path }) => findKeyAt(path));
    assert.deepEqual(
      allKeys.filter((key) => !refused.includes(key)),
      [],
      'add a refused value to test-support/document-corpus.ts',
    );
  });
  test('document-arbitraries.ts makes each key', () => {
    const made = listKeysIn(fc.sample(anyDocument, { numRuns: 300, seed: 1 }));
    assert.deepEqual(
      allKeys.filter((key) => !made.has(key)),
      [],
      'add it to test-support/document-arbitraries.ts',
    );
  });
});

test('path validation knows the same choices', () => {
  assert.deepEqual(getDocumentKeys().revocation.mode.choices, revocationModes);
  assert.deepEqual(getDocumentKeys().revocation.scope.choices, revocationScopes);
  assert.deepEqual(getDocumentKeys().authority.dnsConstraintsWithLeadingDot.choices, leadingDotReadings);
});

describe('the JSON Schema has the keys of the table', () => {
  const schema = JSON.parse(
    readFileSync(join(import.meta.dirname, '..', '..', '..', 'trust.schema.json'), 'utf8'),
  ) as Schema;
  const definitions = schema['$defs'] as Readonly<Record<string, Schema>>;
  const schemaOf = (objectName: ObjectName): Schema =>
    objectName === 'document' ? schema : (definitions[objectName] ?? {});
  const without = (property: Schema, ...keys: readonly string[]): Schema =>
    Object.fromEntries(Object.entries(property).filter(([key]) => !keys.includes(key)));
  const shown = ['deprecated', 'deprecationMessage', 'enumDescriptions', 'patternErrorMessage'];
  const withoutWords = (property: Schema): Schema => without(property, 'description', 'examples', 'default', ...shown);
  /** The property without the texts for people, and with its reference replaced by what it refers to. */
  const resolve = (property: Schema): Schema => {
    const { $ref: reference } = property;
    if (typeof reference !== 'string') return withoutWords(property);
    const name = reference.replace('#/$defs/', '');
    return name in getDocumentKeys() ? { objectName: name } : withoutWords(definitions[name] ?? {});
  };

  /** The JSON Schema of a type, without patterns. A property of its own must not be stricter in anything. */
  function describeType(type: KeyType): Schema {
    switch (type.type) {
      case 'object':
        return { objectName: type.objectName };
      case 'flag':
        return { type: 'boolean' };
      case 'choice':
        return { enum: type.choices };
      case 'wholeNumber':
        return type.minimum === type.maximum
          ? { const: type.minimum }
          : { type: 'integer', minimum: type.minimum, maximum: type.maximum };
      case 'list':
        return {
          type: 'array',
          items: describeType(type.items),
          ...(type.minimumCount > 0 && { minItems: type.minimumCount }),
          ...(type.maximumCount < Infinity && { maxItems: type.maximumCount }),
          ...(type.isSet && { uniqueItems: true }),
        };
      default:
        return { type: 'string', maxLength: type.maximumLength };
    }
  }
  const patterns = new Map<string, unknown>();
  /** The property in the same form. Strings of one type and length have the same pattern. */
  function describeProperty(property: Schema, type: KeyType): Schema {
    const resolved = resolve(property);
    if (type.type === 'list') return { ...resolved, items: describeProperty(resolved['items'] as Schema, type.items) };
    if (resolved['type'] === 'string') {
      const { pattern } = resolved;
      const name = JSON.stringify(type, ['type', 'maximumLength']);
      assert.equal(pattern, patterns.has(name) ? patterns.get(name) : pattern, `the pattern of ${name}`);
      patterns.set(name, pattern);
    }
    return without(resolved, 'pattern', 'patternErrorMessage', 'minLength');
  }

  test('the schema has one definition for each object', () => {
    const defined = Object.keys(definitions).filter((name) => definitions[name]?.['type'] === 'object');
    assert.deepEqual(['document', ...defined].sort(), [...objectNames].sort());
  });
  for (const objectName of objectNames) {
    test(`${objectName}: the schema has the same keys in the same order, with the same presence, type and limits`, () => {
      const { properties, required = [], oneOf } = schemaOf(objectName);
      const keys = keysOf(objectName);
      assert.deepEqual(Object.keys(properties as Schema), getKnownKeys(objectName).known, 'change trust.schema.json');
      assert.deepEqual(required, getKnownKeys(objectName).required);
      for (const [key, type] of keys) {
        const property = (properties as Readonly<Record<string, Schema>>)[key] ?? {};
        assert.deepEqual(describeProperty(property, type), describeType(type), key);
      }
      const alternatives = keys.flatMap(([key, { presence }]) => (presence === 'alternative' ? [key] : []));
      const listed = ((oneOf ?? []) as readonly { required: readonly string[] }[]).flatMap((one) => one.required);
      assert.deepEqual(listed, alternatives);
    });
  }
  test('a default in the schema is the value that the runtime uses for an absent key', () => {
    let defaults = 0;
    for (const objectName of objectNames) {
      for (const [key, property] of Object.entries(schemaOf(objectName)['properties'] as Record<string, Schema>)) {
        if (!('default' in property)) continue;
        defaults += 1;
        const [absent, standard] = [copyAndFind(objectName), copyAndFind(objectName)];
        Reflect.deleteProperty(absent.target, key);
        standard.target[key] = property['default'];
        const [one, other] = [absent, standard].map(({ document }) =>
          parseTrustDocument(document, { audience: 'app' }),
        );
        assert.deepEqual(one, other, key);
      }
    }
    assert.equal(defaults, 6);
  });
});

describe('docs/trust-document.md describes the keys of the table', () => {
  const page = readFileSync(
    join(import.meta.dirname, ...Array<string>(5).fill('..'), 'docs', 'trust-document.md'),
    'utf8',
  );
  interface Row {
    readonly keys: readonly string[];
    readonly presence: string;
    readonly words: string;
  }
  /** The tables of keys by the place in their first cell, such as `identities[]`. */
  const tables = new Map<string, readonly Row[]>(
    [...page.matchAll(/^\| In (.+?) \| Presence \| Meaning \|\n\|[-|]+\|\n((?:\|.*\n)+)/gm)].map(
      ([, place = '', rows = '']) => [
        place.replaceAll('`', ''),
        rows
          .trim()
          .split('\n')
          .map((row) => {
            const [, keys = '', presence = '', ...words] = row.split('|');
            return {
              keys: [...keys.matchAll(/`(.+?)`/g)].map(([, key = '']) => key),
              presence: presence.trim(),
              words: words.join('|'),
            };
          }),
      ],
    ),
  );
  const places = new Map(
    objectNames.flatMap((objectName) =>
      keysOf(objectName).flatMap(([key, type]): [string, ObjectName][] => {
        if (type.type === 'object') return [[key, type.objectName]];
        return type.type === 'list' && type.items.type === 'object' ? [[`${key}[]`, type.items.objectName]] : [];
      }),
    ),
  ).set('the document', 'document');

  test('the page has one table for each object', () => {
    assert.deepEqual([...tables.keys()].sort(), [...places.keys()].sort());
  });
  for (const [place, objectName] of places) {
    test(`${place}: the table has the same keys in the same order, with the same presence, choices and limits`, () => {
      const rows = tables.get(place) ?? [];
      assert.deepEqual(
        rows.flatMap(({ keys }) => keys),
        getKnownKeys(objectName).known,
        'run npm run write -- docs',
      );
      for (const [key, type] of keysOf(objectName)) {
        const { presence = '', words = '' } = rows.find(({ keys }) => keys.includes(key)) ?? {};
        if (type.presence === 'alternative') assert.match(presence, /^(one of these.*)?$/, key);
        else assert.equal(presence, type.presence, key);
        for (const choice of type.type === 'choice' ? type.choices : [])
          assert.ok(words.includes(`\`${choice}\``), choice);
        const counted = type.type === 'list' && type.maximumCount < Infinity ? type.maximumCount : undefined;
        if (counted !== undefined) assert.ok(words.includes(counted.toLocaleString('en-US')), key);
      }
    });
  }
});
