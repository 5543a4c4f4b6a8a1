import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TrustDocument, verifyDocumentSignature, type DocumentSignatureState } from '@certgate/core/internal';
import type { CommandRun } from '../../certificate/test-support/run-certgate.js';
import { runLineInProcess } from './run-in-process.js';

/** A folder with a trust document in it, and the real command line to change it by. */
export class TrustStage {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'certgate-trust-'));
  readonly path: string = join(this.folder, 'trust.json');

  run(...args: readonly string[]): Promise<CommandRun> {
    return runLineInProcess(['trust', ...args, '--store', 'file:trust.json'], this.folder);
  }

  /** Throws with what the command said when it doesn't end with 0. */
  async expect(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${exitCode}\n${stderr}${stdout}`);
    return stdout;
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
