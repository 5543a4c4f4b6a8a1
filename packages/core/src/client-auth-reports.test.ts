import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { makeCertificate, type MadeCertificate } from '@certgate/x509/test-support/certificates.js';
import { authorityExtensions, issueCertificate } from '@certgate/x509/test-support/issued-certificates.js';
import { presentCertificate } from './certificate-header/certificate-header.js';
import type { CertificateExtraction } from './certificate-header/certificate-text.js';
import { type DecisionEvent, decisionChannelName } from './log/decision-channel.js';
import type { DecisionLogChoice } from './log/decision-log.js';
import { ReportingGate } from './hosting/reporting-gate.js';
import { documentOf } from './test-support/documents.js';
import { iso } from './test-support/gate-stage.js';
import { trustStoreFromDocument } from './trust-store/document-store.js';

// What operators read about callers whose certificates lack clientAuth or may lose it: one real decision, its log
// lines and its event.

const now = Date.UTC(2027, 0, 1);
const hour = 3_600_000;
const authority = issueCertificate({ name: ['CN = CA'], extensions: authorityExtensions });

function make(usages: string): MadeCertificate {
  const looks = ['subjectAltName = DNS:api.contoso.com', '1.3.6.1.4.1.11129.2.4.2 = DER:04020000'];
  const { certificate, keyPath } = issueCertificate(
    {
      extensions: ['basicConstraints = critical, CA:FALSE', `extendedKeyUsage = ${usages}`, ...looks],
      notBefore: '20261215000000Z',
      notAfter: '20270301000000Z',
    },
    authority,
  );
  const der = Buffer.from(certificate.der);
  return { der, header: der.toString('base64'), keyPath };
}

interface Heard {
  readonly lines: readonly (readonly ['log' | 'warn', Readonly<Record<string, unknown>>])[];
  readonly event: DecisionEvent | undefined;
}

async function hear(certificate: MadeCertificate, choice: DecisionLogChoice, grace?: object): Promise<Heard> {
  const { thumbprintSha256 } = presentCertificate(certificate.der);
  const pin = { thumbprintSha256, ...(grace && { acceptWithoutClientAuth: grace }) };
  const trustStore = trustStoreFromDocument(documentOf([{ name: 'partner', pins: [pin] }]));
  const gate = new ReportingGate({ trustStore, decisionLog: choice }, () => ({ host: 'server', closed: [], open: [] }));
  const lines: ['log' | 'warn', Readonly<Record<string, unknown>>][] = [];
  const events: DecisionEvent[] = [];
  const write = (level: 'log' | 'warn') => (line: string) => {
    lines.push([level, JSON.parse(line) as Readonly<Record<string, unknown>>]);
  };
  const onEvent = (event: unknown): void => {
    events.push(event as DecisionEvent);
  };
  const subject = { functionName: 'F', invocationId: 'id', log: write('log'), warn: write('warn') };
  const extraction: CertificateExtraction = {
    outcome: 'extracted',
    leaf: certificate.header,
    encoding: 'base64',
    chain: undefined,
  };
  subscribe(decisionChannelName, onEvent);
  try {
    for (let call = 0; call < 2; call += 1) {
      const requirement = { functionName: 'F', roles: [] };
      gate.report({ subject, requirement }, { decision: await gate.decide(extraction, requirement, now), now });
    }
  } finally {
    unsubscribe(decisionChannelName, onEvent);
  }
  return { lines, event: events[0] };
}

test('every call that a grace period admits is logged as a warning with its end, whatever decisionLog is', async () => {
  const until = now + 1000 * hour;
  const grace = { since: iso(now), until: iso(until), reason: 'renewal' };
  for (const choice of ['all', 'denials'] as const) {
    const { lines, event } = await hear(make('serverAuth'), choice, grace);
    const decisions = lines.filter(([, { event: kind }]) => kind === 'decision');
    assert.deepEqual(
      decisions.map(([level, { outcome, withoutClientAuthUntil }]) => [level, outcome, withoutClientAuthUntil]),
      Array.from({ length: 2 }, () => ['warn', 'allowed', '2027-02-11T16:00:00Z']),
    );
    assert.deepEqual([event?.withoutClientAuthUntil, event?.accessEndsAt], [until, until]);
    assert.equal(event?.clientAuthLoss, undefined);
  }
});

test('callers who will lose clientAuth are in each event, and once a day in the log', async () => {
  const { lines, event } = await hear(make('serverAuth, clientAuth'), 'denials');
  assert.deepEqual(event?.clientAuthLoss, { verdict: 'likely', evidence: ['embedded_timestamps', 'server_auth'] });
  assert.equal(event.withoutClientAuthUntil, undefined);
  assert.deepEqual(
    lines.map(([level, { event: kind, code }]) => [level, kind, code]),
    [['warn', 'renewal', 'client_auth_ends_at_renewal']],
  );
});

test('other callers are not named', async () => {
  const { lines, event } = await hear(makeCertificate(), 'denials');
  assert.deepEqual([event?.clientAuthLoss, event?.withoutClientAuthUntil, lines], [undefined, undefined, []]);
});
