/**
 * The URL in a form that may be shown. Its query may be a key (a SAS, a function key), and so may its user information.
 */
export function redactUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** Removes what must not be shown from the URLs in a text that somebody else wrote, such as an error message. */
export function redactUrlsIn(text: string): string {
  return text
    .replace(/(https?:\/\/)[^\s/?#"'<>@]*@/gi, '$1…@')
    .replace(/(https?:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, '$1?…')
    .replace(/\b(sig|code|key|token)=[^\s&"'<>]+/gi, '$1=…');
}

/**
 * Whether the host is this machine. Plain HTTP to it stays in the machine, so nobody can change the answer on the way.
 */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/** Whether nobody on the way can read or change what is exchanged with this URL. */
export function isSecureUrl(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}
