// azure-sdk/: finds the packages of Azure's SDK that the user installed, and reads the errors that they throw.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ToolFailure } from '#local/tool-failure.js';

/** The versions that this tool was tested with. */
const testedVersions = {
  '@azure/identity': '4.13.1',
  '@azure/keyvault-keys': '4.10.2',
  '@azure/storage-blob': '12.32.0',
} as const;

export type AzurePackageName = keyof typeof testedVersions;

/** Something that the user asked for, and the packages of Azure that it needs. */
export interface AzureNeed {
  /** The first words of a message, e.g. `A store in a blob`. */
  readonly subject: string;
  readonly packages: readonly AzurePackageName[];
}

/** The part of `@azure/identity` that this tool uses. */
export interface AzureIdentityPackage {
  readonly DefaultAzureCredential: new () => object;
}

/**
 * Loads a package of Azure. Such packages are not among this tool's dependencies: most users keep trust and keys in
 * files, and the packages are many megabytes. They are looked for where the tool is installed, then in the working
 * folder.
 *
 * @throws {ToolFailure} if the package is not installed or lacks one of the `classes`, with the command that installs
 * it.
 */
export function loadAzurePackage(
  name: AzurePackageName,
  classes: readonly string[],
  folder: string,
  need: AzureNeed,
): unknown {
  const found = requireFrom(import.meta.url, name) ?? requireFrom(join(folder, 'package.json'), name);
  if (found === undefined) {
    throw new ToolFailure(`${need.subject} needs the package ${name}, which is not installed.`, {
      remedy: describeInstallation(need),
    });
  }
  const exported = found as Readonly<Record<string, unknown>>;
  const absent = classes.find((each) => typeof exported[each] !== 'function');
  if (absent === undefined) return exported;
  throw new ToolFailure(`The installed ${name} has no ${absent}, so this tool can't use its version.`, {
    remedy: describeInstallation(need),
  });
}

export function loadAzureIdentity(folder: string, need: AzureNeed): AzureIdentityPackage {
  return loadAzurePackage('@azure/identity', ['DefaultAzureCredential'], folder, need) as AzureIdentityPackage;
}

function requireFrom(place: string, name: AzurePackageName): unknown {
  const require = createRequire(place);
  let path: string;
  try {
    path = require.resolve(name);
  } catch (fault) {
    if (fault instanceof Error && 'code' in fault && fault.code === 'MODULE_NOT_FOUND') return undefined;
    throw fault;
  }
  return require(path);
}

function describeInstallation({ packages }: AzureNeed): string {
  return `npm install --save-dev ${packages.map((name) => `${name}@${testedVersions[name]}`).join(' ')}`;
}
