// Prints every entry of every package with the number of names that it exports.
import * as functions from '@certgate/azure-functions';
import * as functionsOpentelemetry from '@certgate/azure-functions/opentelemetry';
import * as functionsTesting from '@certgate/azure-functions/testing';
import * as core from '@certgate/core';
import * as coreOpentelemetry from '@certgate/core/opentelemetry';
import * as coreTools from '@certgate/core/internal';
import * as http from '@certgate/http';
import * as httpOpentelemetry from '@certgate/http/opentelemetry';
import * as x509 from '@certgate/x509';
import * as x509Internal from '@certgate/x509/internal';
import * as x509InternalCertificates from '@certgate/x509/internal-certificates';
import * as x509Path from '@certgate/x509/path';

const entries = {
  functions,
  functionsOpentelemetry,
  functionsTesting,
  core,
  coreOpentelemetry,
  coreTools,
  http,
  httpOpentelemetry,
  x509,
  x509Internal,
  x509InternalCertificates,
  x509Path,
};
const counts = Object.entries(entries).map(([name, entry]) => [name, Object.keys(entry).length]);
console.log(JSON.stringify({ counts, isOne: core.firstOf === coreTools.firstOf }));
