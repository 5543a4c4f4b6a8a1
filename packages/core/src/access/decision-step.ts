import type { AuthorizationDenial } from './authorization.js';
import type { DecisionStepName, Denial, DenialCodeOf } from '../denial.js';

/** One step as it ended. A step that is not reported was not taken. */
export interface DecisionStep {
  readonly step: DecisionStepName;
  readonly denial: Denial | undefined;
  /** At `authorization`: the refusal that was let through. */
  readonly deferred?: AuthorizationDenial;
}

export type StepListener = (step: DecisionStep) => void;

/** What a step that refuses nothing and gives nothing comes to. */
export const passed: { readonly outcome: 'passed' } = Object.freeze({ outcome: 'passed' });

/** Tells the listener how a step ended. A code that the table of denials does not allow the step does not compile. */
export function note<Step extends DecisionStepName, T extends { readonly outcome: string }>(
  onStep: StepListener | undefined,
  step: Step,
  result: T & ([Extract<T, Denial>] extends [Denial<DenialCodeOf<Step>>] ? unknown : never),
): T {
  onStep?.({ step, denial: isDenial(result) ? result : undefined });
  return result;
}

function isDenial(result: { readonly outcome: string }): result is Denial {
  return result.outcome === 'denied';
}
