// doctor/: probes a deployed app from outside, and says whether its gate holds.
//
//   server-certificate          verified before anything of the allowed certificate is sent
//     │ no-, denied-, allowed-  what each caller gets: later answers are compared with these
//     │ cached-answer           before any forgery, since a cached answer would pass for an admitted forgery
//     │ forged-…                up to the first that is admitted; later probes then send nothing
//     │ …-certificate           certificates that anybody can make or copy
//     │ key-proof-…             the allowed certificate with another key than its own
//     │ forwarded-for, …, post  requests in other forms from callers who must be refused
//     │ parallel                eight requests at once, six of them from such callers
//     │ no-server-name, tls-…   the same callers over each protocol
//     │ plain-http, scm-site    other ports and hosts that belong to the app
//     │                         between probes, the allowed caller again: a refusal shows nothing unless it is admitted
//     ▼ refusal-reason, …       read from the answers until now
//   a verdict for each probe that ran: holds, fails, cannot tell

import { Control } from './control.js';
import { createDoctorReport, type DoctorReport, type Judgements } from './doctor-report.js';
import { Examination, type ExaminationOptions, type ProbeRuns } from './examination.js';
import { ProbeSender, type ProbeSenderOptions } from './probe-sender.js';
import { type ProbeId, probeIds, probeTable } from './probe-table.js';
import { alteredProbes } from './probes/altered-probes.js';
import { baselineProbes, measureBaselines } from './probes/baseline-probes.js';
import { certificateProbes } from './probes/certificate-probes.js';
import { disclosureProbes } from './probes/disclosure-probes.js';
import { forgeryProbes } from './probes/forgery-probes.js';
import { keyProofProbes } from './probes/key-proof-probe.js';
import { parallelProbes } from './probes/parallel-probe.js';
import { protocolProbes } from './probes/protocol-probes.js';
import { surroundingsProbes } from './probes/surroundings-probes.js';
import { variantProbes } from './probes/variant-probes.js';
import { type Judgement, cannotTell } from './verdict.js';

export interface ExaminedApp {
  readonly report: DoctorReport;
  /** The judgements that the report is made from. A published report contains only some of their words. */
  readonly judgements: Judgements;
  /**
   * Why there was no connection at all, in one sentence. Nothing was tried then. Undefined if there was a connection.
   */
  readonly unreachable: string | undefined;
}

export interface DoctorOptions extends ExaminationOptions, ProbeSenderOptions {
  /** Called before each probe, as long as the app can be reached. */
  readonly onProbe?: (id: ProbeId, position: number) => void;
}

export const probes: ProbeRuns = {
  ...baselineProbes,
  ...forgeryProbes,
  ...certificateProbes,
  ...keyProofProbes,
  ...variantProbes,
  ...parallelProbes,
  ...alteredProbes,
  ...protocolProbes,
  ...surroundingsProbes,
  ...disclosureProbes,
};

/** Runs every probe against one app, one after another. Never rejects because of what the app or the network does. */
export async function examineApp(options: DoctorOptions): Promise<ExaminedApp> {
  const sender = new ProbeSender(options);
  const examination = new Examination(options, sender);
  const judgements = new Map<ProbeId, Judgement>();
  const control = new Control(examination, judgements);
  let hasForgedAdmission = false;
  for (const [position, id] of probeIds.entries()) {
    if (examination.unreachable === undefined) options.onProbe?.(id, position);
    if (id === 'no-certificate' && examination.isServerTrusted) await measureBaselines(examination);
    const judgement = await runProbe(id, examination, hasForgedAdmission);
    judgements.set(id, judgement);
    const isAdmitted = judgement.isForgedAdmission === true;
    if (isAdmitted && (id === 'forged-header' || id === 'forged-header-beside-denied'))
      examination.admitsForgedHeader = true;
    // After a forged admission, probes send something only to an unknown server (`--any-server`).
    if (isAdmitted && options.isAnyServer !== true) {
      control.endWithForgedAdmission();
      hasForgedAdmission = true;
    } else if (needsControl(id)) await control.confirmLater(id);
  }
  if (!hasForgedAdmission) await control.end(probeIds.filter(needsControl));
  return {
    report: createDoctorReport(judgements, options, sender.sent),
    judgements,
    unreachable: examination.unreachable,
  };
}

function needsControl(id: ProbeId): boolean {
  const { isPassive, isIndependent, needsNoControl } = probeTable[id];
  return !(isPassive ?? isIndependent ?? needsNoControl ?? false);
}

async function runProbe(id: ProbeId, examination: Examination, hasForgedAdmission: boolean): Promise<Judgement> {
  const { readsFileOnly, isIndependent, isPassive } = probeTable[id];
  if (examination.unreachable !== undefined && readsFileOnly !== true)
    return cannotTell(examination.unreachable, 'A connection: check the address, the port and the network.');
  if (!examination.isServerTrusted && isIndependent !== true)
    return cannotTell('Nothing was sent, since the server was not verified.', 'A server whose certificate is trusted.');
  if (hasForgedAdmission && isPassive !== true)
    return cannotTell('Nothing was sent after the forged admission.', 'Another run, once no forgery is admitted.');
  return probes[id](examination);
}
