import assert from 'node:assert/strict';
import {
  type Decision,
  type FunctionRequirement,
  ReportingGate,
  trustStoreFromDocument,
  type TrustStore,
} from '@certgate/core/internal';
import type { GateLine, LogRecord } from '../../../log/reading/log-record.js';
import { type LoadedTrustDocument, parseStoredDocument } from '../../administration/load-trust-document.js';

/** A document as an app reads it, and as the tool does. */
export interface RecordedDocument {
  readonly store: TrustStore;
  readonly loaded: LoadedTrustDocument;
}

export function recordDocument(document: object): RecordedDocument {
  const text = JSON.stringify(document);
  const stored = { bytes: Buffer.from(text), etag: '', signature: undefined };
  const [audience] = (document as { readonly audience?: readonly string[] }).audience ?? [];
  const store = trustStoreFromDocument(text, audience === undefined ? {} : { audience });
  return { store, loaded: parseStoredDocument(stored, 'file:trust.json') };
}

/** One call, decided by the gate of an app, with the line that the gate writes of it. */
export async function recordCall(
  { store }: RecordedDocument,
  {
    header,
    requirement,
    now,
  }: { readonly header: string; readonly requirement: FunctionRequirement; readonly now: number },
): Promise<{ readonly decision: Decision; readonly record: LogRecord }> {
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
  };
  const status = { host: 'functions', closed: [], open: [] } as const;
  // A gate of its own, so that no line is left out for there being many.
  const gate = new ReportingGate({ trustStore: store }, () => status, note);
  const extraction = { outcome: 'extracted', leaf: header, encoding: 'base64', chain: undefined } as const;
  const decision = await gate.decide(extraction, requirement, now);
  const subject = { functionName: requirement.functionName, invocationId: 'call', log: note, warn: note };
  gate.report({ subject, requirement }, { decision, now, extraction });
  const line = lines.map((text) => JSON.parse(text) as GateLine).find(({ event }) => event === 'decision');
  assert.ok(line !== undefined);
  return {
    decision,
    record: { line, time: Date.parse(line.time), app: 'app', instance: undefined, itemCount: undefined },
  };
}
