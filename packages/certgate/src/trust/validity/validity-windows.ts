import { X509Certificate } from 'node:crypto';
import {
  findDeniedIssued,
  findEntryWindows,
  findIssuingAuthorities,
  findNominations,
  findPinSpan,
  formatInstant,
  isEndingSoon,
  isPinDenied,
  type ListedEntry,
  listNames,
  loadPathValidation,
  type PinKind,
  presentCertificate,
  type TrustedAuthority,
  type TrustedIdentity,
  type TrustName,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import type { StoredAuthority } from '../../certificates/authority/load-authority.js';
import { toWrittenEnd } from '../../texts/time-words.js';
import type { ValidityWindow } from '../views/page-views.js';
import type { CertificateFolder, KnownCertificate } from '../import/certificate-folder.js';
import { type TimeSpan, mergeSpans } from '../../log/coverage/time-span.js';

/** A trust document, and what else is known of its certificates. */
export interface WindowFacts {
  readonly snapshot: TrustSnapshot;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly at: number;
  /** Certificates at hand: a pin is a hash, and doesn't tell when its certificate begins and ends. */
  readonly folder?: CertificateFolder | undefined;
  /** Authorities of one's own, whose registers say what they issued. */
  readonly authorities?: readonly Pick<StoredAuthority, 'certificateDer' | 'register'>[] | undefined;
}

/** A window with its times as numbers. `isDisabled`: it admits nobody, whatever the time is. */
export interface IdentityWindow extends TimeSpan, Pick<ValidityWindow, 'kind' | 'label' | 'thumbprint'> {
  readonly isDisabled: boolean;
}

const always: TimeSpan = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };

/** What an identity is recognised by, and when: its pins, then its certificates at hand, then its names. */
export function listIdentityWindows(
  identity: TrustedIdentity,
  { snapshot }: WindowFacts,
  { spans, issued }: CertificatesAtHand,
): readonly IdentityWindow[] {
  const pinned = new Set(identity.pins.map(({ value }) => value));
  return [
    ...identity.pins.flatMap((pin) => describePinWindows(identity, pin, { snapshot, spans })),
    ...(issued.get(identity) ?? [])
      .filter(({ certificate }) => !pinned.has(certificate.hashes.thumbprintSha256))
      .flatMap((each) => describeIssuedWindows(identity, each, snapshot)),
    ...identity.names.flatMap((name) => describeNameWindows(identity, name, snapshot)),
  ];
}

const pinLabels: Readonly<Record<PinKind, string>> = {
  thumbprintSha256: 'pin',
  thumbprintSha1: 'SHA-1 pin',
  publicKeySha256: 'key pin',
};

function describePinWindows(
  identity: TrustedIdentity,
  pin: TrustPin,
  { snapshot, spans }: Pick<WindowFacts, 'snapshot'> & Pick<CertificatesAtHand, 'spans'>,
): readonly IdentityWindow[] {
  const { kind, value } = pin;
  const { validFrom: from, validUntil: until } = findPinSpan(pin);
  // Another certificate of the same key may begin earlier and end later.
  const own = (kind === 'publicKeySha256' ? undefined : spans.get(value)) ?? always;
  const windows = listOpen(snapshot, { identity, pin }, own);
  const isOff = !identity.enabled || !pin.enabled;
  const note = windows.length > 0 || isOff ? '' : isPinDenied(snapshot, pin) ? ', denied' : ', never opens';
  return showWindows(
    windows,
    { from, until },
    {
      kind: 'pin',
      label: `${pinLabels[kind]} ${value.slice(0, 8)}…${note}`,
      thumbprint: kind === 'publicKeySha256' ? null : value,
    },
  );
}

/** The intervals in which the document lets the entry admit, within the limit. */
function listOpen(snapshot: TrustSnapshot, entry: ListedEntry, limit: TimeSpan): readonly TimeSpan[] {
  return mergeSpans(
    findEntryWindows(snapshot, entry).map(({ validFrom, validUntil }) => ({
      from: Math.max(validFrom, limit.from),
      until: Math.min(toWrittenEnd(validUntil), limit.until),
    })),
  );
}

/** Shows the span as it is written if there is no window. */
function showWindows(
  windows: readonly TimeSpan[],
  { from, until }: TimeSpan,
  shown: Pick<ValidityWindow, 'kind' | 'label' | 'thumbprint'>,
): readonly IdentityWindow[] {
  return windows.length === 0
    ? [{ ...shown, isDisabled: true, from, until: Math.max(from, until) }]
    : windows.map((window) => ({ ...shown, isDisabled: false, ...window }));
}

/** A certificate at hand that an authority of the document signed, with a name that is bound to an identity. */
interface IssuedCertificate {
  readonly certificate: KnownCertificate;
  readonly subject: string;
  readonly trustName: TrustName;
  readonly isDenied: boolean;
}

/** What folders and registers tell of certificates that the document knows by a hash or by a name. */
export interface CertificatesAtHand {
  /** By SHA-256 or SHA-1 thumbprint. */
  readonly spans: ReadonlyMap<string, TimeSpan>;
  readonly issued: ReadonlyMap<TrustedIdentity, readonly IssuedCertificate[]>;
}

export function listCertificatesAtHand(facts: WindowFacts): CertificatesAtHand {
  const registered = (facts.authorities ?? []).flatMap(({ register }) => register.issued);
  const spans = new Map<string, TimeSpan>();
  for (const { thumbprintSha256, notBefore, notAfter } of registered) {
    spans.set(thumbprintSha256, { from: Date.parse(notBefore), until: Date.parse(notAfter) });
  }
  for (const { hashes, ...certificate } of facts.folder?.certificates ?? []) {
    spans.set(hashes.thumbprintSha256, toSpan(certificate)).set(hashes.thumbprintSha1, toSpan(certificate));
  }
  return { spans, issued: findIssuedCertificates(facts) };
}

