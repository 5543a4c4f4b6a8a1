import type { TemporaryFolder } from '../../../certificates/test-support/openssl.js';
import {
  type Made,
  type MakeRequest,
  authorityExtensions,
  clientExtensions,
  makeBundle,
  makeCertificate,
  makeList,
} from './issued-material.js';

export interface Case {
  readonly leaf: Made;
  /** Undefined: valid. */
  readonly code?: string;
  readonly at?: string;
  readonly options?: readonly string[];
  /** Where openssl answers otherwise: why. */
  readonly opensslDiffers?: string;
}

type SceneCases = Readonly<Record<CaseName, Case>>;

type CaseName =
  | 'good'
  | 'expired leaf'
  | 'not yet valid leaf'
  | 'revoked'
  | 'wrong usage'
  | 'another key under the issuer’s name'
  | 'an issuer that nobody has'
  | 'name within the limits'
  | 'name outside the limits'
  | 'expired intermediate'
  | 'lists that are over'
  | 'SHA-1'
  | 'without an authority key identifier';

export interface IssuedScene {
  readonly issuing: Made;
  /** The lists of the root, of `issuing` and of the CA with limits. */
  readonly lists: readonly string[];
  readonly files: Readonly<Record<'anchors' | 'untrusted' | 'uncrossed' | 'lists', string>>;
  readonly cases: SceneCases;
}

/** A root, two CAs below it, one of them cross-certified by a root that nobody trusts, and leaves that differ in one thing. */
export function makeIssuedScene(folder: TemporaryFolder): IssuedScene {
  const make = (name: string, request: MakeRequest): Made => makeCertificate(folder, name, request);

  const root = make('root', {});
  const otherRoot = make('other-root', {});
  const issuing = make('issuing', {
    issuer: root,
    extensions: [...authorityExtensions, 'extendedKeyUsage=clientAuth'],
  });
  // The same name and key under another root: a path that leads nowhere here.
  const crossed = make('issuing-crossed', { issuer: otherRoot, key: issuing.key, commonName: 'issuing' });
  const limited = make('limited', {
    issuer: root,
    extensions: [...authorityExtensions, 'nameConstraints=critical,permitted;DNS:corp.example'],
    until: '20280101000000Z',
  });
  const impostor = make('impostor', { issuer: otherRoot, commonName: 'issuing' });
  const leaf = (name: string, request: MakeRequest = {}): Made =>
    make(name, { issuer: issuing, extensions: clientExtensions, ...request });
  const named = (host: string): readonly string[] => [...clientExtensions, `subjectAltName=DNS:${host}`];
  const good = leaf('good');
  const revoked = leaf('revoked');
  const serverOnly = clientExtensions.map((line) => line.replace('clientAuth', 'serverAuth'));
  const lists = [makeList(folder, root, []), makeList(folder, issuing, [revoked]), makeList(folder, limited, [])];
  const files = {
    anchors: root.certificate,
    untrusted: makeBundle(folder, 'untrusted.pem', [crossed.certificate, issuing.certificate, limited.certificate]),
    // openssl takes the first issuer that fits, and never goes back to try another.
    uncrossed: makeBundle(folder, 'uncrossed.pem', [issuing.certificate, limited.certificate]),
    lists: makeBundle(folder, 'lists.pem', lists),
  };
  const inside = leaf('inside', { issuer: limited, extensions: named('billing.corp.example') });
  const cases: SceneCases = {
    good: { leaf: good },
    'expired leaf': { leaf: leaf('expired', { until: '20270101000000Z' }), code: 'path_certificate_expired' },
    'not yet valid leaf': { leaf: leaf('early', { from: '20270301000000Z' }), code: 'path_certificate_not_yet_valid' },
    revoked: { leaf: revoked, code: 'certificate_revoked' },
    'wrong usage': {
      leaf: leaf('server', { extensions: serverOnly }),
      code: 'path_extended_key_usage_unsuitable',
    },
    'another key under the issuer’s name': {
      leaf: leaf('imitation', { issuer: impostor }),
      code: 'path_signature_invalid',
      options: ['--revocation', 'off'],
    },
    'an issuer that nobody has': { leaf: leaf('stranger', { issuer: otherRoot }), code: 'path_not_found' },
    'name within the limits': { leaf: inside },
    'name outside the limits': {
      leaf: leaf('outside', { issuer: limited, extensions: named('billing.example') }),
      code: 'path_name_not_permitted',
    },
    'expired intermediate': {
      leaf: inside,
      at: '2028-01-15T00:00:00Z',
      code: 'path_certificate_expired',
      options: ['--revocation', 'off'],
    },
    'lists that are over': { leaf: good, at: '2027-02-15T00:00:00Z', code: 'revocation_unavailable' },
    'SHA-1': {
      leaf: leaf('sha1', { digest: 'sha1' }),
      code: 'path_algorithm_too_weak',
      opensslDiffers: 'openssl takes SHA-1 at its default level of security, which is not asked by -x509_strict',
    },
    'without an authority key identifier': {
      leaf: leaf('bare', { extensions: ['authorityKeyIdentifier=none', ...clientExtensions] }),
      code: 'path_certificate_malformed',
    },
  };
  return { issuing, lists, files, cases };
}
