import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { textOf } from '../test-support/scripted-source.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import type { TrustBlobClient } from '../trust-sources/blob-source.js';
import { TrustSourceMisuse } from '../trust-sources/trust-source.js';
import { type BlobOpener, trustStoreFrom, trustStoreFromAddress } from './trust-stores.js';

const certificate = presentCertificate(makeCertificate().der);
const url = 'https://corp.blob.core.windows.net/trust/trust.json';
const refuseBlobs: BlobOpener = () => {
  throw new Error('The package is not installed (https://corp.example/x?sig=SECRET).');
};

async function expectMisuse(text: string | undefined, openBlob: BlobOpener, words: RegExp): Promise<void> {
  const store = trustStoreFromAddress(text, {}, openBlob);
  await assert.rejects(store.start?.() ?? Promise.resolve(), (error: unknown) => {
    assert.ok(error instanceof TrustSourceMisuse);
    assert.match(error.message, words);
    assert.doesNotMatch(error.message, /SECRET/);
    return true;
  });
  assert.equal((await store.find(certificate, now)).outcome, 'unavailable');
  assert.doesNotMatch(JSON.stringify(store.report?.()), /SECRET/);
}

test('trustStoreFromAddress does not throw for a text that is not an address, but its store denies and does not start', async () => {
  await expectMisuse(undefined, refuseBlobs, /no address.*Is the environment variable set, e\.g\. CERTGATE_TRUST\?/);
  await expectMisuse('', refuseBlobs, /no address/);
  await expectMisuse('{"schemaVersion":1}', refuseBlobs, /trustStoreFromAppSetting/);
  await expectMisuse(`blob:${url}?sig=SECRET`, refuseBlobs, /a query/);
  await expectMisuse(7 as never, refuseBlobs, /no address/);
});

test('trustStoreFromAddress does not throw if the function that opens a blob fails', async () => {
  await expectMisuse(
    `blob:${url}`,
    refuseBlobs,
    /can't open the blob https:\/\/corp\.blob.*trust\.json: The package is not installed/,
  );
  await expectMisuse(`blob:${url}`, () => ({}) as never, /no url and download/);
  const throwNothing: BlobOpener = () => {
    throw Object.create(null) as Error;
  };
  await expectMisuse(`blob:${url}`, throwNothing, /not an Error was thrown/);
});

test('a blob is opened once, by its address, and its client reads it', async () => {
  const opened: unknown[] = [];
  const client: TrustBlobClient = { url, download: () => Promise.reject(new Error('offline')) };
  const store = trustStoreFromAddress(`blob:${url}`, {}, (blob) => {
    opened.push(blob);
    return client;
  });
  await store.start?.();
  assert.deepEqual(opened, [{ url, account: 'corp', container: 'trust', isLoopback: false, isAzure: true }]);
  const finding = await store.find(certificate, now);
  assert.ok(finding.outcome === 'unavailable' && /blob https:.*offline/.test(finding.detail), JSON.stringify(finding));
});

test('a path and a URL are read as by their own constructors, with the options of the code', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-address-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, 'trust.json');
  writeFileSync(file, textOf(4, { name: 'a', pins: [{ thumbprintSha256: certificate.thumbprintSha256 }] }));
  for (const text of [file, `file:${file}`]) {
    const store = trustStoreFromAddress(text, {}, refuseBlobs);
    await store.start?.();
    assert.equal((await store.find(certificate, now)).outcome, 'found');
    assert.equal(store.report?.().description, `file ${file}`);
  }
  const demanding = trustStoreFromAddress(file, { minimumRevision: 5 }, refuseBlobs);
  await demanding.start?.();
  assert.equal((await demanding.find(certificate, now)).outcome, 'unavailable');
  const byUrl = trustStoreFromAddress('https://example.com/trust.json?sig=SECRET', {}, refuseBlobs);
  assert.equal(byUrl.report?.().description, 'URL https://example.com/trust.json?…');
  assert.throws(() => trustStoreFromAddress(file, { refresh: 1 } as never, refuseBlobs), /no option "refresh"/);
});

test('trustStoreFrom takes the options of every store, and throws at once for a wrong one', () => {
  assert.throws(() => trustStoreFrom('trust.json', { signedBy: undefined as never }), /signedBy/);
  assert.throws(() => trustStoreFrom(undefined, { headers: () => ({}) } as never), /no option "headers"/);
});
