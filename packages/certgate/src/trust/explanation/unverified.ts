import type { TrustSnapshot } from '@certgate/core/internal';
import type { AskedApp, FunctionFlags } from './explained-function.js';

/**
 * What an answer depends on although nobody has checked it: what an app compares with the document, what the function
 * requires, whether the front end passes the certificate on, and the trust stores and options of the app.
 */
export type Unverified = 'signature' | 'audience' | 'function' | 'front-end' | 'store';

/** The options with which the app's own store checks the document. A member is undefined if it is unknown. */
export interface ComparedOptions {
  readonly signedBy?: readonly string[] | undefined;
  readonly audience?: string | undefined;
}

export function listUnverified(
  { signature, audience }: { readonly signature: string | undefined } & Pick<TrustSnapshot, 'audience'>,
  compared: ComparedOptions,
): readonly Unverified[] {
  return [
    // An empty signature is a signature too: an app that requires one refuses the document.
    ...(signature !== undefined && compared.signedBy === undefined ? (['signature'] as const) : []),
    ...(audience !== undefined && compared.audience === undefined ? (['audience'] as const) : []),
  ];
}

/** @param app what the app answered; undefined if it was not asked */
export function listUnverifiedOfApp(
  app: AskedApp | undefined,
  { requiresRole }: Pick<FunctionFlags, 'requiresRole'>,
): readonly Unverified[] {
  if (app === undefined) return [...(requiresRole === undefined ? (['function'] as const) : []), 'front-end', 'store'];
  const { answer, isByDocument } = app;
  return [
    ...(answer?.frontEndFault === undefined ? [] : (['front-end'] as const)),
    ...(answer === undefined || !isByDocument ? (['store'] as const) : []),
  ];
}

/** One line for each gap, with the option that closes it if there is one. */
export function describeUnverified(
  unverified: readonly Unverified[],
  audience: readonly string[],
  isAppAsked = false,
): readonly string[] {
  const lines = {
    signature:
      "The document's signature was not verified. To verify it, pass the public key that the apps use: --signed-by FILE",
    audience: `The document is for ${audience.join(', ')}; it was not checked whether the app is one of these. Pass its name: --audience NAME`,
    function:
      'Which roles the function requires is unknown. Load the app with --app FOLDER, or pass --requires-role ROLE',
    'front-end': isAppAsked
      ? 'The app, loaded here, has no front end that it accepts certificates from.'
      : 'It was not checked whether the front end passes the certificate on to the app. Load the app: --app FOLDER',
    store: isAppAsked
      ? 'The app, loaded here, did not use this document.'
      : 'The app may have other trust stores too, and options of its own. To ask all of them: --app FOLDER',
  };
  return unverified.map((each) => lines[each]);
}
