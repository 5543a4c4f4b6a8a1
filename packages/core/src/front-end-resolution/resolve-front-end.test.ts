import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { FrontEndName } from '../front-ends/front-end-table.js';
import { type Environment, isDevelopment, localHostMark } from './host-environment.js';
import { type HostKind, resolveFrontEnd } from './resolve-front-end.js';

/** Variables that `func start` sets for the worker. */
const development: Environment = {
  AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
  FUNCTIONS_CORETOOLS_ENVIRONMENT: 'True',
  WEBSITE_HOSTNAME: 'localhost:7071',
};

type Expected = 'app-service' | 'development' | 'front_end_unknown' | 'front_end_contradicted' | 'front_end_unproven';

function resolve(named: FrontEndName | undefined, environment: Environment): Expected {
  const frontEnd = resolveFrontEnd(named === undefined ? {} : { frontEnd: named }, environment);
  if (frontEnd.outcome === 'denied') return frontEnd.code;
  assert.notEqual(frontEnd.name, 'anywhere');
  return frontEnd.name as Expected;
}

/** Hosts by the variables they set, with the result if no front end is named and if app-service is named. */
const hosts: readonly (readonly [host: string, environment: Environment, unnamed: Expected, named: Expected])[] = [
  ['App Service, Premium, Dedicated', { WEBSITE_INSTANCE_ID: 'a1' }, 'app-service', 'app-service'],
  ['Flex Consumption by its SKU', { WEBSITE_SKU: 'FlexConsumption' }, 'front_end_unknown', 'app-service'],
  ['Flex Consumption on Legion', { LEGION_SERVICE_HOST: 'h', CONTAINER_NAME: 'c' }, 'front_end_unknown', 'app-service'],
  [
    'Flex Consumption by its pod',
    { LEGION_SERVICE_HOST: 'h', WEBSITE_POD_NAME: 'p' },
    'front_end_unknown',
    'app-service',
  ],
  ['Linux Consumption', { CONTAINER_NAME: 'c' }, 'front_end_unknown', 'app-service'],
  ['Container Apps by its environment', { MANAGED_ENVIRONMENT: 'e' }, 'front_end_unknown', 'front_end_contradicted'],
  ['Container Apps by its name', { CONTAINER_APP_NAME: 'n' }, 'front_end_unknown', 'front_end_contradicted'],
  ['Container Apps by its revision', { CONTAINER_APP_REVISION: 'r' }, 'front_end_unknown', 'front_end_contradicted'],
  ['Container Apps by its host name', { CONTAINER_APP_HOSTNAME: 'h' }, 'front_end_unknown', 'front_end_contradicted'],
  ['Kubernetes', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, 'front_end_unknown', 'front_end_contradicted'],
  ['Core Tools', development, 'development', 'app-service'],
  ['Core Tools without Development', { FUNCTIONS_CORETOOLS_ENVIRONMENT: 'True' }, 'front_end_unknown', 'app-service'],
  ['nothing known', {}, 'front_end_unknown', 'app-service'],
  ['a site name alone', { WEBSITE_SITE_NAME: 'app' }, 'front_end_unknown', 'app-service'],
];

describe('the environment table', () => {
  for (const [host, environment, unnamed, named] of hosts) {
    it(host, () => {
      assert.equal(resolve(undefined, environment), unnamed);
      assert.equal(resolve('app-service', environment), named);
      assert.equal(resolve(undefined, { ...environment, CERTGATE_FRONT_END: 'app-service' }), named);
      assert.equal(resolve('app-service', { ...environment, CERTGATE_FRONT_END: 'app-service' }), named);
      // An empty variable is like an absent one.
      assert.equal(
        resolve(undefined, {
          ...environment,
          CERTGATE_FRONT_END: '',
          CONTAINER_APP_NAME: environment['CONTAINER_APP_NAME'] ?? '',
        }),
        unnamed,
      );
    });

    if (unnamed !== 'development') {
      it(`${host} with the variables of Development copied to it is only in Development if no other host is named`, () => {
        const copied = { ...environment, ...development };
        const isBare = Object.keys(environment).every((name) => name.startsWith('FUNCTIONS_'));
        assert.equal(resolve(undefined, copied), isBare ? 'development' : unnamed);
        assert.equal(isDevelopment(copied), isBare);
      });

      it(`${host} with WEBSITE_INSTANCE_ID copied to it is not App Service, unless the two can't be distinguished`, () => {
        const copied = { ...environment, WEBSITE_INSTANCE_ID: 'copied' };
        // Consumption and a bare site can't be distinguished from App Service, where an app setting may be called
        // CONTAINER_NAME.
        const isLikeAppService = /^(?:App Service|Linux Consumption|nothing|a site|Core Tools)/.test(host);
        assert.equal(resolve(undefined, copied), isLikeAppService ? 'app-service' : 'front_end_unknown');
      });
    }
  }
});

