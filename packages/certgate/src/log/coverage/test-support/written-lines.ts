import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { type Decision, type DenialCode, ReportingGate } from '@certgate/core/internal';
import type { GateLine, LogRecord } from '../../reading/log-record.js';

/** A call that is admitted, or refused with `code` if that is set. */
export interface WrittenCall {
  readonly at: number;
  readonly identity: string;
  readonly matchedBy?: string;
  /** What matched the certificate: the whole hash of a pin, or a name. */
  readonly matched?: string;
  readonly thumbprintSha256?: string;
  readonly function?: string;
  readonly code?: DenialCode;
}

/** The life of one process of an app, from its start. */
export interface WrittenInstance {
  readonly app?: string;
  readonly instance?: string | undefined;
  /** Absent if the lines should not name the process. */
  readonly process?: string | undefined;
  readonly start: number;
  readonly calls: readonly WrittenCall[];
  readonly decisionLog?: 'all' | 'denials';
  readonly itemCount?: number;
  readonly document?: { readonly revision: number; readonly sha256: string };
}

export const somePin: string = 'AB'.repeat(32);

/** The lines that a real gate writes during such a life, in the order in which it writes them. */
export async function writeLines(life: WrittenInstance): Promise<LogRecord[]> {
  const { app = 'orders', instance, process, start, calls, decisionLog = 'all', itemCount = 1, document } = life;
  const records: LogRecord[] = [];
  const write = (text: string): void => {
    const { process: ofTest, ...line } = JSON.parse(text) as GateLine;
    assert.ok(ofTest !== undefined);
    const named: GateLine = process === undefined ? line : { ...line, process };
    records.push({ line: named, time: Date.parse(line.time), app, instance, itemCount });
  };
  const clock = mock.method(Date, 'now', () => start);
  const consoles = [mock.method(console, 'info', write), mock.method(console, 'warn', write)];
  try {
    const report = { description: 'file trust.json', warnings: [], fault: undefined, revision: 1, ...document };
    const gate = new ReportingGate(
      { trustStore: { find: () => assertUnused(), report: () => report }, decisionLog },
      () => ({ host: 'functions', frontEnd: 'app-service', closed: ['Orders'], open: [] }),
      write,
    );
    await gate.start(undefined);
    for (const [index, call] of calls.entries()) {
      clock.mock.mockImplementation(() => call.at);
      const subject = {
        functionName: call.function ?? 'Orders',
        invocationId: `${start}-${index}`,
        log: write,
        warn: write,
      };
      gate.report({ subject, requirement: { roles: [] } as never }, { decision: decide(call), now: call.at });
    }
  } finally {
    for (const each of [clock, ...consoles]) each.mock.restore();
  }
  return records;
}

function assertUnused(): never {
  throw new Error('The calls are decided already.');
}

const endless = Date.UTC(2090, 0, 1);

function decide({ identity: name, code, ...call }: WrittenCall): Decision {
  const { matchedBy = 'thumbprintSha256', matched = somePin, thumbprintSha256 = somePin } = call;
  if (code !== undefined)
    return { outcome: 'denied', code, detail: 'Refused.', identityName: name, thumbprintSha256 } as unknown as Decision;
  const certificate = { thumbprintSha256, notBefore: 0, notAfter: endless };
  const identity = { name, roles: [], matchedBy, matched, certificate, accessEndsAt: endless };
  return { outcome: 'allowed', code: 'allowed', identity } as unknown as Decision;
}
