import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toPem } from '@certgate/core/test-support/authority-certificates.js';
import { documentOf } from '@certgate/core/test-support/documents.js';
import type { TrustDocument } from '@certgate/core/internal';
import { writeOlderAuthority } from '@certgate/x509/test-support/older-authorities.js';
import { newName } from '@certgate/x509/test-support/written-path.js';
import { syncTrustAnchors } from './authority-edits.js';

test('anchors of a bundle are compared with those of other authorities, including anchors of older CA certificates', () => {
  const [published, old] = [newName('Published'), newName('Old root')];
  const pemOf = (name: typeof old): string => toPem(writeOlderAuthority('all of these', name));
  const authorities = [{ name: 'corp', trustAnchors: [pemOf(old)] }];
  const document = documentOf([], { authorities }) as TrustDocument;
  const sync = (pem: string): TrustDocument =>
    syncTrustAnchors(document, 'spire', { trustDomain: 'corp.example', trustAnchors: [pem] });
  assert.equal(sync(pemOf(published)).authorities?.length, 2);
  assert.throws(() => sync(pemOf(old)), /has the key of a certificate of the authority "corp"/);
});
