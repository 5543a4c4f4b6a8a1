import type { FailureKind } from '#local/tool-failure.js';

/** The exit codes that all verbs share. Each verb's `--help` lists the ones that it uses. */
export const exitCodes = {
  ok: 0,
  /**
   * The command ran, and the answer is no: a check failed, or a call was refused. Also an unexpected fault of the tool.
   */
  failed: 1,
  /**
   * The words on the command line are wrong, or something that the command needs (file, password, folder, port) can't
   * be used.
   */
  unusableInput: 2,
  /** Nothing failed, but the answer is not certain: something was not checked or compared, or can't be known. */
  unverified: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The exit code for each kind of failure. */
export const exitCodeOf: Readonly<Record<FailureKind, ExitCode>> = {
  unusable_input: exitCodes.unusableInput,
  conflict: exitCodes.failed,
  no_answer: exitCodes.failed,
  no_line: exitCodes.unverified,
  no_effect: exitCodes.failed,
};
