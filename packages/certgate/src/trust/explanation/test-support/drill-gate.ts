import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type Denial,
  type FunctionRequirement,
  ReportingGate,
  type TrustStore,
  trustStoreFromFile,
} from '@certgate/core/internal';
import type { Judgement } from './drill-faults.js';

// The gates of the drill. They are real, and write the lines that the drill explains.

/** What a front end's reader got out of a request, or why there is no front end. */
export type Reading = { readonly extraction: Parameters<ReportingGate['decide']>[0] } | { readonly denial: Denial };

export interface Call {
  readonly requirement?: FunctionRequirement;
  readonly tool?: string;
  readonly reading: Reading;
  readonly createStore?: () => TrustStore;
}

/** A fault that was played at a gate. */
export interface Played {
  /** The text that the operator has: a line of the gate, or the error with which the app failed to start. */
  readonly log: string;
  /** Lets the same caller call again, and returns whether the fault has ended. */
  readonly isEnded: () => Promise<boolean>;
}

export interface Scene extends Judgement {
  readonly certificate?: string;
  /** The places of the app's documents; one document by default. */
  readonly stores?: readonly string[];
  readonly play: () => Promise<Played>;
}

export const getOrder: FunctionRequirement = { functionName: 'GetOrder', roles: [['reader']] };
export const readDocument = (): TrustStore => trustStoreFromFile('trust.json');

/** A certificate in the form in which App Service's front end passes it on. */
export function present(certificate: string): Reading {
  const leaf = readFileSync(`${certificate}.crt.pem`, 'utf8').replace(/-----[^-]+-----|\s/g, '');
  return { extraction: { outcome: 'extracted', leaf, encoding: 'base64', chain: undefined } };
}

/** A running gate, and the lines that it wrote. */
class Gate {
  readonly lines: string[] = [];
  readonly #gate: ReportingGate;

  constructor(trustStore: TrustStore) {
    this.#gate = new ReportingGate({ trustStore }, () => ({ host: 'functions', closed: [], open: [] }));
  }

  /** Rejects if the gate's start rejects. */
  async start(): Promise<void> {
    const { warn, info } = console;
    console.warn = console.info = (line: string): void => void this.lines.push(line);
    try {
      await this.#gate.start(undefined);
    } finally {
      Object.assign(console, { warn, info });
    }
  }

  /** Calls the gate, and returns the code of its decision. */
  async call({ requirement = getOrder, tool, reading }: Call): Promise<string> {
    const log = (line: string): void => void this.lines.push(line);
    const about = tool === undefined ? {} : { about: { tool } };
    const subject = { functionName: requirement.functionName, invocationId: 'i1', log, warn: log, ...about };
    if ('denial' in reading) return this.#gate.reportDenial(subject, reading.denial).code;
    const now = Date.now();
    const decision = await this.#gate.decide(reading.extraction, requirement, now);
    this.#gate.report({ subject, requirement }, { decision, now, ...reading });
    return decision.code;
  }

  find(event: string): string | undefined {
    return this.lines.find((line) => line.includes(`"event":"${event}"`));
  }
}

/** Plays one call of a new instance, whose line of the given event is returned as `log`. */
export async function play(call: Call, event = 'decision'): Promise<Played> {
  const begin = async (): Promise<{ readonly gate: Gate; readonly code: string }> => {
    const gate = new Gate((call.createStore ?? readDocument)());
    return { gate, code: await gate.call(call) };
  };
  const log = (await begin()).gate.find(event);
  assert.ok(log !== undefined);
  return { log, isEnded: async () => (await begin()).code === 'allowed' };
}

/**
 * Plays the start of an app. If its trust document is not valid, the Functions host logs the error of the start hook.
 */
export async function playStart(call: Call): Promise<Played> {
  const begin = async (): Promise<{ readonly log: string | undefined; readonly isAdmitted: boolean }> => {
    const gate = new Gate((call.createStore ?? readDocument)());
    try {
      await gate.start();
      return { log: gate.find('start'), isAdmitted: (await gate.call(call)) === 'allowed' };
    } catch (error) {
      return { log: `Result: Failure\nException: ${String(error)}`, isAdmitted: false };
    }
  };
  const { log } = await begin();
  assert.ok(log !== undefined);
  return { log, isEnded: async () => (await begin()).isAdmitted };
}

/** Plays an instance that admits the caller, and then reads what `fail` left. */
export async function playRefresh(
  call: Omit<Call, 'createStore'> & { readonly createStore: () => TrustStore },
  fail: () => unknown,
): Promise<Played> {
  const gate = new Gate(call.createStore());
  await gate.start();
  assert.equal(await gate.call(call), 'allowed');
  await fail();
  const callUntil = async (isDone: () => boolean): Promise<boolean> => {
    for (let calls = 0; calls < 100 && !isDone(); calls += 1) {
      await wait(10);
      await gate.call(call);
    }
    return isDone();
  };
  assert.ok(await callUntil(() => gate.find('trust') !== undefined));
  const log = gate.find('trust') ?? '';
  const isEnded = (): boolean => gate.lines.some((line) => line.includes('"trust_refreshed"'));
  return { log, isEnded: () => callUntil(isEnded) };
}
