// The servers that are compared, each as it is usually set up, and then with the mistake that lets a client's own fields
// through. `frontEnd` is what ends TLS: `gateway` plays App Service's front end with real mTLS.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const optional = ['--mode', 'optional'];
const worstCase = [...optional, '--worst-case'];
const read = (path) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
const snippet = read('servers/nginx.conf.template');
const documented = read('../front-ends/nginx/ca-verified.conf.template');

/** A location with a field of its own inherits none of those around it: nginx passes on what the client wrote. */
function forgetFields(template) {
  const forgotten = `    location /closed {
        proxy_pass http://app;
        proxy_set_header X-Request-Id $request_id;
    }
}
`;
  return template.replace(/\}\s*$/, forgotten);
}

const asNginx = { CERTGATE_FRONT_END: 'nginx' };
const asAppService = { CERTGATE_FRONT_END: 'app-service' };

export const tables = [
  {
    id: 'usual',
    setups: [
      { name: "the article's check", server: 'article-check', gateway: optional },
      {
        name: 'thumbprint middleware',
        server: 'thumbprint-middleware',
        settings: { CHECK: 'thumbprint' },
        gateway: optional,
      },
      { name: 'name middleware', server: 'thumbprint-middleware', settings: { CHECK: 'name' }, gateway: optional },
      { name: 'client-certificate-auth', server: 'client-certificate-auth' },
      { name: "nginx's snippet", server: 'behind-nginx', nginx: snippet },
      { name: 'Certgate', server: 'certgate', settings: asAppService, gateway: optional },
      { name: 'Certgate behind nginx', server: 'certgate', settings: asNginx, nginx: documented },
    ],
  },
  {
    id: 'mistaken',
    setups: [
      { name: "the article's check", server: 'article-check', gateway: worstCase },
      {
        name: 'thumbprint middleware',
        server: 'thumbprint-middleware',
        settings: { CHECK: 'thumbprint' },
        gateway: worstCase,
      },
      { name: 'name middleware', server: 'thumbprint-middleware', settings: { CHECK: 'name' }, gateway: worstCase },
      { name: "nginx's snippet", server: 'behind-nginx', nginx: forgetFields(snippet) },
      { name: 'Certgate', server: 'certgate', settings: asAppService, gateway: worstCase },
      { name: 'Certgate behind nginx', server: 'certgate', settings: asNginx, nginx: forgetFields(documented) },
    ],
  },
];
