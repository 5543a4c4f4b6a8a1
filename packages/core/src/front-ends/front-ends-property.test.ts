import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { hashHex } from '@certgate/x509/internal';
import { now } from '@certgate/x509/test-support/certificates.js';
import { toPem } from '@certgate/x509/test-support/openssl.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { AccessGate } from '../access/access-gate.js';
import { hashTail, readCertificateText } from '../certificate-header/certificate-header.js';
import { documentOf } from '../test-support/documents.js';
import { frontEndForms, secondElement, withResult } from '../test-support/front-end-forms.js';
import { caller, extractFrom, extractText, type Fields, victim } from '../test-support/front-end-stage.js';
import { base64Of, byteSequenceOf, escapedPemOf, forwardedElementOf } from '../test-support/front-end-wire.js';
import { open } from '../test-support/gate-stage.js';
import { pollute } from '../test-support/prototype-pollution.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import type { FrontEnd } from './front-end.js';

/**
 * Each front end with a function that writes a certificate as it does, with the caller's as the chain if it forwards
 * one.
 */
const written = [...frontEndForms, secondElement].map((form) => ({
  frontEnd: form.frontEnd,
  write: (der: Uint8Array): Fields => withResult(form, form.write(der, [caller.der]), form.verification?.success),
}));

const pinned = documentOf([{ name: 'victim', pins: [{ thumbprintSha256: hashHex('sha256', victim.der) }] }]);

/** The bytes of the certificate in the fields, whether or not they may call. */
function readBytes(frontEnd: FrontEnd, fields: Fields): Buffer | undefined {
  const extraction = extractFrom(frontEnd, fields);
  if (extraction.outcome === 'denied') return undefined;
  const reading = readCertificateText(extraction);
  return reading.outcome === 'denied' ? undefined : Buffer.from(reading.certificate.der);
}

const fragments = fc.constantFrom(
  ...[
    '%0A',
    '%0a',
    '%2B',
    '%2F',
    '%3D',
    '%',
    '%4',
    '+',
    '/',
    '=',
    '-',
    '_',
    ',',
    ';',
    ':',
    '"',
    '\\',
    '\\"',
    ' ',
    '\n',
  ],
  ...['Cert="', 'Hash=', 'URI=', 'DNS=', 'Chain="', 'Subject="', 'By=', ',Hash=', ';Cert="', '\0', 'A', 'é', '\u0141'],
  ...['-----BEGIN%20CERTIFICATE-----%0A', '%0A-----END%20CERTIFICATE-----%0A', '\ud800', 'SUCCESS'],
  escapedPemOf(victim.der),
  escapedPemOf(caller.der),
  `;Cert="${escapedPemOf(victim.der)}"`,
  `,${forwardedElementOf({ leaf: victim.der })}`,
  base64Of(victim.der),
  byteSequenceOf(victim.der),
);

/** Edits at some places of a text: where, how many characters are replaced, and by what. */
const edits = fc.array(
  fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(6), fc.oneof(fragments, fc.string({ unit: 'binary' }))),
  { minLength: 1, maxLength: 4 },
);

function edit(text: string, changes: readonly (readonly [number, number, string])[]): string {
  return changes.reduce((edited, [place, length, insertion]) => {
    const start = Math.round(place * edited.length);
    return edited.slice(0, start) + insertion + edited.slice(start + length);
  }, text);
}

