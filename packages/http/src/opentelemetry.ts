export { type GateObservation, observeGate, type ObserveGateOptions } from '@certgate/core/opentelemetry';
