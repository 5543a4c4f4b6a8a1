import { AsyncLocalStorage } from 'node:async_hooks';
import { basename, dirname, join, sep } from 'node:path';
import { shellWord } from './safe-text.js';

/** How this tool was started: the script's path, the working directory and the environment variables. */
interface Start {
  readonly script: string;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The words that start this tool in a shell: its name if it is installed globally, otherwise `npx` with the project's
 * copy. `--no-install` is needed because a bare `npx` could download and run somebody else's package with that name.
 */
export function findToolName({ script, cwd, environment }: Start): string {
  const byNpx = 'npx --no-install certgate';
  // npx, npm run and similar commands put the project's own programs first in PATH; a shell of the user's does not.
  if (environment['npm_command'] !== undefined || environment['npm_lifecycle_event'] !== undefined) return byNpx;
  if (listFolders(cwd).some((folder) => script.startsWith(join(folder, 'node_modules') + sep))) return byNpx;
  const isInstalled = basename(script) === 'certgate' || script.includes(join('node_modules', 'certgate', 'bin') + sep);
  return isInstalled ? 'certgate' : byNpx;
}

export function getToolName(): string {
  return findToolName({ script: process.argv[1] ?? '', cwd: process.cwd(), environment: process.env });
}

/** A command of this tool as one line that can be pasted into a shell. */
export function formatToolCall(words: readonly string[]): string {
  return [getToolName(), ...words.map(shellWord)].join(' ');
}

const workingStore = new AsyncLocalStorage<string>();

/** Runs `work` for one trust document. The commands that its messages print then name that document's store. */
export function withStore<Result>(store: string, work: () => Result): Result {
  return workingStore.run(store, work);
}

/**
 * A `certgate trust …` command for the document that `withStore` was called for. Values that only the operator knows
 * are words in capitals; so is the store (`STORE`) outside `withStore`.
 */
export function formatTrustCall(verb: string, names: readonly string[] = [], options: readonly string[] = []): string {
  // After `--`, a name that begins with a hyphen is not taken for an option.
  const isOdd = names.some((name) => name.startsWith('-'));
  const [before, behind] = isOdd ? [[], ['--', ...names]] : [names, []];
  const store = workingStore.getStore() ?? 'STORE';
  return formatToolCall(['trust', ...verb.split(' '), ...before, ...options, '--store', store, ...behind]);
}

/** Like `formatTrustCall`, for a verb that writes the document and therefore needs a reason. */
export function formatTrustChange(verb: string, names?: readonly string[], options: readonly string[] = []): string {
  return formatTrustCall(verb, names, [...options, '--reason', 'REASON']);
}

/** The folder and all folders above it. */
function listFolders(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...listFolders(above)];
}
