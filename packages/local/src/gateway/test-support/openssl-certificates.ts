import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';

/** A certificate and its key, as text, and as files for curl and openssl. */
export interface TestCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The value that `X-ARR-ClientCert` must have for this certificate. */
  readonly base64Der: string;
}

/** Makes certificates with the openssl program, in its own folder. */
export class OpensslFolder {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'certgate-gateway-'));

  /** Runs openssl, and returns what it printed. */
  run(...args: string[]): string {
    return execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe', encoding: 'latin1' });
  }

  makeSelfSigned(name: string, ...extra: string[]): TestCertificate {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    this.run('req', '-x509', ...key, ...files, '-subj', `/O=Certgate tests/CN=${name}`, '-days', '2', ...extra);
    return this.read(name);
  }

  makeDated(name: string, notBefore: string, notAfter: string): TestCertificate {
    const [certificate, keyPath] = [join(this.folder, `${name}.pem`), join(this.folder, `${name}.key`)];
    const extensions = ['basicConstraints = critical, CA:TRUE'];
    writeDatedCertificate(certificate, { keyPath, name: [`CN = ${name}`], extensions, notBefore, notAfter });
    return this.read(name);
  }

  makeServerCertificate(): TestCertificate {
    const files = ['-keyout', 'server.key', '-out', 'server.pem'];
    const names = ['-subj', '/O=Certgate tests/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    this.run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...names, '-days', '2');
    return this.read('server');
  }

  /**
   * Makes a certificate that `issuer` signs. The issuer's certificate is appended to the file that the client sends.
   */
  makeIssued(name: string, issuer: string): TestCertificate {
    this.run(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    this.run(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${issuer}.pem`,
      '-CAkey',
      `${issuer}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
    );
    const leaf = readFileSync(join(this.folder, `${name}.pem`), 'utf8');
    writeFileSync(join(this.folder, `${name}.pem`), leaf + readFileSync(join(this.folder, `${issuer}.pem`), 'utf8'));
    return this.read(name);
  }

  read(name: string): TestCertificate {
    const certificateFile = join(this.folder, `${name}.pem`);
    const keyFile = join(this.folder, `${name}.key`);
    const certificatePem = readFileSync(certificateFile, 'utf8');
    const base64Der = new X509Certificate(certificatePem).raw.toString('base64');
    return { certificatePem, privateKeyPem: readFileSync(keyFile, 'utf8'), certificateFile, keyFile, base64Der };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