describe('what the operator names', () => {
  it('is refused if the app setting is not known, whatever the code names', () => {
    for (const value of ['App-Service', ' app-service', 'development', 'anywhere', '*']) {
      const environment = { WEBSITE_INSTANCE_ID: 'a1', CERTGATE_FRONT_END: value };
      assert.equal(resolve(undefined, environment), 'front_end_unknown');
      assert.equal(resolve('app-service', environment), 'front_end_unknown');
    }
  });

  it('is refused if code and setting differ', () => {
    assert.equal(resolve('nginx', { CERTGATE_FRONT_END: 'app-service' }), 'front_end_contradicted');
  });

  it('is refused with a message about what was found and the remedy', () => {
    const detail = (named: FrontEndName | undefined, environment: Environment): string => {
      const frontEnd = resolveFrontEnd(named === undefined ? {} : { frontEnd: named }, environment);
      assert.equal(frontEnd.outcome, 'denied');
      return frontEnd.detail;
    };
    assert.match(detail(undefined, {}), /no known host.*CERTGATE_FRONT_END: application-gateway, .*nginx/);
    assert.match(detail(undefined, { CONTAINER_NAME: 'c' }), /CONTAINER_NAME.*frontEnd: 'app-service'/);
    assert.match(
      detail(undefined, { ...development, WEBSITE_SKU: 'Dynamic' }),
      /Development, which is ignored, since this environment has WEBSITE_SKU of another host/,
    );
    assert.match(
      detail('app-service', { CONTAINER_APP_NAME: 'n' }),
      /CONTAINER_APP_NAME.*anybody can set x-arr-clientcert/,
    );
  });
});

