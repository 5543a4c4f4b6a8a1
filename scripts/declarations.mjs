// Makes one declaration file with all that an entry's types need, by api-extractor, and in the same folder the entry's
// API report. The report lists what the entry exports. tests/api-reports.test.ts compares it with the report in the
// package's api/ folder. Types of another package stay imports from that package.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';

/** The entries of a package: for each, its compiled declarations, and the files that are published from them. */
function listEntries(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.values(exports).flatMap((conditions) => {
    if (conditions.import !== undefined) {
      const name = basename(conditions.import.types, '.d.mts');
      return [{ name, source: `esm/${name}.d.ts`, files: [conditions.import.types, conditions.require.types] }];
    }
    if (conditions.types === undefined) return [];
    const name = basename(conditions.types, '.d.cts');
    return [{ name, source: `esm/${name}.d.ts`, files: [conditions.types] }];
  });
}

/** Rolls up the declarations of a package, unless its compiled declarations have not changed since the last time. */
export function rollUpDeclarations(folder) {
  const entries = listEntries(folder);
  const stampFile = join(folder, 'dist/declarations.stamp');
  const stamp = hashDeclarations(folder);
  const made = entries.flatMap(({ files }) => files.map((file) => join(folder, file)));
  if (readIfThere(stampFile) === stamp && made.every((file) => existsSync(file))) return;
  // Also removes the reports of entries that no longer exist.
  rmSync(join(folder, 'dist/api'), { recursive: true, force: true });
  mkdirSync(join(folder, 'dist/api'), { recursive: true });
  const configs = entries.map((entry) => configure(folder, entry));
  const compilerState = CompilerState.create(configs[0], {
    additionalEntryPoints: configs.slice(1).map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
  });
  for (const [index, { files }] of entries.entries()) {
    const config = configs[index];
    const { succeeded } = Extractor.invoke(config, { compilerState, localBuild: true, messageCallback: muteProgress });
    const rollup = readFileSync(config.untrimmedFilePath, 'utf8');
    for (const file of files) writeIfChanged(join(folder, file), rollup);
    if (!succeeded) throw new Error(`api-extractor found faults in ${config.mainEntryPointFilePath}.`);
  }
  writeFileSync(stampFile, stamp);
}

function configure(folder, { name, source }) {
  const { name: packageName } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return ExtractorConfig.prepare({
    packageJsonFullPath: join(folder, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, 'dist', source),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2022',
            lib: ['es2023'],
            module: 'nodenext',
            moduleResolution: 'nodenext',
            types: ['node'],
            strict: true,
            skipLibCheck: true,
            // An entry that imports another entry of its package by name keeps the import, like that of any installed
            // package.
            paths: { [packageName]: [`../../node_modules/${packageName}/dist/index.d.mts`] },
          },
          include: [`dist/${dirname(source)}/*.d.ts`],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(folder, 'dist/api'),
        reportTempFolder: join(folder, 'dist/api/new'),
        includeForgottenExports: false,
      },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: join(folder, 'dist/api', `${name}.d.ts`) },
      newlineKind: 'lf',
      // These messages are not needed, because the compiler, ESLint and TypeDoc report problems of the sources.
      messages: {
        compilerMessageReporting: { default: { logLevel: 'none' } },
        extractorMessageReporting: { default: { logLevel: 'none' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
}

function muteProgress(message) {
  if (message.logLevel !== 'error') message.handled = true;
}

function hashDeclarations(folder) {
  const hash = createHash('sha256').update(readFileSync(join(folder, 'package.json')));
  const files = readdirSync(join(folder, 'dist'), { recursive: true }).filter((file) =>
    /^esm\b.*(?<!\.test)\.d\.ts$/.test(file),
  );
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(folder, 'dist', file)));
  return hash.digest('hex');
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function writeIfChanged(file, text) {
  if (readIfThere(file) !== text) writeFileSync(file, text);
}
