import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

// Finds the files of an app's folder that a deployment includes. Neither Core Tools nor azd is on npm, so this file
// contains their rules as their sources define them.

/** All files, relative to the folder, with forward slashes, without those in `.git/`. */
export function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('.git/'));
}

/** The files that remain if git itself applies one of the folder's ignore files, and no other. */
export function listKeptByGit(folder: string, ignoreFile: string): readonly string[] {
  const scratch = mkdtempSync(join(tmpdir(), 'certgate-git-'));
  try {
    execFileSync('git', ['init', '--quiet', scratch], { stdio: 'ignore' });
    // The new folder contains only this file, so that the app's other ignore files don't apply.
    cpSync(join(folder, ignoreFile), join(scratch, '.gitignore'));
    const ask = ['check-ignore', '--no-index', '--verbose', '--non-matching', '--stdin'];
    const options = {
      cwd: scratch,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      input: listFiles(folder).join('\n'),
    } as const;
    return [...execFileSync('git', ask, options).matchAll(/^::\t(.+)$/gm)].map(([, path = '']) => path);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * The files that azd puts into the package. azd reads .funcignore as git does (createDeployableZip in
 * cli/azd/pkg/project/project_utils.go, Azure/azure-dev). Without a .funcignore, it leaves out node_modules.
 */
export function listPackedByAzd(folder: string): readonly string[] {
  const never = /(?:^|\/)(?:\.azure\/|\.funcignore$|local\.settings\.json$)/;
  const kept = existsSync(join(folder, '.funcignore'))
    ? listKeptByGit(folder, '.funcignore')
    : listFiles(folder).filter((path) => !/(?:^|\/)node_modules\//.test(path));
  return kept.filter((path) => !never.test(path));
}

/**
 * The files that `func pack` and `func azure functionapp publish` include. Core Tools reads .funcignore in its own way
 * (GitIgnoreParser and FileSystemHelpers in Azure/azure-functions-core-tools): each line is matched from the app's root
 * and up to the end of a word, `*` matches one or more characters of a name, `**` one or more of any characters, and an
 * exception applies wherever it is in the file.
 */
export function listPackedByCoreTools(folder: string): readonly string[] {
  const never =
    /(?:^|\/)(?:(?:\.git|\.vscode)\/|(?:\.funcignore|\.gitignore|local\.settings\.json|project\.lock\.json)$)/i;
  const file = join(folder, '.funcignore');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const patterns = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const ignored = compilePatterns(patterns.filter((line) => !line.startsWith('!')));
  const excepted = compilePatterns(patterns.filter((line) => line.startsWith('!')).map((line) => line.slice(1)));
  return listFiles(folder).filter((path) => !never.test(path) && (excepted.test(path) || !ignored.test(path)));
}

function compilePatterns(patterns: readonly string[]): RegExp {
  const alternatives = patterns.map((pattern) =>
    pattern
      .replace(/^\//, '')
      .replace(/[-[\]/{}()+?.\\^$|]/g, '\\$&')
      .replace(/\*\*?/g, (star) => (star === '*' ? '[^/]+' : '.+')),
  );
  return alternatives.length === 0 ? /$^/ : new RegExp(`^(?:${alternatives.join('|')})\\b`);
}
