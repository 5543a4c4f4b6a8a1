import fastGlob from 'fast-glob';
import { ToolFailure } from '#local/tool-failure.js';

/** What `main` in package.json loads: names without a wildcard, and patterns. */
export interface MainPattern {
  readonly main: string;
  /** Paths of built files, relative to the app's folder. */
  readonly staticFiles: readonly string[];
  readonly patterns: readonly string[];
}

/** Splits `main` with the glob library that the worker uses. */
export function readMain(main: string): MainPattern {
  const tasks = main.includes('\\') ? [] : fastGlob.generateTasks(main);
  const list = (isDynamic: boolean): readonly string[] =>
    tasks.filter(({ dynamic }) => dynamic === isDynamic).flatMap(({ patterns }) => patterns.map(withoutDot));
  const found = { main, staticFiles: list(false), patterns: list(true) };
  if (found.staticFiles.length + found.patterns.length > 0 && !main.startsWith('!')) return found;
  throw new ToolFailure(`"main" in package.json is ${JSON.stringify(main)}, which names no file.`, {
    remedy: 'Set it to the built entry files with forward slashes, for example "dist/src/functions/*.js".',
  });
}

/**
 * Changes `main` so that it also loads an index file. The file goes into the folder that contains `functions`, or else
 * into the folder that `main` matches: `dist/src/functions/*.js` becomes `dist/src/{index.js,functions/*.js}`.
 */
export function addIndexFile(pattern: MainPattern): MainPattern {
  const main = withoutDot(pattern.main);
  const wildcard = main.search(/[*?{[]|[!+@]\(/);
  const prefix = main.slice(0, main.lastIndexOf('/', wildcard) + 1);
  const parent = /^((?:.*\/)?)functions\/$/i.exec(prefix)?.[1];
  const folder = parent ?? prefix;
  const rest = main.slice(folder.length);
  const extension = /\.([cm]?js)\}?$/.exec(main)?.[1];
  const group = /^\{([^{}]*)\}$/.exec(rest)?.[1];
  const indexFile = `${folder}index.${extension ?? 'js'}`;
  const changed = readMain(`${folder}{index.${extension ?? 'js'},${group ?? rest}}`);
  const isKept = [...changed.patterns].sort().join('\n') === [...pattern.patterns].sort().join('\n');
  if (extension !== undefined && isKept && changed.staticFiles[0] === indexFile) return changed;
  throw new ToolFailure(`"main" in package.json is ${JSON.stringify(pattern.main)}, to which no file can be added.`, {
    remedy: 'Write it as "<folder>/{index.js,functions/*.js}", and run certgate init again.',
  });
}

function withoutDot(path: string): string {
  return path.replace(/^(?:\.\/)+/, '');
}
