import { acceptedAuthorityDocuments, refusedAuthorityDocuments } from './authority-corpus.js';
import { type RefusedDocument, documentOf } from './documents.js';
import { acceptedNameDocuments, refusedNameDocuments } from './name-corpus.js';

export const sha256: string = '9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08';
export const otherSha256: string = '60303AE22B998861BCE3B28F33EEC1BE758A213C86C93C076DBE9F558C11C752';
export const sha1: string = 'A94A8FE5CCB19BA61C4C0873D391E987982FBBD3';

const identity = (fields: Record<string, unknown>): object => documentOf([fields]);
const pin = (fields: Record<string, unknown>): object => documentOf([{ pins: [fields] }]);
const lock = { since: '2027-01-01T00:00:00Z', by: 'ada', reason: 'breach' };
const grace = { since: '2027-01-01T00:00:00Z', until: '2027-04-01T00:00:00Z', reason: 'until our own authority' };
const colons = (text: string): string => text.replace(/(..)(?!$)/g, '$1:');
const long = 'x'.repeat(257);
/** An object as JSON.parse makes it: `__proto__` is an own key, and does not set the prototype. */
const withOwnKey = (key: string): Record<string, unknown> =>
  JSON.parse(`{"${key}": {"enabled": true}}`) as Record<string, unknown>;

const root = 'identities[0]';
const place = 'identities[0].pins[0]';

function refuse(what: string, document: unknown, path: string, words: RegExp, isSeenBySchema = true): RefusedDocument {
  return { what, document, path, words, isSeenBySchema };
}

