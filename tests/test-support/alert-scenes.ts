import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { trustStoreFromFile } from '@certgate/core';
import {
  authorityOf,
  getStage,
  issueCaller,
  issueIntermediate,
  type MadeCaller,
} from '@certgate/core/test-support/authority-stage.js';
import { createGate, type GateOptions, secureFetch } from '@certgate/http';
import { now } from '@certgate/x509/test-support/certificates.js';
import { makeCrl } from '@certgate/x509/test-support/revocation.js';
import { type Alert, readDuration } from './alerts.js';
import { type Row, runQuery } from './kusto.js';

// Plays scenes with the real gate and a mocked clock, and keeps the gate's log lines in a table like Application
// Insights'.

const minute = 60_000;
const secret = 'a-secret-of-the-front-end-for-tests-only';
export const otherSecret = 'the-next-secret-of-the-front-end-for-tests';

export interface Caller {
  readonly certificate: MadeCaller | undefined;
  /** Certificates in PEM that the caller sends in addition to its own. */
  readonly chain?: readonly string[];
  readonly functionName?: string;
  /** The role that is required behind the gate, after it has admitted the caller. */
  readonly role?: string;
  readonly secret?: string;
  readonly field?: string;
}

export interface AlertScene {
  readonly folder: string;
  readonly table: readonly Row[];
  /** Writes the trust document. Its revision rises by one, unless `revision` is given. */
  readonly put: (document: object, revision?: number) => void;
  /** Lets time pass. Each caller calls every `often` minutes, which is every five by default. */
  readonly pass: (minutes: number, callers: readonly Caller[], often?: number) => Promise<void>;
  /** The alerts that fire now, each as `name dimension`. */
  readonly listFired: (alerts: readonly Alert[]) => readonly string[];
}

export const corp: object = authorityOf();
export const billing: Caller = { certificate: issueCaller() };
export const reporting: Caller = {
  certificate: issueCaller({ name: 'reporting', names: [], key: 'p-256' }),
  functionName: 'Reports',
};
export const identities: readonly object[] = [
  { name: 'billing', roles: [], names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] },
  { name: 'reporting', roles: [], pins: [{ thumbprintSha256: reporting.certificate?.certificate.thumbprintSha256 }] },
];

/** Makes a scene. Calls `onStep` after each round of calls. */
export function createAlertScene(
  context: TestContext,
  options: Partial<GateOptions> = {},
  onStep: () => Promise<void> = () => Promise.resolve(),
): AlertScene {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-alerts-'));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  let time = now;
  context.mock.timers.enable({ apis: ['Date'], now });
  context.mock.method(performance, 'now', () => time - now + 1_000);
  context.mock.method(process, 'hrtime', () => [(time - now) / 1_000 + 1, 0]);
  const table: Row[] = [];
  const write = (line: string): void => {
    table.push({ timestamp: time, message: line, itemCount: 1, cloud_RoleInstance: 'instance-1' });
  };
  for (const level of ['info', 'warn', 'error'] as const) context.mock.method(console, level, write);
  const path = join(folder, 'trust.json');
  let latest = 0;
  const put = (document: object, revision: number = latest + 1): void => {
    latest = Math.max(latest, revision);
    writeFileSync(path, JSON.stringify({ schemaVersion: 1, authorities: [corp], identities, revision, ...document }));
  };
  put({});
  const gate = createGate({
    trustStore: trustStoreFromFile(path),
    frontEnd: 'haproxy',
    frontEndSecret: secret,
    log: { info: write, warn: write },
    ...options,
  });
  const call = async (caller: Caller): Promise<void> => {
    const { certificate, functionName = 'Orders', field = 'x-client-certificate' } = caller;
    const sent = certificate === undefined ? {} : { [field]: certificate.header };
    const fields = {
      'x-certgate-front-end-secret': caller.secret ?? secret,
      'x-client-certificate-verification': 'UNVERIFIED',
      ...sent,
    };
    if (caller.role === undefined) {
      await gate.decide(fields, { functionName });
      return;
    }
    const inner = secureFetch(() => new Response(), gate, { functionName, roles: [caller.role] });
    await secureFetch((request: Request) => inner(request), gate, { functionName })(
      new Request('http://x/', { headers: fields }),
    );
  };
  const pass = async (minutes: number, callers: readonly Caller[], often = 5): Promise<void> => {
    for (const end = time + minutes * minute; time < end;) {
      time += often * minute;
      context.mock.timers.setTime(time);
      for (const caller of callers) await call(caller);
      await onStep();
    }
  };
  const listFired = (alerts: readonly Alert[]): readonly string[] =>
    alerts.flatMap((alert) =>
      evaluate(alert, table, time).map((dimension) => `${alert.name} ${dimension.replace(`${folder}/`, '')}`),
    );
  return { folder, table, put, pass, listFired };
}

