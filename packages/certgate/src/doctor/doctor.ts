// doctor/: probes a deployed app from outside, and says whether its gate holds.
//
//   server-certificate          verified before anything of the allowed certificate is sent
//     │ no-, denied-, allowed-  what each caller gets: all later answers are compared with these
//     │ cached-answer           before any forgery, since a cached answer would pass for one
//     │ forged-…, lookalike-…   up to the first that is admitted: then nothing more is sent
//     │ key-proof-…             the allowed certificate with a key that is not its own
//     │ forwarded-for, …, post  other requests of callers who must be refused
//     │ tls-…, http-2           the same over each protocol
//     │ plain-http, scm-site    beside the app's address
//     │                         between them, the allowed caller again: refusals count only while it is admitted
//     ▼ refusal-reason, …       read from the answers so far
//   a verdict for each probe: holds, fails, cannot tell

import type { ProbeId } from './probe-table.js';
import { probeIds, probeTable } from './probe-table.js';
import { Control } from './control.js';
import { Examination, type ExaminationOptions } from './examination.js';
import type { Judgement, ProbeObservation, Verdict } from './verdict.js';
import { ProbeSender, type ProbeSenderOptions } from './probe-sender.js';
import {
  judgeAllowedCertificate,
  judgeDeniedCertificate,
  judgeMode,
  judgeNoCertificate,
  measureBaselines,
  probePublicFunctions,
  probeServerCertificate,
} from './probes/baseline-probes.js';
import { probeCachedAnswer } from './probes/cache-probe.js';
import { probeOtherHost, probeOtherMethod, probeOtherPath } from './probes/altered-probes.js';
import { judgeRefusalContent, judgeRefusalReason, judgeSoftwareVersion } from './probes/disclosure-probes.js';
import {
  probeForgedHeader,
  probeForgedHeaderBesideDenied,
  probeForgedHeaderCase,
  probeForgedHeaderEncoding,
  probeForgedHeaderOfOthers,
  probeForgedHeaderTwice,
  probeForgedHeaderUnderscore,
  probeForgedHeaderWhitespace,
  probeLookalikeCertificate,
} from './probes/forgery-probes.js';
import { probeKeyProof } from './probes/key-proof-probe.js';
import { probeHttp2, probeTlsVersion } from './probes/protocol-probes.js';
import { probeTrace } from './probes/trace-probe.js';
import { probeLargeBody, probePlainHttp, probeScmSite } from './probes/surroundings-probes.js';
import {
  probeBrowser,
  probeForwardedFor,
  probeHttp10,
  probePost,
  probeSecondRequest,
  probeUpgrade,
} from './probes/variant-probes.js';
import { judgeAllowedExpiry, judgeClock } from './probes/validity-probes.js';

export interface ProbeResult {
  readonly id: ProbeId;
  readonly verdict: Verdict;
  /** Words of this tool and numbers only. May be empty. */
  readonly note: string;
  readonly observations: readonly ProbeObservation[];
  /** What the server or a certificate says; never published. */
  readonly detail?: string;
  /** Where the verdict is `cannot-tell`. */
  readonly wouldTell?: string;
}

export interface SkippedProbe {
  readonly id: ProbeId;
  readonly reason: string;
}

export interface DoctorReport {
  readonly findings: readonly ProbeResult[];
  /** Probes that do not apply to this app, or were not asked for. */
  readonly notRun: readonly SkippedProbe[];
  readonly requests: number;
  /** In one sentence, why there was no connection at all. Then nothing was tried. */
  readonly unreachable?: string;
}

export interface DoctorOptions extends ExaminationOptions, ProbeSenderOptions {
  /** Called before each probe. */
  readonly onProbe?: (id: ProbeId, position: number) => void;
}

export interface Probe {
  readonly run: (examination: Examination) => Judgement | Promise<Judgement>;
  /** Sends nothing, so that it is run also after a forged admission. */
  readonly isPassive?: true;
  /** Sends nothing to the app's address, or only what anybody may see: it needs no verified server. */
  readonly isIndependent?: true;
  /** Looks at no server. */
  readonly readsFileOnly?: true;
  /** Its refusals count only if the allowed caller is still admitted before and after them. */
  readonly needsControl?: true;
}

