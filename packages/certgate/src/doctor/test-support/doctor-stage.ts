import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  authorityExtensions,
  clientExtensions,
  makeCertificate,
  type Made,
} from '../../commands/certificate/test-support/issued-material.js';
import { createTemporaryFolder } from '../../certificates/test-support/openssl.js';
import { type DoctorOptions, type DoctorReport, examineApp } from '../doctor.js';
import type { ExaminedCertificate } from '../examination.js';
import type { ProbeId } from '../probe-table.js';
import { parseTarget } from '../target.js';

export interface ServerKey {
  readonly cert: string;
  readonly key: string;
}

/** One CA, which issues the servers' certificates and the callers'. */
export interface DoctorStage {
  readonly caPem: string;
  readonly server: ServerKey;
  readonly expiredServer: ServerKey;
  readonly otherServer: ServerKey;
  readonly allowed: ExaminedCertificate;
  readonly denied: ExaminedCertificate;
  /** As the allowed one, but over since 2021. */
  readonly expired: ExaminedCertificate;
}

export const allowedName = 'billing.contoso.example';

export function createDoctorStage(): DoctorStage {
  const folder = createTemporaryFolder();
  const dates = { from: '20200101000000Z', until: '20990101000000Z' };
  const issuer = makeCertificate(folder, 'authority', { ...dates, extensions: authorityExtensions });
  const make = (name: string, names: string, more: object = {}): Made =>
    makeCertificate(folder, name, { ...dates, issuer, subject: `/CN=${names}`, ...more });
  const forServer = (names: string): object => ({
    extensions: [`subjectAltName=${names}`, 'extendedKeyUsage=serverAuth', 'basicConstraints=critical,CA:FALSE'],
  });
  const over = { until: '20210101000000Z' };
  const forClient = { extensions: [...clientExtensions, `subjectAltName=DNS:${allowedName}`] };
  try {
    return {
      caPem: readFileSync(issuer.certificate, 'utf8'),
      server: readServer(make('server', 'server', forServer('DNS:localhost'))),
      expiredServer: readServer(make('expired-server', 'server', { ...forServer('DNS:localhost'), ...over })),
      otherServer: readServer(make('other-server', 'server', forServer('DNS:other.example'))),
      allowed: readCaller(make('allowed', allowedName, forClient)),
      denied: readCaller(make('denied', 'stranger.fabrikam.example', { extensions: clientExtensions })),
      expired: readCaller(make('expired', allowedName, { ...forClient, ...over })),
    };
  } finally {
    folder.remove();
  }
}

function readServer({ certificate, key }: Made): ServerKey {
  return { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

function readCaller({ certificate, key }: Made): ExaminedCertificate {
  const certificatePem = readFileSync(certificate, 'utf8');
  const parsed = new X509Certificate(certificatePem);
  return {
    certificatePem,
    privateKeyPem: readFileSync(key, 'utf8'),
    der: parsed.raw,
    thumbprintSha256: parsed.fingerprint256.replaceAll(':', ''),
  };
}

/** One function, `Orders`, on a port of this machine. */
export function examinePort(
  { caPem, allowed, denied }: DoctorStage,
  port: number,
  more: Partial<DoctorOptions> = {},
): Promise<DoctorReport> {
  return examineApp({
    target: parseTarget(`https://localhost:${port}`, ['Orders'], []),
    allowed,
    denied,
    caPem,
    frontEnd: 'app-service',
    plainHttpUrl: new URL(`http://localhost:${port}`),
    withLargeBody: false,
    userAgent: 'certgate-doctor/test',
    method: 'GET',
    requestsPerSecond: 10_000,
    timeoutMilliseconds: 5000,
    deadlineMilliseconds: 60_000,
    ...more,
  });
}

/** The probes of one verdict. */
export function listIds(
  report: DoctorReport,
  verdict: DoctorReport['findings'][number]['verdict'],
): readonly ProbeId[] {
  return report.findings.filter((finding) => finding.verdict === verdict).map(({ id }) => id);
}
