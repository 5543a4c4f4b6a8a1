import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeCertificate } from '@certgate/x509/test-support/certificate-writing.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { clientExtensions, extensions, generalNames } from '@certgate/x509/test-support/extension-writing.js';
import { olderForms, writeOlderAuthority } from '@certgate/x509/test-support/older-authorities.js';
import { newName } from '@certgate/x509/test-support/written-path.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { decideAccess } from '../access/access-decision.js';
import { findEndingAuthority } from '../access/authentication.js';
import { askInFull } from '../test-support/answer-in-full.js';
import { toPem } from '../test-support/authority-certificates.js';
import { decideWith } from '../test-support/candidate-stage.js';
import { documentOf } from '../test-support/documents.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { firstOf } from '../trust-store/first-of.js';
import type { TrustSnapshot } from './trust-snapshot.js';

// CA certificates in older forms. The trust anchors of a document may have any of these forms. In other certificates,
// most of the forms are refused.
const [root, old, caller] = [newName('Corp root'), newName('Old CA'), newName('billing')];
const dns = 'billing.corp.example';
const modern = writeOlderAuthority('none of these', root);
const leaf = writeCertificate({
  subject: caller,
  issuer: old,
  extensions: clientExtensions(old.key, extensions.subjectAlternativeName(generalNames.dns(dns))),
});

interface AuthorityDers {
  readonly trustAnchors: readonly Buffer[];
  readonly intermediates?: readonly Buffer[];
}

const toPems = ({ trustAnchors, intermediates = [] }: AuthorityDers): object => ({
  trustAnchors: trustAnchors.map((der) => toPem(der)),
  intermediates: intermediates.map((der) => toPem(der)),
});

/** The identity's name is bound to the authority "corp"; the authority "other" has no names. */
function trust(corp: AuthorityDers, other?: AuthorityDers, more: Record<string, unknown> = {}): TrustSnapshot {
  const authorities = [{ name: 'corp', ...toPems(corp) }, ...(other ? [{ name: 'other', ...toPems(other) }] : [])];
  return parseTrustDocument(
    documentOf([{ name: 'billing', names: [{ issuedBy: 'corp', dns }] }], { authorities, ...more }),
  );
}

for (const form of olderForms) {
  describe(`a CA certificate with ${form}`, () => {
    // The same certificate in every role; the root of "corp" issued it.
    const certificate = writeOlderAuthority(form, old, root);
    const isUnreadable = /zero bits|all/.test(form);
    const refusal = form.startsWith('basic') ? 'path_authority_unfit' : 'path_certificate_malformed';
    const isAccepted = form.startsWith('a key usage that is not critical');

    test('admits callers as a trust anchor of the document', () => {
      for (const der of [certificate, writeOlderAuthority(form, old)])
        assert.equal(decideWith(trust({ trustAnchors: [der] }), leaf), 'billing');
    });

    test('is read strictly as an intermediate, even if another authority has it as an anchor', () => {
      for (const other of [undefined, { trustAnchors: [certificate] }]) {
        const asIntermediate = (): TrustSnapshot =>
          trust({ trustAnchors: [modern], intermediates: [certificate] }, other);
        if (isUnreadable) assert.throws(asIntermediate, /holds no certificate that can be read/);
        else assert.equal(decideWith(asIntermediate(), leaf), isAccepted ? 'billing' : refusal);
      }
    });

    test('is read strictly if it comes with a request, even after it was used as an anchor', () => {
      const both = trust({ trustAnchors: [modern] }, { trustAnchors: [certificate] });
      const ofAnchor = trust({ trustAnchors: [certificate] });
      for (let time = 0; time < 2; time += 1) {
        assert.equal(decideWith(ofAnchor, leaf, [certificate]), 'billing');
        for (const snapshot of [both, trust({ trustAnchors: [modern] })]) {
          const answer = decideWith(snapshot, leaf, [certificate]);
          if (isAccepted) assert.equal(answer, 'billing');
          else assert.ok([refusal, 'path_not_found', 'notFound'].includes(answer), answer);
        }
      }
    });
  });
}

describe('a trust anchor in an older form', () => {
  const anchor = writeOlderAuthority('all of these', old, old, {
    extensions: [extensions.subjectAlternativeName(generalNames.dns(dns))],
  });

  test('is not admitted as a caller', () => {
    const answer = decideWith(trust({ trustAnchors: [anchor] }), anchor);
    assert.equal(answer, 'notFound');
    const readable = writeOlderAuthority('serial number 0', old, old, {
      extensions: [extensions.subjectAlternativeName(generalNames.dns(dns))],
    });
    assert.equal(decideWith(trust({ trustAnchors: [readable] }), readable), 'certificate_is_authority');
  });

  test('is refused if it is on the deny list, or has ended', () => {
    const { thumbprintSha256 } = presentCertificate(anchor);
    const denied = trust({ trustAnchors: [anchor] }, undefined, { denied: [{ thumbprintSha256 }] });
    assert.equal(decideWith(denied, leaf), 'certificate_on_deny_list');
    const ended = writeOlderAuthority('all of these', old, old, { notAfter: now - 1000 });
    assert.equal(decideWith(trust({ trustAnchors: [ended] }), leaf), 'path_certificate_expired');
  });
});

test('the log names a trust anchor in an older form if it ends before the certificate', () => {
  const anchor = writeOlderAuthority('all of these', old, old, { notAfter: now + 86_400_000 });
  const decision = decideAccess({
    header: leaf.toString('base64'),
    trust: trust({ trustAnchors: [anchor] }),
    requirement: { functionName: 'f', roles: [] },
    now,
  });
  assert.ok(decision.outcome === 'allowed');
  assert.equal(findEndingAuthority(decision.identity), 'CN=Old CA');
});

test('firstOf admits below an anchor in an older form, unless another document’s deny list names the anchor', async () => {
  const documentWith = (identities: readonly object[], trustAnchors: readonly Buffer[], more: object = {}): object =>
    documentOf(identities as never, { authorities: [{ name: 'corp', ...toPems({ trustAnchors }) }], ...more });
  const own = documentWith(
    [{ name: 'billing', names: [{ issuedBy: 'corp', dns }] }],
    [writeOlderAuthority('all of these', old, root)],
  );
  const ask = async (denied: readonly object[]): Promise<string> => {
    const other = trustStoreFromDocument(documentWith([], [modern], { denied }));
    const finding = await askInFull(firstOf(trustStoreFromDocument(own), other), presentCertificate(leaf), now);
    return finding.outcome === 'denied' ? finding.code : finding.outcome;
  };
  assert.equal(await ask([]), 'found');
  assert.equal(await ask([{ issuedBy: 'corp', serialNumber: '00' }]), 'certificate_on_deny_list');
});

test('a caller’s certificate in an older form is refused, even below an anchor in an older form', () => {
  const anchored = trust({ trustAnchors: [writeOlderAuthority('all of these', old)] });
  const names = extensions.subjectAlternativeName(generalNames.dns(dns));
  const zero = writeCertificate({
    subject: caller,
    issuer: old,
    serialNumber: 0,
    extensions: clientExtensions(old.key, names),
  });
  assert.equal(decideWith(anchored, zero), 'path_certificate_malformed');
});
