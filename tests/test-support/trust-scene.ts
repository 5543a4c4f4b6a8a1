import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { AccessGate, type Decision, type TrustStore } from '@certgate/core';
import { makeOpensslCertificate } from './openssl.js';

/**
 * The callers. `billing` is always admitted, `reporting` until a test disables it, `retired` is disabled from the
 * start, and no document lists `stranger`.
 */
export const callerNames = ['billing', 'reporting', 'retired', 'stranger'] as const;
export type CallerName = (typeof callerNames)[number];
type Code = Decision['code'];

export interface TrustScene {
  /** Each caller's certificate in the form that App Service sends. */
  readonly headers: Readonly<Record<CallerName, string>>;
  /**
   * The document's text. `alsoDisabled` callers are disabled in addition to `retired`. `filler` is the number of
   * further identities, with one pin each.
   */
  readonly text: (revision: number, alsoDisabled?: readonly CallerName[], filler?: number) => string;
}

export function createTrustScene(folder: string): TrustScene {
  const made = callerNames.map((name) => {
    const { certificateFile, thumbprintSha256 } = makeOpensslCertificate(folder, name, 'ec');
    const header = readFileSync(certificateFile, 'utf8').replace(/-----[^-]+-----|\s/g, '');
    return { name, header, thumbprintSha256 };
  });
  return {
    headers: Object.fromEntries(made.map(({ name, header }) => [name, header])) as Record<CallerName, string>,
    text: (revision, alsoDisabled = [], filler = 0) => {
      const known = made
        .filter(({ name }) => name !== 'stranger')
        .map(({ name, thumbprintSha256 }) => ({
          name,
          roles: ['reader'],
          enabled: name !== 'retired' && !alsoDisabled.includes(name),
          pins: [{ thumbprintSha256 }],
        }));
      return JSON.stringify({ schemaVersion: 1, revision, identities: [...known, ...makeFiller(filler)] });
    },
  };
}

function makeFiller(count: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `caller ${index}`,
    roles: ['reader'],
    pins: [{ thumbprintSha256: index.toString(16).padStart(64, '0') }],
  }));
}

/** The codes that each caller may get. Any other code fails the test at once. */
export type Expected = Readonly<Record<CallerName, readonly Code[]>>;

export const beforeDisabling: Expected = {
  billing: ['allowed'],
  reporting: ['allowed'],
  retired: ['identity_disabled'],
  stranger: ['certificate_not_trusted'],
};
export const whileDisabling: Expected = { ...beforeDisabling, reporting: ['allowed', 'identity_disabled'] };
export const afterDisabling: Expected = { ...beforeDisabling, reporting: ['identity_disabled'] };
export const unavailable: Expected = {
  billing: ['trust_unavailable'],
  reporting: ['trust_unavailable'],
  retired: ['trust_unavailable'],
  stranger: ['trust_unavailable'],
};

/** The expected codes, or `trust_unavailable` for every caller, so that a fault never admits anybody by mistake. */
export function orUnavailable(expected: Expected): Expected {
  const add = (codes: readonly Code[]): readonly Code[] => [...codes, 'trust_unavailable'];
  const { billing, reporting, retired, stranger } = expected;
  return { billing: add(billing), reporting: add(reporting), retired: add(retired), stranger: add(stranger) };
}

export type Answers = Readonly<Record<CallerName, Code>>;

export interface Traffic {
  /** Sends one request from every caller, all at once. Throws if an answer is not expected. */
  readonly round: (expected: Expected) => Promise<Answers>;
  /** Repeats rounds until one satisfies `isEnough`. Throws after a minute. */
  readonly until: (isEnough: (answers: Answers) => boolean, expected: Expected) => Promise<Answers>;
}

export function createTraffic({ headers }: TrustScene, trustStore: TrustStore): Traffic {
  // On a busy machine, reading 100,000 pins may take longer than the default time that a caller waits.
  const gate = new AccessGate({ trustStore, findTimeoutMilliseconds: 60_000 });
  const requirement = { functionName: 'Orders', roles: [['reader']] };
  const round = async (expected: Expected): Promise<Answers> => {
    const now = Date.now();
    const decisions = await Promise.all(
      callerNames.map(async (name) => [name, await gate.decide(headers[name], requirement, now)] as const),
    );
    for (const [name, decision] of decisions) {
      const detail = decision.outcome === 'denied' ? decision.detail : '';
      const expectation = `${name}: ${decision.code} (${detail}), where ${expected[name].join(' or ')} was expected`;
      assert.ok(expected[name].includes(decision.code), expectation);
    }
    return Object.fromEntries(decisions.map(([name, { code }]) => [name, code])) as Record<CallerName, Code>;
  };
  return {
    round,
    until: async (isEnough, expected) => {
      const deadline = performance.now() + 60_000;
      for (;;) {
        const answers = await round(expected);
        if (isEnough(answers)) return answers;
        if (performance.now() > deadline) {
          const fault = trustStore.report?.().fault ?? 'none';
          throw new Error(`waited for a minute; last answers ${JSON.stringify(answers)}, fault: ${fault}`);
        }
        await delay(5);
      }
    },
  };
}
