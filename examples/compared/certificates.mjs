// Makes an authority with openssl, which issues the certificates of the server and of both callers. Each run makes new
// ones.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const allowedName = 'billing.contoso.example';

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export function makeCertificates(folder) {
  const make = (name, subject, extensions, issuer = []) => {
    const added = extensions.flatMap((extension) => ['-addext', extension]);
    const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
    const words = [
      'req',
      '-x509',
      '-nodes',
      '-days',
      '30',
      '-subj',
      `/CN=${subject}`,
      ...curve,
      ...added,
      ...issuer,
      ...files,
    ];
    execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
    const read = (ending) => readFileSync(join(folder, `${name}.${ending}`), 'utf8');
    writeFileSync(join(folder, `${name}.pem`), read('crt') + read('key'));
    return new X509Certificate(read('crt'));
  };
  const leaf = 'basicConstraints=critical,CA:FALSE';
  const issued = ['-CA', 'authority.crt', '-CAkey', 'authority.key'];
  const client = [leaf, 'keyUsage=critical,digitalSignature', 'extendedKeyUsage=clientAuth'];
  make('authority', 'authority', ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign']);
  make('server', 'server', [leaf, 'subjectAltName=DNS:localhost', 'extendedKeyUsage=serverAuth'], issued);
  make('denied', 'stranger.fabrikam.example', client, issued);
  const allowed = make('allowed', allowedName, client, issued);
  const thumbprintSha256 = allowed.fingerprint256.replaceAll(':', '');
  const identities = [{ name: 'billing', roles: [], pins: [{ thumbprintSha256 }] }];
  writeFileSync(join(folder, 'trust.json'), JSON.stringify({ schemaVersion: 1, revision: 1, identities }));
  return { allowedSha1: allowed.fingerprint.replaceAll(':', '') };
}
