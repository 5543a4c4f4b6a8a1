import type { FailureKind } from '../../faults/tool-failure.js';

/** Exit codes that every verb shares; each verb's `--help` lists the ones it uses. */
export const exitCodes = {
  ok: 0,
  /** The command ran and the answer is no: a check failed, a call was refused. */
  failed: 1,
  /** Wrong words on the command line, or an input (file, password, folder) that can't be used. */
  unusableInput: 2,
  /** The answer is yes as far as it goes: something that an app compares was not compared. */
  unverified: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The exit code of a command that failed. */
export const exitCodeOf: Readonly<Record<FailureKind, ExitCode>> = {
  unusable_input: exitCodes.unusableInput,
  conflict: exitCodes.failed,
  no_answer: exitCodes.failed,
  no_line: exitCodes.unverified,
  no_effect: exitCodes.failed,
};
