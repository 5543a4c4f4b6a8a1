/** What people read about a probe (in doctor's output, and in docs/probes.md), and when it may run. */
export interface ProbeFacts {
  readonly sends: string;
  /** What the probe tests. Its verdict is `holds` if each request that is named in `sends` got the answer that fits this. */
  readonly claim: string;
  readonly failure: string;
  readonly remedy: string;
  readonly wouldTell: string;
  /** The texts for a server of which nothing is known; those above speak of Certgate or of App Service. */
  readonly ofAnyServer?: Partial<Pick<ProbeFacts, 'failure' | 'remedy'>>;
  /** It tests something else than whether a caller gets in who must be refused. */
  readonly seeksNoOpening?: true;
  /** Sends nothing, so that it is run also after a forged admission. */
  readonly isPassive?: true;
  /** Sends nothing to the app's address, or only what anybody may see: it needs no verified server. */
  readonly isIndependent?: true;
  /** Looks at no server. */
  readonly readsFileOnly?: true;
  /** It concludes nothing from refusals. Those of any other probe count only if the allowed caller is admitted before and after. */
  readonly needsNoControl?: true;
}

/** Every probe, in the order in which they run. Doctor prints one line for a group of them. */
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