/**
 * The dimensions for which the alert fires, as Azure Monitor finds them: for each value of the dimension, the total of
 * the measure over the window must exceed the threshold.
 */
function evaluate(alert: Alert, table: readonly Row[], time: number): readonly string[] {
  const { count, unit } = readDuration(alert.windowSize);
  const from = time - count * { D: 1_440, H: 60, M: 1 }[unit] * minute;
  const rows = runQuery(
    alert.query,
    table.filter(({ timestamp }) => Number(timestamp) > from),
    time,
  );
  const totals = new Map<string, number>();
  for (const row of rows) {
    const dimension = String(row[alert.dimension]);
    totals.set(dimension, (totals.get(dimension) ?? 0) + Number(row['occurrences']));
  }
  return [...totals].filter(([, total]) => total > Number(alert.threshold)).map(([dimension]) => dimension);
}

/** The callers that the scenes' trust document lists. */
export const both: readonly Caller[] = [billing, reporting];
const { impostor, issuing, root } = getStage();

/**
 * Callers whom the trust document does not list: without a certificate, with a listed name from another CA, with an
 * unlisted name from another CA, and with a certificate of the listed CA but an unlisted name.
 */
export const strangers: readonly Caller[] = [
  { certificate: undefined },
  { certificate: issueCaller({ issuer: impostor }) },
  { certificate: issueCaller({ issuer: impostor, name: 'reporting', names: [] }) },
  { certificate: issueCaller({ issuer: impostor, name: 'nobody', names: ['DNS:nobody.example'] }) },
  { certificate: issueCaller({ name: 'nobody', names: ['DNS:nobody.corp.example'] }) },
];

const noisy: Caller = { certificate: issueCaller({ name: 'noisy', names: [], key: 'rsa-2048' }) };
const noisyPin = { thumbprintSha256: noisy.certificate?.certificate.thumbprintSha256 };

const { publicKey } = new X509Certificate(reporting.certificate?.der ?? '');
const hashOfKey = createHash('sha256')
  .update(publicKey.export({ type: 'spki', format: 'der' }))
  .digest('hex');

/** Something that goes wrong after hours without a fault, and the alerts that must fire within the hour. */
export interface Fault {
  readonly what: string;
  readonly fired: readonly string[];
  /** The alerts of `fired` that the metrics cannot cause. */
  readonly notByMetrics?: readonly string[];
  /** Minutes until the alerts fire. 60 if absent. */
  readonly within?: number;
  /** The trust document that comes with the fault. */
  readonly document?: object | ((folder: string) => object);
  /** Whether the document is used in the hours before the fault too. */
  readonly isBefore?: boolean;
  readonly callers?: readonly Caller[];
  /** The callers in the hours before the fault. `both` if absent. */
  readonly before?: readonly Caller[];
}

const short = issueIntermediate({ notAfter: '20270101050000Z', serialNumber: '0B01' });
const constrained = issueIntermediate({
  extensions: [
    'basicConstraints = critical, CA:TRUE',
    'keyUsage = critical, keyCertSign',
    'nameConstraints = critical, permitted;DNS:other.example',
  ],
  serialNumber: '0B02',
});
const ofShort: Caller = { certificate: issueCaller({ issuer: short }) };
/** Writes two revocation lists, of which one ends after five hours, and returns a document that uses them. */
export function putListThatEnds(folder: string): object {
  const list = makeCrl({ authority: issuing, lastUpdate: '20270101000000Z', nextUpdate: '20270101050100Z' });
  writeFileSync(join(folder, 'corp.crl'), list);
  const rootList = makeCrl({ authority: root });
  writeFileSync(join(folder, 'root.crl'), rootList);
  const crls = ['corp.crl', 'root.crl'].map((name) => `file:${join(folder, name)}`);
  return { authorities: [authorityOf({ revocation: { mode: 'required', crls } })] };
}

