/**
 * - `unusable_input` (the default): the words of the command are wrong, or something that it needs (file, password,
 *   folder, app, port) can't be used;
 * - `conflict`: another process changed the same thing meanwhile, so the change was not made, or not completely;
 * - `no_answer`: a server couldn't be reached, or gave no usable answer;
 * - `no_line`: a log contains no line that answers the question;
 * - `no_effect`: what was asked for is the case already, but has no effect, because something else prevents it.
 */
export type FailureKind = 'unusable_input' | 'conflict' | 'no_answer' | 'no_line' | 'no_effect';

/**
 * Why the tool can't go on: `message` says what happened, `remedy` what to do next. This class knows nothing about the
 * command line: `report-failure.ts` in `commands/command-line` prints the failure, and `exit-codes.ts` in the same
 * folder assigns an exit code to each kind.
 */
export class ToolFailure extends Error {
  readonly kind: FailureKind;
  readonly remedy: string | undefined;

  constructor(message: string, options: { remedy?: string; kind?: FailureKind; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'ToolFailure';
    this.kind = options.kind ?? 'unusable_input';
    this.remedy = options.remedy;
  }
}

/** The message of a caught value, without a final full stop, so that the caller can put it into a sentence. */
export function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/(?<!\.)\.$/, '');
}

/** Whether a caught value is an error of Node.js with one of these codes, e.g. `ENOENT`. */
export function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.some((code) => thrown.code === code);
}
