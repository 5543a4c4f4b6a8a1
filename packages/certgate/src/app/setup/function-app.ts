import { ToolFailure } from '#local/tool-failure.js';
import type { AppFiles } from './app-files.js';
import { isJsonObject, type JsonObject } from '#local/json-file.js';
import { JsonFileText } from './json-text.js';
import { type MainPattern, readMain } from './main-pattern.js';

export type PackageManager = 'npm' | 'pnpm' | 'yarn';

/** An existing app of the Node.js v4 programming model, as its package.json and tsconfig.json describe it. */
export interface AppToSetUp {
  readonly files: AppFiles;
  readonly manifest: JsonFileText;
  readonly main: MainPattern;
  readonly isModulePackage: boolean;
  readonly scripts: Readonly<Record<string, string>>;
  /** Names of other people's packages in dependencies, devDependencies, peerDependencies and optionalDependencies. */
  readonly packages: ReadonlySet<string>;
  readonly packageManager: PackageManager;
  /**
   * The content of tsconfig.json itself. Files that it extends are not read. Undefined if the app has no tsconfig.json.
   */
  readonly tsconfig: JsonObject | undefined;
}

/** @throws {ToolFailure} if the folder does not contain such an app. */
export async function readFunctionApp(files: AppFiles): Promise<AppToSetUp> {
  if (!(await files.isFolder('.'))) throw notAnApp(`${files.folder} is not a folder`);
  const text = await files.find('package.json');
  if (text === undefined) throw notAnApp(`There is no package.json in ${files.folder}`);
  if ((await files.find('host.json')) === undefined) throw notAnApp(`There is no host.json in ${files.folder}`);
  const manifest = new JsonFileText('package.json', text, 'json');
  const packages = listPackages(manifest.value);
  const tsconfig = await files.find('tsconfig.json');
  return {
    files,
    manifest,
    main: readMain(getMain(manifest.value, tsconfig !== undefined)),
    isModulePackage: manifest.value['type'] === 'module',
    scripts: readScripts(manifest.value),
    packages,
    packageManager: await findPackageManager(files, manifest.value),
    tsconfig:
      tsconfig === undefined ? undefined : new JsonFileText('tsconfig.json', tsconfig, 'json-with-comments').value,
  };
}

function notAnApp(reason: string): ToolFailure {
  return new ToolFailure(`${reason}, so it holds no Node.js function app.`, {
    remedy: 'Name the folder that holds host.json and package.json.',
  });
}

function getMain(manifest: JsonObject, isTypeScript: boolean): string {
  const { main } = manifest;
  if (typeof main === 'string' && main !== '') return main;
  const usual = isTypeScript ? 'dist/src/{index.js,functions/*.js}' : 'src/{index.js,functions/*.js}';
  throw new ToolFailure(
    'package.json has no "main", so nobody can tell which files register the functions: Azure would load none of them.',
    {
      remedy: `Add "main" to package.json, naming the files that call app.http(…) as they are built, usually "main": "${usual}". An app with function.json files is of the v3 model: move it to v4 first.`,
    },
  );
}

function readScripts(manifest: JsonObject): Readonly<Record<string, string>> {
  const scripts = manifest['scripts'] ?? {};
  if (!isJsonObject(scripts)) {
    throw new ToolFailure('"scripts" in package.json is not an object.', { remedy: 'Correct package.json.' });
  }
  const entries = Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(entries);
}

const dependencyLists = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'] as const;

function listPackages(manifest: JsonObject): ReadonlySet<string> {
  return new Set(
    dependencyLists.flatMap((name) => {
      const list = manifest[name];
      if (!isJsonObject(list)) return [];
      // A package that is linked from a folder nearby is the user's own code, and may register functions.
      return Object.keys(list).filter((each) => !/^(?:workspace|link|portal):/.test(String(list[each])));
    }),
  );
}

async function findPackageManager(files: AppFiles, manifest: JsonObject): Promise<PackageManager> {
  const field = manifest['packageManager'];
  const declared = typeof field === 'string' ? /^(pnpm|yarn)@/.exec(field)?.[1] : undefined;
  if (declared === 'pnpm' || declared === 'yarn') return declared;
  if ((await files.find('pnpm-lock.yaml')) !== undefined) return 'pnpm';
  return (await files.find('yarn.lock')) === undefined ? 'npm' : 'yarn';
}

/** The name of the app's script that runs `certgate dev`, or a free name that init gives to a new one. */
export function nameDevScript(scripts: AppToSetUp['scripts']): string {
  const present = Object.entries(scripts).find(([, script]) => /\bcertgate dev\b/.test(script))?.[0];
  if (present !== undefined) return present;
  let name = 'dev';
  while (Object.hasOwn(scripts, name)) name = name === 'dev' ? 'dev:certgate' : `${name}-2`;
  return name;
}
