import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { getAuthorityPems } from '../test-support/authority-certificates.js';
import { acceptedDocuments, refusedDocuments, sha1, sha256 } from '../test-support/document-corpus.js';
import { allKeys, listKeysIn } from '../test-support/whole-document.js';
import { parseTrustDocument } from './parse-document.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'trust.schema.json'), 'utf8'),
) as Record<string, unknown>;
const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
/** Keywords that VS Code shows. They don't affect validation. */
const shownInEditors = [
  'defaultSnippets',
  'deprecationMessage',
  'enumDescriptions',
  'errorMessage',
  'patternErrorMessage',
] as const;
const validate = ajv.addVocabulary([...shownInEditors]).compile(schema);

const parserAccepts = (document: unknown): boolean => {
  try {
    parseTrustDocument(document, { audience: 'app' });
    return true;
  } catch {
    return false;
  }
};

describe('the published schema', () => {
  test('is a draft 2020-12 schema, and has the address of this file in the repository', () => {
    assert.equal(schema['$schema'], 'https://json-schema.org/draft/2020-12/schema');
    assert.match(String(schema['$id']), /^https:\/\/github\.com\/.*\/packages\/core\/trust\.schema\.json$/);
    assert.equal(validate.schema, schema);
  });

  test('has only closed objects, and a description for editors of every property', () => {
    const definitions = schema['$defs'] as Record<string, Record<string, unknown>>;
    for (const object of [schema, ...Object.values(definitions)].filter(({ type }) => type === 'object')) {
      assert.equal(object['additionalProperties'], false);
      assert.equal(typeof object['description'], 'string');
      for (const [name, property] of Object.entries(object['properties'] as Record<string, { description?: string }>)) {
        assert.ok((property.description ?? '').length > 10, name);
      }
    }
  });
});

describe('what editors show', () => {
  const listObjects = (value: unknown): readonly Record<string, unknown>[] =>
    typeof value === 'object' && value !== null
      ? [value as Record<string, unknown>, ...Object.values(value).flatMap(listObjects)]
      : [];
  const objects = listObjects(schema);

  test('every pattern has a message, and every choice has a description', () => {
    for (const { pattern, patternErrorMessage } of objects.filter((each) => typeof each['pattern'] === 'string')) {
      assert.match(String(patternErrorMessage), /^It must .+\.$/, String(pattern));
    }
    const choices = objects.filter((each) => Array.isArray(each['enum']) && 'description' in each);
    assert.ok(choices.length > 3);
    for (const { enum: values, enumDescriptions } of choices) {
      assert.equal((enumDescriptions as unknown[]).length, (values as unknown[]).length);
    }
  });
});

describe('schema and parser agree', () => {
  for (const [what, document] of acceptedDocuments) {
    test(`both accept ${what}`, () => {
      assert.equal(validate(document), true, JSON.stringify(validate.errors));
    });
  }
  for (const { what, document, isSeenBySchema } of refusedDocuments) {
    test(isSeenBySchema ? `both refuse ${what}` : `${what} is beyond a schema`, () => {
      assert.equal(validate(typeof document === 'string' ? JSON.parse(document) : document), !isSeenBySchema);
    });
  }
});

