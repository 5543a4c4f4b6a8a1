import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

// Which files of an app's folder a deployment takes along. Neither Core Tools nor azd is on npm, so their rules are written
// down here as their sources have them.

/** All files, relative to the folder, with forward slashes; without `.git/`. */
export function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('.git/'));
}

/** What stays when one of the folder's ignore files, and no other, is read as git reads it: by git itself. */
export function listKeptByGit(folder: string, ignoreFile: string): readonly string[] {
  const scratch = mkdtempSync(join(tmpdir(), 'certgate-git-'));
  try {
    execFileSync('git', ['init', '--quiet', scratch], { stdio: 'ignore' });
    // In a folder that holds nothing else, the app's other ignore files have no say.
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
 * What azd puts into the package: .funcignore as git reads it (createDeployableZip in cli/azd/pkg/project/project_utils.go,
 * Azure/azure-dev). Where there is no .funcignore, it leaves node_modules out.
 */
export function listPackedByAzd(folder: string): readonly string[] {
  const never = /(?:^|\/)(?:\.azure\/|\.funcignore$|local\.settings\.json$)/;
  const kept = existsSync(join(folder, '.funcignore'))
    ? listKeptByGit(folder, '.funcignore')
    : listFiles(folder).filter((path) => !/(?:^|\/)node_modules\//.test(path));
  return kept.filter((path) => !never.test(path));
}

/**
 * What `func pack` and `func azure functionapp publish` take. Core Tools reads .funcignore in a way of its own
 * (GitIgnoreParser and FileSystemHelpers in Azure/azure-functions-core-tools): each line is matched from the app's root
 * on and up to the end of a word, `*` is one character or more of a name, `**` one or more of anything, and an exception
 * counts wherever it stands.
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
