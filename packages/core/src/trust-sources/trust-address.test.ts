import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseTrustAddress, showTrustAddress, type TrustAddress } from './trust-address.js';

const azureBlob = 'https://corp.blob.core.windows.net/trust/trust.json';
const azurite = 'http://127.0.0.1:10000/devstoreaccount1/trust/apps/trust.json';

function expectAddress(text: string): TrustAddress {
  const address = parseTrustAddress(text);
  assert.ok(address.kind !== 'refused', `${text}: ${JSON.stringify(address)}`);
  return address;
}

function expectRefusal(text: string | undefined, words: RegExp): string {
  const address = parseTrustAddress(text);
  assert.ok(address.kind === 'refused', `${String(text)} was taken for ${JSON.stringify(address)}`);
  const said = `${address.message} ${address.remedy}`;
  assert.match(said, words, text);
  return said;
}

describe('an address is', () => {
  it('a path, with or without file: before it, unchanged', () => {
    for (const path of [
      'trust.json',
      './trust.json',
      '../shared/trust.json',
      '/home/site/trust.json',
      String.raw`C:\app\trust.json`,
      'my trust.json',
      'a%20b.json',
      './2026-01-01T00:00.json',
      './{x}.json',
      'example.com/trust.json',
    ]) {
      assert.deepEqual(expectAddress(path), { kind: 'file', path });
      if (!path.includes('{')) assert.deepEqual(expectAddress(`file:${path}`), { kind: 'file', path });
    }
    assert.deepEqual(expectAddress('FILE:trust.json'), { kind: 'file', path: 'trust.json' });
  });

  it('a file URL, decoded', { skip: process.platform === 'win32' }, () => {
    assert.deepEqual(expectAddress('file:///srv/a%20b.json'), { kind: 'file', path: '/srv/a b.json' });
    assert.deepEqual(expectAddress('file://localhost/srv/t.json'), { kind: 'file', path: '/srv/t.json' });
  });

  it('a URL with https:, or with http: for this machine; its query is kept and not shown', () => {
    for (const url of ['https://example.com/trust.json', 'http://127.0.0.1:8080/t.json', 'http://localhost/t.json']) {
      assert.deepEqual(expectAddress(url), { kind: 'url', url });
      assert.deepEqual(expectAddress(`${url}?`), { kind: 'url', url });
      assert.equal(showTrustAddress(expectAddress(url)), url);
    }
    const signed = expectAddress(`${azureBlob}?sv=1&sig=SECRET`);
    assert.deepEqual(signed, { kind: 'url', url: `${azureBlob}?sv=1&sig=SECRET` });
    assert.equal(showTrustAddress(signed), `${azureBlob}?…`);
  });

  it('a blob in an Azure cloud, or one of Azurite with the account in the path', () => {
    for (const host of [
      'corp.blob.core.windows.net',
      'corp.blob.core.chinacloudapi.cn',
      'corp.blob.core.usgovcloudapi.net',
      'corp.z37.blob.storage.azure.net',
    ]) {
      const url = `https://${host}/trust/apps/trust.json`;
      const blob = { url, account: 'corp', container: 'trust', isLoopback: false, isAzure: true };
      assert.deepEqual(expectAddress(`blob:${url}`), { kind: 'blob', blob });
    }
    const blob = {
      url: azurite,
      account: 'devstoreaccount1',
      container: 'trust',
      isLoopback: true,
      isAzure: false,
    };
    assert.deepEqual(expectAddress(`blob:${azurite}`), { kind: 'blob', blob });
    assert.equal(showTrustAddress(expectAddress(`blob:${azurite}`)), `blob:${azurite}`);
  });

  it('a blob on a look-alike of an Azure host, without isAzure', () => {
    for (const host of [
      'corp.blob.core.windows.net.example.org',
      'corp-blob.core.windows.net',
      'x.corp.blob.core.windows.net',
      'blob.core.windows.net',
    ]) {
      const address = expectAddress(`blob:https://${host}/trust/trust.json`);
      assert.ok(address.kind === 'blob' && !address.blob.isAzure, host);
    }
  });
});

