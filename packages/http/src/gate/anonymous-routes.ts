import { invalidArgument } from '@certgate/core';

/**
 * The routes that everybody may call, each a method and a path, such as `GET /health`. Both are compared with the
 * request as the app will see it, byte for byte up to the query. There are no patterns.
 */
export class AnonymousRoutes {
  readonly #routes: ReadonlySet<string>;

  /** @throws {CertgateError} if `routes` is not a list, or if an entry is not a method and a path or looks like a pattern. */
  constructor(routes: unknown) {
    if (!Array.isArray(routes)) throw invalidArgument("allowAnonymous is a list: ['GET /health'].");
    this.#routes = new Set([...(routes as unknown[])].map(expectRoute));
  }

  /** The routes, each once. */
  list(): readonly string[] {
    return [...this.#routes];
  }

  /** Whether everybody may call this route. `target` is a path, with or without a query. */
  includes(method: string | undefined, target: string | undefined): boolean {
    if (this.#routes.size === 0 || method === undefined || target === undefined) return false;
    const query = target.indexOf('?');
    return this.#routes.has(`${method} ${query === -1 ? target : target.slice(0, query)}`);
  }
}

/**
 * A method in upper case, and a path of A-Z a-z 0-9 . _ ~ - and /. It has no . and .. segments and no empty segments,
 * because servers interpret those, percent signs and other characters differently. A slash at the end is allowed.
 */
const grammar = /^[A-Z]+ (?:\/|(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+\/?)$/;

function expectRoute(route: unknown): string {
  if (typeof route === 'string' && grammar.test(route)) return route;
  throw invalidArgument(
    `allowAnonymous has the entry ${JSON.stringify(route)}. An entry is one method in upper case and one whole path of A-Z a-z 0-9 . _ ~ - and /, such as "GET /health"; there are no patterns.`,
  );
}
