import { clientAuthentication } from '@certgate/x509';
import type { ValidationProfile } from '@certgate/x509/path';
import type { JsonFields } from './json-fields.js';
import { readPem } from './pem.js';
import { type ConformanceCase, type PeerName, type Suite, SuiteError } from './suite.js';

const usages: Readonly<Record<string, string>> = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: clientAuthentication,
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
};

/** Reads x509-limbo's published schema (version 1), which has all material as PEM inside one file. */
export function readLimboSuite(source: string, content: JsonFields, profile: ValidationProfile = 'strict'): Suite {
  const cases = content.listObjects('testcases').map(readCase);
  return { form: 'limbo', title: 'x509-limbo', source, profile, cases };
}

function readCase(test: JsonFields): ConformanceCase {
  const id = test.getText('id');
  const crls = readAll(test, 'crls');
  return {
    id,
    section: id.includes('::') ? id.slice(0, id.lastIndexOf('::')) : 'all',
    isValid: readExpectation(test),
    expectedPolicies: undefined,
    material: {
      target: readPem(Buffer.from(test.getText('peer_certificate')), test.where),
      trustAnchors: readAll(test, 'trusted_certs'),
      intermediates: readAll(test, 'untrusted_intermediates'),
      crlSigners: [],
      crls,
      ocspResponses: [],
    },
    now: test.findInstant('validation_time'),
    revocation: crls.length === 0 ? 'off' : 'chain',
    purposes: readPurposes(test),
    policies: undefined,
    maximumIntermediates: test.findNumber('max_chain_depth'),
    peer: { names: readPeerNames(test), keyUsage: test.listTexts('key_usage') },
  };
}

function readAll(test: JsonFields, key: string): readonly Uint8Array[] {
  return test.listTexts(key).map((pem) => readPem(Buffer.from(pem), `${test.where}, ${key}`));
}

function readExpectation(test: JsonFields): boolean {
  const result = test.getText('expected_result');
  if (result === 'SUCCESS') return true;
  if (result === 'FAILURE') return false;
  throw new SuiteError(`${test.where}: "expected_result" is neither SUCCESS nor FAILURE.`);
}

/**
 * The extended key usages that a case requires. If it names none, the validator requires the usage of the peer's role.
 */
function readPurposes(test: JsonFields): readonly string[] {
  const named = test.listTexts('extended_key_usage');
  if (named.length > 0) return named.map((usage) => usages[usage] ?? usage);
  return [test.findText('validation_kind') === 'CLIENT' ? clientAuthentication : (usages['serverAuth'] ?? '')];
}

function readPeerNames(test: JsonFields): readonly PeerName[] {
  const single = test.findObject('expected_peer_name');
  return [...(single === undefined ? [] : [single]), ...test.listObjects('expected_peer_names')].map((name) => {
    const kind = name.getText('kind');
    if (kind !== 'DNS' && kind !== 'IP' && kind !== 'RFC822') {
      throw new SuiteError(`${name.where}: the kind ${kind} of peer name is unknown.`);
    }
    return { kind, value: name.getText('value') };
  });
}
