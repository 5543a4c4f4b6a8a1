import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { now } from './test-support/certificates.js';
import { type MadeAuthority, authorityExtensions, issue, makeCrl } from './test-support/revocation.js';

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

describe('the examples of the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-readme-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, 'node_modules/@certgate'), { recursive: true });
  symlinkSync(packageFolder, join(folder, 'node_modules/@certgate/x509'), 'junction');
  const readme = readFileSync(join(packageFolder, 'README.md'), 'utf8');
  const [program = '', options = '', refreshing = '', replacing = ''] = Array.from(
    readme.matchAll(/```js\n([\s\S]*?)```/g),
    ([, code]) => code,
  );
  for (const [file, text] of Object.entries({ example: program, options, refreshing, replacing }))
    writeFileSync(join(folder, `${file}.mjs`), text);

  const beneath = [...authorityExtensions, 'authorityKeyIdentifier = keyid'];
  const [root, stranger] = [issue({ name: 'root' }), issue({ name: 'stranger', key: 'p-384' })];
  const below = issue({ name: 'below', issuer: root, key: 'p-521', extensions: beneath });
  const makeClient = (issuer: MadeAuthority, usage = 'digitalSignature'): MadeAuthority =>
    issue({
      name: 'client',
      issuer,
      serialNumber: '10',
      extensions: [
        'basicConstraints = critical, CA:FALSE',
        `keyUsage = critical, ${usage}`,
        'extendedKeyUsage = clientAuth',
        'authorityKeyIdentifier = keyid',
      ],
    });
  const client = makeClient(root);
  const bundle = (all: readonly MadeAuthority[]): string =>
    all.map(({ pemPath }) => `${pemPath}\n${readFileSync(pemPath, 'utf8')}`).join('\n');
  const run = (
    chain: readonly MadeAuthority[],
    roots: readonly MadeAuthority[],
    crl = makeCrl({ authority: root }),
  ): string => {
    writeFileSync(join(folder, 'client.pem'), bundle(chain));
    writeFileSync(join(folder, 'ca.pem'), bundle(roots));
    writeFileSync(join(folder, 'ca.crl'), crl);
    const clock = `data:text/javascript,Date.now = () => ${now}`;
    const words = ['--import', clock, 'example.mjs'];
    return execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8' }).trim();
  };
  const load = <T>(file: string): Promise<T> => import(pathToFileURL(join(folder, file)).href) as Promise<T>;

  it('accept a client of one of the roots, and need the list of each CA above it', () => {
    assert.equal(run([client], [stranger, root]), 'valid: CN=client []');
    assert.match(run([makeClient(below), below], [root]), /^revocation_unavailable: /);
  });

  it('refuse other issuers, revoked clients, what is not a client, and what is not PEM', () => {
    assert.match(run([client], [stranger]), /^path_not_found: /);
    assert.match(run([makeClient(below)], [root]), /^path_not_found: /);
    const revoking = makeCrl({ authority: root, revoked: [{ serialNumber: '10' }] });
    assert.match(run([client], [root], revoking), /^certificate_revoked: /);
    assert.match(run([makeClient(root, 'keyEncipherment')], [root]), /^certificate_key_usage_unsuitable: /);
    assert.match(run([root], [root]), /^certificate_is_authority: /);
    assert.match(run([], [root]), /^certificate_malformed: /);
  });

  it('show the options', async () => {
    const { verify } = await load<{ verify: (leaf: unknown, material: object) => { ok: boolean } }>('options.mjs');
    const material = { ca: root.der, crl: makeCrl({ authority: root }), response: Buffer.from('not found') };
    assert.equal(verify(client.der, material).ok, false);
  });

  it('keep the last CRL that could be read', async () => {
    const example = await load<{ crls: readonly unknown[]; refresh: (url: string) => Promise<void> }>('refreshing.mjs');
    const toUrl = (bytes: Buffer): string => `data:application/pkix-crl;base64,${bytes.toString('base64')}`;
    await example.refresh(toUrl(makeCrl({ authority: root })));
    const [first] = example.crls;
    assert.ok(first);
    await example.refresh(toUrl(Buffer.from('not found')));
    assert.deepEqual([example.crls.length, example.crls[0]], [1, first]);
    await example.refresh(toUrl(makeCrl({ authority: root, number: '02' })));
    assert.notEqual(example.crls[0], first);
  });

  it('replace X509Certificate.verify', async () => {
    type Replacing = { readonly isTrusted: (client: string, ca: string) => boolean };
    const { isTrusted } = await load<Replacing>('replacing.mjs');
    // The example uses the clock, so these certificates are valid at any time.
    const lasting = { notBefore: '20000101000000Z', notAfter: '99991231235959Z' };
    const ca = issue({ name: 'ca', ...lasting });
    const extensions = ['keyUsage = critical, digitalSignature', 'authorityKeyIdentifier = keyid'];
    const caller = issue({ name: 'caller', issuer: ca, extensions, ...lasting });
    assert.equal(isTrusted(bundle([caller]), bundle([ca])), true);
    assert.equal(isTrusted(bundle([caller]), bundle([stranger])), false);
  });

  it('compile', () => {
    const settings: ts.CompilerOptions = {
      allowJs: true,
      checkJs: true,
      noEmit: true,
      strict: true,
      noImplicitAny: false,
      skipLibCheck: true,
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      types: ['node'],
      typeRoots: [join(packageFolder, '../../node_modules/@types')],
    };
    const files = ['example.mjs', 'options.mjs', 'refreshing.mjs', 'replacing.mjs'].map((file) => join(folder, file));
    const problems = ts.getPreEmitDiagnostics(ts.createProgram(files, settings));
    assert.deepEqual(
      problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
      [],
    );
  });
});
