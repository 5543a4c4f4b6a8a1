import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { parseTrustDocument } from '@certgate/core/internal';
import { isMlDsaKnown } from '@certgate/x509/test-support/certificate-writing.js';
import { isKeyKindKnown, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { newTemporaryPath, runOpenssl } from '@certgate/x509/test-support/openssl.js';
import { readCertificateFile } from '../../certificates/read-certificate-file.js';
import type { ReadResult } from '../views/page-views.js';
import { readDropped } from './read-dropped.js';

const trust = {
  store: 'file:trust.json',
  trust: parseTrustDocument({ schemaVersion: 1, revision: 1, identities: [{ name: 'a', roles: [] }] }),
  isSigned: false,
  unverified: [],
};
const drop = (content: Uint8Array): Promise<ReadResult> =>
  readDropped({ name: 'dropped', base64: Buffer.from(content).toString('base64'), password: 'secret' }, { now, trust });

const skip = isKeyKindKnown('ml-dsa-44') ? false : 'this openssl knows no ML-DSA';

for (const key of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const) {
  const name = key.toUpperCase();
  it(`${name}: it is shown by its name, even if Node.js does not support it`, { skip }, async () => {
    const { der, header, keyPath } = makeCertificate({ key });
    const pem = runOpenssl(['x509', '-inform', 'der'], der);
    for (const content of [der, pem, Buffer.from(header)]) {
      const { fault, certificates } = await drop(content);
      assert.equal(fault, null);
      const [view] = certificates;
      const fields = new Map(view?.fields);
      assert.deepEqual([fields.get('Key'), fields.get('Signature')], [name, name]);
      const suitability = isMlDsaKnown ? /^suitable/ : /^refused\. algorithm_unsupported_by_runtime: /;
      assert.match(fields.get('As a caller') ?? '', suitability);
      const { certificateDer } = await readCertificateFile(content);
      assert.ok(certificateDer.equals(der));
    }
    // The file also contains the private key. The certificate is read anyway.
    const both = Buffer.concat([pem, readFileSync(keyPath)]);
    assert.equal((await drop(both)).certificates.length, 1);
    assert.ok((await readCertificateFile(both, { privateKey: 'ignored' })).certificateDer.equals(der));
  });

  it(`${name}: a PFX is read, or the message names a key that this Node cannot read`, { skip }, async () => {
    const { der, keyPath } = makeCertificate({ key });
    const paths = [newTemporaryPath('.pem'), newTemporaryPath('.pfx')] as const;
    runOpenssl(['x509', '-inform', 'der', '-out', paths[0]], der);
    runOpenssl(['pkcs12', '-export', '-in', paths[0], '-inkey', keyPath, '-passout', 'pass:secret', '-out', paths[1]]);
    const { fault, certificates } = await drop(readFileSync(paths[1]));
    if (fault !== null) assert.match(fault, /private key of a kind that this Node\.js cannot read/);
    if (isMlDsaKnown) assert.equal(fault, null);
    assert.equal(certificates.length, fault === null ? 1 : 0);
  });
}
