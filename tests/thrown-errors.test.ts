import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { root } from './test-support/certgate.js';

// Every error that Certgate throws at users must be a CertgateError with a code that docs/errors.md lists
// (packages/x509/src/certgate-error.ts).

/** The sources that users' programs and tests load. The tool reports to its users by exit codes instead. */
const folders = [
  'packages/x509/src',
  'packages/core/src',
  'packages/azure-functions/src',
  'packages/http/src',
  'packages/certgate/src/testing/test-process',
];

/** The places that make another error, as file and function, by the reason why no user gets that error. */
const internalErrors: Readonly<Record<string, readonly string[]>> = {
  'the decoder around it makes a value of it': ['core/encoding/strict-json refuse', 'x509/encoding/der DerError'],
  'the caller, of this library, looks at the length before': ['x509/encoding/base64 decodeBytes'],
  'the read of the trust document or of a CRL fails, and the store reports why': [
    'core/trust-sources/app-setting-source expectResolved',
    'core/trust-sources/blob-source readBlob',
    'core/trust-sources/document-bytes readCappedBody',
    'core/trust-sources/file-source statFile',
    'core/trust-sources/http-exchange getOverHttp',
    'core/trust-sources/http-exchange postOcspRequest',
    'core/trust-sources/http-exchange readBody',
    'core/trust-sources/http-exchange sendRequest',
    'core/trust-sources/trust-source TrustDocumentRefusal',
    'core/trust-sources/trust-source readWithin',
    'core/trust-sources/trust-source rewordReadFault',
    'core/trust-sources/url-source askForHeaders',
    'core/trust-sources/url-source getBody',
    'core/trust-store/crl-keeper #refreshSource',
    'core/trust-store/crl-keeper decodeList',
    'core/trust-store/crl-keeper expectMinimumNumber',
    'core/trust-store/crl-keeper getSigners',
    'core/trust-store/document-admission readAdmittedDocument',
    'core/trust-store/document-mirror #readSigned',
    'core/trust-store/document-mirror expectNoneLater',
    'core/trust-store/kept-lists add',
    'core/trust-store/refreshing-store #expectRevision',
  ],
  'trustStoreFrom makes a TrustSourceMisuse of it, which keeps the app from starting': [
    'core/trust-sources/azure-blob-client expectClasses',
    'core/trust-sources/azure-blob-client openAzureBlob',
    'core/trust-sources/azure-blob-client requireFromApp',
  ],
  'the call is refused, and the log says why': [
    'azure-functions/gate/app-gate #decide',
    'azure-functions/gate/fault-texts createSharedFault',
    'core/trust-store/trust-store TrustVersionError',
  ],
  "it is the app's own error, as the cause of one that has a code": [
    'certgate/testing/test-process/local-app-process restoreError',
  ],
};

/** The class and the function that make the errors that users get. */
const makers = ['CertgateError', 'createLocalAppError'];

interface Source {
  readonly name: string;
  readonly file: ts.SourceFile;
}

const sources: readonly Source[] = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?<!\.test)\.ts$/.test(path) && !path.includes('test-support'))
    .map((path) => {
      const whole = join(root, folder, path);
      const name = relative(join(root, 'packages'), whole)
        .split(sep)
        .join('/')
        .replace('/src/', '/')
        .replace(/\.ts$/, '');
      return { name, file: ts.createSourceFile(whole, readFileSync(whole, 'utf8'), ts.ScriptTarget.Latest, true) };
    }),
);

describe('an error that users can get', () => {
  it('is a CertgateError, unless code inside catches it', () => {
    const made = sources.flatMap(({ name, file }) => listPlainErrors(file).map((owner) => `${name} ${owner}`));
    assert.deepEqual([...new Set(made)].sort(), Object.values(internalErrors).flat().sort());
  });

  it('has one of the codes of the type, and each code is thrown and listed in docs/errors.md', () => {
    const codes = listCodesOfType();
    const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
    const [, section = ''] = page.split('\n## Errors in your own code\n');
    const rows = [...section.matchAll(/^\| `(CERTGATE_\w+)` \|/gm)].map(([, code = '']) => code);
    assert.deepEqual(rows, codes);
    const thrown = sources.flatMap(({ file }) => listThrownCodes(file));
    assert.deepEqual([...new Set(thrown)].sort(), [...codes].sort());
  });
});

const plainErrors = /^(?:Aggregate|Eval|Range|Reference|Syntax|Type|URI)?Error$/;

/** The functions and classes that make or extend a plain error. */
function listPlainErrors(file: ts.SourceFile): readonly string[] {
  return listNodes(file).flatMap((node) => {
    const isMade =
      (ts.isNewExpression(node) || ts.isCallExpression(node)) && plainErrors.test(node.expression.getText());
    const isExtended =
      ts.isHeritageClause(node) &&
      ts.isClassDeclaration(node.parent) &&
      node.types.some(({ expression }) => plainErrors.test(expression.getText()));
    const owner = isMade || isExtended ? findOwner(node) : undefined;
    return owner === undefined || makers.includes(owner) ? [] : [owner];
  });
}

function findOwner(node: ts.Node): string {
  const isNamed = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isClassDeclaration(node);
  if (isNamed && node.name !== undefined) return node.name.getText();
  if (ts.isConstructorDeclaration(node)) return `${findOwner(node.parent)}.constructor`;
  return ts.isSourceFile(node) ? 'top' : findOwner(node.parent);
}

/** The codes in the first arguments of calls that make a CertgateError. */
function listThrownCodes(file: ts.SourceFile): readonly string[] {
  return listNodes(file).flatMap((node) => {
    if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return [];
    const [first] = node.arguments ?? [];
    const isError = [...makers, 'super'].includes(node.expression.getText());
    return isError && first !== undefined ? listTexts(first) : [];
  });
}

function listTexts(node: ts.Node): readonly string[] {
  return listNodes(node).flatMap((each) =>
    ts.isStringLiteral(each) && each.text.startsWith('CERTGATE_') ? [each.text] : [],
  );
}

function listCodesOfType(): readonly string[] {
  const { file } = sources.find(({ name }) => name === 'x509/certgate-error')!;
  const type = file.statements.find(
    (each) => ts.isTypeAliasDeclaration(each) && each.name.text === 'CertgateErrorCode',
  );
  return listTexts(type!);
}

function listNodes(node: ts.Node): readonly ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (each: ts.Node): void => {
    nodes.push(each);
    ts.forEachChild(each, visit);
  };
  visit(node);
  return nodes;
}
