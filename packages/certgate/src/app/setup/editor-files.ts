import type { AppFiles, FileEdit } from './app-files.js';
import type { AppToSetUp, PackageManager } from './function-app.js';
import { isJsonObject } from '#local/json-file.js';
import { JsonFileText } from './json-text.js';
import type { SourceFiles } from './source-files.js';
import { formatJson, type TextLayout } from './text-layout.js';

/** Node's default address, on the loopback interface only, because whoever reaches it can run code in the app. */
const inspectAddress = '127.0.0.1';
const inspectPort = 9229;

const labels = {
  debug: 'Certgate: debug behind mTLS',
  dev: 'certgate: dev',
  build: 'certgate: build',
} as const;

/**
 * Plans the files for F5 in VS Code: build, run the app behind the gateway, attach to the app's process. Entries that
 * exist already are kept.
 */
export async function planEditorFiles(
  app: AppToSetUp,
  sources: SourceFiles,
  layout: TextLayout,
): Promise<readonly FileEdit[]> {
  const build = describeBuild(app, sources);
  const lists: readonly EditorList[] = [
    {
      path: '.vscode/launch.json',
      version: '0.2.0',
      list: 'configurations',
      key: 'name',
      items: [describeLaunch(sources)],
    },
    {
      path: '.vscode/tasks.json',
      version: '2.0.0',
      list: 'tasks',
      key: 'label',
      items: [describeDev(app, build !== undefined), ...(build === undefined ? [] : [build])],
    },
    {
      path: '.vscode/extensions.json',
      version: undefined,
      list: 'recommendations',
      key: undefined,
      items: ['ms-azuretools.vscode-azurefunctions'],
    },
  ];
  const edits = await Promise.all(lists.map((list) => planList(app.files, list, layout)));
  return edits.flat();
}

interface EditorList {
  readonly path: string;
  readonly version: string | undefined;
  /** The name of the list in the file. */
  readonly list: string;
  /** The key by which two items are compared. Undefined if the items are strings. */
  readonly key: string | undefined;
  readonly items: readonly unknown[];
}

/** Adds items at the start, because VS Code takes the first configuration until the user chooses one. */
async function planList(files: AppFiles, wanted: EditorList, layout: TextLayout): Promise<readonly FileEdit[]> {
  const { path, version, list, key, items } = wanted;
  const text = await files.find(path);
  if (text === undefined || text.trim() === '') {
    const created = { ...(version === undefined ? {} : { version }), [list]: items };
    return files.edit(path, text, `${formatJson(created, layout)}${layout.endOfLine}`);
  }
  const document = new JsonFileText(path, text, 'json-with-comments');
  const present = document.value[list] ?? [];
  const missing = items.filter((item) => !Array.isArray(present) || !present.some((each) => isSame(each, item, key)));
  const withVersion =
    version === undefined || document.value['version'] !== undefined || missing.length === 0
      ? document
      : document.addProperty([], 'version', version);
  const withList =
    document.value[list] === undefined && missing.length > 0 ? withVersion.addProperty([], list, []) : withVersion;
  const edited = [...missing]
    .reverse()
    .reduce((current: JsonFileText, item) => current.prependItem([list], item), withList);
  return files.edit(path, text, edited.text);
}

function isSame(present: unknown, wanted: unknown, key: string | undefined): boolean {
  if (key === undefined) return String(present).toLowerCase() === String(wanted).toLowerCase();
  return isJsonObject(present) && isJsonObject(wanted) && present[key] === wanted[key];
}

function describeLaunch({ outputFolder }: SourceFiles): object {
  return {
    name: labels.debug,
    type: 'node',
    request: 'attach',
    address: inspectAddress,
    port: inspectPort,
    // Certgate loads the app in a new process when its files change, so the debugger must attach again.
    restart: true,
    preLaunchTask: labels.dev,
    ...(outputFolder === undefined ? {} : { outFiles: [`\${workspaceFolder}/${outputFolder}/**/*.js`] }),
    skipFiles: ['<node_internals>/**'],
  };
}

/** Commands that run only a package that the app has installed, and never download one. */
const runners: Readonly<Record<PackageManager, string>> = {
  npm: 'npx --no-install',
  pnpm: 'pnpm exec',
  yarn: 'yarn run',
};

function describeDev({ packageManager }: AppToSetUp, hasBuild: boolean): object {
  return {
    label: labels.dev,
    type: 'shell',
    command: `${runners[packageManager]} certgate dev --inspect ${inspectAddress}:${inspectPort}`,
    ...(hasBuild ? { dependsOn: [labels.build] } : {}),
    isBackground: true,
    presentation: { reveal: 'always', panel: 'dedicated' },
    problemMatcher: {
      owner: 'certgate',
      // VS Code requires a pattern. This one matches nothing.
      pattern: { regexp: '^\\b$', file: 1, location: 2, message: 3 },
      background: {
        activeOnStart: true,
        beginsPattern: '^The app changed and is loaded again',
        endsPattern: '^ready https:|loaded again when its files change\\.$',
      },
    },
  };
}

/**
 * Starts the watching compiler if the app has one, otherwise the build script. `certgate dev` loads the app again when
 * the compiler writes its output.
 */
function describeBuild({ scripts, packageManager }: AppToSetUp, { language }: SourceFiles): object | undefined {
  if (language === 'typescript' && /\btsc\b.*(?:\s-w|--watch)\b/.test(scripts['watch'] ?? '')) {
    return {
      label: labels.build,
      type: 'shell',
      command: `${packageManager} run watch`,
      isBackground: true,
      problemMatcher: '$tsc-watch',
    };
  }
  if (scripts['build'] === undefined) return undefined;
  const problemMatcher = language === 'typescript' ? '$tsc' : [];
  return { label: labels.build, type: 'shell', command: `${packageManager} run build`, problemMatcher };
}
