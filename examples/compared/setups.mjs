// The servers that are compared, each in its usual setup, and most of them also with the mistake that passes on header
// fields that the client wrote. `gateway` or `nginx` ends TLS before the server: `gateway` has the options of the local
// gateway, which plays App Service's front end with real mTLS, and `nginx` has the configuration of nginx.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const optional = ['--mode', 'optional'];
const read = (path) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
const snippet = read('servers/nginx.conf.template');
const documented = read('../front-ends/nginx/ca-verified.conf.template');

/**
 * The configuration with a mistake: a location that sets a header field of its own inherits none of the fields that are
 * set around it, so nginx passes on what the client wrote.
 */
function forgetFields(template) {
  const forgotten = `    location /closed {
        proxy_pass http://app;
        proxy_set_header X-Request-Id $request_id;
    }
}
`;
  return template.replace(/\}\s*$/, forgotten);
}

const appService = { usual: { gateway: optional }, mistaken: { gateway: [...optional, '--worst-case'] } };
const behindNginx = (template) => ({ usual: { nginx: template }, mistaken: { nginx: forgetFields(template) } });

const columns = [
  { name: "the article's check", server: 'article-check', ...appService },
  { name: 'thumbprint middleware', server: 'thumbprint-middleware', settings: { CHECK: 'thumbprint' }, ...appService },
  { name: 'name middleware', server: 'thumbprint-middleware', settings: { CHECK: 'name' }, ...appService },
  { name: 'client-certificate-auth', server: 'client-certificate-auth', usual: {} },
  { name: "nginx's snippet", server: 'behind-nginx', ...behindNginx(snippet) },
  { name: 'Certgate', server: 'certgate', settings: { CERTGATE_FRONT_END: 'app-service' }, ...appService },
  {
    name: 'Certgate behind nginx',
    server: 'certgate',
    settings: { CERTGATE_FRONT_END: 'nginx' },
    ...behindNginx(documented),
  },
];

export const tables = ['usual', 'mistaken'].map((id) => ({
  id,
  setups: columns
    .filter((column) => id in column)
    .map(({ name, server, settings, [id]: frontEnd }) => ({ name, server, settings, ...frontEnd })),
}));
