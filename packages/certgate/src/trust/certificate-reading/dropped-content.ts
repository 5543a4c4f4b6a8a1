import type { CertificateRevocationList } from '@certgate/core/internal';

/** What was found in a file. Nothing of a private key but its kind is kept. */
export type DroppedContent =
  | {
      readonly kind: 'certificate' | 'pfx' | 'header' | 'chain';
      readonly ders: readonly Uint8Array[];
      readonly notes: readonly string[];
    }
  | { readonly kind: 'crl'; readonly crl: CertificateRevocationList; readonly notes: readonly string[] }
  | { readonly kind: 'private-key'; readonly notes: readonly string[] }
  | Unread;

/** `kind`: what it seems to be. */
export interface Unread {
  readonly kind: 'unread';
  readonly seems: 'pfx' | 'header' | 'chain' | 'crl' | 'private-key' | 'unknown';
  readonly fault: string;
}

export function unread(seems: Unread['seems'], fault: string): Unread {
  return { kind: 'unread', seems, fault };
}

export const privateKeyWarning =
  'Whoever has this key can call as its owner. Keep it where only the caller can read it, and never send it: the gate needs only the certificate.';