describe('the front end that is recommended if no front end is known', () => {
  const recommend = (environment: Environment, host: HostKind): string => {
    const frontEnd = resolveFrontEnd({}, environment, host);
    assert.equal(frontEnd.outcome, 'denied');
    const [, first] = /(app-service|nginx)/.exec(frontEnd.detail) ?? [];
    return `${first ?? 'none'}${frontEnd.detail.includes("frontEnd: 'direct-tls'") ? ', direct-tls' : ''}`;
  };

  for (const [host, environment, unnamed, named] of hosts) {
    if (unnamed !== 'front_end_unknown') continue;
    const isPlan = named === 'app-service' && !/^(?:Core Tools|nothing)/.test(host);
    it(`on ${host}, it is ${isPlan ? 'App Service' : 'one that ends TLS there'}`, () => {
      assert.equal(recommend(environment, 'functions'), isPlan ? 'app-service' : 'nginx');
      const meantLocal = { ...environment, AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
      assert.equal(recommend(meantLocal, 'functions'), isPlan ? 'app-service' : 'nginx');
      // App Service is never the first recommendation for a server of the app's own, because anybody could send its
      // header there.
      assert.equal(recommend(environment, 'server'), 'nginx, direct-tls');
      assert.equal(recommend(meantLocal, 'server'), 'nginx, direct-tls');
    });
  }

  it("is one that ends TLS in front of Azure Functions' own image, wherever that runs", () => {
    assert.equal(recommend({ DOTNET_RUNNING_IN_CONTAINER: 'true' }, 'functions'), 'nginx');
  });
});

describe('Development', () => {
  it("is the exact word, and any variable of a cloud prevents it, in any letter case of the variable's name", () => {
    assert.equal(isDevelopment(development), true);
    for (const word of ['development', 'DEVELOPMENT', 'Development ', 'Production', '']) {
      assert.equal(isDevelopment({ AZURE_FUNCTIONS_ENVIRONMENT: word }), false);
    }
    const marks = [
      ...[
        'WEBSITE_INSTANCE_ID',
        'WEBSITE_SKU',
        'WEBSITE_POD_NAME',
        'WEBSITE_PLACEHOLDER_MODE',
        'WEBSITE_HOME_STAMPNAME',
      ],
      ...['WEBSITE_SITE_NAME', 'WEBSITE_OWNER_NAME', 'LEGION_SERVICE_HOST', 'CONTAINER_NAME', 'MANAGED_ENVIRONMENT'],
      ...['CONTAINER_APP_NAME', 'CONTAINER_APP_REVISION', 'KUBERNETES_PORT', 'container_name', 'Website_Instance_Id'],
    ];
    for (const name of marks) assert.equal(isDevelopment({ ...development, [name]: 'x' }), false, name);
    for (const name of ['WEBSITE_CORS_ALLOWED_ORIGINS', 'AzureWebJobsStorage', 'NOMAD_ADDR', 'AWS_REGION']) {
      assert.equal(isDevelopment({ ...development, [name]: 'x' }), true, name);
    }
  });

  it('needs evidence of a local host, such as the variables of Core Tools with an address of this machine', () => {
    const { AZURE_FUNCTIONS_ENVIRONMENT = '', ...evidence } = development;
    assert.equal(isDevelopment({ AZURE_FUNCTIONS_ENVIRONMENT }), false);
    for (const name of Object.keys(evidence)) assert.equal(isDevelopment({ ...development, [name]: '' }), false, name);
    assert.equal(isDevelopment({ ...development, FUNCTIONS_CORETOOLS_ENVIRONMENT: '0' }), false);
    for (const local of ['localhost', 'LOCALHOST:80', '127.0.0.1:7071', '127.1.2.3', '[::1]:7071'])
      assert.equal(isDevelopment({ ...development, WEBSITE_HOSTNAME: local }), true, local);
    const others = [
      'app.azurewebsites.net',
      'localhost.evil.example:7071',
      '0.0.0.0:7071',
      '10.0.0.1',
      'evil@localhost',
    ];
    for (const other of [...others, 'localhost:7071/', 'localhost:7071:1', '127.0.0.1.evil.example', '127.0.0.999999'])
      assert.equal(isDevelopment({ ...development, WEBSITE_HOSTNAME: other }), false, other);
  });

  it("accepts the embedded host's mark in the process as evidence, which is not a variable", (context) => {
    const word = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
    Object.defineProperty(globalThis, localHostMark, { value: true, configurable: true });
    context.after(() => Reflect.deleteProperty(globalThis, localHostMark));
    assert.equal(isDevelopment(word), true);
    assert.equal(isDevelopment({}), false);
    assert.equal(isDevelopment({ ...word, ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/x' }), false);
  });
});

it('more variables never admit what fewer refused, except for the variables that name a host', () => {
  const naming = ['AZURE_FUNCTIONS_ENVIRONMENT', 'CERTGATE_FRONT_END', 'WEBSITE_INSTANCE_ID'];
  const other = hosts.flatMap(([, environment]) => Object.keys(environment)).filter((name) => !naming.includes(name));
  const value = fc.constantFrom('', '1', 'FlexConsumption', 'Development');
  const base = fc.record(
    { AZURE_FUNCTIONS_ENVIRONMENT: fc.constantFrom('Development', ''), WEBSITE_INSTANCE_ID: fc.constantFrom('', 'a1') },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      base,
      fc.dictionary(fc.constantFrom(...other), value),
      fc.constantFrom(...other),
      (start, more, name) => {
        const less: Environment = { ...start, ...more, [name]: '' };
        if (resolveFrontEnd({}, less).outcome === 'known') return;
        assert.equal(resolveFrontEnd({}, { ...less, [name]: '1' }).outcome, 'denied');
      },
    ),
  );
});
