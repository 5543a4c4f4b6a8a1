import { dirname, join } from 'node:path';
import { anyPolicy, type PolicyInputs, type ValidationProfile } from '@certgate/x509/path';
import type { JsonFields } from './json-fields.js';
import { readDerFile } from './pem.js';
import { type CaseMaterial, type ConformanceCase, type Suite, noPeerExpectation } from './suite.js';

/**
 * Reads a suite of the form `pkits` or `ocsp`: a `tests.json` that names files in its folder. Only tests of the form
 * `ocsp` have OCSP responses.
 */
export function readFolderSuite(source: string, content: JsonFields, profile: ValidationProfile | undefined): Suite {
  const tests = content.listObjects('tests');
  const form = tests.some((test) => test.has('ocspResponses')) ? 'ocsp' : 'pkits';
  return {
    form,
    title: content.findText('suite') ?? (form === 'ocsp' ? 'OCSP responses' : 'certification paths'),
    source,
    // Both suites are old: they use SHA-1, small keys and basic constraints that are not critical. So they are run in the
    // profile of RFC 5280, unless another one is given.
    profile: profile ?? 'rfc5280',
    cases: tests.map((test) => readCase(test, dirname(source))),
  };
}

function readCase(test: JsonFields, folder: string): ConformanceCase {
  const id = test.getText('id');
  const isValid = test.getBoolean('valid');
  const material = readMaterial(test, folder);
  return {
    id,
    section: listSection(test, id),
    isValid,
    expectedPolicies: isValid ? test.findTexts('expectedUserConstrainedPolicySet') : undefined,
    material,
    now: test.findInstant('validationTime') ?? test.findInstant('time'),
    revocation: chooseRevocation(material),
    purposes: [],
    policies: readPolicies(test),
    maximumIntermediates: undefined,
    peer: noPeerExpectation,
  };
}

function readMaterial(test: JsonFields, folder: string): CaseMaterial {
  const readAll = (paths: readonly string[]): readonly Uint8Array[] =>
    paths.map((path) => readDerFile(join(folder, path)));
  return {
    target: readDerFile(join(folder, test.getText('target'))),
    trustAnchors: readAll([test.getText('trustAnchor')]),
    intermediates: readAll(test.findTexts('pathIntermediates') ?? test.listTexts('intermediates')),
    crlSigners: readAll(test.listTexts('extraCerts')),
    crls: readAll(test.listTexts('crls')),
    ocspResponses: readAll(test.listTexts('ocspResponses')),
  };
}

/**
 * What must be known about revocation. With CRLs, it is the status of every certificate. The OCSP tests let a
 * certificate without a response pass ("soft"), but one with a response needs a good one. So a response for each
 * certificate means that all are asked about, and fewer mean that only the last one is.
 */
function chooseRevocation({ crls, ocspResponses, intermediates }: CaseMaterial): ConformanceCase['revocation'] {
  if (crls.length > 0) return 'chain';
  if (ocspResponses.length === 0) return 'off';
  return ocspResponses.length > intermediates.length ? 'chain' : 'end-entity';
}

function readPolicies(test: JsonFields): PolicyInputs {
  return {
    initialPolicySet: test.findTexts('initialPolicySet') ?? [anyPolicy],
    initialExplicitPolicy: test.findBoolean('initialExplicitPolicy') ?? false,
    initialPolicyMappingInhibit: test.findBoolean('initialPolicyMappingInhibit') ?? false,
    initialAnyPolicyInhibit: test.findBoolean('initialInhibitAnyPolicy') ?? false,
  };
}

function listSection(test: JsonFields, id: string): string {
  const section = test.findText('section');
  if (section !== undefined) return [section, test.findText('sectionTitle') ?? ''].join(' ').trim();
  return id.startsWith('delegated') ? 'delegated responder' : id.startsWith('direct') ? 'direct responder' : 'all';
}
