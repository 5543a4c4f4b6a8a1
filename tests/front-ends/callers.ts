import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatedCertificateRequest, writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';

/** A caller's certificate and key, made by openssl at run time. */
export interface Caller {
  readonly name: string;
  /** The caller's own certificate, then the certificates that the caller sends with it. */
  readonly certificates: readonly CallerCertificate[];
  /** The certificates in PEM, the caller's own first, as Node's TLS client takes them. */
  readonly cert: string;
  readonly key: string;
}

export interface CallerCertificate {
  /** The certificate in PEM, exactly as openssl writes it. */
  readonly pem: string;
  readonly der: Buffer;
}

/** One caller of each kind that some front end treats differently. */
export interface Callers {
  /** A caller with a self-signed certificate, which trust documents pin. */
  readonly pinned: Caller;
  /** A caller with a self-signed certificate that no trust document lists. */
  readonly stranger: Caller;
  /** A caller whose certificate the client CA issued. */
  readonly issued: Caller;
  /**
   * A caller whose certificate an intermediate of the client CA issued. The caller sends the intermediate's certificate
   * too.
   */
  readonly chained: Caller;
  /** A caller with a self-signed certificate that has expired. */
  readonly expired: Caller;
  /** A caller whose certificate the client CA issued and that has expired. */
  readonly expiredIssued: Caller;
}

export interface Certificates {
  readonly callers: Callers;
  readonly clientCa: CallerCertificate;
  /** The proxy's certificate for `localhost`. It is self-signed, so clients use it as their trust anchor too. */
  readonly server: { readonly cert: string; readonly key: string };
}

const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
const leaf = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];
const client = [...leaf, 'extendedKeyUsage=clientAuth'];
const past = { notBefore: '20200101000000Z', notAfter: '20210101000000Z' };

/** Makes all certificates. Writes their files to `folder`, which the caller of this function must remove. */
export function makeCertificates(folder: string): Certificates {
  const make = (name: string, extensions: readonly string[], more: readonly string[] = []): void => {
    const added = extensions.flatMap((extension) => ['-addext', extension]);
    const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    runOpenssl(['req', '-x509', ...key, '-days', '2', '-subj', `/CN=${name}`, ...added, ...files, ...more], folder);
  };
  const by = (issuer: string): readonly string[] => ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`];
  const makePast = (name: string, more: Partial<DatedCertificateRequest> = {}): void => {
    const keyPath = join(folder, `${name}.key`);
    const request = { keyPath, name: [`CN = ${name}`], extensions: client, ...past, ...more };
    writeDatedCertificate(join(folder, `${name}.crt`), request);
  };
  make('localhost', [...leaf, 'extendedKeyUsage=serverAuth', 'subjectAltName=DNS:localhost']);
  make('client-ca', authority);
  make('intermediate', authority, by('client-ca'));
  make('pinned', client);
  make('stranger', client);
  make('issued', client, by('client-ca'));
  make('chained', client, by('intermediate'));
  makePast('expired');
  makePast('expired-issued', {
    issuer: { pemPath: join(folder, 'client-ca.crt'), keyPath: join(folder, 'client-ca.key') },
  });
  const caller = (...names: readonly [string, ...string[]]): Caller => {
    const certificates = names.map((name) => readCertificate(folder, name));
    const cert = certificates.map(({ pem }) => pem).join('');
    return { name: names[0], certificates, cert, key: readFileSync(join(folder, `${names[0]}.key`), 'utf8') };
  };
  const { cert, key } = caller('localhost');
  return {
    callers: {
      pinned: caller('pinned'),
      stranger: caller('stranger'),
      issued: caller('issued'),
      chained: caller('chained', 'intermediate'),
      expired: caller('expired'),
      expiredIssued: caller('expired-issued'),
    },
    clientCa: readCertificate(folder, 'client-ca'),
    server: { cert, key },
  };
}

function readCertificate(folder: string, name: string): CallerCertificate {
  const pem = readFileSync(join(folder, `${name}.crt`), 'utf8');
  return { pem, der: runOpenssl(['x509', '-in', `${name}.crt`, '-outform', 'DER'], folder) };
}

function runOpenssl(args: readonly string[], cwd: string): Buffer {
  return execFileSync('openssl', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}
