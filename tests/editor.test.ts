import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { acceptedDocuments, refusedDocuments, sha1, sha256 } from '@certgate/core/test-support/document-corpus.js';
import vscode from 'vscode-json-languageservice';
import { root, runCertgateHere } from './test-support/certgate.js';

// Tests what a user sees who opens a trust document in VS Code. VS Code's JSON language service finds the schema
// through the document's own `$schema`, in an adapter that npm installed next to it. bundles.test.ts tests which files
// npm packs.

const { TextDocument } = vscode;
/** VS Code gives the service these two functions. The service resolves `$schema` relative to the document's address. */
const service = vscode.getLanguageService({
  schemaRequestService: (uri) => readFile(fileURLToPath(uri), 'utf8'),
  workspaceContext: { resolveRelativePath: (path, resource) => new URL(path, resource).href },
});

let temporary: string;
before(() => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-editor-'));
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/** Makes a new folder in which the adapters are installed. */
function makeApp(...adapters: readonly string[]): string {
  const folder = mkdtempSync(join(temporary, 'app-'));
  mkdirSync(join(folder, 'node_modules', '@certgate'), { recursive: true });
  for (const name of adapters) {
    symlinkSync(join(root, 'packages', name), join(folder, 'node_modules', '@certgate', name), 'junction');
  }
  return folder;
}

interface WrittenDocument {
  readonly $schema?: string;
  readonly revision: number;
}

async function createDocument(folder: string, file = 'trust.json'): Promise<WrittenDocument> {
  const { exitCode, stderr } = await runCertgateHere(['trust', 'init', '--store', file, '--reason', 'first'], folder);
  assert.equal(exitCode, 0, stderr);
  return readDocument(join(folder, file));
}

function readDocument(file: string): WrittenDocument {
  return JSON.parse(readFileSync(file, 'utf8')) as WrittenDocument;
}

interface Opened {
  readonly text: vscode.TextDocument;
  readonly parsed: vscode.JSONDocument;
}

function open(folder: string, content: string): Opened {
  const text = TextDocument.create(pathToFileURL(join(folder, 'trust.json')).href, 'json', 1, content);
  return { text, parsed: service.parseJSONDocument(text) };
}

async function listProblems(folder: string, document: unknown): Promise<readonly string[]> {
  const { text, parsed } = open(folder, JSON.stringify(document));
  return (await service.doValidation(text, parsed)).map(({ message }) =>
    typeof message === 'string' ? message : message.value,
  );
}

/** The completions that the editor offers at the caret `|`. */
async function complete(folder: string, content: string): Promise<readonly string[]> {
  const { text, parsed } = open(folder, content.replace('|', ''));
  const list = await service.doComplete(text, text.positionAt(content.indexOf('|')), parsed);
  return (list?.items ?? []).map(({ label }) => label);
}

describe('trust init', () => {
  it("names the schema of the installed adapter, relative to the document's folder", async () => {
    const functions = makeApp('azure-functions', 'http');
    const { $schema } = await createDocument(functions);
    assert.equal($schema, './node_modules/@certgate/azure-functions/trust.schema.json');
    const http = makeApp('http');
    assert.equal((await createDocument(http)).$schema, './node_modules/@certgate/http/trust.schema.json');
    mkdirSync(join(http, 'config', 'trust'), { recursive: true });
    const below = await createDocument(http, join('config', 'trust', 'trust.json'));
    assert.equal(below.$schema, '../../node_modules/@certgate/http/trust.schema.json');
  });

  it('names no schema if no adapter is installed', async () => {
    assert.ok(!('$schema' in (await createDocument(makeApp()))));
  });

  it('writes $schema as the first key, and later changes keep it', async () => {
    const folder = makeApp('azure-functions');
    const before = await createDocument(folder);
    const add = ['trust', 'add', 'billing', '--thumbprint-sha256', sha256, '--reason', 'x', '--store', 'trust.json'];
    assert.equal((await runCertgateHere(add, folder)).exitCode, 0);
    const after = readDocument(join(folder, 'trust.json'));
    assert.deepEqual([Object.keys(after)[0], after.$schema, after.revision], ['$schema', before.$schema, 2]);
  });
});

describe('VS Code, for a document that trust init wrote', () => {
  let folder: string;
  let document: WrittenDocument;
  before(async () => {
    folder = makeApp('azure-functions');
    document = await createDocument(folder);
  });
  const write = (identities: string): string =>
    JSON.stringify({ ...document, identities: [] }).replace('"identities":[]', `"identities":[${identities}]`);

  it('finds nothing wrong in it, or in any document that apps accept', async () => {
    assert.deepEqual(await listProblems(folder, document), []);
    for (const [what, accepted] of acceptedDocuments) {
      const problems = await listProblems(folder, { ...accepted, $schema: document.$schema });
      // The schema warns about SHA-1, but apps accept it.
      const others = problems.filter((message) => !message.startsWith('A SHA-1 thumbprint is accepted for migration'));
      assert.deepEqual(others, [], what);
    }
  });

  it('finds a problem in each document that the schema can refuse', async () => {
    const unseen = [];
    for (const { what, document: refused, isSeenBySchema } of refusedDocuments) {
      if (!isSeenBySchema || typeof refused !== 'object' || refused === null || Array.isArray(refused)) continue;
      if ('$schema' in refused) continue;
      const problems = await listProblems(folder, { ...refused, $schema: document.$schema });
      if (problems.length === 0) unseen.push(what);
    }
    assert.deepEqual(unseen, []);
  });

  it('offers the keys of an identity and of a pin, except those of SHA-1', async () => {
    const identity = await complete(folder, write('{"name":"billing",|}'));
    const keys = ['enabled', 'expiresAt', 'functions', 'names', 'owner', 'pins', 'reason', 'roles'];
    assert.deepEqual([...identity].sort(), keys);
    const pin = await complete(folder, write('{"name":"billing","roles":[],"pins":[{|}]}'));
    for (const key of ['thumbprintSha256', 'publicKeySha256', 'issuedBy', 'notAfter'])
      assert.ok(pin.includes(key), key);
    assert.ok(!pin.includes('thumbprintSha1'));
  });

  it('offers a complete caller, and the values of a key with choices', async () => {
    assert.ok((await complete(folder, write('|'))).includes('A caller with one certificate'));
    const authorities = `{"$schema":${JSON.stringify(document.$schema)},"authorities":[{"revocation":{"mode":|}}]}`;
    assert.deepEqual(
      (await complete(folder, authorities)).filter((label) => label.startsWith('"')),
      ['"required"', '"when-available"', '"off"'],
    );
  });

  it('explains a key under the pointer', async () => {
    const content = write('{"name":"billing","roles":[]}');
    const { text, parsed } = open(folder, content);
    const hover = await service.doHover(text, text.positionAt(content.indexOf('"roles"') + 2), parsed);
    assert.match(JSON.stringify(hover?.contents), /The roles that functions require/);
  });

  it('names an unknown key, and says in words what a value must be', async () => {
    const found = async (identity: object): Promise<readonly string[]> =>
      listProblems(folder, { ...document, identities: [{ name: 'billing', roles: [], ...identity }] });
    assert.deepEqual(await found({ role: [] }), ['Property role is not allowed.']);
    assert.deepEqual(await found({ pins: [{ thumbprintSha256: sha1 }] }), [
      'It must have 64 hexadecimal digits, as a SHA-256 hash has; colons and spaces are allowed.',
    ]);
    assert.deepEqual(await found({ expiresAt: '2027-03-01' }), [
      'It must be a time in UTC, such as 2027-03-01T00:00:00Z.',
    ]);
    assert.deepEqual(await found({ pins: [{ thumbprintSha1: sha1 }] }), [
      'A SHA-1 thumbprint is accepted for migration only. Replace it with thumbprintSha256.',
    ]);
  });
});
