import { AppFiles, type FileEdit } from './app-files.js';
import { planEditorFiles } from './editor-files.js';
import { type FunctionApp, readFunctionApp } from './function-app.js';
import { planGate } from './gate-file.js';
import { planIgnoreFiles } from './ignore-files.js';
import { planLocalSettings } from './local-settings.js';
import { planManifest } from './manifest.js';
import { findSourceFiles, type SourceFiles } from './source-files.js';
import { readLayout } from './text-layout.js';

export interface SetupPlan {
  /** Absolute. */
  readonly folder: string;
  readonly app: FunctionApp;
  readonly sources: SourceFiles;
  /** The source that holds the gate's line, or will. */
  readonly gateFile: string;
  /** Empty when the app has all it needs. No two are of the same file. */
  readonly edits: readonly FileEdit[];
}

/**
 * What an existing app needs to be closed by Certgate, as edits of its files. Reads only.
 *
 * @throws {CommandFailure} when a file can't be understood: then nothing may be changed at all.
 */
export async function planSetup(folder: string): Promise<SetupPlan> {
  const files = new AppFiles(folder);
  const app = await readFunctionApp(files);
  const sources = await findSourceFiles(app);
  const layout = readLayout(app.manifest.text);
  const gate = await planGate(app, sources);
  const edits = [
    ...gate.edits,
    ...planManifest(app, gate.main, sources.language === 'typescript'),
    ...(await planIgnoreFiles(files)),
    ...(await planLocalSettings(files, layout)),
    ...(await planEditorFiles(app, sources, layout)),
  ];
  return { folder, app, sources, gateFile: gate.gateFile, edits };
}
