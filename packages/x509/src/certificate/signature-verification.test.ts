import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { isMlDsaKnown, makeWritingKey, writeCertificate } from '../test-support/certificate-writing.js';
import { type KeyKind, makeCertificate } from '../test-support/certificates.js';
import { clientExtensions } from '../test-support/extension-writing.js';
import { readCertificate } from '../test-support/revocation.js';
import { newName, pathNow, writeChain } from '../test-support/written-path.js';
import {
  type SignedData,
  VerificationKey,
  isBeyondRuntime,
  isSignatureValid,
  isSignatureValidInBackground,
  recallSignature,
  verifyAhead,
} from './signature-verification.js';

const kinds: readonly KeyKind[] = ['rsa-2048', 'rsa-pss', 'p-256', 'p-384', 'p-521', 'ed25519', 'ed448'];
const made = kinds.map((key) => {
  const { signed, verificationKey } = readCertificate(makeCertificate({ key }).der);
  return { key, signed, verificationKey };
});

/** Verifies in both ways, which must agree. */
async function isValid(signed: SignedData, key: VerificationKey): Promise<boolean> {
  const verdict = isSignatureValid(signed, key);
  assert.equal(await isSignatureValidInBackground(signed, key), verdict);
  return verdict;
}

describe('signature verification', () => {
  it('accepts what openssl signed, and only with the right key', async () => {
    for (const { key, signed } of made) {
      for (const other of made) {
        assert.equal(await isValid(signed, other.verificationKey), key === other.key, `${key} by ${other.key}`);
      }
    }
  });

  it('refuses other data and other signatures', async () => {
    for (const { key, signed, verificationKey } of made) {
      const data = Buffer.concat([signed.data, Buffer.from([0])]);
      assert.equal(await isValid({ ...signed, data }, verificationKey), false, key);
      // Not without the first octet: one RSA signature in 256 begins with 0, and OpenSSL takes RSA-PSS without this 0.
      for (const signature of [new Uint8Array(), signed.signature.subarray(0, -1), new Uint8Array(5000)]) {
        assert.equal(await isValid({ ...signed, signature }, verificationKey), false, key);
      }
    }
  });

  it('verifies nothing with an unknown algorithm or an unreadable key', async () => {
    const [first] = made;
    assert.ok(first);
    const algorithm = { scheme: 'unknown', objectIdentifier: '1.2.3' } as const;
    assert.equal(await isValid({ ...first.signed, algorithm }, first.verificationKey), false);
    const strange = { scheme: 'rsa-pkcs1', digest: 'none' as 'sha256' } as const;
    assert.equal(await isValid({ ...first.signed, algorithm: strange }, first.verificationKey), false);
    assert.equal(await isValid(first.signed, new VerificationKey(Buffer.from('3000', 'hex'))), false);
  });

  it("refuses a signature by another algorithm than the key's, whatever algorithm it names", async () => {
    const find = (kind: KeyKind): (typeof made)[number] => {
      const found = made.find(({ key }) => key === kind);
      assert.ok(found);
      return found;
    };
    for (const [kind, algorithm] of [
      ['rsa-2048', { scheme: 'ecdsa', digest: 'sha256' }],
      ['p-256', { scheme: 'rsa-pkcs1', digest: 'sha256' }],
      ['p-256', { scheme: 'rsa-pss', digest: 'sha256', saltLength: 32 }],
      ['ed448', { scheme: 'ed25519' }],
      ['ed25519', { scheme: 'ed448' }],
      ['rsa-2048', { scheme: 'ed25519' }],
    ] as const) {
      const { signed, verificationKey } = find(kind);
      assert.equal(await isValid({ ...signed, algorithm }, verificationKey), false, kind);
    }
    // A key that may use any padding.
    const signing = ['rsa_padding_mode:pss', 'rsa_pss_saltlen:32'];
    const pss = readCertificate(makeCertificate({ key: 'rsa-2048', digest: 'sha256', signing }).der);
    assert.equal(pss.signed.algorithm.scheme, 'rsa-pss');
    assert.equal(await isValid(pss.signed, pss.verificationKey), true);
  });

  it('accepts only the digest, salt and padding that were signed with', async () => {
    for (const { key, signed, verificationKey } of made) {
      const { algorithm } = signed;
      if (!('digest' in algorithm)) continue;
      assert.equal(
        await isValid({ ...signed, algorithm: { ...algorithm, digest: 'sha224' } }, verificationKey),
        false,
        key,
      );
      if (algorithm.scheme !== 'rsa-pss') continue;
      const salted: SignedData = { ...signed, algorithm: { ...algorithm, saltLength: algorithm.saltLength + 1 } };
      assert.equal(await isValid(salted, verificationKey), false);
      const plain: SignedData = { ...signed, algorithm: { scheme: 'rsa-pkcs1', digest: algorithm.digest } };
      assert.equal(await isValid(plain, verificationKey), false);
    }
  });
});

