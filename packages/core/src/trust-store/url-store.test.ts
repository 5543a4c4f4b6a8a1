import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CertgateError } from '@certgate/x509/internal';
import { now } from '@certgate/x509/test-support/certificates.js';
import { newTemporaryPath, runOpenssl } from '@certgate/x509/test-support/openssl.js';
import { certificate } from '../test-support/refreshing-stage.js';
import { TrustSourceMisuse } from '../trust-sources/trust-source.js';
import { trustStoreFromUrl } from './trust-stores.js';

describe('trustStoreFromUrl', () => {
  test('takes https, and http only for this machine', () => {
    for (const url of [
      'https://example.com/a',
      'http://127.0.0.1:1/a',
      'http://127.1/a',
      'http://localhost/a',
      'http://[::1]:8/a',
    ]) {
      trustStoreFromUrl(url);
    }
    for (const url of [
      'http://example.com/a',
      'http://localhost.example.com/a',
      'http://127.0.0.1.example.com/',
      'http://[::2]/',
      'ftp://example.com/a',
      'file:///etc/passwd',
      'trust.json',
      'not a url',
      '//example.com/a',
    ]) {
      assert.throws(() => trustStoreFromUrl(url), { code: 'CERTGATE_ARGUMENT_INVALID' }, url);
    }
  });
  test('refuses user names and passwords, and does not repeat them', () => {
    for (const url of [
      'https://user:hidden@example.com/',
      'https://hidden@example.com/',
      'https://:hidden@example.com/',
    ]) {
      assert.throws(
        () => trustStoreFromUrl(url),
        (error: unknown) => {
          assert.ok(error instanceof CertgateError);
          assert.equal(error.code, 'CERTGATE_ARGUMENT_INVALID');
          assert.match(error.message, /example\.com\) holds a user name or password/);
          assert.doesNotMatch(error.message, /hidden/);
          return true;
        },
      );
    }
  });
  test('never shows a query, and yet distinguishes two', () => {
    const [one, two] = ['https://example.com/t.json?sig=hidden1', 'https://example.com/t.json?sig=hidden2'].map((url) =>
      trustStoreFromUrl(url),
    );
    assert.equal(one?.report?.().description, 'URL https://example.com/t.json?…');
    assert.doesNotMatch(one.configuration ?? '', /hidden/);
    assert.notEqual(one.configuration, two?.configuration);
    assert.equal(one.configuration, trustStoreFromUrl('https://example.com/t.json?sig=hidden1#part').configuration);
  });
  test('has a configuration that depends on ca, and none if it has headers', () => {
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ed25519',
      '-nodes',
      '-keyout',
      newTemporaryPath('.pem'),
      '-subj',
      '/CN=a',
    ];
    const ca = runOpenssl(made).toString();
    assert.notEqual(
      trustStoreFromUrl('https://example.com/', { ca }).configuration,
      trustStoreFromUrl('https://example.com/').configuration,
    );
    assert.equal(trustStoreFromUrl('https://example.com/', { headers: () => ({}) }).configuration, undefined);
  });
  test('does not let the app start without a URL', async () => {
    for (const url of [undefined, '', ' ']) {
      const store = trustStoreFromUrl(url);
      await assert.rejects(async () => store.start?.(), TrustSourceMisuse);
      assert.equal((await store.find(certificate, now)).outcome, 'unavailable');
    }
  });
  test('refuses unknown options, and known options without a value', () => {
    const url = 'https://example.com/';
    const wrong = [{ caFile: 'x' }, { ca: undefined }, { ca: 'x' }, { headers: {} }, { headers: undefined }];
    for (const options of [...wrong, { signedBy: undefined }]) {
      assert.throws(
        () => trustStoreFromUrl(url, options as object),
        { code: 'CERTGATE_ARGUMENT_INVALID' },
        JSON.stringify(options),
      );
    }
    assert.throws(() => trustStoreFromUrl(url, { refreshIntervalSeconds: 0 }), { code: 'CERTGATE_ARGUMENT_INVALID' });
  });
});
