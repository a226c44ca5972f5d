import { mean, quantile, rate, sum } from '../build/expressions.ts';
import type { DashboardSpec } from '../build/panel-spec.ts';
import { falling, heatmap, rising, row, series, stacked, stat } from './panels.ts';

const STREAMS = 'gatewayz_streams_total';
const FIRST = 'time_to_first_chunk_seconds';
const BETWEEN = 'gatewayz_time_per_output_chunk_seconds';
const DURATION = 'streaming_duration_seconds';

const share = (end: string): string =>
  `(${sum('', rate(STREAMS, { end }))} or vector(0)) / ${sum('', rate(STREAMS))}`;

const ends = row(
  'How streams end',
  stat('Streams', 'ops', 'Streams that end, a second.', sum('', rate(STREAMS))),
  stat(
    'Whole',
    'percentunit',
    'Share of the streams that clients got to their end, continued ones included.',
    share('=~complete|continued'),
    { thresholds: falling(0.95, 0.99) },
  ),
  stat(
    'Continued',
    'percentunit',
    'Share of the streams that broke and were finished by another target.',
    share('continued'),
    { thresholds: rising(0.01, 0.05) },
  ),
  stat(
    'Broken',
    'percentunit',
    'Share of the streams that were cut or stalled and could not be continued; their clients got an error.',
    share('=~truncated|stalled'),
    { thresholds: rising(0.005, 0.02) },
  ),
  stat('Left', 'percentunit', 'Share of the streams whose clients left.', share('client_closed')),
  stacked('Ends', 'ops', 'Streams by how they ended.', { '{{end}}': sum('end', rate(STREAMS)) }),
  series(
    'Not whole, by provider',
    'ops',
    'Streams that were continued, cut or stalled, by provider.',
    { '{{provider}}: {{end}}': sum('provider end', rate(STREAMS, { end: '=~continued|truncated|stalled' })) },
    { min: 0 },
  ),
);

const start = row(
  'How they begin',
  series(
    'First chunk',
    's',
    'Quantiles of the time to the first chunk for the client.',
    { p50: quantile(0.5, FIRST), p95: quantile(0.95, FIRST), p99: quantile(0.99, FIRST) },
    { min: 0, thresholds: rising(2, 5) },
  ),
  series(
    'First chunk by provider, p95',
    's',
    'Time within which 95% of a provider’s streams begin for the client.',
    { '{{provider}}': quantile(0.95, FIRST, 'provider') },
    { min: 0 },
  ),
  heatmap(
    'First chunk, distribution',
    's',
    'How many streams began after how long.',
    sum('le', rate(`${FIRST}_bucket`)),
  ),
  series(
    'First byte of the provider, p95',
    's',
    'Time from the call to the first byte of the answer; what lies between it and the first chunk is headers, empty events and failed attempts.',
    { '{{provider}}': quantile(0.95, 'backend_ttfb_seconds', 'provider') },
    { min: 0 },
  ),
);

const flow = row(
  'How they flow',
  series(
    'Between chunks',
    's',
    'Quantiles of the mean time between two chunks of a stream.',
    { p50: quantile(0.5, BETWEEN), p95: quantile(0.95, BETWEEN) },
    { min: 0, thresholds: rising(0.1, 0.5) },
  ),
  series(
    'Between chunks by provider, mean',
    's',
    'Mean time between two chunks of a provider’s streams.',
    { '{{provider}}': mean(BETWEEN, 'provider') },
    { min: 0 },
  ),
  series(
    'Length',
    's',
    'Quantiles of the time from the first to the last chunk.',
    { p50: quantile(0.5, DURATION), p95: quantile(0.95, DURATION) },
    { min: 0 },
  ),
  series(
    'Events left out',
    'ops',
    'Events of streams that were no JSON and were left out, by provider.',
    { '{{provider}}': sum('provider', rate('gatewayz_stream_events_dropped_total')) },
    { min: 0 },
  ),
);

/** How streams begin, flow and end. */
export const streaming: DashboardSpec = {
  name: 'streaming',
  title: 'Gatewayz / Streaming',
  description: 'How streams begin, flow and end, by provider and model.',
  rows: [ends, start, flow],
};