describe('verification ahead', () => {
  it('remembers its results, and verifies once', async () => {
    for (const { signed, verificationKey } of made) {
      let reads = 0;
      const { signature, ...rest } = signed;
      const counted = {
        ...rest,
        get signature(): Uint8Array {
          reads += 1;
          return signature;
        },
      };
      const kept = { signed: counted };
      assert.equal(recallSignature(kept, verificationKey), undefined);
      for (let time = 0; time < 2; time += 1) {
        await verifyAhead(kept, verificationKey);
        assert.equal(recallSignature(kept, verificationKey), true);
      }
      assert.equal(reads, 1);
      const other = { signed: { ...signed, data: Buffer.alloc(1) } };
      await verifyAhead(other, verificationKey);
      assert.equal(recallSignature(other, verificationKey), false);
    }
  });
});

describe('known answers', () => {
  const { verificationKey: pssKey } = made.find(({ key }) => key === 'rsa-pss') ?? assert.fail();

  it('are given by this Node, for each algorithm and each kind of key', () => {
    const digests = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const tried = [
      ...['P-256', 'P-384', 'P-521', 'secp256k1'].flatMap((namedCurve) => {
        const pair = generateKeyPairSync('ec', { namedCurve });
        return digests.map((digest) => ({ pair, algorithm: { scheme: 'ecdsa', digest } as const }));
      }),
      ...[...digests, 'md5' as const].map((digest) => ({
        pair: rsa,
        algorithm: { scheme: 'rsa-pkcs1', digest } as const,
      })),
      { pair: generateKeyPairSync('ed25519'), algorithm: { scheme: 'ed25519' } as const },
      { pair: generateKeyPairSync('ed448'), algorithm: { scheme: 'ed448' } as const },
    ];
    const toKey = ({ publicKey }: (typeof tried)[number]['pair']): VerificationKey =>
      new VerificationKey(publicKey.export({ type: 'spki', format: 'der' }));
    const data = Buffer.from('anything');
    for (const { pair, algorithm } of tried) {
      const signature = sign('digest' in algorithm ? algorithm.digest : null, data, pair.privateKey);
      assert.ok(isSignatureValid({ data, algorithm, signature }, toKey(pair)), JSON.stringify(algorithm));
    }
    for (const key of [toKey(rsa), pssKey]) {
      for (const digest of digests) {
        const algorithm = { scheme: 'rsa-pss', digest, saltLength: 7 } as const;
        assert.equal(isBeyondRuntime({ data, algorithm, signature: data }, key), false, digest);
      }
    }
  });

  it('are missing if the runtime refuses a digest: then no such signature is valid, and none throws', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const data = Buffer.from('anything');
    const algorithm = { scheme: 'rsa-pkcs1', digest: 'md5' } as const;
    const signed = { data, algorithm, signature: sign('md5', data, privateKey) };
    // Simulates FIPS mode, which refuses MD5.
    const script = `
      import crypto from 'node:crypto';
      import { syncBuiltinESMExports } from 'node:module';
      const { hash } = crypto;
      crypto.hash = (digest, ...rest) => {
        if (digest === 'md5') throw new Error('unsupported');
        return hash(digest, ...rest);
      };
      syncBuiltinESMExports();
      const [, module, given, info] = process.argv;
      const { data, algorithm, signature } = JSON.parse(given);
      const signed = { algorithm, data: Buffer.from(data), signature: Buffer.from(signature) };
      const { VerificationKey, isBeyondRuntime, isSignatureValid, isSignatureValidInBackground } = await import(module);
      const key = new VerificationKey(Buffer.from(info, 'base64'));
      const inBackground = await isSignatureValidInBackground(signed, key);
      process.stdout.write(JSON.stringify([isSignatureValid(signed, key), inBackground, isBeyondRuntime(signed, key)]));`;
    const info = publicKey.export({ type: 'spki', format: 'der' });
    assert.equal(await isValid(signed, new VerificationKey(info)), true);
    const module = new URL('signature-verification.js', import.meta.url).href;
    const words = ['--input-type=module', '--eval', script, module, JSON.stringify(signed), info.toString('base64')];
    const answers: unknown = JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' }));
    assert.deepEqual(answers, [false, false, true]);
  });

  const kinds = ['p-256', 'ed25519', ...(isMlDsaKnown ? (['ml-dsa-44'] as const) : [])] as const;
  const chains = kinds.flatMap((kind) => {
    const { root, intermediate, leaf } = writeChain(kind);
    const issuer = { name: 'Intermediate', key: { ...makeWritingKey(kind), identifier: readIdentifier(intermediate) } };
    const extensions = clientExtensions(issuer.key);
    return [leaf, writeCertificate({ subject: newName('client', kind), issuer, extensions })].map((target) =>
      [root, intermediate, target].map((der) => der.toString('base64')),
    );
  });

  function readIdentifier(der: Uint8Array): Buffer {
    return Buffer.from(readCertificate(der).subjectKeyIdentifier ?? '', 'hex');
  }

  /**
   * What a process whose `verify` is this function answers about a genuine path, a forged one, and a signature by
   * RSA-PSS.
   */
  function askRuntime(verify: string): readonly string[] {
    const script = `
      import crypto from 'node:crypto';
      import { syncBuiltinESMExports } from 'node:module';
      const { verify } = crypto;
      crypto.verify = ${verify};
      syncBuiltinESMExports();
      const [, folder, chains, key] = process.argv;
      const { decodePathCertificate, findCertificationPath } = await import(folder + 'path.js');
      const { VerificationKey, isBeyondRuntime } = await import(folder + 'certificate/signature-verification.js');
      const codes = JSON.parse(chains).map((chain) => {
        const [root, intermediate, target] = chain.map((der) => decodePathCertificate(Buffer.from(der, 'base64')).value);
        const question = { target, trustAnchors: [root], now: ${pathNow}, revocation: 'off' };
        const known = findCertificationPath({ ...question, intermediates: [intermediate] });
        const forwarded = findCertificationPath({ ...question, intermediates: [], candidates: [intermediate] });
        return [known, forwarded].map(({ outcome, code }) => code ?? outcome);
      });
      const signed = { algorithm: { scheme: 'rsa-pss', digest: 'sha256', saltLength: 32 } };
      const isBeyond = isBeyondRuntime(signed, new VerificationKey(Buffer.from(key, 'base64')));
      process.stdout.write(JSON.stringify([...codes.flat(), isBeyond ? 'PSS unproven' : 'PSS proven']));`;
    const folder = new URL('../', import.meta.url).href;
    const key = Buffer.from(pssKey.subjectPublicKeyInfo).toString('base64');
    const words = ['--input-type=module', '--eval', script, folder, JSON.stringify(chains), key];
    return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as readonly string[];
  }

  const all = (code: string): readonly string[] => chains.flatMap(() => [code, code]);
  const right = kinds.flatMap(() => ['valid', 'valid', 'path_signature_invalid', 'path_signature_invalid']);
  const unsupported = all('algorithm_unsupported_by_runtime');
  for (const [name, verify, expected] of [
    ['this Node', 'verify', [...right, 'PSS proven']],
    ['a runtime that says "valid" of everything', '() => true', [...unsupported, 'PSS unproven']],
    ['a runtime that says "not valid" of everything', '() => false', [...unsupported, 'PSS unproven']],
    ['a runtime that throws', '() => { throw new Error("not implemented"); }', [...unsupported, 'PSS unproven']],
    [
      'a runtime that takes any length of a salt',
      '(digest, data, key, signature) => verify(digest, data, key.padding === 6 ? { ...key, saltLength: -2 } : key, signature)',
      [...right, 'PSS unproven'],
    ],
  ] as const) {
    it(`${name}: answers only what it can know about each path`, () => {
      assert.deepEqual(askRuntime(verify), expected);
    });
  }
});
