import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { clientExtensions } from '@certgate/x509/test-support/certificates.js';
import { makeCertificate, type Made } from '../../commands/certificate/test-support/issued-material.js';
import { createTemporaryFolder } from '../../certificates/test-support/openssl.js';
import { type DoctorOptions, type ExaminedApp, examineApp, probes } from '../doctor.js';
import type { DoctorReport } from '../doctor-report.js';
import { Examination, type ExaminedCertificate } from '../examination.js';
import { ProbeSender } from '../probe-sender.js';
import type { ProbeId } from '../probe-table.js';
import { measureBaselines } from '../probes/baseline-probes.js';
import { parseTarget } from '../target.js';
import type { Judgement } from '../verdict.js';

export interface ServerKey {
  readonly cert: string;
  readonly key: string;
}

/** Certificates for the tests. One CA issues those of the servers and of the callers. */
export interface DoctorStage {
  readonly caPem: string;
  readonly server: ServerKey;
  readonly expiredServer: ServerKey;
  readonly otherServer: ServerKey;
  readonly allowed: ExaminedCertificate;
  readonly denied: ExaminedCertificate;
  /** Like `allowed`, but its validity ended in 2021. */
  readonly expired: ExaminedCertificate;
}

export const allowedName = 'billing.contoso.example';

export function createDoctorStage(): DoctorStage {
  const folder = createTemporaryFolder();
  const dates = { from: '20200101000000Z', until: '20990101000000Z' };
  const issuer = makeCertificate(folder, 'authority', dates);
  const make = (name: string, names: string, more: object = {}): Made =>
    makeCertificate(folder, name, { ...dates, issuer, commonName: names, ...more });
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

export type ExaminedPort = DoctorReport & Omit<ExaminedApp, 'report'>;

/** Examines a server on a port of this machine, by default with one function, `Orders`. */
export async function examinePort(
  stage: DoctorStage,
  port: number,
  more: Partial<DoctorOptions> = {},
): Promise<ExaminedPort> {
  const { report, ...rest } = await examineApp(createOptions(stage, port, more));
  return { ...report, ...rest };
}

/** Runs one probe alone, after the steps that it depends on. That needs far fewer requests than all probes. */
export async function judgePort(
  stage: DoctorStage,
  port: number,
  id: ProbeId,
  more: Partial<DoctorOptions> = {},
): Promise<Judgement> {
  const options = createOptions(stage, port, more);
  const examination = new Examination(options, new ProbeSender(options));
  await probes['server-certificate'](examination);
  await measureBaselines(examination);
  return probes[id](examination);
}

function createOptions(
  { caPem, allowed, denied }: DoctorStage,
  port: number,
  more: Partial<DoctorOptions>,
): DoctorOptions {
  return {
    target: parseTarget(`https://localhost:${port}`, ['Orders'], []),
    allowed,
    denied,
    caPem,
    frontEnd: 'app-service',
    plainHttpUrl: new URL(`http://localhost:${port}`),
    withLargeBody: false,
    withPost: false,
    alsoHosts: [],
    userAgent: 'certgate-doctor/test',
    method: 'GET',
    requestsPerSecond: 10_000,
    timeoutMilliseconds: 5000,
    deadlineMilliseconds: 60_000,
    ...more,
  };
}

export function listIds(
  report: DoctorReport,
  verdict: DoctorReport['findings'][number]['verdict'],
): readonly ProbeId[] {
  return report.findings.filter((finding) => finding.verdict === verdict).map(({ id }) => id);
}
