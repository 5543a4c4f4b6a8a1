import { readFileSync, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { ValidationProfile } from '@certgate/x509/path';
import { readFolderSuite } from './folder-suite.js';
import { JsonFields } from './json-fields.js';
import { readLimboSuite } from './limbo-suite.js';
import { type Suite, SuiteError } from './suite.js';

/** The number of folder levels below the given folder that are searched for suites. */
const deepest = 3;

/**
 * The suites at a path, recognized by their form: the suite in a file, or those in a folder and in the folders inside
 * it.
 */
export function findSuites(path: string, profile: ValidationProfile | undefined): readonly Suite[] {
  const suites = isFolder(path) ? searchFolder(path, profile, deepest) : [readSuite(path, profile)];
  const found = suites.filter((suite) => suite !== undefined);
  if (found.length === 0) throw new SuiteError(`${path} holds no suite of a known form (see conformance/README.md).`);
  return found;
}

function isFolder(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new SuiteError(`${path} does not exist.`);
  return stats.isDirectory();
}

function searchFolder(
  folder: string,
  profile: ValidationProfile | undefined,
  depth: number,
): readonly (Suite | undefined)[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((left, right) => (left.name < right.name ? -1 : 1));
  const files = entries.filter((entry) => entry.isFile() && extname(entry.name) === '.json');
  const folders = depth === 0 ? [] : entries.filter((entry) => entry.isDirectory() && entry.name !== 'node_modules');
  return [
    ...files.map(({ name }) => readSuite(join(folder, name), profile)),
    ...folders.flatMap(({ name }) => searchFolder(join(folder, name), profile, depth - 1)),
  ];
}

/** The suite in a JSON file. Undefined if the file is not a suite, because a folder may contain other JSON. */
function readSuite(path: string, profile: ValidationProfile | undefined): Suite | undefined {
  const content = parse(path);
  if (typeof content !== 'object' || content === null) return undefined;
  const [case_] = 'testcases' in content && Array.isArray(content.testcases) ? (content.testcases as unknown[]) : [];
  if (hasKeys(case_, 'peer_certificate', 'trusted_certs')) {
    return readLimboSuite(path, new JsonFields(content, path), profile);
  }
  const [test] = 'tests' in content && Array.isArray(content.tests) ? (content.tests as unknown[]) : [];
  if (hasKeys(test, 'target', 'trustAnchor')) return readFolderSuite(path, new JsonFields(content, path), profile);
  return undefined;
}

function hasKeys(value: unknown, ...keys: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && keys.every((key) => key in value);
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    throw new SuiteError(`${path} can't be read as JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
}