export const faults: readonly Fault[] = [
  {
    what: 'an intermediate that has ended',
    isBefore: true,
    before: [ofShort, reporting],
    document: { authorities: [authorityOf({ intermediates: [short] })] },
    callers: [ofShort, reporting],
    fired: ['listed-caller-refused billing', 'admissions-stopped Orders'],
    notByMetrics: ['listed-caller-refused billing'],
  },
  {
    what: 'an intermediate that is missing',
    document: { authorities: [authorityOf({ intermediates: [] })] },
    fired: ['admissions-stopped Orders'],
  },
  {
    what: 'a CA with a new key that the document lacks',
    callers: [{ certificate: issueCaller({ issuer: impostor }) }, reporting],
    fired: ['admissions-stopped Orders'],
  },
  {
    what: 'a name that the CA must not certify',
    callers: [{ certificate: issueCaller({ issuer: constrained }) }, reporting],
    document: { authorities: [authorityOf({ intermediates: [constrained] })] },
    fired: ['listed-caller-refused billing', 'admissions-stopped Orders'],
    notByMetrics: ['listed-caller-refused billing'],
  },
  {
    what: 'a renewed certificate of the same CA with a name that nobody has',
    callers: [{ certificate: issueCaller({ names: ['DNS:billing-2.corp.example'] }) }, reporting],
    fired: ['listed-caller-refused billing', 'admissions-stopped Orders'],
    notByMetrics: ['listed-caller-refused billing'],
  },
  {
    what: 'a certificate that two identities have',
    document: {
      identities: [
        ...identities,
        { name: 'twice', roles: [], pins: [{ publicKeySha256: hashOfKey, notAfter: '2028-01-01T00:00:00Z' }] },
      ],
    },
    fired: ['listed-caller-refused identity_ambiguous', 'admissions-stopped Reports'],
  },
  {
    what: 'a secret of the front end that is new on one side only',
    callers: both.map((each) => ({ ...each, secret: otherSecret })),
    fired: ['admissions-stopped Orders', 'admissions-stopped Reports'],
  },
  {
    what: 'another front end, whose header the gate does not read',
    callers: both.map((each) => ({ ...each, field: 'x-forwarded-client-cert' })),
    fired: ['admissions-stopped Orders', 'admissions-stopped Reports'],
  },
  {
    what: 'a path that the front end excludes from client certificates',
    callers: [billing, { ...reporting, certificate: undefined }],
    fired: ['admissions-stopped Reports'],
  },
  {
    what: 'a revocation list that has ended',
    document: putListThatEnds,
    isBefore: true,
    fired: [
      'unavailable revocation_unavailable',
      'listed-caller-refused billing',
      'admissions-stopped Orders',
      'revocation-ended CN=Corp issuing CA',
    ],
  },
  {
    what: 'a role behind the gate that a new version of the app asks for, and nobody has',
    callers: [{ ...billing, role: 'orders.read' }, reporting],
    fired: ['listed-caller-refused billing', 'admissions-stopped Orders'],
  },
  {
    what: 'a document that is refused, while the last good one still decides',
    document: { revision: 0 },
    within: 15,
    fired: ['document-refused file trust.json'],
  },
  {
    what: 'a caller that is disabled beside one that is refused hundreds of times',
    document: {
      identities: [
        { ...identities[0], enabled: false },
        identities[1],
        { name: 'noisy', roles: [], enabled: false, pins: [noisyPin] },
      ],
    },
    callers: [...Array.from({ length: 40 }, () => noisy), billing, reporting],
    fired: ['listed-caller-refused noisy', 'listed-caller-refused billing', 'admissions-stopped Orders'],
  },
  {
    what: 'a caller that is disabled beside a thousand calls by strangers',
    document: { identities: [{ ...identities[0], enabled: false }, identities[1]] },
    callers: [...Array.from({ length: 20 }, () => strangers).flat(), billing, reporting],
    fired: ['listed-caller-refused billing', 'admissions-stopped Orders'],
  },
];

/**
 * Plays a fault. Calls `end` with `before` after the hours without the fault, and with `after` when the alerts must
 * fire.
 */
export async function playFault(
  scene: AlertScene,
  fault: Fault,
  end: (when: 'before' | 'after') => void,
): Promise<void> {
  const { document = {}, callers = both, before = both, within = 60, isBefore = false } = fault;
  const begin = (): void => {
    scene.put(typeof document === 'function' ? (document as (folder: string) => object)(scene.folder) : document);
  };
  if (isBefore) begin();
  await scene.pass(300, before);
  end('before');
  if (!isBefore) begin();
  await scene.pass(within, callers);
  end('after');
}

/**
 * Plays 30 hours without a fault. Then one caller's CA gets a new key, and 7 hours later the other caller stops calling.
 * Calls `expect` after each part, with the names of the callers that are silent by then.
 */
export async function playSilence(scene: AlertScene, expect: (silent: readonly string[]) => void): Promise<void> {
  const rotated: Caller = { certificate: issueCaller({ issuer: impostor }) };
  await scene.pass(1_800, [...both, ...strangers], 30);
  expect([]);
  await scene.pass(420, [rotated, reporting], 30);
  expect(['billing']);
  await scene.pass(420, [rotated], 30);
  expect(['billing', 'reporting']);
}
