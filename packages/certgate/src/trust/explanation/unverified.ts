import type { TrustSnapshot } from '@certgate/core/internal';

/** What stands in or beside a document for an app to compare, and nobody has compared. */
export type Unverified = 'signature' | 'audience';

/** What the app's own store compares with; undefined: nobody has said. */
export interface ComparedOptions {
  readonly signedBy?: readonly string[] | undefined;
  readonly audience?: string | undefined;
}

export function listUnverified(
  { signature, audience }: { readonly signature: string | undefined } & Pick<TrustSnapshot, 'audience'>,
  compared: ComparedOptions,
): readonly Unverified[] {
  return [
    // A signature that is empty is there too: an app that asks for one refuses it.
    ...(signature !== undefined && compared.signedBy === undefined ? (['signature'] as const) : []),
    ...(audience !== undefined && compared.audience === undefined ? (['audience'] as const) : []),
  ];
}

/** One line each, with the option that closes the gap. */
export function describeUnverified(unverified: readonly Unverified[], audience: readonly string[]): readonly string[] {
  const lines = {
    signature:
      "The document's signature was not verified. To verify it, pass the public key that the apps use: --signed-by FILE",
    audience: `The document is for ${audience.join(', ')}; it was not checked whether the app is one of these. Pass its name: --audience NAME`,
  };
  return unverified.map((each) => lines[each]);
}
