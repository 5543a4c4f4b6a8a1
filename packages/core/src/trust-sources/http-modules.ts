import type * as plainModule from 'node:http';
import type * as secureModule from 'node:https';

export interface HttpModules {
  readonly plain: typeof plainModule;
  readonly secure: typeof secureModule;
}

/**
 * Node's HTTP and TLS, with the first request that needs them: they were a seventh of what loading this package cost at
 * every cold start, and an app whose document is a file never needs them.
 */
export async function loadHttp(): Promise<HttpModules> {
  const [plain, secure] = await Promise.all([import('node:http'), import('node:https')]);
  return { plain, secure };
}