describe('whatever the document', () => {
  /** Generates mostly good values, so that whole documents are often good. */
  const mostly = (good: fc.Arbitrary<unknown>, bad: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 15, arbitrary: good }, { weight: 1, arbitrary: bad });
  const anything = fc.jsonValue({ maxDepth: 1 });
  const separator = fc.constantFrom('', ' ', ':', '\t', '\u00a0', '\u200e', '\u202a', '\ufeff', '\u2028', '\r\n');
  const digits = (text: string): fc.Arbitrary<string> =>
    fc.tuple(separator, separator, fc.nat({ max: text.length }), fc.boolean()).map(([front, inside, at, lower]) => {
      const cased = lower ? text.toLowerCase() : text;
      return `${front}${cased.slice(0, at)}${inside}${cased.slice(at)}`;
    });
  const noHash = fc.oneof(digits(`${sha256}\0`), digits(sha256.slice(1)), fc.string({ unit: 'binary' }), anything);
  const moment = fc.date({ min: new Date(0), max: new Date(253_402_300_799_999), noInvalidDate: true });
  const noInstant = fc.constantFrom('2027-02-29T00:00:00Z', '2027-01-01T24:00:00Z', '2027-01-01', '', 0, null);
  const instant = mostly(
    moment.map((date) => date.toISOString()),
    noInstant,
  );
  const noName = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(' a', 'a\u3000', '', 'x'.repeat(257), 1, null),
  );
  const name = mostly(fc.string({ unit: fc.constantFrom('a', 'B', '\u{1f600}', 'ß', '-', '_'), minLength: 1 }), noName);
  const text = mostly(fc.string({ minLength: 1 }), noName);
  const flag = mostly(fc.boolean(), anything);
  const list = (items: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    mostly(fc.array(items, { maxLength: 2 }), anything);
  const window = { enabled: flag, notBefore: instant, notAfter: instant };
  const acceptWithoutClientAuth = mostly(
    fc
      .tuple(moment, mostly(fc.integer({ min: 1, max: 90 }), fc.constantFrom(0, -1, 91)), text)
      .map(([since, days, reason]) => ({
        since: since.toISOString(),
        until: new Date(since.getTime() + Number(days) * 86_400_000).toISOString(),
        reason,
      })),
    anything,
  );
  const pin = fc.oneof(
    fc.record(
      { thumbprintSha256: digits(sha256), issuedBy: anything, acceptWithoutClientAuth },
      { requiredKeys: ['thumbprintSha256', 'acceptWithoutClientAuth'] },
    ),
    fc.record({ thumbprintSha256: mostly(digits(sha256), noHash), ...window }, { requiredKeys: ['thumbprintSha256'] }),
    fc.record({ thumbprintSha1: mostly(digits(sha1), noHash), ...window }, { requiredKeys: ['thumbprintSha1'] }),
    fc.record({ publicKeySha256: mostly(digits(sha256), noHash), ...window }, { requiredKeys: ['publicKeySha256'] }),
    fc.record(
      { publicKeySha256: digits(sha256), thumbprintSha256: digits(sha256), issuedBy: anything },
      { requiredKeys: [] },
    ),
  );
  const identityFields = {
    functions: list(name),
    enabled: flag,
    owner: text,
    reason: text,
    expiresAt: instant,
    pins: list(pin),
  };
  const { corp, partner, leaf } = getAuthorityPems();
  const issuedBy = mostly(fc.constantFrom('corp', 'Corp', 'b'), fc.oneof(text, anything));
  const address = mostly(
    fc.constantFrom('file:a.crl', 'https://a.example/b?c', 'http://localhost/a', 'file:/a b', 'file:a#b'),
    fc.oneof(
      fc.constantFrom('http://a.example/', 'https://u@a.example/', 'https://a b/', 'https://[/', 'file://a'),
      noName,
    ),
  );
  const label = fc.string({ unit: fc.constantFrom('a', 'B', '1', '-', '_', 'é'), maxLength: 4 });
  const dns = mostly(
    fc
      .tuple(fc.constantFrom('', '*.'), fc.array(label, { minLength: 1, maxLength: 4 }))
      .map(([head, all]) => head + all.join('.')),
    noName,
  );
  const uri = mostly(
    fc
      .tuple(
        fc.constantFrom('urn:', 'spiffe://example.org/', 'Spiffe:', 'https://', 'spiffe://', ''),
        fc.string({ unit: fc.constantFrom('a', '/', '.', '%20', '%', '#', '?', '_', 'A', ' ') }),
      )
      .map((parts) => parts.join('')),
    noName,
  );
  const email = mostly(
    fc.tuple(label, fc.constantFrom('.', ''), label, dns).map(([a, b, c, d]) => `${a}${b}${c}@${String(d)}`),
    noName,
  );
  const trustName = fc.oneof(
    ...Object.entries({ dns, uri, email, commonName: name, organizationalUnit: name }).map(([type, value]) =>
      fc.record({ issuedBy, [type]: value }),
    ),
    fc.record({ issuedBy, dns, uri }, { requiredKeys: [] }),
  );
  const serialNumber = mostly(fc.string({ unit: fc.constantFrom('0', 'f', 'A', ':', ' '), minLength: 1 }), noName);
  const denied = fc.record(
    { thumbprintSha256: mostly(digits(sha256), noHash), issuedBy, serialNumber, reason: text },
    { requiredKeys: [] },
  );
  const minimumCrlNumber = fc.record({
    issuer: mostly(fc.constantFrom('CN=Corp CA', 'CN=Partner CA'), noName),
    number: mostly(fc.bigInt({ min: 0n, max: 2n ** 160n }).map(String), noName),
  });
  const authority = fc.record(
    {
      name: fc.constantFrom('corp', 'b', 'CORP'),
      trustAnchors: mostly(fc.subarray([corp, partner], { minLength: 1 }), fc.oneof(fc.constant([leaf]), list(noName))),
      dnsConstraintsWithLeadingDot: mostly(fc.constantFrom('refuse', 'subdomains-only'), anything),
      intermediates: list(fc.constantFrom(corp, partner)),
      spiffeTrustDomains: list(mostly(fc.constantFrom('example.org', 'a'), noName)),
      revocation: mostly(
        fc.record(
          {
            mode: mostly(fc.constantFrom('off', 'required', 'when-available'), anything),
            scope: mostly(fc.constantFrom('chain', 'end-entity'), anything),
            crls: list(address),
            ocsp: address,
            ocspNonce: mostly(fc.constantFrom('required', 'optional'), anything),
            minimumCrlNumbers: list(minimumCrlNumber),
            graceSeconds: mostly(fc.nat({ max: 604_800 }), fc.double()),
            noRevAvailMaximumLifetimeSeconds: mostly(fc.nat({ max: 2_592_001 }), fc.double()),
          },
          { requiredKeys: [] },
        ),
        anything,
      ),
    },
    { requiredKeys: ['name', 'trustAnchors'] },
  );
  const required = { name, roles: list(name) };
  const identity = fc.record({ ...required, ...identityFields }, { requiredKeys: ['name', 'roles'] });
  const named = fc.record({ ...required, names: list(trustName) });
  const noIdentity = fc.oneof(fc.record({ ...required, names: anything }), anything);
  const documentFields = {
    schemaVersion: mostly(fc.constant(1), fc.constantFrom(0, 2, '1', null)),
    revision: mostly(fc.nat(), fc.double()),
    authorities: list(authority),
    denied: list(denied),
    identities: list(mostly(fc.oneof({ weight: 2, arbitrary: identity }, named), noIdentity)),
    $schema: text,
    locked: mostly(fc.record({ since: instant, by: text, reason: text }), anything),
    audience: mostly(fc.constantFrom(['app'], ['App', 'other']), fc.constantFrom([], ['app', 'app'], 'app', null)),
  };
  const requiredKeys: ['schemaVersion', 'revision', 'identities'] = ['schemaVersion', 'revision', 'identities'];
  const document = fc.record(documentFields, { requiredKeys });

  test('the generator makes every key', () => {
    const made = listKeysIn(fc.sample(document, { numRuns: 300, seed: 1 }));
    assert.deepEqual(
      allKeys.filter((key) => !made.has(key)),
      [],
      'add it to the generator in this file',
    );
  });

  test('the schema accepts what the parser accepts', () => {
    let accepted = 0;
    fc.assert(
      fc.property(document, (value) => {
        if (!parserAccepts(value)) return;
        accepted += 1;
        assert.equal(validate(value), true, JSON.stringify(validate.errors));
      }),
      { numRuns: countRuns(500) },
    );
    assert.ok(accepted > 5, `only ${accepted} documents were accepted, so the property says little`);
  });

  test('a document that the schema accepts and the parser refuses has a problem that no schema can express', () => {
    const beyond = new RegExp(
      [
        'never matches|time that exists|is already|names no authority|is not a CA certificate|among the spiffe',
        'certificate of the authority has this subject|20 octets at most',
        'never applies|days at most|for this machine only|a user name or password|must be an http: or https: URL|file:PATH or an https: URL',
      ].join('|'),
    );
    fc.assert(
      fc.property(document, (value) => {
        if (!validate(value)) return;
        try {
          parseTrustDocument(value, { audience: 'app' });
        } catch (error) {
          const { problems } = error as { problems: readonly { message: string }[] };
          for (const { message } of problems) assert.match(message, beyond);
        }
      }),
      { numRuns: countRuns(500) },
    );
  });

  test('a thumbprint full of separators does not make the pattern slow', () => {
    const slow = ': '.repeat(128);
    const value = {
      schemaVersion: 1,
      revision: 1,
      identities: [{ name: 'a', roles: [], pins: [{ thumbprintSha256: slow }] }],
    };
    // With a pattern that backtracks, this could take very long.
    assert.equal(validate(value), false);
  });
});
