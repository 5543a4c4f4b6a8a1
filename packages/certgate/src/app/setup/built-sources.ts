import { posix } from 'node:path';
import { byHand } from './by-hand.js';
import type { AppToSetUp } from './function-app.js';

/**
 * Checks that a new source is built into the folder that `main` reads. That is certain only if a script runs tsc and
 * tsconfig.json includes the source. What another build does is unknown here.
 *
 * @throws {ToolFailure} if it is not certain.
 */
export function requireBuilt({ scripts, tsconfig }: AppToSetUp, path: string): void {
  if (!Object.values(scripts).some((script) => /\btsc\b/.test(script))) {
    throw byHand(
      `${path} would have to be added to the build, and no script of package.json runs tsc, whose rules are known.`,
      `in ${path}, add it to the build, and load it first`,
    );
  }
  if (!isIncluded(tsconfig ?? {}, path)) {
    throw byHand(`tsconfig.json does not include ${path}.`, `in ${path}, include it, and load it first`);
  }
}

function isIncluded(tsconfig: Readonly<Record<string, unknown>>, path: string): boolean {
  const files = listStrings(tsconfig['files']);
  const include = listStrings(tsconfig['include']);
  if (files?.includes(path) === true) return true;
  if (include === undefined) return files === undefined;
  return include.some((pattern) => covers(pattern, path));
}

/**
 * Whether an `include` pattern matches the path. Handles the usual forms: a file, a folder, everything below a folder,
 * all files in a folder.
 */
function covers(pattern: string, path: string): boolean {
  const cleaned = posix.normalize(pattern.replaceAll('\\', '/')).replace(/\/$/, '');
  const deep = /^(.*?)\/?\*\*(?:\/\*(?:\.\*|\.[cm]?tsx?|\.\{[^}]*\bts\b[^}]*\})?)?$/.exec(cleaned)?.[1];
  const shallow = /^(.*?)\/?\*(?:\.[cm]?ts)?$/.exec(cleaned)?.[1];
  const isBelow = (folder: string): boolean => folder === '' || folder === '.' || path.startsWith(`${folder}/`);
  if (deep !== undefined) return isBelow(deep);
  if (shallow !== undefined) return (shallow === '' ? '.' : shallow) === posix.dirname(path);
  return cleaned === path || isBelow(cleaned);
}

function listStrings(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
}
