// fixture-server/: answers the page's requests with sample data, for the tests in a browser. It is not shipped.

import type { ExplanationReport } from '../parts/explanation.js';

type Step = ExplanationReport['steps'][number];

export const sampleNow = '2026-11-26T10:42:17Z';
export const allowedThumbprint = '9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08';
export const strangerThumbprint = '60303AE22B998861BCE3B28F33EEC1BE758A213C86C93C076DBE9F558C11C752';

const texts: Readonly<Record<Step['step'], string>> = {
  'certificate-header': 'one certificate',
  'trust-store': '"billing", by its certificate pin until 2027-04-30T00:00:00Z',
  'client-certificate': 'CN=billing,O=Example GmbH',
  'certificate-verification': 'valid 2026-04-30T08:00:00Z to 2027-04-30T08:00:00Z, suitable for a client',
  'certification-path': 'no path is valid; a pin decides',
  'client-identity': 'roles: orders.read; functions: all',
  authorization: 'all that the function requires',
};
const stepNames = Object.keys(texts) as readonly Step['step'][];

const base = {
  version: 1,
  store: 'file:.certgate/trust.json',
  revision: 7,
  audience: null,
  at: sampleNow,
  gate: 'asked',
  unverified: [],
  app: null,
  signed: false,
  deferred: null,
  withoutClientAuthUntil: null,
  clientAuthLoss: null,
  nextChange: null,
  paths: [],
  nearMatches: [],
  remedy: null,
} as const;

export function explainAllowed(functionName: string): ExplanationReport {
  return {
    ...base,
    function: functionName,
    policy: { kind: 'certificate', roles: [] },
    certificate: { subject: 'CN=billing,O=Example GmbH', thumbprintSha256: allowedThumbprint },
    outcome: 'allowed',
    status: null,
    publicCode: null,
    code: 'allowed',
    detail: null,
    identity: {
      name: 'billing',
      owner: 'billing@example.com',
      roles: ['orders.read'],
      functions: null,
      matchedBy: 'certificate',
    },
    accessEndsAt: '2027-04-30T00:00:00Z',
    nextChange: { at: '2027-04-30T00:00:00Z', outcome: 'denied', code: 'pin_expired' },
    steps: stepNames.map((step) => ({ step, verdict: 'passed', code: null, text: texts[step] })),
  };
}

export interface SampleDenial {
  readonly step: Step['step'];
  readonly code: string;
  readonly detail: string;
  readonly status: number;
  readonly publicCode: string;
}

export const notTrusted: SampleDenial = {
  step: 'trust-store',
  code: 'certificate_not_trusted',
  detail: `No identity has this certificate. Its SHA-256 thumbprint is ${strangerThumbprint}.`,
  status: 401,
  publicCode: 'client_certificate_required',
};

export function explainDenied(functionName: string, denial: SampleDenial, subject: string | null): ExplanationReport {
  const place = stepNames.indexOf(denial.step);
  const isStranger = denial.code === notTrusted.code;
  return {
    ...base,
    function: functionName,
    policy: { kind: 'certificate', roles: [] },
    certificate: subject === null ? null : { subject, thumbprintSha256: strangerThumbprint },
    outcome: 'denied',
    status: denial.status,
    publicCode: denial.publicCode,
    code: denial.code,
    detail: denial.detail,
    identity: null,
    accessEndsAt: null,
    steps: stepNames.map((step, index) => ({
      step,
      verdict: index < place ? 'passed' : index === place ? 'denied' : 'not asked',
      code: index === place ? denial.code : null,
      text: index < place ? texts[step] : index === place ? denial.detail : '',
    })),
    nearMatches: isStranger
      ? [
          {
            identity: 'billing',
            owner: 'billing@example.com',
            likeness: 'has the same subject as one of its pins, and another key',
          },
        ]
      : [],
    remedy: isStranger ? strangerRemedy(functionName) : null,
  };
}

function strangerRemedy(functionName: string): ExplanationReport['remedy'] {
  const tail = `--reason 'certificate_not_trusted at ${functionName}' --store file:.certgate/trust.json`;
  return {
    code: 'certificate_not_trusted',
    verifyFirst:
      'Anybody can send a certificate, with any name in it. Ask the owner of the caller over another channel for its SHA-256 thumbprint, and compare all 64 digits.',
    choices: [
      {
        when: 'If it is the new certificate of "billing"',
        commands: [`npx --no-install certgate trust rotate billing --thumbprint ${strangerThumbprint} ${tail}`],
        needs: null,
      },
      {
        when: 'If it is a new caller',
        commands: [`npx --no-install certgate trust add NAME --thumbprint ${strangerThumbprint} ${tail}`],
        needs: null,
      },
    ],
  };
}

/** With a certification path that fails: an authority's certificate, revoked. */
export function explainRevoked(functionName: string): ExplanationReport {
  const detail = 'The certificate was revoked at 2026-11-20T09:00:00Z: keyCompromise.';
  const denial: SampleDenial = {
    step: 'certification-path',
    code: 'certificate_revoked',
    detail,
    status: 401,
    publicCode: 'client_certificate_required',
  };
  const certificate = { notBefore: '2026-01-01T00:00:00Z', notAfter: '2027-01-01T00:00:00Z' } as const;
  return {
    ...explainDenied(functionName, denial, 'CN=warehouse,O=Example GmbH'),
    paths: [
      {
        certificates: [
          {
            ...certificate,
            subject: 'CN=Example Root CA,O=Example GmbH',
            role: 'trust-anchor',
            thumbprintSha256: allowedThumbprint,
          },
          {
            ...certificate,
            subject: 'CN=warehouse,O=Example GmbH',
            role: 'end-entity',
            thumbprintSha256: strangerThumbprint,
          },
        ],
        reachesTrustAnchor: true,
        checks: [
          { check: 'validity', certificate: 1, verdict: 'passed', code: null, detail: null, revocation: [] },
          {
            check: 'revocation',
            certificate: 1,
            verdict: 'failed',
            code: 'certificate_revoked',
            detail,
            revocation: [],
          },
        ],
      },
    ],
  };
}
