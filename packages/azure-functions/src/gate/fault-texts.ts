// What operators read if something is wrong. In the published CommonJS files, these texts are loaded later than the
// gate, so code that closes the app must not depend on loading them.

export const lateDetail =
  'secureApp was called after the app had started. Until then, every function was open to everybody who reached the app, or refused every call if an earlier secureApp had failed; from now on, the app is closed. Call secureApp while a file that "main" in package.json names is loaded: not in a timer, and not after an await that nothing waits for.';

export function describeWebhooks(names: readonly string[]): string {
  return `Extensions of the host start these functions for requests to /runtime/webhooks/<extension>, and no certificate is decided there: ${names.join(', ')}. Only the key of the extension protects them, unless host.json takes it away: the mode Required lets any self-signed certificate pass.`;
}

export function describeHiddenMcp(functionName: string): string {
  return `"${functionName}" has an MCP trigger, and this worker hides the headers of its calls from Certgate, so every call is refused. Update @certgate/azure-functions, or move the function to an app without secureApp.`;
}

export function describeBypass(functionName: string): string {
  return `A handler of "${functionName}" was called before the gate was asked about the invocation, so the wrapper around the handler decided about the call. Usually a preInvocation hook of the app calls handlers itself. It runs those undecided that were registered before Certgate was loaded. If no hook does so, the worker no longer calls handlers as Certgate expects: update @certgate/azure-functions.`;
}

export function describeUnwrapped(functionName: string): string {
  return `The handler of "${functionName}" has no wrapper, because the function was registered before Certgate was loaded, or by a function.json. The gate decides its invocations, but a preInvocation hook that calls the handler itself, as a cache may, runs it undecided. Load Certgate before the files that register functions. Other functions may have none either: this is said once.`;
}

export function createSharedFault(): TypeError {
  return new TypeError('several invocations have one invocation model or one context');
}

export const unknownModelDetail =
  'The programming model of this worker or of @azure/functions has a shape that Certgate does not know. A preInvocation hook and the wrappers around the handlers stand in for the gate. Another hook that disposes itself can keep it from running, so functions that were registered before Certgate was loaded are not safe. Update @certgate/azure-functions.';
