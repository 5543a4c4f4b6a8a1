import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolFailure } from '#local/tool-failure.js';
import { findFile } from '#local/json-file.js';

const byteOrderMark = '\uFEFF';

/**
 * A change to one file. `before` is undefined if the file does not exist yet. Neither text contains the byte order
 * mark.
 */
export interface FileEdit {
  /** The path relative to the app's folder, with forward slashes. */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string;
  readonly hasByteOrderMark: boolean;
}

/** Reads the app's text files. Paths are relative to the app's folder, with forward slashes. */
export class AppFiles {
  readonly folder: string;
  readonly #marked = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
  }

  async find(path: string): Promise<string | undefined> {
    // Throws ToolFailure if a folder of the path is a file.
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

  /** The edit as a list, which is empty if the text stays the same. */
  edit(path: string, before: string | undefined, after: string): readonly FileEdit[] {
    return before === after ? [] : [{ path, before, after, hasByteOrderMark: this.#marked.has(path) }];
  }
}

/** The text with the file's byte order mark, if it had one. */
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
