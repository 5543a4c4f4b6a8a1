import { ToolFailure } from '#local/tool-failure.js';

export interface TargetFunction {
  /** The name to show, without the query because that may contain a function key. */
  readonly name: string;
  readonly path: string;
}

export interface DoctorTarget {
  readonly origin: URL;
  /** The functions that must refuse every caller but the allowed one. */
  readonly closed: readonly TargetFunction[];
  readonly public: readonly TargetFunction[];
  readonly isLoopback: boolean;
}

/**
 * @throws {ToolFailure} if `url` is not the address of an app, if a function's name or path is not valid, or if a
 * function is named both as closed and as public.
 */
export function parseTarget(url: string, closed: readonly string[], publicFunctions: readonly string[]): DoctorTarget {
  const origin = URL.canParse(url) ? new URL(url) : undefined;
  if (origin?.protocol !== 'https:' || `${origin.origin}/` !== origin.href) {
    throw new ToolFailure(`"${withoutSecrets(url)}" is not the address of an app.`, {
      remedy: 'Pass https://HOST or https://HOST:PORT, and functions with --function NAME or --function /path.',
    });
  }
  const both = closed.find((name) => publicFunctions.includes(name));
  if (both !== undefined) {
    throw new ToolFailure(`${withoutSecrets(both)} is named with --function and with --public-function.`, {
      remedy: 'Name closed functions with --function only.',
    });
  }
  return Object.freeze({
    origin,
    closed: closed.map(parseFunction),
    public: publicFunctions.map(parseFunction),
    isLoopback: /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(origin.hostname),
  });
}

/** Reads a name as /api/NAME. A function with another route prefix must be given as a path. */
function parseFunction(text: string): TargetFunction {
  const path = text.startsWith('/') ? text : `/api/${text}`;
  // Without the first test, a whole URL would pass for the name of a function that does not exist.
  if (
    /^https?:/i.test(text) ||
    !/^\/[\x21-\x7e]*$/.test(path) ||
    /[#\\]/.test(path) ||
    new URL(path, 'https://host').host !== 'host'
  ) {
    throw new ToolFailure(`"${withoutSecrets(text)}" is not a function's name or path.`, {
      remedy: 'Pass a name, like Orders, or a path, like /v1/orders.',
    });
  }
  return { name: text.split('?', 1)[0] ?? text, path };
}

/** Shortens text of the command line, which may contain a function key or a password. */
function withoutSecrets(text: string): string {
  return text.replace(/\?.*$/s, '?…').replace(/\/\/[^/]*@/, '//…@');
}

/** Hides the values of the functions' queries in what a server said, because it may repeat a function key. */
export function hideQueryValues(text: string, { closed, public: open }: DoctorTarget): string {
  const values = [...closed, ...open].flatMap(({ path }) => {
    const [, query = ''] = path.split(/\?(.*)/s);
    const raw = query.split('&').map((parameter) => parameter.replace(/^[^=]*=/, ''));
    return [...raw, ...new URLSearchParams(query).values()];
  });
  return values.reduce((rest, value) => (value === '' ? rest : rest.replaceAll(value, '…')), text);
}

export function functionUrl({ origin }: DoctorTarget, { path }: TargetFunction, query = ''): URL {
  const url = new URL(path, origin);
  if (query !== '') url.search = url.search === '' ? `?${query}` : `${url.search}&${query}`;
  return url;
}

/**
 * The address of the SCM site for NAME.azurewebsites.net and NAME-HASH.REGION.azurewebsites.net. Undefined for other
 * hosts, because the app's name does not follow from them.
 */
export function findScmOrigin({ origin }: DoctorTarget): URL | undefined {
  const found = /^([a-z0-9-]+)((?:\.[a-z0-9-]+)?\.azurewebsites\.net)$/.exec(origin.hostname);
  if (found === null || found[2]?.startsWith('.scm.') === true) return undefined;
  return new URL(`https://${found[1] ?? ''}.scm${found[2] ?? ''}`);
}
