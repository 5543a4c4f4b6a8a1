import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { parseTrustDocument, type TrustSnapshot } from '@certgate/core/internal';
import {
  copyAndFind,
  keysOf,
  type KeyType,
  listProblemPaths,
  objectNames,
  type ObjectName,
  pathOf,
  whole,
} from '@certgate/core/test-support/whole-document.js';
import { compareTrustDocuments } from './compare-documents.js';

describe('the comparison of documents reports a change of every key', () => {
  /** These keys are about the document, not about who may call. */
  const unreported = ['$schema', 'schemaVersion', 'revision'];
  const parse = (document: unknown): TrustSnapshot => parseTrustDocument(document, { audience: 'app' });
  const before = parse(whole);
  /** Other values of a type; undefined to remove the key. Some are invalid, because keys depend on each other. */
  function listOthers(type: KeyType): readonly unknown[] {
    switch (type.type) {
      case 'object':
        return [undefined];
      case 'flag':
        return [false];
      case 'choice':
        return type.choices;
      case 'wholeNumber':
        return [2];
      case 'list':
        return [undefined, ...listOthers(type.items).flatMap((item) => (item === undefined ? [] : [[item]]))];
      case 'instant':
        return [undefined, '2027-06-01T00:00:00Z'];
      default:
        return [undefined, 'other', '13', 'http://other.example/', 'file:other.crl'];
    }
  }
  function listChanged(objectName: ObjectName, key: string, type: KeyType): readonly TrustSnapshot[] {
    const changed = listOthers(type).map((other) => {
      const { document, target } = copyAndFind(objectName);
      if (other === undefined) Reflect.deleteProperty(target, key);
      else target[key] = other;
      return document;
    });
    const valid = changed.filter((document) => listProblemPaths(document).length === 0);
    return valid.map(parse).filter((after) => !isDeepStrictEqual(before, after));
  }

  /** No other value is tried for these keys: it would be invalid without a change of another key. */
  const dependent: readonly string[] = [
    'document.authorities',
    'document.identities',
    'authority.name',
    'authority.trustAnchors',
    'authority.intermediates',
    'revocation.mode',
    'minimumCrlNumber.issuer',
    'trustName.issuedBy',
    'pin.acceptWithoutClientAuth',
    'clientAuthGrace.since',
    'clientAuthGrace.until',
  ];
  const same: string[] = [];
  for (const objectName of objectNames) {
    test(objectName, () => {
      for (const [key, type] of keysOf(objectName).filter(([name]) => !unreported.includes(name))) {
        const snapshots = listChanged(objectName, key, type);
        if (snapshots.length === 0 && type.presence !== 'alternative') same.push(`${objectName}.${key}`);
        const isReported = snapshots.some((after) => compareTrustDocuments(before, after).changes.length > 0);
        assert.ok(
          snapshots.length === 0 || isReported,
          `report a change of ${pathOf(objectName, key)} in a compare-….ts`,
        );
      }
    });
  }
  test('every other key of the document changes the snapshot', () => {
    assert.deepEqual(same, dependent, 'read it into trust-snapshot.ts, or add it to the list above');
  });
});

test('the sentence about a new pin has every instant of the pin', () => {
  const instants = keysOf('pin').filter(([, { type }]) => type === 'instant');
  assert.ok(instants.length > 1);
  for (const [key] of instants) {
    const at = '2027-06-01T00:00:00Z';
    const [none, one] = [[], [{ thumbprintSha256: 'AB'.repeat(32), [key]: at }]].map((pins) =>
      parseTrustDocument({ schemaVersion: 1, revision: 1, identities: [{ name: 'a', roles: [], pins }] }),
    );
    assert.ok(none !== undefined && one !== undefined);
    const sentences = compareTrustDocuments(none, one).changes.map(({ sentence }) => sentence);
    assert.match(sentences.join('\n'), new RegExp(at), key);
  }
});
