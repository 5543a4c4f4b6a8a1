// Reads trust documents. The strict reader of JSON must accept what JSON.parse accepts and nothing else, with the same
// value, also from bytes and in pieces. The published schema (by ajv) must accept every document that the parser
// accepts, and what the tool writes of it must have the same meaning.
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  anyAudience,
  formatTrustDocument,
  parseJsonInSteps,
  parseTrustDocument,
  runAtOnce,
} from '@certgate/core/internal';
import { whole } from '@certgate/core/test-support/whole-document.js';
import { assert, inTime, vectors } from '../oracles.mjs';

export const maximumLength = 8000;
export const seeds = () =>
  [...Object.values(vectors.documents), whole].map((document) => Buffer.from(JSON.stringify(document)));

const schemaFile = new URL('../../../packages/core/trust.schema.json', import.meta.url);
// The schema is compiled without `strict`, because it has messages for editors in keywords of their own.
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')));

export const dictionary = [
  ...[
    '"schemaVersion":1',
    '"revision":1',
    '"identities":[]',
    '"pins":',
    '"names":',
    '"roles":[]',
    '"authorities":',
    '"denied":',
  ],
  ...['"issuedBy":', '"thumbprintSha256":', '"notAfter":', '"locked":', '"revocation":', '"__proto__":', '\\u0000'],
];

export function fuzz(data) {
  const text = data.toString('utf8');
  inTime(data.length, () => {
    const reading = runAtOnce(parseJsonInSteps(text));
    const theirs = readByNode(text);
    assert.equal(reading.ok, theirs !== undefined);
    if (reading.ok) assert.deepStrictEqual(reading.value, theirs.value);
    const snapshot = parse(text);
    compareInPieces(text, reading, snapshot);
    if (snapshot === undefined) return;
    assert.equal(reading.duplicateKey, undefined);
    assert.ok(validate(theirs.value), JSON.stringify(validate.errors));
    const written = formatTrustDocument(theirs.value);
    // `theirs` is written and read again, because JSON.stringify writes -0 as 0.
    assert.deepStrictEqual(JSON.parse(written), JSON.parse(JSON.stringify(theirs.value)));
    assert.ok(parse(written) !== undefined);
  });
}

/**
 * Compares with a reading in pieces, as a store reads a longer document. The length of a piece depends on the length of
 * the input.
 */
function compareInPieces(text, reading, snapshot) {
  const bytes = Buffer.from(text);
  const pieceLength = 1 + (bytes.length % 61);
  for (const given of [text, bytes]) {
    const inPieces = runAtOnce(parseJsonInSteps(given, pieceLength));
    assert.equal(inPieces.ok, reading.ok);
    if (!reading.ok) continue;
    assert.deepStrictEqual(readWhole(inPieces.value), reading.value);
    assert.deepStrictEqual(inPieces.duplicateKey, reading.duplicateKey);
    if (reading.duplicateKey === undefined) assert.deepStrictEqual(parse(inPieces.value), snapshot);
  }
}

/** Reads all of a value. When read from bytes, a long list creates its items only while it is iterated. */
function readWhole(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (Symbol.iterator in value) return Array.from(value, readWhole);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, readWhole(member)]));
}

function readByNode(text) {
  try {
    // A reader may ignore a byte order mark (RFC 8259 §8.1).
    return { value: JSON.parse(text.replace(/^\ufeff/, '')) };
  } catch {
    return undefined;
  }
}

function parse(text) {
  try {
    return parseTrustDocument(text, { audience: anyAudience });
  } catch (error) {
    if (error?.name === 'TrustDocumentError') return undefined;
    throw error;
  }
}
