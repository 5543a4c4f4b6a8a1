import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCrl } from '@certgate/x509/test-support/revocation.js';
import { until } from '@certgate/x509/test-support/until.js';
import { authorityOf, getStage, issueIntermediate } from '../test-support/authority-stage.js';
import { callerSerial, createRevocationStage, documentText, StubBlob } from '../test-support/revocation-stage.js';
import { settle } from '../test-support/scripted-source.js';

const revocation = { mode: 'when-available', scope: 'end-entity' };

test('a revocation is not forgotten while the document leaves out the CA whose list revoked', async () => {
  const { issuing } = getStage();
  const other = issueIntermediate({ name: 'Corp other CA', key: 'p-521', serialNumber: '0A09' });
  const blob = new StubBlob(makeCrl({ authority: issuing, revoked: [{ serialNumber: callerSerial }] }));
  const { store, clock, document, ask } = await createRevocationStage(revocation, { crlBlobs: { corp: [blob] } });
  assert.equal(await ask(), 'certificate_revoked');
  const replace = async (revision: number, ...intermediates: readonly (typeof issuing)[]): Promise<void> => {
    clock.pass(30_001);
    assert.notEqual(store.version, undefined);
    await settle();
    await document.answer(
      documentText(revision, undefined, { authorities: [authorityOf({ intermediates, revocation })] }),
    );
    await until(() => store.report().revision === revision && store.report().revocationFault === undefined);
  };
  // Meanwhile, the source gives a list of the CA that the document still has.
  blob.content = makeCrl({ authority: other });
  await replace(2, other);
  await replace(3, issuing, other);
  assert.equal(await ask(), 'certificate_revoked');
});