export const refusedDocuments: readonly RefusedDocument[] = [
  ...refusedAuthorityDocuments,
  ...refusedNameDocuments,
  // The document itself
  refuse('null', null, '', /JSON object/),
  refuse('a list', [], '', /JSON object/),
  refuse('a text', '"text"', '', /JSON object/),
  refuse('a number', 7, '', /JSON object/),
  refuse('an empty object', {}, 'schemaVersion', /whole number/),
  refuse('no revision', { schemaVersion: 1, identities: [] }, 'revision', /missing/),
  refuse('no identities', { schemaVersion: 1, revision: 1 }, 'identities', /missing/),
  refuse(
    'an unknown key',
    documentOf([], { identites: [] }),
    'identites',
    /unknown key; the known keys are .*identities/,
  ),
  refuse('a key in another case', documentOf([], { Revision: 2 }), 'Revision', /unknown key/),
  refuse('a comment', documentOf([], { $comment: 'x' }), '$comment', /unknown key/),
  refuse('__proto__', { ...documentOf([]), ['__proto__']: 1 }, '__proto__', /unknown key/),
  refuse('constructor', documentOf([], { constructor: 1 }), 'constructor', /unknown key/),
  refuse('toString', documentOf([], { toString: 1 }), 'toString', /unknown key/),
  // schemaVersion
  refuse('schemaVersion 0', documentOf([], { schemaVersion: 0 }), 'schemaVersion', /whole number/),
  refuse('schemaVersion "1"', documentOf([], { schemaVersion: '1' }), 'schemaVersion', /whole number/),
  refuse('schemaVersion 1.5', documentOf([], { schemaVersion: 1.5 }), 'schemaVersion', /whole number/),
  refuse('schemaVersion null', documentOf([], { schemaVersion: null }), 'schemaVersion', /whole number/),
  refuse('schemaVersion 2', documentOf([], { schemaVersion: 2 }), 'schemaVersion', /up to version 1, .* has 2; update/),
  refuse('a newer document with its own keys', { schemaVersion: 2, people: [] }, 'schemaVersion', /up to version 1/),
  // revision
  refuse('revision -1', documentOf([], { revision: -1 }), 'revision', /whole number/),
  refuse('revision 1.5', documentOf([], { revision: 1.5 }), 'revision', /whole number/),
  refuse('revision "1"', documentOf([], { revision: '1' }), 'revision', /whole number/),
  refuse('a revision beyond exact numbers', documentOf([], { revision: 2 ** 53 }), 'revision', /whole number/),
  // $schema, audience
  refuse('$schema empty', documentOf([], { $schema: ' ' }), '$schema', /empty/),
  refuse('$schema no text', documentOf([], { $schema: 1 }), '$schema', /a string/),
  refuse('audience no list', documentOf([], { audience: 'app' }), 'audience', /list/),
  refuse('audience null', documentOf([], { audience: null }), 'audience', /list/),
  refuse('audience empty', documentOf([], { audience: [] }), 'audience', /./),
  refuse('audience of a number', documentOf([], { audience: [1] }), 'audience[0]', /a string/),
  refuse('audience twice the same', documentOf([], { audience: ['a', 'a'] }), 'audience', /twice/),
  // locked: any value locks the document or is refused
  refuse('locked null', documentOf([], { locked: null }), 'locked', /JSON object/),
  refuse('locked false', documentOf([], { locked: false }), 'locked', /JSON object/),
  refuse('locked true', documentOf([], { locked: true }), 'locked', /JSON object/),
  refuse('locked as a list', documentOf([], { locked: [] }), 'locked', /JSON object/),
  refuse('locked without since', documentOf([], { locked: { by: 'a', reason: 'b' } }), 'locked.since', /missing/),
  refuse(
    'locked without a reason',
    documentOf([], { locked: { since: lock.since, by: 'a' } }),
    'locked.reason',
    /missing/,
  ),
  refuse('locked without a name', documentOf([], { locked: { ...lock, by: ' ' } }), 'locked.by', /empty/),
  refuse('locked for no reason', documentOf([], { locked: { ...lock, reason: 1 } }), 'locked.reason', /a string/),
  refuse('locked at no time', documentOf([], { locked: { ...lock, since: '2027' } }), 'locked.since', /that exists/),
  refuse('locked until', documentOf([], { locked: { ...lock, until: lock.since } }), 'locked.until', /unknown key/),
  // identities
  refuse('identities no list', { schemaVersion: 1, revision: 1, identities: {} }, 'identities', /list/),
  refuse('identities null', { schemaVersion: 1, revision: 1, identities: null }, 'identities', /list/),
  refuse('an identity that is a text', { schemaVersion: 1, revision: 1, identities: ['a'] }, root, /JSON object/),
  refuse('an identity that is null', { schemaVersion: 1, revision: 1, identities: [null] }, root, /JSON object/),
  refuse('an identity that is a list', { schemaVersion: 1, revision: 1, identities: [[]] }, root, /JSON object/),
  refuse('no name', { schemaVersion: 1, revision: 1, identities: [{ roles: [] }] }, `${root}.name`, /missing/),
  refuse('no roles', { schemaVersion: 1, revision: 1, identities: [{ name: 'a' }] }, `${root}.roles`, /missing/),
  refuse(
    'certificates',
    identity({ certificates: [] }),
    `${root}.certificates`,
    /unknown key; the known keys are .*pins/,
  ),
  refuse('subjects', identity({ subjects: [] }), `${root}.subjects`, /unknown key; the known keys are .*names/),
  refuse(
    'an unknown key of an identity',
    identity({ role: 'x' }),
    `${root}.role`,
    /unknown key; the known keys are .*roles/,
  ),
  refuse('an identity with __proto__', identity(withOwnKey('__proto__')), `${root}.__proto__`, /unknown key/),
  refuse('an identity with constructor', identity(withOwnKey('constructor')), `${root}.constructor`, /unknown key/),
  refuse('an identity with toString', identity(withOwnKey('toString')), `${root}.toString`, /unknown key/),
  refuse(
    'an identity with hasOwnProperty',
    identity(withOwnKey('hasOwnProperty')),
    `${root}.hasOwnProperty`,
    /unknown/,
  ),
  refuse('a name that is empty', identity({ name: '' }), `${root}.name`, /empty/),
  refuse('a name of white space', identity({ name: ' \u00a0' }), `${root}.name`, /empty/),
  refuse('a name that is a number', identity({ name: 1 }), `${root}.name`, /a string/),
  refuse('a name that is null', identity({ name: null }), `${root}.name`, /a string/),
  refuse('a name of 257 characters', identity({ name: long }), `${root}.name`, /256/),
  refuse('a name with a space in front', identity({ name: ' a' }), `${root}.name`, /white space/),
  refuse('a name with a space behind', identity({ name: 'a\u3000' }), `${root}.name`, /white space/),
  refuse('a name with a line end', identity({ name: 'a\nb' }), `${root}.name`, /invisible/),
  refuse('a name with a tab', identity({ name: 'a\tb' }), `${root}.name`, /invisible/),
  refuse('a name with a zero-width space', identity({ name: 'a\u200bb' }), `${root}.name`, /invisible/),
  refuse('a name with a right-to-left override', identity({ name: 'a\u202eb' }), `${root}.name`, /invisible/),
  refuse('a name with a line separator', identity({ name: 'a\u2028b' }), `${root}.name`, /invisible/),
  refuse('a name with half a character', identity({ name: 'a\ud800b' }), `${root}.name`, /invisible/),
  refuse('a name twice', documentOf([{ name: 'a' }, { name: 'a' }]), 'identities[1].name', /identities\[0\]/, false),
  refuse(
    'a name in two cases',
    documentOf([{ name: 'Ab' }, { name: 'aB' }]),
    'identities[1].name',
    /letter case/,
    false,
  ),
  refuse('roles as a text', identity({ roles: 'reader' }), `${root}.roles`, /list/),
  refuse('roles null', identity({ roles: null }), `${root}.roles`, /list/),
  refuse('a role that is null', identity({ roles: ['a', null] }), `${root}.roles[1]`, /a string/),
  refuse('a role that is empty', identity({ roles: [''] }), `${root}.roles[0]`, /empty/),
  refuse('a role with a space behind', identity({ roles: ['a '] }), `${root}.roles[0]`, /white space/),
  refuse('a role twice', identity({ roles: ['a', 'a'] }), `${root}.roles`, /twice/),
  refuse('functions as a text', identity({ functions: 'f' }), `${root}.functions`, /list/),
  refuse('functions null, which might mean all', identity({ functions: null }), `${root}.functions`, /list/),
  refuse('functions twice the same', identity({ functions: ['f', 'f'] }), `${root}.functions`, /twice/),
  refuse('enabled as a text', identity({ enabled: 'false' }), `${root}.enabled`, /true or false/),
  refuse('enabled 0', identity({ enabled: 0 }), `${root}.enabled`, /true or false/),
  refuse('enabled null', identity({ enabled: null }), `${root}.enabled`, /true or false/),
  refuse('an owner that is empty', identity({ owner: '' }), `${root}.owner`, /empty/),
  refuse('an owner that is a list', identity({ owner: ['a'] }), `${root}.owner`, /a string/),
  refuse('a reason of 257 characters', identity({ reason: long }), `${root}.reason`, /256/),
  refuse('expiresAt as a number', identity({ expiresAt: 1_900_000_000 }), `${root}.expiresAt`, /a string/),
  refuse('expiresAt null, which might mean never', identity({ expiresAt: null }), `${root}.expiresAt`, /a string/),
  refuse('expiresAt as a date', identity({ expiresAt: '2027-03-01' }), `${root}.expiresAt`, /time that exists/),
  refuse('expiresAt with an offset', identity({ expiresAt: '2027-03-01T00:00:00+01:00' }), `${root}.expiresAt`, /UTC/),
  refuse('expiresAt at 24:00', identity({ expiresAt: '2027-03-01T24:00:00Z' }), `${root}.expiresAt`, /exists/),
  refuse('expiresAt in a leap second', identity({ expiresAt: '2016-12-31T23:59:60Z' }), `${root}.expiresAt`, /exists/),
  refuse('29 February of 2027', identity({ expiresAt: '2027-02-29T00:00:00Z' }), `${root}.expiresAt`, /exists/, false),
  refuse('31 April', identity({ expiresAt: '2027-04-31T00:00:00Z' }), `${root}.expiresAt`, /exists/, false),
  refuse('pins as an object', identity({ pins: {} }), `${root}.pins`, /list/),
  refuse('pins null', identity({ pins: null }), `${root}.pins`, /list/),
  // pins
  refuse('a pin that is a text', identity({ pins: [sha256] }), place, /JSON object/),
  refuse('a pin without a hash', pin({}), place, /exactly one of/),
  refuse('a pin with a window only', pin({ notAfter: '2027-03-01T00:00:00Z' }), place, /exactly one of/),
  refuse('a pin with two hashes', pin({ thumbprintSha256: sha256, thumbprintSha1: sha1 }), place, /exactly one of/),
  refuse(
    'a misspelt hash',
    pin({ thumbprint: sha256 }),
    `${place}.thumbprint`,
    /unknown key; the known keys are thumbprintSha256/,
  ),
  refuse(
    'a pin with __proto__',
    pin({ thumbprintSha256: sha256, ...withOwnKey('__proto__') }),
    `${place}.__proto__`,
    /unknown/,
  ),
  refuse('a hash that is null', pin({ thumbprintSha256: null }), `${place}.thumbprintSha256`, /a string/),
  refuse('a hash that is a number', pin({ thumbprintSha256: 9 }), `${place}.thumbprintSha256`, /a string/),
  refuse('a hash that is empty', pin({ thumbprintSha256: '' }), `${place}.thumbprintSha256`, /empty/),
  refuse('63 digits', pin({ thumbprintSha256: sha256.slice(1) }), `${place}.thumbprintSha256`, /64 hexadecimal digits/),
  refuse('65 digits', pin({ thumbprintSha256: `${sha256}0` }), `${place}.thumbprintSha256`, /64 hexadecimal digits/),
  refuse(
    'SHA-1 where SHA-256 belongs',
    pin({ thumbprintSha256: sha1 }),
    `${place}.thumbprintSha256`,
    /has 40, so it is a SHA-1/,
  ),
  refuse(
    'SHA-256 where SHA-1 belongs',
    pin({ thumbprintSha1: sha256 }),
    `${place}.thumbprintSha1`,
    /has 64, so it is a SHA-256/,
  ),
  refuse(
    'base64 of a hash',
    pin({ thumbprintSha256: Buffer.from(sha256, 'hex').toString('base64') }),
    `${place}.thumbprintSha256`,
    /hexadecimal/,
  ),
  refuse(
    'a ligature that means FF in upper case',
    pin({ thumbprintSha256: `\ufb00${sha256.slice(2)}` }),
    `${place}.thumbprintSha256`,
    /hexadecimal/,
  ),
  refuse(
    'full-width digits',
    pin({ thumbprintSha256: sha256.replace('9', '\uff19') }),
    `${place}.thumbprintSha256`,
    /hexadecimal/,
  ),
  refuse(
    'a hash among 257 characters',
    pin({ thumbprintSha256: sha256.padEnd(257) }),
    `${place}.thumbprintSha256`,
    /256/,
  ),
  refuse(
    'a key by SHA-1',
    pin({ publicKeySha256: sha1, notAfter: '2027-03-01T00:00:00Z' }),
    `${place}.publicKeySha256`,
    /a SHA-1 thumbprint/,
  ),
  refuse('a key without notAfter', pin({ publicKeySha256: sha256 }), place, /its own notAfter/),
  refuse(
    'a key with notBefore only',
    pin({ publicKeySha256: sha256, notBefore: '2027-01-01T00:00:00Z' }),
    place,
    /notAfter/,
  ),
  refuse(
    'a window of nothing',
    pin({ thumbprintSha256: sha256, notBefore: '2027-03-01T00:00:00Z', notAfter: '2027-03-01T00:00:00Z' }),
    place,
    /never matches/,
    false,
  ),
  refuse(
    'a window backwards',
    pin({ thumbprintSha256: sha256, notBefore: '2027-03-02T00:00:00Z', notAfter: '2027-03-01T00:00:00Z' }),
    place,
    /never matches/,
    false,
  ),
  refuse(
    'notAfter without a zone',
    pin({ thumbprintSha256: sha256, notAfter: '2027-03-01T00:00:00' }),
    `${place}.notAfter`,
    /UTC/,
  ),
  ...(
    [
      ['a grace period with an empty reason', { reason: ' ' }, '.reason', /empty/, true],
      ['a grace period with another key', { for: 'all' }, '.for', /unknown key/, true],
      [
        'a grace period since a day that is not',
        { since: '2027-02-30T00:00:00Z' },
        '.since',
        /time that exists/,
        false,
      ],
      [
        'a grace period until a day that is not',
        { until: '2027-02-30T00:00:00Z' },
        '.until',
        /time that exists/,
        false,
      ],
      ['an empty grace period', { until: grace.since }, '', /never applies/, false],
      [
        'a grace period of 90 days and a millisecond',
        { until: '2027-04-01T00:00:00.001Z' },
        '',
        /90 days at most/,
        false,
      ],
    ] as const
  ).map(([what, change, where, words, isSeenBySchema]) =>
    refuse(
      what,
      pin({ thumbprintSha256: sha256, acceptWithoutClientAuth: { ...grace, ...change } }),
      `${place}.acceptWithoutClientAuth${where}`,
      words,
      isSeenBySchema,
    ),
  ),
  refuse(
    'a grace period without since and reason',
    pin({ thumbprintSha256: sha256, acceptWithoutClientAuth: { until: grace.until } }),
    `${place}.acceptWithoutClientAuth.since`,
    /missing/,
  ),
  ...[true, null, '2027-04-01T00:00:00Z', []].map((value) =>
    refuse(
      `a grace period that is ${JSON.stringify(value)}`,
      pin({ thumbprintSha256: sha256, acceptWithoutClientAuth: value }),
      `${place}.acceptWithoutClientAuth`,
      /JSON object/,
    ),
  ),
  refuse(
    'a grace period of an identity',
    identity({ acceptWithoutClientAuth: grace }),
    'identities[0].acceptWithoutClientAuth',
    /unknown key/,
  ),
  refuse(
    'a grace period of the document',
    documentOf([], { acceptWithoutClientAuth: grace }),
    'acceptWithoutClientAuth',
    /unknown key/,
  ),
  refuse('notBefore null', pin({ thumbprintSha256: sha256, notBefore: null }), `${place}.notBefore`, /a string/),
  refuse('a pin enabled "no"', pin({ thumbprintSha256: sha256, enabled: 'no' }), `${place}.enabled`, /true or false/),
  refuse(
    'a pin twice in one identity',
    documentOf([{ pins: [{ thumbprintSha256: sha256 }, { thumbprintSha256: colons(sha256.toLowerCase()) }] }]),
    'identities[0].pins[1]',
    /is already in the identity "caller-0"/,
    false,
  ),
  refuse(
    'a pin in two identities',
    documentOf([{ pins: [{ thumbprintSha256: sha256 }] }, { pins: [{ thumbprintSha256: sha256, enabled: false }] }]),
    'identities[1].pins[0]',
    /is already in the identity "caller-0"/,
    false,
  ),
];

