import type { Fired } from './alerts-table.ts';

/** The alerts that a real fault has made fire and clear, and the fault; the page shows it, and a run must prove it. */
export const FIRED_END_TO_END: readonly Fired[] = [
  { alert: 'ApiDown', what: 'the only gateway is killed', within: '3 min' },
  { alert: 'GatewayInstanceDown', what: 'one of several gateways hangs', within: '4 min' },
  { alert: 'RestartLoop', what: 'a gateway is killed and started three times', within: '10 min' },
  { alert: 'EventLoopLag', what: 'the process is stopped for 0.2 s again and again', within: '7 min' },
  { alert: 'AvailabilityBudgetBurn', what: 'one in four requests ends with 5xx', within: '8 min' },
  { alert: 'LatencyBudgetBurn', what: 'every second stream starts after 5.5 s', within: '8 min and 5.5 s' },
  { alert: 'HighErrorRate', what: 'one in 16 requests ends with 5xx', within: '12 min' },
  {
    alert: 'FirstTokenLatencyHigh',
    what: 'one in eight streams of one model starts after 5.5 s',
    within: '14 min and 5.5 s',
  },
  { alert: 'ProviderDown', what: 'a provider resets every connection', within: '4 min' },
  {
    alert: 'ProviderDegraded',
    what: 'four in five answers of a provider are 500, and another one takes over',
    within: '12 min',
  },
  {
    alert: 'CircuitBreakerOpen',
    what: 'an operator forces open the breaker of a provider that nobody asks',
    within: '5 min',
  },
  {
    alert: 'ModelCircuitBreakerOpen',
    what: 'one model of a provider answers 500, its others do not',
    within: '5 min',
  },
  { alert: 'NoHealthyTarget', what: 'the only provider of a model answers 429', within: '5 min' },
  { alert: 'HealthServiceDown', what: 'the health service is killed', within: '5 min' },
  { alert: 'HealthDataStale', what: 'one endpoint of the health service hangs', within: '6 min' },
  {
    alert: 'HealthDataMissing',
    what: 'the health service no longer says how many models it tracks',
    within: '8 min',
  },
  { alert: 'CreditLedgerBacklog', what: 'the database takes 2 s over every charge', within: '14 min' },
  { alert: 'RedisDown', what: 'Redis hangs', within: '4 min and 20 s' },
  { alert: 'DatabaseDown', what: 'Postgres is stopped', within: '4 min' },
  { alert: 'LogLinesDropped', what: 'Loki refuses every push', within: '6 min' },
  { alert: 'SpansDropped', what: 'the trace store refuses every export', within: '6 min' },
  {
    alert: 'SeriesCapReached',
    what: 'requests for 2,020 names are passed on by their first provider',
    within: '4 min',
  },
  { alert: 'MonitoringTargetDown', what: 'Tempo is stopped', within: '7 min' },
];
