import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test-support/certgate.js';

// How each proxy runs with its file from examples/front-ends. What that file lacks (the places of modules, process ids
// and temporary files) is in a file around it, which is made here. Debian's packages have such a file in /etc.

/** The variables in the files of examples/front-ends. Each file uses some of them. */
export interface ProxyVariables {
  readonly TLS_LISTEN: string;
  readonly TLS_PORT: string;
  readonly SITE_ADDRESS: string;
  readonly TLS_CERTIFICATE: string;
  readonly TLS_CERTIFICATE_KEY: string;
  readonly CLIENT_CA_FILE: string;
  readonly UPSTREAM_ADDRESS: string;
  readonly CERTGATE_FRONT_END_SECRET: string;
}

export interface ProxyProgram {
  /**
   * The absolute paths of the proxy's programs, because Debian's `sbin` isn't in every user's PATH, and the Debian
   * package of each.
   */
  readonly needs: Readonly<Record<string, string>>;
  /** The proxy's file for a variant, relative to examples/front-ends. */
  readonly exampleFile: (variant: string) => string;
  /** Writes the other files that the proxy needs to `folder`, and returns its command line. */
  readonly prepare: (folder: string, exampleFile: string, variables: ProxyVariables) => readonly string[];
}

export const proxyNames = ['nginx', 'haproxy', 'caddy', 'apache'] as const;

export type ProxyName = (typeof proxyNames)[number];

export const proxyPrograms: Readonly<Record<ProxyName, ProxyProgram>> = {
  nginx: {
    needs: { '/usr/sbin/nginx': 'nginx', '/usr/bin/envsubst': 'gettext-base' },
    exampleFile: (variant) => `nginx/${variant}.conf.template`,
    prepare: (folder, exampleFile, variables) => {
      writeFileSync(join(folder, 'app.conf'), substituteAsNginxImage(exampleFile, variables));
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
      const http = `http { access_log off; ${paths.join(' ')} include app.conf; }`;
      writeFileSync(
        join(folder, 'nginx.conf'),
        `daemon off; worker_processes 1; pid nginx.pid; error_log stderr; events {}\n${http}\n`,
      );
      return ['/usr/sbin/nginx', '-e', 'stderr', '-p', folder, '-c', 'nginx.conf'];
    },
  },
  haproxy: {
    needs: { '/usr/sbin/haproxy': 'haproxy' },
    exampleFile: (variant) => `haproxy/${variant}.cfg`,
    prepare: (_folder, exampleFile) => ['/usr/sbin/haproxy', '-db', '-f', exampleFile],
  },
  caddy: {
    needs: { '/usr/bin/caddy': 'caddy' },
    exampleFile: (variant) => `caddy/${variant}.Caddyfile`,
    prepare: (folder, exampleFile) => {
      const file = join(folder, 'Caddyfile');
      writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\nimport ${exampleFile}\n`);
      return ['/usr/bin/caddy', 'run', '--adapter', 'caddyfile', '--config', file];
    },
  },
  apache: {
    needs: { '/usr/sbin/apache2': 'apache2' },
    exampleFile: (variant) => `apache/${variant}.conf`,
    prepare: (folder, exampleFile, variables) => {
      const modules = ['mpm_event', 'authz_core', 'socache_shmcb', 'ssl', 'headers', 'proxy', 'proxy_http'];
      const lines = [
        `ServerRoot ${folder}`,
        `DefaultRuntimeDir ${folder}`,
        'PidFile apache.pid',
        'ServerName localhost',
        'ErrorLog /dev/stderr',
        ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
        // The same as Debian's ssl.conf. With this cache, sessions are resumed unless the site forbids it.
        `SSLSessionCache shmcb:${folder}/ssl_scache(512000)`,
        // One process, so that callers share connections to the app. Each process would have connections of its own.
        'StartServers 1',
        'ServerLimit 1',
        'MaxRequestWorkers 25',
        `Listen ${variables.TLS_LISTEN}`,
        `Include ${exampleFile}`,
      ];
      writeFileSync(join(folder, 'apache.conf'), `${lines.join('\n')}\n`);
      return ['/usr/sbin/apache2', '-DFOREGROUND', '-f', join(folder, 'apache.conf')];
    },
  },
};

export function readExample(name: ProxyName, variant: string): string {
  return readFileSync(join(root, 'examples', 'front-ends', proxyPrograms[name].exampleFile(variant)), 'utf8');
}

/** The Debian packages that this proxy lacks on this machine. */
export function listMissingPackages(name: ProxyName): readonly string[] {
  return Object.entries(proxyPrograms[name].needs)
    .filter(([path]) => !isExecutable(path))
    .map(([, debianPackage]) => debianPackage);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Replaces only the variables that are set, as docker-entrypoint.d/20-envsubst-on-templates.sh of nginx's official
 * image does.
 */
function substituteAsNginxImage(file: string, variables: ProxyVariables): string {
  const names = Object.keys(variables).map((name) => `\${${name}}`);
  return execFileSync('/usr/bin/envsubst', [names.join(' ')], {
    input: readFileSync(file),
    env: { ...variables },
    encoding: 'utf8',
  });
}
