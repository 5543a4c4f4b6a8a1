import type { InvocationContext } from '@azure/functions';
import { type ClientIdentity as IdentityOfAnyRoles, ClientIdentityMissing } from '@certgate/core';
import { clientIdentities } from './gate/shared-state.js';

/**
 * The interface in which an app declares its roles once, so that the compiler checks and completes them wherever a role
 * is named:
 *
 * ```ts
 * declare module '@certgate/azure-functions' {
 *   interface Register { role: 'orders.read' | 'orders.write' }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- apps add to it by declaration merging.
export interface Register {}

/** The roles that the app declared, or any text if it declared none. */
export type Role = Register extends { readonly role: infer Declared extends string } ? Declared : string;

/**
 * The identity of the caller. The trust document may give a caller roles that the app doesn't declare. They are in
 * `roles` anyway.
 */
export interface ClientIdentity extends IdentityOfAnyRoles {
  readonly roles: readonly Role[];
}

/**
 * Returns the caller: the identity that the gate admitted to this invocation.
 *
 * @example
 * ```ts
 * import { app } from '@azure/functions';
 * import { getClientIdentity } from '@certgate/azure-functions';
 *
 * app.http('Whoami', { handler: (request, context) => ({ body: getClientIdentity(context).name }) });
 * ```
 *
 * @throws {ClientIdentityMissing} if the function is anonymous, if it has neither an HTTP nor an MCP trigger, or if the
 * app has no `secureApp`, so that a forgotten gate can't look like an admitted caller. In an observed function, if the
 * caller would be refused.
 */
export function getClientIdentity(context: InvocationContext): ClientIdentity {
  const identity = findClientIdentity(context);
  if (identity !== undefined) return identity;
  const { functionName = 'an unnamed function' } = (context as Partial<InvocationContext> | undefined) ?? {};
  throw new ClientIdentityMissing(
    `No client was authenticated for this call of "${functionName}". Either secureApp(app, …) is missing or loaded ` +
      'after this function was called, or the function is anonymous or observed (then use findClientIdentity). In a unit test, use ' +
      'withClientIdentity from @certgate/azure-functions/testing.',
  );
}

/**
 * Returns the identity that the gate admitted to this invocation. Undefined in an anonymous function, in an observed
 * function for a caller that would be refused, and where no gate has admitted the invocation.
 *
 * @example
 * ```ts
 * import type { InvocationContext } from '@azure/functions';
 * import { findClientIdentity } from '@certgate/azure-functions';
 *
 * export const nameCaller = (context: InvocationContext) => findClientIdentity(context)?.name ?? 'anonymous';
 * ```
 */
export function findClientIdentity(context: InvocationContext): ClientIdentity | undefined {
  return clientIdentities.get(context);
}
