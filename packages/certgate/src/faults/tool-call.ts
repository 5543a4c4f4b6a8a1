import { AsyncLocalStorage } from 'node:async_hooks';
import { basename, dirname, join, sep } from 'node:path';
import { shellWord } from './safe-text.js';

/** How this tool was started. */
interface Start {
  readonly script: string;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * How a shell reaches this tool, by how it was started: by its name where that was found in PATH, else by the copy of the
 * project. `--no-install`, since a bare `npx` may run a stranger's package of that name.
 */
export function findToolName({ script, cwd, environment }: Start): string {
  const byNpx = 'npx --no-install certgate';
  // npx, npm run and the like put the project's own programs in front of PATH, which no other shell does.
  if (environment['npm_command'] !== undefined || environment['npm_lifecycle_event'] !== undefined) return byNpx;
  if (listFolders(cwd).some((folder) => script.startsWith(join(folder, 'node_modules') + sep))) return byNpx;
  const isInstalled = basename(script) === 'certgate' || script.includes(join('node_modules', 'certgate', 'bin') + sep);
  return isInstalled ? 'certgate' : byNpx;
}

export function getToolName(): string {
  return findToolName({ script: process.argv[1] ?? '', cwd: process.cwd(), environment: process.env });
}

/** One line to paste into a shell. */
export function formatToolCall(words: readonly string[]): string {
  return [getToolName(), ...words.map(shellWord)].join(' ');
}

const workingStore = new AsyncLocalStorage<string>();

/** Work on one trust document: the commands that its messages print are for that one. */
export function withStore<Result>(store: string, work: () => Result): Result {
  return workingStore.run(store, work);
}

/**
 * `certgate trust …` for the document that is worked on. What only the operator knows is a word in capitals, and so is
 * the store, where it is unknown.
 */
export function formatTrustCall(verb: string, names: readonly string[] = [], options: readonly string[] = []): string {
  // Behind `--`, a name that begins with a hyphen is no option.
  const isOdd = names.some((name) => name.startsWith('-'));
  const [before, behind] = isOdd ? [[], ['--', ...names]] : [names, []];
  const store = workingStore.getStore() ?? 'STORE';
  return formatToolCall(['trust', ...verb.split(' '), ...before, ...options, '--store', store, ...behind]);
}

/** The same for a verb that writes. */
export function formatTrustChange(verb: string, names?: readonly string[], options: readonly string[] = []): string {
  return formatTrustCall(verb, names, [...options, '--reason', 'REASON']);
}

/** The folder and all above it. */
function listFolders(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...listFolders(above)];
}
