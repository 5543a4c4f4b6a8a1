/** What people read about a probe (in doctor's output and in docs/probes.md), and when it may run. */
export interface ProbeFacts {
  readonly sends: string;
  /** What the probe tests. Its verdict is `holds` only if all answers that it judges agree with this. */
  readonly claim: string;
  readonly failure: string;
  readonly remedy: string;
  readonly wouldTell: string;
  /**
   * Texts for an unknown server (`--any-server`). They replace those above, which may mention Certgate or App Service.
   */
  readonly ofAnyServer?: Partial<Pick<ProbeFacts, 'failure' | 'remedy'>>;
  /** The probe tests something else than whether a caller who must be refused gets in. */
  readonly seeksNoOpening?: true;
  /** The probe sends nothing, so it also runs after a forged admission. */
  readonly isPassive?: true;
  /**
   * The probe sends nothing to the app's address, or only what anybody may see, so it doesn't need a verified server.
   */
  readonly isIndependent?: true;
  /** The probe reads the allowed certificate only, and contacts no server. */
  readonly readsFileOnly?: true;
  /**
   * The allowed caller is not tried again because of this probe. Refusals in most other probes show something only if
   * the allowed caller is admitted before and after them.
   */
  readonly needsNoControl?: true;
}

/** Every probe, in the order in which they run. Doctor prints one line for the probes of a group that pass. */
export const probeGroups = {
  callers: [
    'server-certificate',
    'no-certificate',
    'denied-certificate',
    'allowed-certificate',
    'public-function',
    'client-certificate-mode',
    'allowed-certificate-expiry',
    'clock',
    'cached-answer',
  ],
  headers: [
    'forged-header',
    'forged-header-beside-denied',
    'forged-header-twice',
    'forged-header-case',
    'forged-header-underscore',
    'forged-header-whitespace',
    'forged-header-encoding',
    'forged-header-of-others',
  ],
  certificates: [
    'lookalike-certificate',
    'unknown-certificate',
    'chained-certificate',
    'key-proof-tls-1.2',
    'key-proof-tls-1.3',
  ],
  requests: [
    'forwarded-for',
    'browser',
    'http-1.0',
    'upgrade',
    'second-request',
    'public-first',
    'after-allowed',
    'trace',
    'other-method',
    'other-field',
    'other-query',
    'other-path',
    'other-host',
    'post',
    'parallel',
  ],
  surroundings: [
    'no-server-name',
    'tls-1.2',
    'tls-1.3',
    'http-2',
    'plain-http',
    'scm-site',
    'refusal-reason',
    'refusal-content',
    'software-version',
    'large-body',
  ],
} as const;
export type ProbeGroup = keyof typeof probeGroups;
export type ProbeId = (typeof probeGroups)[ProbeGroup][number];

export type FactsOf<Group extends ProbeGroup> = Readonly<Record<(typeof probeGroups)[Group][number], ProbeFacts>>;

export const needsAllowedCaller =
  'An allowed certificate that the function answers with 2xx, and a refusal without a certificate.';
