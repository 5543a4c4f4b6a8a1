import { X509Certificate } from 'node:crypto';
import {
  deniedSerialKey,
  findIssuingAuthorities,
  findNominations,
  formatInstant,
  isEndingSoon,
  listNames,
  loadPathValidation,
  type Nomination,
  type PinKind,
  presentCertificate,
  type TrustedAuthority,
  type TrustedIdentity,
  type TrustName,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import type { StoredAuthority } from '../../certificates/authority/load-authority.js';
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
  const life = { ...always, until: identity.expiresAt ?? always.until };
  const pinned = new Set(identity.pins.map(({ value }) => value));
  return [
    ...identity.pins.map((pin) => describePinWindow(identity, pin, life, { snapshot, spans })),
    ...(issued.get(identity) ?? [])
      .filter(({ certificate }) => !pinned.has(certificate.hashes.thumbprintSha256))
      .map((each) => describeIssuedWindow(identity, each, life)),
    ...identity.names.flatMap((name) => describeNameWindows(identity, name, life, snapshot)),
  ];
}

const pinLabels: Readonly<Record<PinKind, string>> = {
  thumbprintSha256: 'pin',
  thumbprintSha1: 'SHA-1 pin',
  publicKeySha256: 'key pin',
};

function describePinWindow(
  { enabled }: TrustedIdentity,
  pin: TrustPin,
  life: TimeSpan,
  { snapshot, spans }: Pick<WindowFacts, 'snapshot'> & Pick<CertificatesAtHand, 'spans'>,
): IdentityWindow {
  const { kind, value, notBefore, notAfter } = pin;
  // Another certificate of the same key may begin earlier and end later.
  const own = (kind === 'publicKeySha256' ? undefined : spans.get(value)) ?? always;
  const written = { from: notBefore ?? always.from, until: notAfter ?? always.until };
  const span = limitSpan(written, own, life);
  const isDenied = snapshot.denied.thumbprintsSha256.has(value);
  const note = span.isEmpty ? ', never opens' : isDenied ? ', denied' : '';
  return {
    kind: 'pin',
    label: `${pinLabels[kind]} ${value.slice(0, 8)}…${note}`,
    thumbprint: kind === 'publicKeySha256' ? null : value,
    isDisabled: !enabled || !pin.enabled || isDenied || span.isEmpty,
    from: span.from,
    until: span.until,
  };
}

/** What the limits leave of a span; where that is nothing, the span itself, so that it can be shown. */
function limitSpan(span: TimeSpan, ...limits: readonly TimeSpan[]): TimeSpan & { readonly isEmpty: boolean } {
  const from = Math.max(span.from, ...limits.map((limit) => limit.from));
  const until = Math.min(span.until, ...limits.map((limit) => limit.until));
  if (from < until) return { from, until, isEmpty: false };
  return { from: span.from, until: Math.max(span.from, span.until), isEmpty: true };
}

/** A certificate at hand that an authority of the document signed, with a name that is bound to an identity. */
interface IssuedCertificate {
  readonly certificate: KnownCertificate;
  readonly subject: string;
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
    const { subjectText, serialNumber, thumbprintSha256 } = decoding.value;
    const authorities = findIssuingAuthorities(snapshot, presentCertificate(certificate.der)).filter((authority) =>
      isSignedByOne(certificate.der, authority),
    );
    const isDenied =
      snapshot.denied.thumbprintsSha256.has(thumbprintSha256) ||
      authorities.some(({ name }) => snapshot.denied.serialNumbers.has(deniedSerialKey(name, serialNumber)));
    const nominations: readonly Nomination[] = findNominations(snapshot, listNames(decoding.value), authorities);
    for (const identity of new Set(nominations.map((nomination) => nomination.identity))) {
      found.set(identity, [...(found.get(identity) ?? []), { certificate, subject: subjectText, isDenied }]);
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

function describeIssuedWindow(
  { enabled }: TrustedIdentity,
  { certificate, subject, isDenied }: IssuedCertificate,
  life: TimeSpan,
): IdentityWindow {
  const span = limitSpan(toSpan(certificate), life);
  return {
    kind: 'issued',
    label: `${subject}${isDenied ? ', denied' : ''}`,
    thumbprint: certificate.hashes.thumbprintSha256,
    isDisabled: !enabled || isDenied || span.isEmpty,
    from: span.from,
    until: span.until,
  };
}

/** A name counts while an anchor of its authority does; what is beneath it renews its certificates by itself. */
function describeNameWindows(
  { enabled }: TrustedIdentity,
  { issuedBy, type, value }: TrustName,
  life: TimeSpan,
  { authorities }: TrustSnapshot,
): readonly IdentityWindow[] {
  const authority = authorities.find(({ name }) => name.toLowerCase() === issuedBy.toLowerCase());
  return mergeSpans((authority?.trustAnchors ?? []).map(toSpan))
    .map((span) => limitSpan(span, life))
    .filter(({ isEmpty }) => !isEmpty)
    .map(({ from, until }) => {
      return { kind: 'name', label: `${type} ${value}`, thumbprint: null, isDisabled: !enabled, from, until };
    });
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
      ...{ kind, label: certificate.subjectText, thumbprint: certificate.thumbprintSha256, isDisabled: false },
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
