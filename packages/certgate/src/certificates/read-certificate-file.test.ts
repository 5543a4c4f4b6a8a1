import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { ToolFailure } from '#local/tool-failure.js';
import { readCertificateFile, type CertificateFileOptions } from './read-certificate-file.js';
import { createTemporaryFolder, makeOpensslPair, runOpenssl, type OpensslPair } from './test-support/openssl.js';

describe('readCertificateFile', () => {
  const folder = createTemporaryFolder();
  let pair: OpensslPair;
  let other: OpensslPair;
  let certificate: Buffer;
  let certificatePem: string;
  let keyPem: string;
  before(() => {
    pair = makeOpensslPair(folder, 'billing');
    other = makeOpensslPair(folder, 'other');
    certificatePem = readFileSync(pair.certificate, 'utf8');
    keyPem = readFileSync(pair.key, 'utf8');
    certificate = new X509Certificate(certificatePem).raw;
  });
  after(() => {
    folder.remove();
  });

  function makePfx(...args: readonly string[]): string {
    const out = folder.file('billing.pfx');
    runOpenssl([
      'pkcs12', '-export', '-in', pair.certificate, '-inkey', pair.key, '-out', out, '-passout', 'pass:secret', ...args,
    ]); // prettier-ignore
    return out;
  }

  async function expectFailure(
    source: string | Uint8Array,
    message: RegExp,
    options?: CertificateFileOptions,
  ): Promise<void> {
    await assert.rejects(readCertificateFile(source, options), (fault) => {
      assert.ok(fault instanceof ToolFailure, String(fault));
      assert.match(`${fault.message} ${fault.remedy ?? ''}`, message);
      assert.equal(fault.kind, 'unusable_input');
      return true;
    });
  }

  test('reads DER', async () => {
    const file = await readCertificateFile(folder.file('billing.cer', certificate));
    assert.equal(file.format, 'der');
    assert.deepEqual(file.certificateDer, certificate);
    assert.equal(file.privateKeyPem, undefined);
  });

  test('reads PEM, with what openssl writes around it, and with the key', async () => {
    const surrounded = `Bag Attributes\n  friendlyName: x\n${certificatePem}-- a remark\n${keyPem}${readFileSync(other.certificate, 'utf8')}`;
    const file = await readCertificateFile(Buffer.from(surrounded));
    assert.equal(file.format, 'pem');
    assert.deepEqual(file.certificateDer, certificate);
    assert.match(file.privateKeyPem ?? '', /BEGIN PRIVATE KEY/);
    assert.equal(file.otherCertificates.length, 1);
    const windows = await readCertificateFile(Buffer.from(certificatePem.replace(/\n/g, '\r\n')));
    assert.deepEqual(windows.certificateDer, certificate);
  });

  test("reads the header value: bare, wrapped, with the header's name, and as PowerShell redirects it", async () => {
    const base64 = certificate.toString('base64');
    const forms: readonly Buffer[] = [
      Buffer.from(base64),
      Buffer.from(`${base64}\r\n`),
      Buffer.from(base64.replace(/.{76}/g, '$&\n')),
      Buffer.from(`X-ARR-ClientCert: ${base64}`),
      Buffer.from(`\ufeff${base64}`),
      Buffer.from(`\ufeff${base64}`, 'utf16le'),
    ];
    for (const form of forms) {
      const file = await readCertificateFile(form);
      assert.equal(file.format, 'base64');
      assert.deepEqual(file.certificateDer, certificate);
    }
  });

  test('reads a PFX, with a password, with a prompt, and in base64 as Key Vault returns it', async () => {
    const path = makePfx();
    const file = await readCertificateFile(path, { password: 'secret', privateKey: 'required' });
    assert.equal(file.format, 'pfx');
    assert.deepEqual(file.certificateDer, certificate);
    const asked = await readCertificateFile(path, { password: () => Promise.resolve('secret') });
    assert.deepEqual(asked.certificateDer, certificate);
    const base64 = Buffer.from(readFileSync(path).toString('base64'));
    assert.equal((await readCertificateFile(base64, { password: 'secret' })).format, 'pfx');
  });

  test('does not ask for a password if none is needed', async () => {
    const neverAsked = (): Promise<string> => Promise.reject(new Error('asked'));
    await readCertificateFile(pair.certificate, { password: neverAsked });
    await readCertificateFile(makePfx('-passout', 'pass:'), { password: neverAsked });
  });

  test('refuses a PFX with a wrong password, without a password, with damage, or without a required key', async () => {
    const path = makePfx();
    await expectFailure(path, /The password is wrong.*--password-file/, { password: 'Secret' });
    await expectFailure(path, /It needs a password.*--password-file/);
    await expectFailure(path, /The password is wrong/, { password: () => Promise.resolve('no') });
    const bytes = readFileSync(path);
    await expectFailure(bytes.subarray(0, bytes.length - 10), /damaged/, { password: 'secret' });
    runOpenssl(['pkcs12', '-export', '-nokeys', '-in', pair.certificate, '-out', path, '-passout', 'pass:secret']);
    await expectFailure(path, /not its private key/, { password: 'secret', privateKey: 'required' });
    assert.equal((await readCertificateFile(path, { password: 'secret' })).privateKeyPem, undefined);
  });

  test('needs the password of an encrypted key in PEM, unless the key is ignored', async () => {
    for (const args of [
      ['pkcs8', '-topk8'],
      ['ec', '-aes256'],
    ]) {
      const encrypted = runOpenssl([...args, '-in', pair.key, '-passout', 'pass:secret']);
      const bytes = Buffer.from(certificatePem + encrypted);
      assert.match((await readCertificateFile(bytes, { password: 'secret' })).privateKeyPem ?? '', /BEGIN PRIVATE KEY/);
      await expectFailure(bytes, /private key in The input can't be opened/, { password: 'wrong' });
      await expectFailure(bytes, /needs a password/);
      assert.equal((await readCertificateFile(bytes, { privateKey: 'ignored' })).privateKeyPem, undefined);
    }
  });

  test('refuses a key of another certificate', async () => {
    const mixed = Buffer.from(certificatePem + readFileSync(other.key, 'utf8'));
    await expectFailure(mixed, /not the key of the certificate/);
  });

  test('names what it found instead of a certificate', async () => {
    const request = runOpenssl(['req', '-new', '-key', pair.key, '-subj', '/CN=x']);
    await expectFailure(Buffer.from(request), /certificate signing request/);
    const requestDer = folder.file('request.der');
    runOpenssl(['req', '-new', '-key', pair.key, '-subj', '/CN=x', '-outform', 'DER', '-out', requestDer]);
    await expectFailure(requestDer, /certificate signing request/);
    await expectFailure(pair.key, /a private key, but no certificate.*Pass the file of its certificate\./s);
    const keyDer = folder.file('key.der');
    runOpenssl(['pkcs8', '-topk8', '-nocrypt', '-in', pair.key, '-outform', 'DER', '-out', keyDer]);
    await expectFailure(keyDer, /private key/);
    await expectFailure(Buffer.from('hello'), /contains no certificate/);
    await expectFailure(Buffer.from('-----BEGIN CERTIFICATE-----\nMIIB'), /no complete PEM block/);
    await expectFailure(Buffer.concat([certificate, Buffer.from([0])]), /contains no certificate that can be used/);
    await expectFailure(
      Buffer.from(`${certificate.toString('base64')},${certificate.toString('base64')}`),
      /contains no certificate/,
    );
  });

  test('refuses files that do not exist, folders, and empty or huge files', async () => {
    await expectFailure(folder.file('absent.pfx'), /There is no file/);
    mkdirSync(folder.file('folder'));
    await expectFailure(folder.file('folder'), /is a folder/);
    await expectFailure(folder.file('empty.pem', ''), /is empty/);
    await expectFailure(folder.file('blank.pem', '\n  \n'), /is empty/);
    await expectFailure(folder.file('huge.pem', Buffer.alloc(1_048_577, 0x30)), /larger than 1 MiB/);
  });

  test('refuses a megabyte of BEGIN lines in little time', async () => {
    const began = process.cpuUsage();
    await expectFailure(Buffer.from('-----BEGIN CERTIFICATE-----\n'.repeat(37_000)), /no complete PEM block/);
    assert.ok(process.cpuUsage(began).user < 2_000_000);
  });
});
