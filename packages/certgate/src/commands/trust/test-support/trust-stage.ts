import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TrustDocument, verifyDocumentSignature, type DocumentSignatureState } from '@certgate/core/internal';
import type { CommandRun } from '../../certificate/test-support/run-certgate.js';
import { runLineInProcess } from './run-in-process.js';

/** The words of a command line. An inserted value becomes one word, or part of one, even if it contains spaces. */
export function line(literals: TemplateStringsArray, ...values: readonly string[]): readonly string[] {
  const words = literals.join('\0').split(' ');
  let index = 0;
  return words.map((word) => word.replaceAll('\0', () => values[index++] ?? ''));
}

/** A folder with a trust document, and the real command line to change it with. */
export class TrustStage {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'certgate-trust-'));
  readonly path: string = join(this.folder, 'trust.json');

  run(...args: readonly string[]): Promise<CommandRun> {
    return runLineInProcess(['trust', ...args, '--store', 'file:trust.json'], this.folder);
  }

  /** Runs a command. Throws an error with the command's output if the exit code is not 0. */
  async expect(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${exitCode}\n${stderr}${stdout}`);
    return stdout;
  }

  /**
   * Asserts that the command ends with 2, prints `what` on stderr (as it is, or joined to one line), and changes
   * neither the document nor the log.
   */
  async refuse(what: RegExp, ...args: readonly string[]): Promise<void> {
    const readBoth = (): readonly string[] =>
      [this.path, `${this.path}.log.jsonl`].map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : ''));
    const before = readBoth();
    const { exitCode, stdout, stderr } = await this.run(...args);
    assert.equal(exitCode, 2, `${args.join(' ')}\n${stdout}${stderr}`);
    assert.ok(
      [stderr, stderr.replaceAll(/\s+/g, ' ')].some((text) => what.test(text)),
      `${String(what)}\n${stderr}`,
    );
    assert.deepEqual(readBoth(), before);
  }

  read(): TrustDocument {
    return JSON.parse(readFileSync(this.path, 'utf8')) as TrustDocument;
  }

  verify(publicKeyPem: string): Promise<DocumentSignatureState> {
    return verifyDocumentSignature(readFileSync(this.path), readFileSync(`${this.path}.sig`, 'utf8'), publicKeyPem);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
