import * as fc from 'fast-check';
import type { TrustDocument, TrustDocumentIdentity, TrustDocumentPin } from '../trust-document/trust-document.js';
import { authorities, authorityName, denied, mendReferences, trustName } from './authority-arbitraries.js';

const hour = 3_600_000;
const epoch = Date.UTC(2027, 0, 1);

/** One of few times, in one of its notations. */
const instant = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.boolean())
  .map(([hours, isLong]) => new Date(epoch + hours * hour).toISOString().replace('.000', isLong ? '.0' : ''));

const separator = fc.constantFrom('', ' ', ':', '\u200e');

/** One of few hashes, so that equal ones are frequent, in one of its notations. */
const hash = (length: number): fc.Arbitrary<string> =>
  fc.tuple(fc.nat({ max: 30 }), separator, fc.boolean()).map(([index, between, isLower]) => {
    const digits = index
      .toString(16)
      .padStart(2, '0')
      .repeat(length / 2);
    const cased = isLower ? digits : digits.toUpperCase();
    return `${cased.slice(0, 6)}${between}${cased.slice(6)}`;
  });

const window = { enabled: fc.boolean(), notBefore: instant, notAfter: instant };

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 10 }).filter((value) => value.trim() !== '');

const acceptWithoutClientAuth = fc.record({
  since: instant,
  until: fc.integer({ min: 4, max: 6 }).map((hours) => new Date(epoch + hours * hour).toISOString()),
  reason: text,
});

const pin: fc.Arbitrary<TrustDocumentPin> = fc.oneof(
  fc.record({ thumbprintSha256: hash(64), ...window }, { requiredKeys: ['thumbprintSha256'] }),
  fc.record(
    { thumbprintSha256: hash(64), ...window, acceptWithoutClientAuth },
    { requiredKeys: ['thumbprintSha256', 'acceptWithoutClientAuth'] },
  ),
  fc.record({ thumbprintSha1: hash(40), ...window }, { requiredKeys: ['thumbprintSha1'] }),
  fc.record({ publicKeySha256: hash(64), ...window }, { requiredKeys: ['publicKeySha256', 'notAfter'] }),
  fc.record(
    { thumbprintSha256: hash(64), issuedBy: authorityName, ...window },
    { requiredKeys: ['thumbprintSha256', 'issuedBy'] },
  ),
  fc.record(
    { publicKeySha256: hash(64), issuedBy: authorityName, ...window },
    { requiredKeys: ['publicKeySha256', 'issuedBy'] },
  ),
);

const name = fc.oneof(
  fc.constantFrom('billing', 'Billing', '__proto__', 'constructor', 'a', 'b'),
  fc.string({ unit: fc.constantFrom('a', 'Z', 'ß', '\u{1f600}', '-', '"', '\\', '/'), minLength: 1, maxLength: 4 }),
);
const names = fc.uniqueArray(name, { maxLength: 3 });

const identity: fc.Arbitrary<TrustDocumentIdentity> = fc.record(
  {
    name,
    roles: names,
    functions: names,
    enabled: fc.boolean(),
    owner: text,
    reason: text,
    expiresAt: instant,
    names: fc.array(trustName, { maxLength: 3 }),
    pins: fc.array(pin, { maxLength: 3 }),
  },
  { requiredKeys: ['name', 'roles'] },
);

/**
 * A document that is often valid. Otherwise it has few faults, such as a name, a pin or a name under an authority that
 * is there twice, an empty window, or a reference without a target.
 */
export const anyDocument: fc.Arbitrary<TrustDocument> = fc.record(
  {
    schemaVersion: fc.constant(1),
    revision: fc.nat(),
    $schema: text,
    audience: fc
      .uniqueArray(name, { minLength: 1, maxLength: 2 })
      .map((others) => ['app', ...others.filter((one) => one !== 'app')]),
    locked: fc.record({ since: instant, by: text, reason: text }),
    authorities,
    denied: fc.array(denied, { maxLength: 3 }),
    identities: fc.array(identity, { maxLength: 4 }),
  },
  { requiredKeys: ['schemaVersion', 'revision', 'identities'] },
);

/** The same documents, without what makes them invalid. */
export const validDocument: fc.Arbitrary<TrustDocument> = anyDocument.map(mendReferences).map((document) => {
  const seenNames = new Set<string>();
  const seenPins = new Set<string>();
  const isNew = (seen: Set<string>, key: string): boolean => seen.size < seen.add(key).size;
  const identities = document.identities.flatMap((one) => {
    if (!isNew(seenNames, one.name.toLowerCase())) return [];
    if (one.pins === undefined) return [one];
    const pins = one.pins
      .map((each): TrustDocumentPin => {
        if (each.notBefore === undefined || each.notAfter === undefined) return each;
        if (Date.parse(each.notBefore) < Date.parse(each.notAfter)) return each;
        return Object.fromEntries(Object.entries(each).filter(([key]) => key !== 'notBefore'));
      })
      .filter((each) => {
        const [kind = '', value = ''] = Object.entries(each).find(([key]) => /Sha/.test(key)) ?? [];
        return isNew(
          seenPins,
          `${kind} ${String(value)
            .replace(/[^0-9a-f]/gi, '')
            .toUpperCase()}`,
        );
      });
    return [{ ...one, pins }];
  });
  // Through JSON, so that the objects have the usual prototype.
  return JSON.parse(JSON.stringify({ ...document, identities })) as TrustDocument;
});

export const documentTexts: fc.Arbitrary<string> = fc
  .tuple(validDocument, fc.constantFrom(undefined, 1, 2, '\t'))
  .map(([document, indent]) => JSON.stringify(document, null, indent));
