import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ToolFailure } from '#local/tool-failure.js';
import { parseKeyVaultAddress } from './key-vault-address.js';

describe('the URL of a key in Key Vault', () => {
  it('names the key, and a version or none', () => {
    const version = '0123456789abcdef0123456789abcdef';
    const address = parseKeyVaultAddress(`https://corp.vault.azure.net/keys/trust/${version}`);
    assert.deepEqual([address.vaultUrl, address.keyName], ['https://corp.vault.azure.net', 'trust']);
    assert.equal(address.version, version);
    assert.equal(parseKeyVaultAddress('https://corp.vault.azure.net/keys/trust').version, undefined);
    assert.equal(parseKeyVaultAddress('https://Corp.managedhsm.azure.net/keys/trust/').keyName, 'trust');
  });

  it("must be of one of Azure's vaults, so that tokens go nowhere else", () => {
    for (const host of [
      'example.com',
      'vault.azure.net',
      'corp.vault.azure.net.example.com',
      'corp.example.vault.azure.net',
      'corpvault.azure.net',
      'corp.vault.azure.net.',
      '127.0.0.1',
    ]) {
      expectRefusal(`https://${host}/keys/trust`, /not a vault of Azure's/);
    }
    expectRefusal('http://corp.vault.azure.net/keys/trust', /no|not an https: URL/);
  });

  it('must contain nothing else', () => {
    expectRefusal('https://u:p@corp.vault.azure.net/keys/trust', /more than a host and a path/);
    expectRefusal('https://corp.vault.azure.net/keys/trust?sig=x', /more than a host and a path/);
    expectRefusal('https://corp.vault.azure.net/keys/trust#x', /more than a host and a path/);
    expectRefusal('https://corp.vault.azure.net/certificates/trust', /same name under \/keys\//);
    expectRefusal('https://corp.vault.azure.net/keys', /names no key/);
    expectRefusal('https://corp.vault.azure.net/keys/trust/latest', /names no key/);
    expectRefusal('https://corp.vault.azure.net/keys/a_b', /names no key/);
    expectRefusal('trust', /not an https: URL/);
  });
});

function expectRefusal(text: string, message: RegExp): void {
  assert.throws(
    () => parseKeyVaultAddress(text),
    (fault: unknown) => {
      assert.ok(fault instanceof ToolFailure, text);
      assert.match(fault.message, message, text);
      // A part that may contain a secret is not repeated.
      assert.doesNotMatch(fault.message, /u:p|sig=/);
      assert.match(fault.remedy ?? '', /https:\/\/VAULT\.vault\.azure\.net\/keys\/NAME/);
      return true;
    },
  );
}
