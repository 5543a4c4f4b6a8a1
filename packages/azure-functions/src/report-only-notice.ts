import { formatInstant } from '@certgate/core';
import type { FunctionPolicy } from './shared-state.js';
import { warnAtStart } from './start-log.js';

/** Says once of each function that it is report-only, or was: a function that is open to more callers must not be quiet. */
export class ReportOnlyNotice {
  readonly #said = new Set<string>();

  give(functionName: string, policy: FunctionPolicy): void {
    if (policy.kind === 'anonymous' || policy.reportOnlyUntil === undefined || this.#said.has(functionName)) return;
    this.#said.add(functionName);
    const reportOnlyUntil = formatInstant(policy.reportOnlyUntil);
    const [code, detail] =
      Date.now() < policy.reportOnlyUntil
        ? ([
            'report_only',
            `Until ${reportOnlyUntil}, "${functionName}" lets in every caller that is known, whatever its roles and functions; a decision line with reportOnlyCode says whom it will refuse then.`,
          ] as const)
        : ([
            'report_only_ended',
            `Since ${reportOnlyUntil}, "${functionName}" is closed to callers without its roles. Take reportOnly away.`,
          ] as const);
    warnAtStart(code, detail, { function: functionName, reportOnlyUntil });
  }
}
