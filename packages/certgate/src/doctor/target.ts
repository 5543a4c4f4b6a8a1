import { ToolFailure } from '#local/tool-failure.js';

export interface TargetFunction {
  /** For people; without a query, which may hold a function key. */
  readonly name: string;
  readonly path: string;
}

export interface DoctorTarget {
  readonly origin: URL;
  /** Those that must refuse everybody but the allowed caller. */
  readonly closed: readonly TargetFunction[];
  readonly public: readonly TargetFunction[];
  readonly isLoopback: boolean;
}

/** @throws {ToolFailure} for what is not the address of an app. */
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

/** A name stands for /api/NAME; another route prefix, or a key, needs the path. */
function parseFunction(text: string): TargetFunction {
  const path = text.startsWith('/') ? text : `/api/${text}`;
  // A whole address would be taken for a function that does not exist.
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

/** Text of the command line, which may hold a function key or a password. */
function withoutSecrets(text: string): string {
  return text.replace(/\?.*$/s, '?…').replace(/\/\/[^/]*@/, '//…@');
}

/** What a server said, without the values of the functions' queries: it may repeat a function key. */
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

/** Of NAME.azurewebsites.net, and of NAME-HASH.REGION.azurewebsites.net; other names of an app do not tell. */
export function findScmOrigin({ origin }: DoctorTarget): URL | undefined {
  const found = /^([a-z0-9-]+)((?:\.[a-z0-9-]+)?\.azurewebsites\.net)$/.exec(origin.hostname);
  if (found === null || found[2]?.startsWith('.scm.') === true) return undefined;
  return new URL(`https://${found[1] ?? ''}.scm${found[2] ?? ''}`);
}
