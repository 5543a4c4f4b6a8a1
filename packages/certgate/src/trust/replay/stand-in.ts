import {
  createTrustSnapshot,
  decideAccess,
  type Decision,
  type DeniedCertificate,
  type FunctionRequirement,
  type PinKind,
  pinKinds,
  presentCertificate,
  type TrustedIdentity,
  type TrustName,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { id_kp_clientAuth, id_kp_serverAuth } from '@peculiar/asn1-x509';
import { createEndEntityExtensions } from '../../certificates/structure/create-extensions.js';
import { generateKeyPair } from '../../certificates/structure/key-pair.js';
import { createDistinguishedName } from '../../certificates/structure/subject-name.js';
import { writeCertificate } from '../../certificates/structure/write-certificate.js';

/** What a certificate is recognised by: a pin, or a name under an authority. */
export interface TrustEntry {
  readonly identity: TrustedIdentity;
  readonly pin?: TrustPin | undefined;
  readonly trustName?: TrustName | undefined;
}

/** `server`: without clientAuth, so that a pin must accept it. */
export type CertificateUse = 'client' | 'server';

/** More can't match at once: a stand-in has one value for each kind of pin. */
export const maximumEntries: number = pinKinds.length;

export interface StandInQuestion {
  /** The proposed document. */
  readonly trust: TrustSnapshot;
  /** The entries that the caller's certificate matches there, with a valid path where they need one. */
  readonly entries: readonly TrustEntry[];
  /** Its entry of the deny list. */
  readonly denied: DeniedCertificate | undefined;
  readonly use: CertificateUse;
  readonly requirement: FunctionRequirement;
  readonly now: number;
}

/**
 * The gate's own decision. A line of the log holds no certificate, so another one takes its place: the entries that match
 * the caller's become pins of this one, with all that the document says of them.
 */
export function decideStandIn({ trust, entries, denied, use, requirement, now }: StandInQuestion): Decision {
  const standIn = getStandIn(use);
  const { revision, audience, locked } = trust;
  const placed = createTrustSnapshot({
    ...{ revision, audience, warnings: [], locked },
    identities: placeEntries(entries, standIn.values),
    denied: {
      thumbprintsSha256: new Map(denied === undefined ? [] : [[standIn.values.thumbprintSha256, denied]]),
      serialNumbers: new Map(),
    },
  });
  return decideAccess({ header: standIn.header, trust: placed, requirement, now });
}

function placeEntries(
  entries: readonly TrustEntry[],
  values: Readonly<Record<PinKind, string>>,
): readonly TrustedIdentity[] {
  const placed = new Map<TrustedIdentity, TrustPin[]>();
  for (const [index, { identity, pin = plainPin }] of entries.entries()) {
    const kind = pinKinds[index];
    if (kind === undefined) throw new Error(`More than ${maximumEntries} entries can't match at once.`);
    const pins = placed.get(identity) ?? [];
    placed.set(identity, [...pins, { ...pin, kind, value: values[kind], issuedBy: undefined }]);
  }
  return [...placed].map(([identity, pins]) => ({ ...identity, names: [], pins }));
}

/** A name has no window of its own. */
const plainPin: Omit<TrustPin, 'kind' | 'value'> = {
  issuedBy: undefined,
  enabled: true,
  notBefore: undefined,
  notAfter: undefined,
  acceptWithoutClientAuth: undefined,
};

interface StandIn {
  readonly header: string;
  readonly values: Readonly<Record<PinKind, string>>;
}

const standIns = new Map<CertificateUse, StandIn>();

/** Fit at any time; its key is used for nothing else. */
function getStandIn(use: CertificateUse): StandIn {
  const known = standIns.get(use);
  if (known !== undefined) return known;
  const keyPair = generateKeyPair('ec-p256');
  const subject = createDistinguishedName({ commonName: 'stand-in' });
  const usage = use === 'client' ? id_kp_clientAuth : id_kp_serverAuth;
  const { certificateDer } = writeCertificate({
    ...{ subject, keyPair, issuer: subject, issuerKey: keyPair.privateKey },
    period: { notBefore: new Date(Date.UTC(1950, 0)), notAfter: new Date(Date.UTC(9999, 11, 31)) },
    extensions: createEndEntityExtensions(keyPair.publicKey, {
      extendedKeyUsages: [usage],
      subjectAlternativeNames: [],
    }),
  });
  const { thumbprintSha256, thumbprintSha1, publicKeySha256 = '' } = presentCertificate(certificateDer);
  const made = {
    header: Buffer.from(certificateDer).toString('base64'),
    values: { thumbprintSha256, thumbprintSha1, publicKeySha256 },
  };
  standIns.set(use, made);
  return made;
}
