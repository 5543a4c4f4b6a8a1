import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, cleanEnvironment, collect, root, sampleFolder } from './certgate.js';
import { expectNpm, installWithTarballs, packPackages } from './npm.js';

/** The apps of tests/apps, in a folder of their own, with Certgate installed from its tarballs. */
export interface InstalledApps {
  /** Builds an app once by its own `build` script, if it has one; answers its folder. */
  build(name: string): Promise<string>;
  /** Runs the installed `certgate` in the folder of the apps, and waits for its end. */
  runCertgate(args: readonly string[]): Promise<Ended>;
  startCertgate(args: readonly string[]): ChildProcess;
  /** Runs a script of the folder; `input` is its stdin. */
  runScript(args: readonly string[], environment: NodeJS.ProcessEnv, input: string): Promise<Ended>;
  readonly folder: string;
  remove(): void;
}

/** The sample, copied beside the other apps, so that it is held to the same. */
export const sampleName = 'function-app';

const generated = /[\\/](?:node_modules|dist|\.certgate)$/;

/** Packs the packages as they are built now, and installs them once for all apps: about five seconds. */
export async function installApps(): Promise<InstalledApps> {
  const temporary = mkdtempSync(join(tmpdir(), 'certgate-apps-'));
  const folder = join(temporary, 'apps');
  const copy = (from: string, to: string): void => {
    cpSync(from, to, { recursive: true, filter: (source) => !generated.test(source) });
  };
  copy(join(root, 'tests', 'apps'), folder);
  copy(sampleFolder, join(folder, sampleName));
  await installWithTarballs(folder, await packPackages(temporary));
  const certgate = join(folder, 'node_modules', 'certgate', 'bin', 'certgate.js');
  const start = (args: readonly string[], environment: NodeJS.ProcessEnv, input: string): ChildProcess => {
    const child = spawn(process.execPath, args, { cwd: folder, env: { ...cleanEnvironment(), ...environment } });
    child.stdin.end(input);
    return child;
  };
  const builds = new Map<string, Promise<string>>();
  return {
    folder,
    build: (name) => {
      const built = builds.get(name) ?? buildApp(join(folder, name));
      builds.set(name, built);
      return built;
    },
    runCertgate: (args) => collect(start([certgate, ...args], {}, '')),
    startCertgate: (args) => start([certgate, ...args], {}, ''),
    runScript: (args, environment, input) => collect(start(args, environment, input)),
    remove: () => {
      rmSync(temporary, { recursive: true, force: true });
    },
  };
}

async function buildApp(folder: string): Promise<string> {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly scripts?: { readonly build?: string };
  };
  if (scripts?.build !== undefined) await expectNpm(['run', '--silent', 'build'], folder);
  return folder;
}