export const acceptedDocuments: readonly (readonly [string, object])[] = [
  ...acceptedAuthorityDocuments,
  ...acceptedNameDocuments,
  ['no identity: nobody', documentOf([])],
  ['revision 0', documentOf([], { revision: 0 })],
  ['the largest revision', documentOf([], { revision: Number.MAX_SAFE_INTEGER })],
  ['$schema', documentOf([], { $schema: 'https://example.com/trust.schema.json' })],
  ['an audience', documentOf([], { audience: ['app', 'Other app'] })],
  ['a lock', documentOf([], { locked: lock })],
  ['an identity without pins', identity({})],
  ['an identity with an empty list of pins', identity({ pins: [] })],
  ['no roles, no functions', identity({ roles: [], functions: [] })],
  [
    'every field',
    identity({
      roles: ['a', 'A'],
      functions: ['F', 'f'],
      enabled: false,
      owner: 'payments\nteam',
      reason: 'x',
      expiresAt: '2027-03-01T00:00:00.5Z',
      pins: [
        {
          thumbprintSha256: sha256,
          enabled: true,
          notBefore: '2027-01-01T00:00:00Z',
          notAfter: '2028-02-29T23:59:59Z',
        },
      ],
    }),
  ],
  ['a grace period of 90 days', pin({ thumbprintSha1: sha1, enabled: false, acceptWithoutClientAuth: grace })],
  [
    'a grace period of a key that ends before',
    pin({ publicKeySha256: sha256, notAfter: '2027-02-01T00:00:00Z', acceptWithoutClientAuth: grace }),
  ],
  ['a name with spaces and letters beyond ASCII inside', identity({ name: 'Łukasz\u00a0& the \u{1f600} team' })],
  ['a name of 256 characters', identity({ name: long.slice(1) })],
  ['a name of one character', identity({ name: 'a' })],
  ['names like those of Object', documentOf([{ name: '__proto__' }, { name: 'constructor' }, { name: 'toString' }])],
  ['roles like those of Object', identity({ roles: ['__proto__', 'constructor'] })],
  ['SHA-256', pin({ thumbprintSha256: sha256 })],
  ['SHA-256 in lower case', pin({ thumbprintSha256: sha256.toLowerCase() })],
  ['SHA-256 with colons', pin({ thumbprintSha256: colons(sha256) })],
  [
    'SHA-256 with spaces and the mark of the Windows dialog',
    pin({ thumbprintSha256: `\u200e${sha256.toLowerCase().replace(/(..)/g, '$1 ')}` }),
  ],
  ['SHA-256 over two lines', pin({ thumbprintSha256: `${sha256.slice(0, 32)}\r\n\t${sha256.slice(32)}\n` })],
  ['SHA-1', pin({ thumbprintSha1: colons(sha1) })],
  ['a key with a window', pin({ publicKeySha256: sha256, notAfter: '2027-03-01T00:00:00Z' })],
  [
    'one hash as certificate and as key',
    documentOf([
      { pins: [{ thumbprintSha256: sha256 }, { publicKeySha256: sha256, notAfter: '2027-03-01T00:00:00Z' }] },
    ]),
  ],
  ['a pin that is disabled', pin({ thumbprintSha256: sha256, enabled: false })],
];
