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

/** A trust document, and what else is known about its certificates. */
export interface WindowFacts {
  readonly snapshot: TrustSnapshot;
  /** The moment of the view, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly at: number;
  /** Certificates at hand. A pin is a hash, so it doesn't show when its certificate begins and ends. */
  readonly folder?: CertificateFolder | undefined;
  /** The user's own authorities, whose registers list what they issued. */
  readonly authorities?: readonly Pick<StoredAuthority, 'certificateDer' | 'register'>[] | undefined;
}

/** A window with its times in milliseconds since 1970-01-01T00:00:00Z. `isDisabled`: it admits nobody at any time. */
export interface IdentityWindow extends TimeSpan, Pick<ValidityWindow, 'kind' | 'label' | 'thumbprint'> {
  readonly isDisabled: boolean;
}

const always: TimeSpan = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };

/**
 * The windows in which an identity is recognised: those of its pins, then of its certificates at hand, then of its
 * names.
 */
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
  // A key's pin is not limited by one certificate, because another one of the same key may begin earlier or end later.
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

/** Shows the windows. If there is none, it shows the given span, disabled. */
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
interface NamedCertificate {
  readonly certificate: KnownCertificate;
  readonly subject: string;
  readonly trustName: TrustName;
  readonly isDenied: boolean;
}

/** What folders and registers show about certificates that the document knows by a hash or by a name. */
export interface CertificatesAtHand {
  /** The validity of certificates, by SHA-256 or SHA-1 thumbprint. */
  readonly spans: ReadonlyMap<string, TimeSpan>;
  readonly issued: ReadonlyMap<TrustedIdentity, readonly NamedCertificate[]>;
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

/**
 * Finds issued certificates by identity. It verifies only their signature; `trust explain` says whether the whole path
 * is valid.
 */
function findIssuedCertificates({
  snapshot,
  folder,
}: WindowFacts): ReadonlyMap<TrustedIdentity, readonly NamedCertificate[]> {
  const found = new Map<TrustedIdentity, NamedCertificate[]>();
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
      // node:crypto doesn't know keys of this kind, so it could not verify their signature.
      return false;
    }
  });
}

function describeIssuedWindows(
  identity: TrustedIdentity,
  { certificate, subject, trustName, isDenied }: NamedCertificate,
  snapshot: TrustSnapshot,
): readonly IdentityWindow[] {
  const own = toSpan(certificate);
  return showWindows(isDenied ? [] : listOpen(snapshot, { identity, trustName }, own), own, {
    kind: 'issued',
    label: `${subject}${isDenied ? ', denied' : ''}`,
    thumbprint: certificate.hashes.thumbprintSha256,
  });
}

/** A name has no certificate of its own: callers below the authority renew their certificates by themselves. */
function describeNameWindows(
  identity: TrustedIdentity,
  trustName: TrustName,
  snapshot: TrustSnapshot,
): readonly IdentityWindow[] {
  const { type, value } = trustName;
  const windows = listOpen(snapshot, { identity, trustName }, always);
  return showWindows(windows, always, { kind: 'name', label: `${type} ${value}`, thumbprint: null });
}

/** The certificates of an authority, and the end-entity certificates that its register lists as issued. */
export function listAuthorityWindows(authority: TrustedAuthority, facts: WindowFacts): readonly IdentityWindow[] {
  const certificates = (
    [
      ['anchor', authority.trustAnchors],
      ['intermediate', authority.intermediates],
    ] as const
  ).flatMap(([kind, list]) =>
    list.map((certificate) => ({
      kind,
      label: certificate.subjectText,
      thumbprint: certificate.thumbprintSha256,
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

/** A window in the form of the protocol. `endsSoon` says whether `trust check` reports what ends at this moment. */
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
  // `trust check` does not know issued certificates, because they are not in the document.
  const isEnding = kind === 'issued' ? isEndingSoon(from, until, at) : endsSoon(until);
  return isEnding ? 'ending' : 'valid';
}
