import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashHex } from '@certgate/x509/internal';
import { makeDefaultSelfSigned } from '@certgate/x509/test-support/certificates.js';
import { AccessGate } from '../access/access-gate.js';
import { readCertificateText } from '../certificate-header/certificate-header.js';
import { RequestReader } from '../front-end-resolution/request-reader.js';
import { documentOf } from '../test-support/documents.js';
import { type FrontEndForm, frontEndForms, withResult, writeVerified } from '../test-support/front-end-forms.js';
import {
  caller,
  callerThumbprint,
  extractFrom,
  extractText,
  type Fields,
  judge,
  listFailedVerifications,
  refusedAnywhere,
  victim,
} from '../test-support/front-end-stage.js';
import { open } from '../test-support/gate-stage.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { frontEndNames } from './front-end-table.js';

const authority = makeDefaultSelfSigned();

// The tests that every front end must pass. The grammar of a single front end is tested in a file of its own.

for (const form of frontEndForms) {
  const { frontEnd, verification, captures } = form;
  const [field = ''] = frontEnd.fields;
  const results = verification === undefined ? [undefined] : [verification.success, ...verification.unverified];

  describe(frontEnd.name, () => {
    it('is described by a frozen object', () => {
      assert.ok(Object.isFrozen(frontEnd) && Object.isFrozen(frontEnd.fields));
      assert.ok(frontEndNames.some((name) => name === frontEnd.name));
      for (const name of frontEnd.fields) assert.match(name, /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/);
      assert.ok(verification === undefined || frontEnd.fields.includes(verification.field));
    });

    it('needs proof that requests come through it, unless the platform lets nobody past it', () => {
      assert.equal(frontEnd.needsProof, frontEnd.name !== 'app-service');
    });

    for (const { value, chain, thumbprintsSha256, validAt } of captures) {
      const [thumbprintSha256 = '', ...others] = thumbprintsSha256;
      it(`sent the certificate ${thumbprintSha256} in a captured request`, () => {
        const own = chain === undefined ? { [field]: value } : { [field]: value, [frontEnd.fields[1] ?? '']: chain };
        const fields = withResult(form, own, verification?.success);
        assert.equal(judge(frontEnd, fields), thumbprintSha256);
        assert.deepEqual(readChain(form, fields), others);
        const document = documentOf([{ pins: [{ thumbprintSha256 }] }]);
        const gate = new AccessGate({ trustStore: trustStoreFromDocument(document) });
        const decision = gate.decideExtracted(extractText(frontEnd, fields), open, validAt);
        assert.equal('code' in decision ? decision.code : undefined, 'allowed');
      });
    }

    for (const result of results) {
      it(`forwards one certificate${result === undefined ? '' : ` with the result ${result}`}`, () => {
        const text = form.write(caller.der)[field] ?? '';
        for (const around of [text, ` ${text}`, `${text}\t`, `\t ${text} `]) {
          const fields = withResult(form, { [field]: around }, result);
          assert.equal(judge(frontEnd, fields), callerThumbprint);
          const { leaf, chain } = extractText(frontEnd, fields);
          assert.deepEqual([leaf, chain], [form.leafText(caller.der), undefined]);
        }
      });
    }

    for (const [what, text, code] of [...refusedAnywhere, ...form.refused]) {
      it(`${what}: the code is ${code}`, () => {
        for (const result of results) assert.equal(judge(frontEnd, withResult(form, { [field]: text }, result)), code);
      });
    }

    it('sends no certificate if none came, whatever the other fields contain', () => {
      const others = frontEnd.fields.slice(1);
      for (const text of [undefined, null, '', ' \t ', ...(form.placeholder === undefined ? [] : [form.placeholder])]) {
        for (const other of [undefined, '', ...results, 'NONE', form.write(victim.der)[field]]) {
          const fields = { [field]: text, ...Object.fromEntries(others.map((name) => [name, other])) };
          assert.equal(judge(frontEnd, fields), 'certificate_missing');
        }
      }
    });

    it('is read only by its own field names', () => {
      const text = form.write(caller.der)[field];
      const similar = [field.replaceAll('-', '_'), `x-${field}`, `${field}-info`, `${field}s`, field.toUpperCase()];
      const foreign = frontEndForms.flatMap((other) => Object.entries(writeVerified(other, victim.der)));
      const fields: Fields = {
        ...Object.fromEntries(similar.map((name) => [name, text])),
        ...Object.fromEntries(foreign),
      };
      const others = Object.entries(fields).filter(([name]) => !frontEnd.fields.includes(name));
      assert.equal(judge(frontEnd, Object.fromEntries(others)), 'certificate_missing');
      const own = { ...Object.fromEntries(others), ...writeVerified(form, caller.der) };
      assert.equal(judge(frontEnd, own), callerThumbprint);
    });

    if (verification !== undefined) {
      for (const result of listFailedVerifications(verification.success)) {
        if (verification.unverified.includes(result ?? '')) continue;
        it(`is not believed if its result for the certificate is ${JSON.stringify(result)}`, () => {
          const fields = withResult(form, form.write(caller.der), result);
          assert.equal(judge(frontEnd, fields), 'certificate_verification_failed');
        });
      }
    }

    it(form.handsOnChain ? 'hands on what came with it, in its order' : 'hands on nothing that came with it', () => {
      const fields = withResult(form, form.write(caller.der, [victim.der, authority.der]), verification?.success);
      assert.equal(judge(frontEnd, fields), callerThumbprint);
      const expected = form.handsOnChain ? [victim, authority].map(({ der }) => hashHex('sha256', der)) : [];
      assert.deepEqual(readChain(form, fields), expected);
    });

    it('forwards no chain to an app that does not accept one', () => {
      const fields = withResult(form, form.write(caller.der, [victim.der]), verification?.success);
      for (const accepts of [false, true]) {
        const reading = new RequestReader(frontEnd, undefined, accepts).read((name) => [fields[name] ?? []].flat());
        assert.equal(reading.outcome, 'extracted');
        assert.equal(reading.chain !== undefined, accepts && form.handsOnChain);
      }
    });
  });
}

/** The certificates that came with the leaf, in the order in which the front end sent them. */
function readChain({ frontEnd }: FrontEndForm, fields: Fields): readonly string[] {
  const extraction = extractFrom(frontEnd, fields);
  assert.equal(extraction.outcome, 'extracted');
  const reading = readCertificateText(extraction);
  assert.equal(reading.outcome, 'read');
  const { certificates, fault } = reading.certificate.candidates;
  assert.equal(fault, undefined);
  return certificates.map(({ der }) => hashHex('sha256', der));
}
