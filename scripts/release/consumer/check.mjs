// Runs in an app that has installed the packages: loads every entry as both kinds of module, asks the gate for a
// decision over real mTLS, and counts the copies of core and x509 on the disk. Prints the results as JSON.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startLocalApp } from 'certgate';

const require = createRequire(import.meta.url);
const entries = [
  '@certgate/azure-functions',
  '@certgate/azure-functions/testing',
  '@certgate/azure-functions/opentelemetry',
  '@certgate/http',
  '@certgate/http/opentelemetry',
  'certgate',
];
for (const entry of entries) {
  const [imported, required] = [await import(entry), require(entry)];
  const names = Object.keys(required);
  const missing = names.filter((name) => imported[name] === undefined);
  if (names.length === 0 || missing.length > 0)
    throw new Error(`${entry} lacks ${missing.join()} where it is imported.`);
}

const pinned = makeCertificate('pinned');
const pin = { thumbprintSha256: new X509Certificate(pinned.certificatePem).fingerprint256 };
const trust = { schemaVersion: 1, revision: 1, identities: [{ name: 'billing', roles: [], pins: [pin] }] };
writeFileSync('trust.json', JSON.stringify(trust));
const app = await startLocalApp({ folder: '.', environment: { CERTGATE_TRUST: 'trust.json' } });
const answers = [];
for (const caller of [pinned, makeCertificate('stranger'), 'none']) {
  const { status, body } = await app.callAs(caller, '/api/Who');
  answers.push(status === 200 ? `${status} ${body}` : status);
}
await app.close();
const copies = { core: countCopies('core'), x509: countCopies('x509') };
console.log(JSON.stringify({ answers, copies }));

function makeCertificate(name) {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=clientAuth',
  ];
  const added = extensions.flatMap((extension) => ['-addext', extension]);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-nodes', '-days', '2', '-subj', `/CN=${name}`, ...key, ...added, ...files],
    {
      stdio: 'pipe',
    },
  );
  return { certificatePem: readFileSync(`${name}.crt`, 'utf8'), privateKeyPem: readFileSync(`${name}.key`, 'utf8') };
}

function countCopies(name) {
  const ending = join('@certgate', name, 'package.json');
  const found = readdirSync('node_modules', { recursive: true }).filter((file) => file.endsWith(ending));
  return new Set(found.map((file) => realpathSync(join('node_modules', file)))).size;
}
