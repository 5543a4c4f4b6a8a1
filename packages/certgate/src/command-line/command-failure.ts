/** Exit codes every verb shares; each verb's `--help` lists the ones it uses. */
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

/**
 * What a command throws when it can't go on: one line of what happened, one of what to do next.
 * Only `cli.ts` catches it, prints it to stderr and ends the process with `exitCode`.
 */
export class CommandFailure extends Error {
  readonly remedy: string | undefined;
  readonly exitCode: ExitCode;

  constructor(message: string, options: { remedy?: string; exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'CommandFailure';
    this.remedy = options.remedy;
    this.exitCode = options.exitCode ?? exitCodes.unusableInput;
  }
}

/** What a caught value says, in one text. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Whether a caught value is an error of Node with one of these codes, e.g. `ENOENT`. */
export function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.some((code) => thrown.code === code);
}
