import type { InvocationContext } from '@azure/functions';
import type { ClientIdentity } from '@certgate/core';
import { clientIdentities } from './gate/shared-state.js';

/** Thrown by `getClientIdentity` where nobody was authenticated: a mistake in the app's code, not the caller's. */
export class ClientIdentityMissing extends Error {
  override readonly name = 'ClientIdentityMissing';
}

/**
 * Who calls: the identity that the gate admitted to this invocation.
 *
 * @throws {ClientIdentityMissing} in a function that is anonymous, that has no HTTP trigger, or in an app without
 * `secureApp`, so that a forgotten gate can't look like an admitted caller.
 */
export function getClientIdentity(context: InvocationContext): ClientIdentity {
  const identity = findClientIdentity(context);
  if (identity !== undefined) return identity;
  const { functionName = 'an unnamed function' } = (context as Partial<InvocationContext> | undefined) ?? {};
  throw new ClientIdentityMissing(
    `No client was authenticated for this call of "${functionName}". Either secureApp(app, …) is missing or loaded ` +
      'after this function was called, or the function is anonymous (then use findClientIdentity). In a unit test, use ' +
      'withClientIdentity from @certgate/azure-functions/testing.',
  );
}

/** The identity that the gate admitted to this invocation; undefined in an anonymous function. */
export function findClientIdentity(context: InvocationContext): ClientIdentity | undefined {
  return clientIdentities.get(context);
}
