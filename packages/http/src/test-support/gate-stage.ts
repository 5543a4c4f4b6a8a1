import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { trustStoreFromDocument } from '@certgate/core';
import { type MadeCertificate, makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { createGate, type Gate } from '../gate/http-gate.js';
import type { GateOptions } from '../gate/gate-settings.js';

export const secret = 'a-secret-of-the-front-end-for-tests-only';
export const secretField = 'x-certgate-front-end-secret';

const make = (name: string): MadeCertificate => makeCertificate({ name: [`CN = ${name}`] });

export const operator: MadeCertificate = make('operator');
export const reader: MadeCertificate = make('reader');
export const stranger: MadeCertificate = make('stranger');

const pins = ({ der }: MadeCertificate): object => ({
  pins: [{ thumbprintSha256: createHash('sha256').update(der).digest('hex') }],
});

/** `operator` has a role; `reader` has none, and may call only `http`. */
export const trustDocument: object = {
  schemaVersion: 1,
  revision: 7,
  identities: [
    { name: 'operator', roles: ['operator'], ...pins(operator) },
    { name: 'reader', roles: [], functions: ['http'], ...pins(reader) },
  ],
};

export interface Stage {
  readonly gate: Gate;
  /** The lines of the gate's log, parsed. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

/** Creates a gate behind HAProxy. This machine's own environment is not used. */
export function createStage(context: TestContext, options: Partial<GateOptions> = {}): Stage {
  emptyEnvironment(context);
  // Silences the status line of each start.
  context.mock.method(console, 'info', () => undefined);
  const lines: Readonly<Record<string, unknown>>[] = [];
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
  };
  const ofFrontEnd = options.frontEnd === undefined ? ({ frontEnd: 'haproxy', frontEndSecret: secret } as const) : {};
  const trustStore = trustStoreFromDocument(trustDocument);
  const gate = createGate({ trustStore, ...ofFrontEnd, log: { info: write, warn: write }, ...options });
  return { gate, lines };
}

const machine = process.env;

export function emptyEnvironment(context: TestContext): void {
  process.env = {};
  context.after(() => {
    process.env = machine;
  });
}

/** The fields that HAProxy sends for a caller, by lower-case name. */
export function fieldsOf(certificate: MadeCertificate | undefined): Readonly<Record<string, string>> {
  return {
    [secretField]: secret,
    'x-client-certificate-verification': 'UNVERIFIED',
    ...(certificate === undefined ? {} : { 'x-client-certificate': certificate.header }),
  };
}
