import type { DecisionLogLine, StartLogLine, StatusLogLine, TrustLogLine } from '@certgate/core/internal';
import type { GateLine, LogRecord } from '../../log/reading/log-record.js';
import type { TrustStatus } from '../fleet-tracker.js';

export const minute = 60_000;
export const hour: number = 60 * minute;
export const day: number = 24 * hour;
export const start: number = Date.UTC(2026, 0, 1, 12);

export interface TestDocument {
  readonly revision: number;
  readonly sha256: string;
}

/** 64 digits that begin with those of the number. */
export function createDocument(revision: number, seed: number = revision): TestDocument {
  return { revision, sha256: seed.toString(16).toUpperCase().padStart(16, '0').padEnd(64, 'A') };
}

export const address = 'blob https://trust.blob.core.windows.net/certgate/trust.json';

export interface TestInstance {
  readonly app: string;
  readonly instance?: string | undefined;
}

/** A status line with what a test changes of it. */
export function sayStatus(
  of: TestInstance,
  time: number,
  documents: readonly (TestDocument & Partial<TrustStatus>)[],
  more: Partial<StatusLogLine> = {},
): LogRecord {
  return createRecord(of, time, {
    ...{ certgate: 1, event: 'status', time: new Date(time).toISOString(), moment: 'hour' },
    ...{ since: new Date(time - hour).toISOString(), version: '0.1.0', host: 'functions', frontEnd: 'app-service' },
    trust: documents.map((document) => ({ source: address, ageSeconds: 12, ...document })),
    ...{ closed: ['Orders', 'Refund'], open: ['Health'], locked: false, denials: {}, callers: [], ...more },
  });
}

export function sayDecision(of: TestInstance, time: number, ...documents: readonly TestDocument[]): LogRecord {
  const [only, ...others] = documents;
  const line: DecisionLogLine = {
    ...{ certgate: 1, event: 'decision', time: new Date(time).toISOString(), outcome: 'allowed', code: 'allowed' },
    ...{ function: 'Orders', correlationId: `${of.app} ${of.instance} ${time}`, identity: 'billing' },
    ...(only !== undefined && others.length === 0 ? { trustRevision: only.revision } : {}),
    ...(only === undefined ? {} : { trustSha256: documents.map(({ sha256 }) => sha256.slice(0, 16)).join() }),
  };
  return createRecord(of, time, line);
}

export function sayTrust(of: TestInstance, time: number, more: Omit<TrustLogLine, keyof LineHead>): LogRecord {
  return createRecord(of, time, { certgate: 1, event: 'trust', time: new Date(time).toISOString(), ...more });
}

export function sayStart(of: TestInstance, time: number, code: StartLogLine['code']): LogRecord {
  const detail = `what ${code} means`;
  return createRecord(of, time, { certgate: 1, event: 'start', time: new Date(time).toISOString(), code, detail });
}

type LineHead = Pick<TrustLogLine, 'certgate' | 'event' | 'time'>;

function createRecord({ app, instance }: TestInstance, time: number, line: GateLine): LogRecord {
  return { line, time, app, instance, itemCount: undefined };
}