export const probes: Readonly<Record<ProbeId, Probe>> = {
  'server-certificate': { run: probeServerCertificate, isIndependent: true },
  'no-certificate': { run: judgeNoCertificate },
  'denied-certificate': { run: judgeDeniedCertificate },
  'allowed-certificate': { run: judgeAllowedCertificate },
  'public-function': { run: probePublicFunctions },
  'client-certificate-mode': { run: judgeMode, isPassive: true },
  'allowed-certificate-expiry': { run: judgeAllowedExpiry, isPassive: true, isIndependent: true, readsFileOnly: true },
  clock: { run: judgeClock, isPassive: true },
  'cached-answer': { run: probeCachedAnswer, needsControl: true },
  'forged-header': { run: probeForgedHeader, needsControl: true },
  'forged-header-beside-denied': { run: probeForgedHeaderBesideDenied, needsControl: true },
  'forged-header-twice': { run: probeForgedHeaderTwice, needsControl: true },
  'forged-header-case': { run: probeForgedHeaderCase, needsControl: true },
  'forged-header-underscore': { run: probeForgedHeaderUnderscore, needsControl: true },
  'forged-header-whitespace': { run: probeForgedHeaderWhitespace, needsControl: true },
  'forged-header-encoding': { run: probeForgedHeaderEncoding, needsControl: true },
  'forged-header-of-others': { run: probeForgedHeaderOfOthers, needsControl: true },
  'lookalike-certificate': { run: probeLookalikeCertificate, needsControl: true },
  'key-proof-tls-1.2': { run: (examination) => probeKeyProof(examination, 'TLSv1.2'), needsControl: true },
  'key-proof-tls-1.3': { run: (examination) => probeKeyProof(examination, 'TLSv1.3'), needsControl: true },
  'forwarded-for': { run: probeForwardedFor, needsControl: true },
  browser: { run: probeBrowser, needsControl: true },
  'http-1.0': { run: probeHttp10, needsControl: true },
  upgrade: { run: probeUpgrade, needsControl: true },
  'second-request': { run: probeSecondRequest, needsControl: true },
  trace: { run: probeTrace, needsControl: true },
  'other-method': { run: probeOtherMethod, needsControl: true },
  'other-path': { run: probeOtherPath, needsControl: true },
  'other-host': { run: probeOtherHost, needsControl: true },
  post: { run: probePost, needsControl: true },
  'tls-1.2': { run: (examination) => probeTlsVersion(examination, 'TLSv1.2'), needsControl: true },
  'tls-1.3': { run: (examination) => probeTlsVersion(examination, 'TLSv1.3'), needsControl: true },
  'http-2': { run: probeHttp2, needsControl: true },
  'plain-http': { run: probePlainHttp, isIndependent: true },
  'scm-site': { run: probeScmSite, isIndependent: true },
  'refusal-reason': { run: judgeRefusalReason, isPassive: true },
  'refusal-content': { run: judgeRefusalContent, isPassive: true },
  'software-version': { run: judgeSoftwareVersion, isPassive: true },
  'large-body': { run: probeLargeBody },
};

/** Runs every probe against one app, one request after another. Never rejects for what the app or the network does. */
export async function examineApp(options: DoctorOptions): Promise<DoctorReport> {
  const sender = new ProbeSender(options);
  const examination = new Examination(options, sender);
  const judgements = new Map<ProbeId, Judgement>();
  const control = new Control(examination, judgements);
  let hasForgedAdmission = false;
  for (const [position, id] of probeIds.entries()) {
    if (examination.unreachable === undefined) options.onProbe?.(id, position);
    if (id === 'no-certificate' && examination.isServerTrusted) await measureBaselines(examination);
    const judgement = await runProbe(probes[id], examination, hasForgedAdmission);
    judgements.set(id, judgement);
    if (judgement.isForgedAdmission === true) control.endWithForgedAdmission();
    else if (probes[id].needsControl === true) await control.confirmLater(id);
    hasForgedAdmission ||= judgement.isForgedAdmission === true;
  }
  if (!hasForgedAdmission) await control.end(probeIds.filter((id) => probes[id].needsControl === true));
  return describeJudgements(judgements, sender.sent, examination.unreachable);
}

async function runProbe(probe: Probe, examination: Examination, hasForgedAdmission: boolean): Promise<Judgement> {
  if (examination.unreachable !== undefined && probe.readsFileOnly !== true) {
    return {
      verdict: 'cannot-tell',
      note: examination.unreachable,
      wouldTell: 'A connection: check the address, the port and the network.',
    };
  }
  if (!examination.isServerTrusted && probe.isIndependent !== true) {
    return {
      verdict: 'cannot-tell',
      note: 'Nothing was sent, since the server was not verified.',
      wouldTell: 'A server whose certificate is trusted.',
    };
  }
  if (hasForgedAdmission && probe.isPassive !== true) {
    return {
      verdict: 'cannot-tell',
      note: 'Nothing was sent after the forged admission.',
      wouldTell: 'Another run, once no forgery is admitted.',
    };
  }
  return probe.run(examination);
}

function describeJudgements(
  judgements: ReadonlyMap<ProbeId, Judgement>,
  requests: number,
  unreachable: string | undefined,
): DoctorReport {
  const findings: ProbeResult[] = [];
  const notRun: SkippedProbe[] = [];
  for (const [id, { verdict, note, observations = [], detail, wouldTell }] of judgements) {
    if (verdict === 'not-run') {
      notRun.push({ id, reason: note });
      continue;
    }
    findings.push({
      id,
      verdict,
      note,
      observations,
      ...(detail === undefined ? {} : { detail }),
      ...(verdict === 'cannot-tell' ? { wouldTell: wouldTell ?? probeTable[id].wouldTell } : {}),
    });
  }
  return Object.freeze({ findings, notRun, requests, ...(unreachable === undefined ? {} : { unreachable }) });
}
