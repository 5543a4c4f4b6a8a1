import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolFailure } from '#local/tool-failure.js';
import { findFile } from '#local/json-file.js';

const byteOrderMark = '\uFEFF';

/** One file that init would change: `before` is undefined where there is none. Both without a byte order mark. */
export interface FileEdit {
  /** Relative to the app's folder, with forward slashes. */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string;
  readonly hasByteOrderMark: boolean;
}

/** The app's text files, by paths relative to its folder, with forward slashes. */
export class AppFiles {
  readonly folder: string;
  readonly #marked = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
  }

  async find(path: string): Promise<string | undefined> {
    // A part of the path that is a file is an error (ENOTDIR).
    const bytes = await findFile(join(this.folder, path));
    if (bytes === undefined) return undefined;
    const text = decodeText(path, bytes);
    if (!text.startsWith(byteOrderMark)) return text;
    this.#marked.add(path);
    return text.slice(1);
  }

  async isFolder(path: string): Promise<boolean> {
    try {
      return (await stat(join(this.folder, path))).isDirectory();
    } catch {
      return false;
    }
  }

  /** Nothing when the text stays as it is. */
  edit(path: string, before: string | undefined, after: string): readonly FileEdit[] {
    return before === after ? [] : [{ path, before, after, hasByteOrderMark: this.#marked.has(path) }];
  }
}

/** The bytes that the edit stands for. */
export function encodeText(text: string, { hasByteOrderMark }: FileEdit): string {
  return hasByteOrderMark ? byteOrderMark + text : text;
}

function decodeText(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ToolFailure(`${path} is not in UTF-8, so it can't be changed safely.`, {
      remedy: 'Save it as UTF-8 and run certgate init again.',
      cause,
    });
  }
}
