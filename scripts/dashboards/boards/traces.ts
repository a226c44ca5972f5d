import { rate, sum } from '../build/expressions.ts';
import type { DashboardSpec, PanelSpec } from '../build/panel-spec.ts';
import { row, series, stacked } from './panels.ts';

const SERVICE = 'resource.service.name=~"gatewayz.*" && resource.deployment.environment=~"$env"';
const CALLS = 'traces_spanmetrics_calls_total';
const OURS = { service: '=~gatewayz.*' };

function traces(title: string, description: string, query: string): PanelSpec {
  return { kind: 'traces', title, description, query };
}

const p95 = `histogram_quantile(0.95, ${sum('le span_name', rate('traces_spanmetrics_latency_bucket', OURS))})`;

/** Traces: which requests failed, were slow, or went to several providers. */
export const tracesBoard: DashboardSpec = {
  name: 'traces',
  title: 'Gatewayz / Traces',
  description:
    'Requests that failed, were slow or went to several providers, and the graph of who calls whom. Failed, slow and failed-over requests are kept whatever the sampling.',
  rows: [
    row(
      'Requests worth a look',
      traces('Failed', 'Requests of which some span failed.', `{ ${SERVICE} && status = error }`),
      traces(
        'Slow',
        'Requests whose inference took over 10 s.',
        `{ ${SERVICE} && name = "model_inference" && duration > 10s }`,
      ),
      traces(
        'Several attempts',
        'Requests for which more than one attempt was made.',
        `{ ${SERVICE} && name = "model_inference" && span.gatewayz.attempts > 1 }`,
      ),
      traces(
        'Of the chosen models',
        'Inferences with their model and provider.',
        `{ ${SERVICE} && name = "model_inference" } | select(span.gen_ai.request.model, span.gen_ai.provider.name, span.gen_ai.usage.output_tokens)`,
      ),
    ),
    row(
      'From spans',
      stacked(
        'Spans',
        'ops',
        'Spans a second by name, counted by Tempo’s metrics generator.',
        { '{{span_name}}': sum('span_name', rate(CALLS, OURS)) },
        { width: 8 },
      ),
      series(
        'Failed spans',
        'ops',
        'Spans a second that failed, by name.',
        { '{{span_name}}': sum('span_name', rate(CALLS, { ...OURS, status_code: 'STATUS_CODE_ERROR' })) },
        { width: 8, min: 0 },
      ),
      series(
        'Duration, p95',
        's',
        'Duration of 95% of the spans at most, by name.',
        { '{{span_name}}': p95 },
        { width: 8, min: 0 },
      ),
      {
        kind: 'service-map',
        title: 'Service map',
        description: 'Who calls whom, as Tempo makes it from the spans.',
        width: 12,
      },
      series(
        'Calls between services',
        'ops',
        'Calls a second from one service to another, and how many failed.',
        {
          '{{client}} → {{server}}': sum('client server', rate('traces_service_graph_request_total')),
          '{{client}} → {{server}} failed': sum(
            'client server',
            rate('traces_service_graph_request_failed_total'),
          ),
        },
        { min: 0 },
      ),
    ),
    row(
      'The pipeline',
      stacked('Spans of the gateway', 'ops', 'Spans by what became of them on their way to Tempo.', {
        '{{outcome}}': sum('outcome', rate('gatewayz_spans_total')),
      }),
      series(
        'Requests',
        'reqps',
        'Requests a second: what a share of the traces is a share of.',
        { requests: sum('', rate('fastapi_requests_total')) },
        { min: 0 },
      ),
    ),
  ],
};
