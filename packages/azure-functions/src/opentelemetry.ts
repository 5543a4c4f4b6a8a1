export {
  CertgateError,
  type CertgateErrorCode,
  type GateObservation,
  observeGate,
  type ObserveGateOptions,
} from '@certgate/core/opentelemetry';
