import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, cleanEnvironment, collect, root, runProgram, sampleFolder } from './certgate.js';
import { expectNpm, installWithTarballs, packPackages } from './npm.js';

/** The apps of tests/apps, in a folder of their own, with Certgate installed from its tarballs. */
export interface InstalledApps {
  /** Builds an app with its own `build` script, if it has one, and only once. Resolves with its folder. */
  build(name: string): Promise<string>;
  /** Runs the installed `certgate` in the folder of the apps, and waits for its end. */
  runCertgate(args: readonly string[]): Promise<Ended>;
  startCertgate(args: readonly string[]): ChildProcess;
  /** Runs a script of the folder of the apps. `input` is its stdin. */
  runScript(args: readonly string[], environment: NodeJS.ProcessEnv, input: string): Promise<Ended>;
  readonly folder: string;
  remove(): void;
}

/** The sample, which is copied next to the other apps, so that the same tests cover it. */
export const sampleName = 'function-app';

const generated = /[\\/](?:node_modules|dist|\.certgate)$/;

/** Packs the packages as they are built now, and installs them once for all apps. This takes about five seconds. */
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
  let compiled: Promise<void> | undefined;
  const build = async (app: string): Promise<string> => {
    const script = readBuildScript(app);
    if (script === 'tsc') await (compiled ??= compileApps(folder));
    else if (script !== undefined) await expectNpm(['run', '--silent', 'build'], app);
    return app;
  };
  return {
    folder,
    build: (name) => {
      const built = builds.get(name) ?? build(join(folder, name));
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

function readBuildScript(app: string): string | undefined {
  const { scripts } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as {
    readonly scripts?: { readonly build?: string };
  };
  return scripts?.build;
}

/**
 * Compiles in one process all apps whose build script is only `tsc`, so that they share what they all import, mostly
 * lib.d.ts.
 */
async function compileApps(folder: string): Promise<void> {
  const apps = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((app) => existsSync(join(app, 'package.json')) && readBuildScript(app) === 'tsc');
  const tsc = join(folder, 'node_modules', 'typescript', 'bin', 'tsc');
  const { exitCode, stdout } = await runProgram(process.execPath, [tsc, '-b', ...apps]);
  if (exitCode !== 0) throw new Error(`An app does not compile:\n${stdout}`);
}
