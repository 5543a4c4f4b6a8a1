// faults/: what can go wrong in the tool, as kinds with a remedy, and what all wings write texts with.

/**
 * - `unusable_input`: wrong words, or an input (file, password, folder, app) that can't be used;
 * - `conflict`: somebody else changed the same thing meanwhile, and nothing was written;
 * - `no_answer`: a server couldn't be reached, or didn't answer;
 * - `no_line`: a log has nothing that answers the question;
 * - `no_effect`: what was asked for would change nothing, because something else stands in its way.
 */
export type FailureKind = 'unusable_input' | 'conflict' | 'no_answer' | 'no_line' | 'no_effect';

/**
 * Why the tool can't go on: one line of what happened, one of what to do next. It knows nothing of the command line:
 * `report-failure.ts` in `commands/command-line` prints it, and `exit-codes.ts` next to that has an exit code for each kind.
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

/** What a caught value says, in one text that others end with a full stop. */
export function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/(?<!\.)\.$/, '');
}

/** Whether a caught value is an error of Node with one of these codes, e.g. `ENOENT`. */
export function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.some((code) => thrown.code === code);
}
