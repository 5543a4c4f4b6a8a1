import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BlobAddress, parseTrustAddress } from '@certgate/core/internal';
import type { AzureStoragePackage } from './azure-storage.js';
import { chooseBlobAccess, type BlobAccess } from './blob-credential.js';

class SharedKey {
  readonly account: string;
  readonly key: string;
  constructor(account: string, key: string) {
    this.account = account;
    this.key = key;
  }
}

function parseBlobAddress(url: string): BlobAddress {
  const address = parseTrustAddress(`blob:${url}`);
  assert.ok(address.kind === 'blob');
  return address.blob;
}

const development = { of: 'UseDevelopmentStorage=true' };
const storage = {
  StorageSharedKeyCredential: SharedKey,
  BlobServiceClient: { fromConnectionString: (text: string) => ({ credential: { of: text } }) },
} as unknown as AzureStoragePackage;
const azure = parseBlobAddress('https://corp.blob.core.windows.net/trust/trust.json');
const local = parseBlobAddress('http://127.0.0.1:10000/devstoreaccount1/trust/trust.json');
const own = parseBlobAddress('https://storage.example.org/trust/trust.json');

const choose = (address: typeof azure, environment: Record<string, string>): BlobAccess =>
  chooseBlobAccess(address, storage, environment, import.meta.dirname);

describe('the credential for a blob', () => {
  it('is the connection string first, then the signature, then the key', () => {
    const AZURE_STORAGE_KEY = 'a2V5';
    const AZURE_STORAGE_SAS_TOKEN = '?sv=1&sig=x';
    const AZURE_STORAGE_CONNECTION_STRING = 'AccountName=corp;AccountKey=c3RyaW5n;EndpointSuffix=core.windows.net';
    assert.deepEqual(choose(azure, { AZURE_STORAGE_KEY }).credential, new SharedKey('corp', 'a2V5'));
    assert.deepEqual(choose(azure, { AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN }), {
      query: 'sv=1&sig=x',
      kind: 'AZURE_STORAGE_SAS_TOKEN',
    });
    const all = { AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_CONNECTION_STRING };
    assert.deepEqual(choose(azure, all).credential, new SharedKey('corp', 'c3RyaW5n'));
  });

  it('a connection string may contain a signature, or name an endpoint of its own', () => {
    assert.deepEqual(
      choose(own, {
        AZURE_STORAGE_CONNECTION_STRING: 'BlobEndpoint=https://storage.example.org/;SharedAccessSignature=sv=1&sig=a=b',
      }),
      { query: 'sv=1&sig=a=b', kind: 'AZURE_STORAGE_CONNECTION_STRING' },
    );
    const text = 'AccountName=devstoreaccount1;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1';
    const { credential } = choose(local, { AZURE_STORAGE_CONNECTION_STRING: text });
    assert.deepEqual(credential, new SharedKey('devstoreaccount1', 'a2V5'));
  });

  it('a credential of another account is not sent', () => {
    for (const environment of [
      { AZURE_STORAGE_CONNECTION_STRING: 'AccountName=other;AccountKey=a2V5' },
      {
        AZURE_STORAGE_CONNECTION_STRING:
          'AccountName=corp;AccountKey=a2V5;BlobEndpoint=https://corp.blob.core.windows.ne',
      },
      { AZURE_STORAGE_ACCOUNT: 'other', AZURE_STORAGE_KEY: 'a2V5' },
      { AZURE_STORAGE_ACCOUNT: 'other', AZURE_STORAGE_SAS_TOKEN: 'sig=x' },
    ]) {
      assert.throws(() => choose(azure, environment), /not sent there/);
    }
  });

  it('a credential is not sent to hosts that are neither Azure nor this machine', () => {
    assert.throws(() => choose(own, { AZURE_STORAGE_KEY: 'a2V5' }), /only to Azure's own hosts/);
    assert.throws(() => choose(own, { AZURE_STORAGE_SAS_TOKEN: 'sig=x' }), /only to Azure's own hosts/);
    assert.throws(() => choose(own, {}), /another host/);
    const foreign = parseBlobAddress('http://127.0.0.1:10000/corp/trust/trust.json');
    assert.throws(() => choose(foreign, {}), /no credential for the storage on this machine/);
    // The SDK knows the key of Azurite's own account.
    assert.deepEqual(choose(local, {}).credential, development);
  });

  it('a malformed credential is refused with an error that does not repeat it', () => {
    for (const environment of [
      { AZURE_STORAGE_KEY: 'no base64!' },
      { AZURE_STORAGE_CONNECTION_STRING: 'SECRET' },
      { AZURE_STORAGE_CONNECTION_STRING: 'AccountName=corp' },
    ]) {
      assert.throws(
        () => choose(azure, environment),
        (fault: unknown) => fault instanceof Error && !/SECRET|no base64!/.test(fault.message),
      );
    }
  });
});