describe('a refusal says what to write instead of', () => {
  const refusals: readonly (readonly [string | undefined, RegExp])[] = [
    [undefined, /no address.*e\.g\. trust\.json/],
    ['', /no address/],
    [' \n', /no address/],
    ['{"schemaVersion":1}', /trust document.*trustStoreFromAppSetting/],
    ['\uFEFF [{}]', /trust document.*trustStoreFromAppSetting/],
    ['@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/SECRET)', /could not resolve.*Secrets User/],
    [' trust.json', /begins or ends with a space/],
    ['trust.json\n', /line end/],
    ['trust\u0000.json', /control character/],
    ['"trust.json"', /quotation marks/],
    ['DefaultEndpointsProtocol=https;AccountName=corp;AccountKey=SECRET', /connection string.*blob:https/],
    ['BlobEndpoint=https://corp.blob.core.windows.net;SharedAccessSignature=sig=SECRET', /connection string/],
    ['ftp://example.com/trust.json', /scheme other than.*\.\//],
    ['trust:v1.json', /scheme other than.*\.\//],
    ['data:application/json,{}', /scheme other than/],
    ['user:SECRET@example.com/trust.json', /scheme other than/],
    ['corp.blob.core.windows.net/trust/trust.json', /without https:.*blob:https/],
    ['Corp.Blob.Core.Windows.Net/trust/trust.json?sig=SECRET', /without https:.*blob:https/],
    ['example.com/trust.json?sig=SECRET', /question mark.*https:/],
    ['//example.com/trust.json', /begins with \/\/.*https:/],
    ['file:', /no path.*file:trust\.json/],
    ['file:  ', /space/],
    ['file: trust.json', /a space/],
    ['file:file:trust.json', /another scheme/],
    ['file:https://example.com/trust.json?sig=SECRET', /another scheme.*https:/],
    ['file:blob:https://example.com/c/b?sig=SECRET', /another scheme/],
    ['file:/srv/a%20b.json', /two ways.*file:\/\/\//],
    ['file:trust.json?sig=SECRET', /question mark/],
    ['file://trust.json', /another machine.*file:trust\.json/],
    ['file://server/share/trust.json', /another machine/],
    ['file:///srv/trust.json?sig=SECRET', /query/],
    ['file:///srv/trust.json#SECRET', /fragment/],
    ['file:///srv/../etc/trust.json', /not a path/],
    ['file:///srv/a%2Fb.json', /not a path/],
    ['file:///srv/a%00.json', /not a path/],
    ['http://example.com/trust.json', /begins with http:.*https:/],
    ['http://127.0.0.1.example.org/trust.json', /begins with http:/],
    ['https:example.com/trust.json', /not a URL.*https:\/\//],
    [String.raw`https://example.com\trust.json`, /not a URL/],
    ['https:///trust.json', /not a URL/],
    ['https://example.com/my trust.json', /not a URL/],
    ['https://me:SECRET@example.com/trust.json', /user name or a password/],
    ['https://@example.com/trust.json', /user name or a password/],
    ['https://example.com/trust.json#SECRET', /fragment/],
    ['https://example.com/a/../trust.json', /\. or \.\. in its path/],
    ['https://example.com/a/%2E%2e/trust.json', /\. or \.\. in its path/],
    ['https://example.com/trust.json&sv=1&sig=SECRET', /question mark is missing or escaped/],
    ['https://example.com/trust.json%3Fsig=SECRET', /question mark is missing or escaped/],
    [azureBlob, /without a login.*blob: before/],
    [`${azureBlob}&sv=1&sig=SECRET`, /without a login/],
    ['blob:trust.json', /not a URL.*blob:https/],
    [`blob:blob:${azureBlob}`, /not a URL.*blob:https/],
    ['blob:http://corp.blob.core.windows.net/trust/trust.json', /begins with http:/],
    [`Blob:${azureBlob}?sv=1&sig=SECRET`, /a query.*must not have secrets.*blob:https/],
    [`blob:${azureBlob}#SECRET`, /a query/],
    [`blob:${azureBlob}%3Fsig=SECRET`, /a query/],
    [`blob:${azureBlob}&sig=SECRET`, /a query/],
    ['blob:https://me:SECRET@corp.blob.core.windows.net/trust/trust.json', /user name or a password/],
    ['blob:https://corp.blob.core.windows.net/', /a container and a blob/],
    ['blob:https://corp.blob.core.windows.net/trust', /a container and a blob/],
    ['blob:https://corp.blob.core.windows.net/trust/', /a container and a blob/],
    ['blob:https://corp.blob.core.windows.net/trust/apps/', /a container and a blob/],
    ['blob:https://corp.blob.core.windows.net//trust.json', /a container and a blob/],
    ['blob:https://corp.blob.core.windows.net/trust/../other/trust.json', /\. or \.\. in its path/],
    ['blob:http://127.0.0.1:10000/devstoreaccount1/trust', /a container and a blob/],
  ];
  for (const [text, words] of refusals) {
    it(text === undefined ? 'undefined' : JSON.stringify(text), () => {
      assert.doesNotMatch(expectRefusal(text, words), /SECRET|server|vault\.azure/);
    });
  }
});

describe('for any text', () => {
  const piece = fc.oneof(
    fc.constantFrom('file:', 'blob:', 'https://', 'http://', 'https:', '//', '/', '\\', '?', '#', '@', ':', '&', '%3F'),
    fc.constantFrom('corp.blob.core.windows.net', '127.0.0.1:10000', 'localhost', 'example.com', 'C:', '..', '%2e'),
    fc.constantFrom('trust.json', 'container', 'sig=', 'AccountKey=', '{', ' ', '\n', '\uFEFF', 'é', '%20'),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
    fc.webUrl({
      withQueryParameters: true,
      withFragments: true,
      authoritySettings: { withPort: true, withUserInfo: true },
    }),
    fc.string(),
  );
  const prefix = fc.constantFrom('', 'file:', 'blob:', 'Blob:', `blob:${azureBlob}`, 'https://example.com/');

  it('a path has no scheme, a URL is confidential, and isAzure is set only for hosts of Azure', () => {
    fc.assert(
      fc.property(prefix, text, (before, rest) => {
        const given = `${before}${rest}`;
        const address = parseTrustAddress(given);
        if (address.kind === 'refused') {
          assert.ok(address.message.endsWith('.') && address.remedy !== '');
        } else if (address.kind === 'url') {
          expectConfidential(address.url);
        } else if (address.kind === 'blob') {
          const { url, isAzure, isLoopback } = address.blob;
          expectConfidential(url);
          assert.doesNotMatch(url, /[?#]/);
          const { hostname, protocol } = new URL(url);
          const isOneOfAzure = /^[a-z0-9]{3,24}(-secondary)?(\.z\d+)?\.blob\.(core|storage)\.[a-z.]+$/.test(hostname);
          assert.ok(isLoopback || (protocol === 'https:' && isAzure <= isOneOfAzure));
        } else if (/^file:\/\//i.test(given)) {
          assert.doesNotMatch(address.path, /\p{Cc}/u);
        } else {
          assert.equal(address.path, given.replace(/^file:/i, ''));
          assert.doesNotMatch(address.path, /^[a-z][a-z0-9+.-]+:|^\/\/|\?|\p{Cc}|^\s/iu);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('the shown form of an address without a query is the same address', () => {
    fc.assert(
      fc.property(prefix, text, (before, rest) => {
        const address = parseTrustAddress(`${before}${rest}`);
        if (address.kind === 'refused' || (address.kind === 'url' && new URL(address.url).search !== '')) return;
        // A path from a file URL, or one with a percent sign, can be spelled in other ways.
        if (address.kind === 'file' && /[%?{[]|^\/\/|^\s|\s$|^[a-z][a-z0-9+.-]+:/i.test(address.path)) return;
        assert.deepEqual(parseTrustAddress(showTrustAddress(address)), address);
      }),
      { numRuns: 2_000 },
    );
  });

  it('a secret in the text is not repeated', () => {
    const secret = 'SeCrEtVaLuE';
    const places: readonly ((rest: string) => string)[] = [
      (rest) => `https://me:${secret}@example.com/${rest}`,
      (rest) => `https://example.com/${rest}?sig=${secret}`,
      (rest) => `blob:${azureBlob}?${rest}&sig=${secret}`,
      (rest) => `file:${azureBlob}${rest}?sig=${secret}`,
      (rest) => `corp.blob.core.windows.net/c/${rest}?sig=${secret}`,
      (rest) => `${rest};AccountName=x;AccountKey=${secret}`,
      (rest) => `{"a":"${secret}${rest}"}`,
      (rest) => `scheme:${secret}${rest}`,
    ];
    fc.assert(
      fc.property(fc.constantFrom(...places), text, (place, rest) => {
        const address = parseTrustAddress(place(rest.replaceAll(secret, '')));
        const said = address.kind === 'refused' ? `${address.message} ${address.remedy}` : showTrustAddress(address);
        assert.ok(!said.toLowerCase().includes(secret.toLowerCase()), said);
      }),
      { numRuns: 2_000 },
    );
  });
});

function expectConfidential(text: string): void {
  const { protocol, hostname, username, password, hash } = new URL(text);
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127\.[\d.]+$/.test(hostname);
  assert.ok(protocol === 'https:' || (protocol === 'http:' && isLoopback), text);
  assert.deepEqual([username, password, hash], ['', '', '']);
}