/** By identity. A signature is verified here; whether the whole path is valid, `trust explain` says. */
function findIssuedCertificates({
  snapshot,
  folder,
}: WindowFacts): ReadonlyMap<TrustedIdentity, readonly IssuedCertificate[]> {
  const found = new Map<TrustedIdentity, IssuedCertificate[]>();
  for (const certificate of snapshot.authorities.length === 0 ? [] : (folder?.certificates ?? [])) {
    const decoding = loadPathValidation().decodePathCertificate(certificate.der);
    if (!decoding.ok) continue;
    const authorities = findIssuingAuthorities(snapshot, presentCertificate(certificate.der)).filter((authority) =>
      isSignedByOne(certificate.der, authority),
    );
    const isDenied = findDeniedIssued([snapshot], decoding.value) !== undefined;
    const subject = decoding.value.subjectText;
    const nominations = findNominations(snapshot, listNames(decoding.value), authorities);
    for (const [identity, { trustName }] of new Map(nominations.map((each) => [each.identity, each]))) {
      found.set(identity, [...(found.get(identity) ?? []), { certificate, subject, trustName, isDenied }]);
    }
  }
  return found;
}

function isSignedByOne(der: Uint8Array, { trustAnchors, intermediates }: TrustedAuthority): boolean {
  return [...trustAnchors, ...intermediates].some((issuer) => {
    try {
      return new X509Certificate(der).verify(new X509Certificate(issuer.der).publicKey);
    } catch {
      // A key of a kind that node:crypto doesn't know signed nothing that it could verify.
      return false;
    }
  });
}

function describeIssuedWindows(
  identity: TrustedIdentity,
  { certificate, subject, trustName, isDenied }: IssuedCertificate,
  snapshot: TrustSnapshot,
): readonly IdentityWindow[] {
  const own = toSpan(certificate);
  return showWindows(isDenied ? [] : listOpen(snapshot, { identity, trustName }, own), own, {
    kind: 'issued',
    label: `${subject}${isDenied ? ', denied' : ''}`,
    thumbprint: certificate.hashes.thumbprintSha256,
  });
}

/** What is beneath the authority renews its certificates by itself. */
function describeNameWindows(
  identity: TrustedIdentity,
  trustName: TrustName,
  snapshot: TrustSnapshot,
): readonly IdentityWindow[] {
  const { type, value } = trustName;
  const windows = listOpen(snapshot, { identity, trustName }, always);
  return showWindows(windows, always, { kind: 'name', label: `${type} ${value}`, thumbprint: null });
}

/** The certificates of an authority, and what its register says that it issued. */
export function listAuthorityWindows(authority: TrustedAuthority, facts: WindowFacts): readonly IdentityWindow[] {
  const certificates = (
    [
      ['anchor', authority.trustAnchors],
      ['intermediate', authority.intermediates],
    ] as const
  ).flatMap(([kind, list]) =>
    list.map((certificate) => ({
      ...{ kind, label: certificate.subjectText, thumbprint: certificate.thumbprintSha256 },
      isDisabled: findDeniedIssued([facts.snapshot], certificate) !== undefined,
      ...toSpan(certificate),
    })),
  );
  const own = new Set(certificates.map(({ thumbprint }) => thumbprint));
  const registers = (facts.authorities ?? []).filter(({ certificateDer }) =>
    own.has(presentCertificate(certificateDer).thumbprintSha256),
  );
  return [...certificates, ...registers.flatMap(({ register }) => listRegistered(register))];
}

function listRegistered({ issued, revoked }: StoredAuthority['register']): readonly IdentityWindow[] {
  const revocations = new Map(revoked.map((entry) => [entry.serialNumber, entry]));
  return issued
    .filter(({ kind }) => kind === 'end-entity')
    .map(({ serialNumber, subject, thumbprintSha256, notBefore, notAfter }) => {
      const revocation = revocations.get(serialNumber);
      return {
        kind: 'issued',
        label: `${subject}${revocation === undefined ? '' : `, revoked ${revocation.revokedAt}`}`,
        thumbprint: thumbprintSha256,
        isDisabled: revocation !== undefined,
        from: Date.parse(notBefore),
        until: Date.parse(notAfter),
      };
    });
}

function toSpan({ notBefore, notAfter }: { readonly notBefore: number; readonly notAfter: number }): TimeSpan {
  return { from: notBefore, until: notAfter };
}

/** As the protocol has it. `endsSoon`: whether `trust check` says so of what ends at this moment. */
export function describeWindow(
  window: IdentityWindow,
  at: number,
  endsSoon: (until: number) => boolean,
): ValidityWindow {
  const { kind, label, thumbprint, from, until } = window;
  return {
    kind,
    label,
    thumbprint,
    from: Number.isFinite(from) ? formatInstant(from) : null,
    until: Number.isFinite(until) ? formatInstant(until) : null,
    state: findState(window, at, endsSoon),
  };
}

function findState(
  { kind, from, until, isDisabled }: IdentityWindow,
  at: number,
  endsSoon: (until: number) => boolean,
): ValidityWindow['state'] {
  if (isDisabled) return 'disabled';
  if (at < from) return 'future';
  if (until <= at) return 'ended';
  // Issued certificates are not in the document, so no check speaks of them.
  const isEnding = kind === 'issued' ? isEndingSoon(from, until, at) : endsSoon(until);
  return isEnding ? 'ending' : 'valid';
}