for (const { frontEnd, write } of written) {
  const count = frontEnd.fields.length;
  const name = `${frontEnd.name}, ${Object.values(write(victim.der)).join('').split('Hash=').length - 1} elements`;

  describe(name, () => {
    it('a change of what it wrote is refused or gives the same bytes', () => {
      const original = write(victim.der);
      const names = Object.keys(original);
      fc.assert(
        fc.property(fc.nat(count), edits, (which, changes) => {
          const field = names[which % names.length] ?? '';
          const fields = { ...original, [field]: edit(original[field] ?? '', changes) };
          const bytes = readBytes(frontEnd, fields);
          const isOwn = bytes === undefined || bytes.equals(victim.der);
          // A certificate that replaces another one is that certificate. It was not forged from parts.
          assert.ok(isOwn || holdsCertificate(fields, bytes), JSON.stringify(fields));
        }),
        { numRuns: countRuns(200) },
      );
    });

    it('a single changed, added or removed character gives no other text for the same certificate', () => {
      const original = write(victim.der);
      const [field = ''] = frontEnd.fields;
      const text = original[field] ?? '';
      const { leaf } = extractText(frontEnd, original);
      const place = fc.nat(text.length);
      fc.assert(
        fc.property(place, fc.nat(1), fc.oneof(fragments, fc.constant('')), (start, length, insertion) => {
          const fields = { ...original, [field]: text.slice(0, start) + insertion + text.slice(start + length) };
          const bytes = readBytes(frontEnd, fields);
          if (bytes?.equals(victim.der) !== true) return;
          assert.equal(extractText(frontEnd, fields).leaf, leaf);
        }),
        { numRuns: countRuns(200) },
      );
    });

    it('no text makes it throw', () => {
      const value = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.array(fragments).map((all) => all.join('')),
      );
      const fields = fc.array(fc.option(value), { minLength: count, maxLength: count });
      fc.assert(
        fc.property(fields, (values) => {
          const given = Object.fromEntries(frontEnd.fields.map((field, index) => [field, values[index]]));
          const bytes = readBytes(frontEnd, given);
          assert.ok(bytes === undefined || bytes.equals(victim.der) || bytes.equals(caller.der));
        }),
        { numRuns: countRuns(200) },
      );
    });

    it('the gate admits the allowed certificate, cold and warm, and no other text in its place', async () => {
      const gate = new AccessGate({ trustStore: trustStoreFromDocument(pinned) });
      const decide = async (fields: Fields): Promise<string> =>
        (await gate.decideExtracted(extractFrom(frontEnd, fields), open, now)).code;
      assert.equal(await decide(write(victim.der)), 'allowed');
      assert.equal(await decide(write(victim.der)), 'allowed');
      assert.equal(await decide(write(caller.der)), 'certificate_not_trusted');
      const original = write(victim.der);
      const [field = ''] = frontEnd.fields;
      const text = original[field] ?? '';
      const { leaf } = extractText(frontEnd, original);
      await fc.assert(
        fc.asyncProperty(edits, async (changes) => {
          const fields = { ...original, [field]: edit(text, changes) };
          if ((await decide(fields)) === 'allowed') assert.equal(extractText(frontEnd, fields).leaf, leaf);
        }),
        { numRuns: countRuns(200) },
      );
    });

    it('a value on Object.prototype gives no certificate', () => {
      const [own, chainOnly] = [write(victim.der), { text: escapedPemOf(caller.der), encoding: 'percent-encoded-pem' }];
      const restore = pollute({
        leaf: base64Of(victim.der),
        encoding: 'base64',
        outcome: 'extracted',
        chain: chainOnly,
      });
      try {
        assert.equal(readBytes(frontEnd, {}), undefined);
        const extraction = extractFrom(frontEnd, own);
        assert.ok(Object.hasOwn(extraction, 'chain'));
      } finally {
        restore();
      }
    });
  });
}

/**
 * Whether the fields contain the whole bytes, in the encoding of one of the front ends. If an edit changes a letter of
 * the base64, the bytes of another certificate are in the fields.
 */
function holdsCertificate(fields: Fields, bytes: Buffer): boolean {
  const all = Object.values(fields).join('\n');
  return [bytes.toString('base64'), escapedPemOf(bytes)].some((text) => all.includes(text));
}

describe('the memory of certificates', () => {
  it('distinguishes certificates behind every front end, although they share their armour and their chain', () => {
    const ders = Array.from({ length: 2000 }, (_, index) => {
      const der = Buffer.from(victim.der);
      // Like two certificates of one CA, they differ in their signatures.
      der.writeUInt32BE(Math.imul(index + 1, 0x9e3779b1) >>> 0, der.length - 30);
      der.writeUInt32BE(Math.imul(index + 1, 0x85ebca6b) >>> 0, der.length - 5);
      return der;
    });
    const [base64, block] = [base64Of(victim.der), escapedPemOf(victim.der)];
    for (const { frontEnd, write } of written) {
      const original = write(victim.der);
      const tails = ders.map((der) => {
        const replace = (text: string): string =>
          text.replaceAll(base64, der.toString('base64')).replaceAll(block, encodeURIComponent(toPem(der)));
        const fields = Object.fromEntries(Object.entries(original).map(([name, text]) => [name, replace(text ?? '')]));
        return hashTail(extractText(frontEnd, fields).leaf);
      });
      assert.ok(new Set(tails).size > ders.length * 0.999, `${frontEnd.name}: ${new Set(tails).size}`);
    }
  });
});
