import assert from 'node:assert/strict';
import { type Denial, type FunctionRequirement, ReportingGate, trustStoreFromFile } from '@certgate/core/internal';

/** What a front end's reader got out of a request, or why there is no front end. */
type Reading = { readonly extraction: Parameters<ReportingGate['decide']>[0] } | { readonly denial: Denial };

/** The line about a call that a real gate writes by this document. */
export async function writeLine(document: string, requirement: FunctionRequirement, reading: Reading): Promise<string> {
  const trustStore = trustStoreFromFile(document);
  const gate = new ReportingGate({ trustStore }, () => ({ host: 'functions', closed: [], open: [] }));
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const subject = { functionName: requirement.functionName, invocationId: 'i1', log, warn: log };
  const now = Date.now();
  if ('denial' in reading) gate.reportDenial(subject, reading.denial);
  else
    gate.report(
      { subject, requirement },
      { decision: await gate.decide(reading.extraction, requirement, now), now, ...reading },
    );
  const line = lines.find((each) => each.includes('"event":"decision"'));
  assert.ok(line !== undefined);
  return line;
}
