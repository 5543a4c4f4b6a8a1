import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { CertgateError } from '@certgate/x509/internal';
import { now } from '@certgate/x509/test-support/certificates.js';
import { certificate, known, unknown } from '../test-support/refreshing-stage.js';
import { ManualClock } from '../test-support/scripted-source.js';
import { makeSigningKey, signByOpenssl } from '../test-support/signatures.js';
import { TrustDocumentError } from '../trust-document/document-error.js';
import { createAppSettingSource } from '../trust-sources/app-setting-source.js';
import { trustStoreFromAppSetting } from './trust-stores.js';
import { type RefreshOptions, RefreshingTrustStore } from './refreshing-store.js';
import { TrustSourceMisuse } from '../trust-sources/trust-source.js';

const name = 'CERTGATE_TEST_TRUST_DOCUMENT';
const put = (value: string | undefined, setting = name): void => {
  if (value === undefined) Reflect.deleteProperty(process.env, setting);
  else process.env[setting] = value;
};
afterEach(() => {
  put(undefined);
  put(undefined, `${name}_SIGNATURE`);
});

function createStore(options: RefreshOptions = {}): { store: RefreshingTrustStore; ask: () => Promise<string> } {
  const clock = new ManualClock(now);
  const { wall, monotonic } = clock;
  const surroundings = { wall, monotonic, signaturePauseMilliseconds: 1 };
  const store = new RefreshingTrustStore(createAppSettingSource(name), options, surroundings);
  const ask = async (): Promise<string> => {
    clock.pass(61_000);
    return (await store.find(certificate, clock.wall())).outcome;
  };
  return { store, ask };
}

describe('a trust document in an app setting', () => {
  test('is read again each time', async () => {
    put(known(1));
    const { store, ask } = createStore();
    await store.start();
    const { version } = store;
    assert.equal(await ask(), 'found');
    assert.equal(store.version, version);
    put(unknown(2));
    assert.equal(await ask(), 'notFound');
    assert.equal(store.report().description, `app setting ${name}`);
  });
  test('keeps the app from starting if the setting is absent or empty', async () => {
    for (const [value, words] of [
      [undefined, /TRUST_DOCUMENT is not there/],
      ['', /is empty/],
      [' \n', /is empty/],
    ] as const) {
      put(value);
      const { store, ask } = createStore();
      await assert.rejects(store.start(), (error: unknown) => {
        assert.ok(error instanceof TrustSourceMisuse);
        assert.match(error.message, words);
        return true;
      });
      assert.equal(await ask(), 'unavailable');
    }
  });
  test('keeps the app from starting if it is not valid, and the error names the setting', async () => {
    put('{"half');
    await assert.rejects(createStore().store.start(), (error: unknown) => {
      assert.ok(error instanceof TrustDocumentError);
      assert.match(error.message, new RegExp(`app setting ${name}`));
      return true;
    });
  });
  test('stays in use when the setting goes away or breaks', async () => {
    put(known(1));
    const { store, ask } = createStore();
    await store.start();
    for (const value of [undefined, '', '{', '@Microsoft.KeyVault(VaultName=v;SecretName=s)']) {
      put(value);
      assert.equal(await ask(), 'found');
      assert.notEqual(store.report().fault, undefined);
    }
    put(unknown(2));
    assert.equal(await ask(), 'notFound');
  });
  const references = [
    ['@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/hidden/)', /Key Vault Secrets User/],
    ['@microsoft.keyvault(VaultName=hidden;SecretName=s)', /Key Vault Secrets User/],
    ['@Microsoft.AppConfiguration(Endpoint=https://hidden.azconfig.io; Key=k)', /App Configuration Data Reader/],
  ] as const;
  for (const [reference, remedy] of references) {
    test(`${reference.split('(')[0] ?? ''}: a reference that Azure could not resolve is an outage, and not a mistake`, async () => {
      put(reference);
      const { store, ask } = createStore();
      await store.start();
      assert.equal(await ask(), 'unavailable');
      const { fault = '' } = store.report();
      assert.match(fault, /Azure could not resolve/);
      assert.match(fault, remedy);
      assert.doesNotMatch(fault, /hidden/);
      put(known(1));
      assert.equal(await ask(), 'found');
    });
  }
  test('may have its signature in another setting', async () => {
    const key = makeSigningKey('ed25519');
    const setting = `${name}_SIGNATURE`;
    put(known(1));
    const { store, ask } = createStore({ signedBy: [makeSigningKey('P-384').publicKey, key.publicKey] });
    await store.start();
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', new RegExp(`not signed, .* app setting ${setting}`));
    put('@Microsoft.KeyVault(VaultName=v;SecretName=s)', setting);
    assert.equal(await ask(), 'unavailable');
    assert.match(store.report().fault ?? '', new RegExp(`reference in the app setting ${setting}`));
    put(signByOpenssl(known(1), key), setting);
    assert.equal(await ask(), 'found');
    put(unknown(2));
    assert.equal(await ask(), 'found');
    assert.match(store.report().fault ?? '', /was not made over these bytes/);
  });
});

describe('trustStoreFromAppSetting', () => {
  test("takes a setting's name, and its error does not repeat a value", () => {
    for (const value of [undefined, '', ' ', known(1), 'a b', 'hidden=1', 7]) {
      assert.throws(
        () => trustStoreFromAppSetting(value as string),
        (error: unknown) => {
          assert.ok(error instanceof CertgateError);
          assert.equal(error.code, 'CERTGATE_ARGUMENT_INVALID');
          assert.equal(error.message, "trustStoreFromAppSetting takes an app setting's name, not its value.");
          return true;
        },
      );
    }
    for (const each of ['TRUST', 'Trust__Document', 'trust:document', 'a.b-c']) trustStoreFromAppSetting(each);
  });
  test('passes its options on, and refuses wrong ones', () => {
    assert.throws(() => trustStoreFromAppSetting('x', { refreshIntervalSeconds: 0 }), {
      code: 'CERTGATE_ARGUMENT_INVALID',
    });
    assert.throws(() => trustStoreFromAppSetting('x', { refreshSeconds: 1 } as object), {
      code: 'CERTGATE_ARGUMENT_INVALID',
    });
    assert.throws(() => trustStoreFromAppSetting('x', { signedBy: undefined } as object), {
      code: 'CERTGATE_ARGUMENT_INVALID',
    });
  });
  test('has a configuration that names the setting', () => {
    assert.equal(trustStoreFromAppSetting('x').configuration, trustStoreFromAppSetting('x').configuration);
    assert.notEqual(trustStoreFromAppSetting('x').configuration, trustStoreFromAppSetting('y').configuration);
  });
});
