import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CommandFailure } from '../../command-line/command-failure.js';
import { openTrustLocation } from '../open-trust-location.js';
import { parseBlobAddress } from './blob-address.js';

describe('the address of a blob', () => {
  it('in Azure and its sister clouds', () => {
    for (const host of [
      'corp.blob.core.windows.net',
      'corp.blob.core.chinacloudapi.cn',
      'corp.blob.core.usgovcloudapi.net',
      'corp.z37.blob.storage.azure.net',
    ]) {
      const address = parseBlobAddress(`https://${host}/trust/apps/trust.json`);
      assert.deepEqual([address.account, address.container, address.isAzure], ['corp', 'trust', true], host);
    }
  });

  it('in Azurite, with the account in the path', () => {
    const address = parseBlobAddress('http://127.0.0.1:10000/devstoreaccount1/trust/trust.json');
    assert.deepEqual(address, {
      url: 'http://127.0.0.1:10000/devstoreaccount1/trust/trust.json',
      account: 'devstoreaccount1',
      container: 'trust',
      isLoopback: true,
      isAzure: false,
    });
  });

  it('of a look-alike is not taken for Azure', () => {
    for (const host of [
      'corp.blob.core.windows.net.example.org',
      'corp-blob.core.windows.net',
      'x.corp.blob.core.windows.net',
      'blob.core.windows.net',
    ]) {
      assert.equal(parseBlobAddress(`https://${host}/trust/trust.json`).isAzure, false, host);
    }
  });

  it('that can not be one is refused', () => {
    for (const text of [
      'trust.json',
      'ftp://corp.blob.core.windows.net/trust/trust.json',
      'http://corp.blob.core.windows.net/trust/trust.json',
      'http://127.0.0.1.example.org/a/trust/trust.json',
      'https://corp.blob.core.windows.net/',
      'https://corp.blob.core.windows.net/trust',
      'https://corp.blob.core.windows.net/trust/',
      'https://corp.blob.core.windows.net//trust.json',
      'http://127.0.0.1:10000/devstoreaccount1/trust',
    ]) {
      assert.throws(() => parseBlobAddress(text), CommandFailure, text);
    }
  });

  it('with a secret is refused, and the secret is not repeated', () => {
    for (const text of [
      'https://corp.blob.core.windows.net/trust/trust.json?sv=2024&sig=SECRET',
      'https://corp.blob.core.windows.net/trust/trust.json#SECRET',
      'https://corp.blob.core.windows.net/trust/trust.json%3Fsv=2024&se=SECRET',
      'https://corp.blob.core.windows.net/trust/trust.json&sv=2024&sig=SECRET',
      'https://me:SECRET@corp.blob.core.windows.net/trust/trust.json',
      'DefaultEndpointsProtocol=https;AccountName=corp;AccountKey=SECRET',
      'BlobEndpoint=https://corp.blob.core.windows.net;SharedAccessSignature=sig=SECRET',
    ]) {
      assert.throws(
        () => parseBlobAddress(text),
        (fault: unknown) => {
          assert.ok(fault instanceof CommandFailure);
          assert.match(fault.message, /no place for secrets/);
          return !`${fault.message}${fault.remedy ?? ''}`.includes('SECRET');
        },
        text,
      );
    }
  });

  it('with a secret is not repeated where it is taken for something else either', async () => {
    const url = 'https://corp.blob.core.windows.net/trust/trust.json?sig=SECRET';
    for (const store of [url, `file:${url}`, `file:blob:${url}`, `Blob:${url}`]) {
      await assert.rejects(
        openTrustLocation(store),
        (fault: unknown) =>
          fault instanceof CommandFailure && !`${fault.message}${fault.remedy ?? ''}`.includes('SECRET'),
        store,
      );
    }
  });
});
