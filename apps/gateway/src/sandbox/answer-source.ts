/** One text that a sandbox provider can answer with, and the words that call for it. */
export interface AnswerText {
  /** Lower-case words that count double when the question contains them. */
  readonly topics: readonly string[];
  readonly text: string;
}

/** Everything the sandbox knows: short texts about how a gateway and what surrounds it works. */
export const answerSource: readonly AnswerText[] = [
  {
    topics: ['hello', 'hi', 'hey', 'sandbox', 'who', 'test', 'demo'],
    text: 'Hello from the sandbox. No model is running here: this answer is picked from a small set of built-in texts and sent one piece at a time, as a real provider would. Configure a provider of your own and the same request will reach a real model. Until then, feel free to break me and see what the gateway does about it.',
  },
  {
    topics: ['gateway', 'proxy', 'why'],
    text: 'A gateway stands between the programs that ask and the providers that answer. Callers see one address, one key and one error format, while behind it providers come and go. Because every request passes through one door, that door is also the best place to measure: who answered, how fast, at what cost and how often it failed.',
  },
  {
    topics: ['retry', 'retries', 'again', 'attempt'],
    text: 'A retry is a bet that the next attempt will fare better than the last one. The bet is good when the fault was brief and the work can be repeated safely, and bad when the provider is already drowning. Retry once or twice, on another target if there is one, and never after the first byte has reached the caller.',
  },
  {
    topics: ['backoff', 'jitter', 'wait', 'exponential'],
    text: 'Clients that fail together tend to retry together, and the second wave hurts more than the first. Exponential backoff spreads the attempts over time, and jitter breaks up the ranks so that no two clients march in step. A random wait between zero and the current limit is simple and works remarkably well.',
  },
  {
    topics: ['budget', 'storm', 'amplification'],
    text: 'A retry budget says how much extra load a gateway may create while things are going wrong. With a ratio of one retry for every five requests, a total outage costs a provider twenty percent more traffic instead of three times as much. The budget refills as ordinary requests succeed, so a short hiccup is still papered over.',
  },
  {
    topics: ['breaker', 'breakers', 'circuit', 'open', 'trip'],
    text: 'A circuit breaker remembers that a provider has been failing and stops asking it for a while. Callers then get their answer from somewhere else at once instead of waiting for one more timeout. The breaker opens on a run of failures or on a bad ratio over enough samples, and each further trip keeps it open a little longer.',
  },
  {
    topics: ['half', 'recovery', 'recover', 'heal', 'probe'],
    text: 'When its rest is over, a breaker goes half-open and lets a single request through to see how the patient is doing. If that one succeeds, a second may follow, and then the doors open fully. If it fails, the breaker closes the road again. Recovery is tested with a trickle so that a weak provider is not knocked over by its own comeback.',
  },
  {
    topics: ['queue', 'queues', 'waiting', 'line'],
    text: 'A queue turns a burst into a wait. That is a fine trade while the line is short, and a poor one once the wait exceeds the patience of those standing in it. Bound the queue, drop what has already expired, and tell new arrivals early that there is no room. A full queue that says so is healthier than an endless one that stays silent.',
  },
  {
    topics: ['backpressure', 'slow', 'reader', 'buffer', 'memory'],
    text: 'Backpressure is how a slow reader tells a fast writer to pause. Each hop stops reading when the next hop stops accepting, until the pressure reaches the source. Without it the difference piles up in memory somewhere in the middle. A relay that respects it can serve a phone on a bad network without buffering a whole answer.',
  },
  {
    topics: ['balance', 'balancing', 'load', 'routing', 'choose'],
    text: 'Picking the best target for every request sounds right but sends everyone to the same place at the same moment. Picking two at random and taking the better of them avoids the stampede and costs almost nothing. A little traffic should also visit the others now and then, since a provider that is never asked can never show that it has improved.',
  },
  {
    topics: ['health', 'score', 'status', 'degraded', 'healthy'],
    text: 'Health is more than up or down. A provider may answer every request and still be too slow to use, or be quick and fail one time in ten. A score that blends availability, error rate and latency puts such cases on one scale, and the number of samples behind it says how far the score should be trusted.',
  },
  {
    topics: ['timeout', 'timeouts', 'deadline', 'hang', 'hanging'],
    text: 'One timeout is not enough for a streamed answer. Connecting should take moments, the first token may take a while, the gap between tokens should stay small, and the whole affair needs an upper bound. Each limit catches a different illness, and a deadline carried along with the request keeps the sum of all attempts within what the caller will accept.',
  },
  {
    topics: ['latency', 'percentile', 'percentiles', 'tail', 'p95', 'p99', 'average'],
    text: 'Averages hide the people who wait longest. The ninety-ninth percentile is what one caller in a hundred sees, and someone who makes a hundred calls will meet it almost surely. Watch the tail, watch how it moves when load rises, and be suspicious of any figure that does not say how many samples stand behind it.',
  },
  {
    topics: ['stream', 'streaming', 'streams', 'token', 'tokens', 'sse'],
    text: 'Streaming does not make an answer finish sooner, but it lets reading begin at once. Tokens arrive as server-sent events, each a line of data followed by a blank line, and a final marker says that nothing is missing. A stream that ends without that marker or a finish reason was cut, and passing it off as whole would be a lie.',
  },
  {
    topics: ['cut', 'continue', 'continuation', 'prefill', 'truncated'],
    text: 'When a stream breaks halfway, the words already delivered cannot be taken back. A second provider may be handed those words as the start of its own answer and asked to go on from there. The join is only honest if nothing is repeated and nothing is skipped. Where that cannot be assured, an error event is the better ending.',
  },
  {
    topics: ['failover', 'fallback', 'spare', 'outage', 'down'],
    text: 'Failover means having a second answer ready for the question of who will serve this request. It works best when the switch happens before the caller has seen a single byte, because then the change goes unnoticed. Practise it on an ordinary day by taking a provider down on purpose, since a spare that was never used may not work when needed.',
  },
  {
    topics: ['rate', 'limit', 'limits', 'quota', 'throttle', '429'],
    text: 'A rate limit is not a fault of the provider but a message from it. The reply often says when to come back, and a polite client waits that long before asking again. Inside a gateway the limited target is set aside for a time while others take its share. Calling it broken would only confuse those who read the dashboards.',
  },
  {
    topics: ['metric', 'metrics', 'prometheus', 'counter', 'histogram', 'scrape'],
    text: 'A counter only ever goes up, a gauge goes where it likes, and a histogram sorts observations into buckets so that percentiles can be worked out later. A scrape reads them all at one moment. Keep the hot path to adding a number to a cell that was looked up beforehand, and measuring costs next to nothing.',
  },
  {
    topics: ['label', 'labels', 'cardinality', 'series'],
    text: 'Every new combination of label values is a new series that someone has to store. A label fed from user input can grow without end, so unknown values belong under a common name such as other, and each metric deserves a cap. A useful test is to ask whether a person could read all the values of a label aloud.',
  },
  {
    topics: ['trace', 'traces', 'tracing', 'span', 'log', 'logs'],
    text: 'Metrics tell that something is wrong, traces tell where, and logs tell what exactly happened there. The three are most useful when they share an identifier, so that one click leads from a spike to a slow request and on to the line that explains it. Write the line once, with fields instead of prose, and leave secrets out of it.',
  },
  {
    topics: ['shutdown', 'drain', 'restart', 'deploy', 'sigterm'],
    text: 'A graceful shutdown starts by saying that no new work is wanted and goes on serving what has already begun. Readiness turns negative first, so that the balancer looks elsewhere, and open streams get a fair time to finish. When that time is up the rest is ended firmly. A process that cannot be stopped cleanly cannot be deployed calmly.',
  },
  {
    topics: ['pool', 'connection', 'connections', 'keepalive', 'socket'],
    text: 'Opening a secure connection takes several trips across the network, so a gateway keeps a pool of warm ones. The danger is a connection that the other side has quietly closed: the next request on it fails before a byte is sent. One immediate retry on a fresh socket is safe there, because the provider never saw the first one.',
  },
  {
    topics: ['cache', 'caching', 'cached', 'stale'],
    text: 'A cache answers from memory what was expensive to work out, and every cache is also a promise about age. Say how old an entry may become, show that age to whoever looks, and decide in advance what happens when the source is gone. Serving an old value can be right, but presenting it as fresh never is.',
  },
  {
    topics: ['embedding', 'embeddings', 'vector', 'vectors', 'similarity'],
    text: 'An embedding places a text at a point in space so that texts with related meaning lie close together. Vectors of length one make the comparison cheap, since their dot product is the cosine of the angle between them. The sandbox builds its vectors from hashed words, which is enough to test the plumbing and not enough to find meaning.',
  },
  {
    topics: ['cost', 'price', 'billing', 'credit', 'credits', 'usage'],
    text: 'Providers charge by the token, in both directions and at different prices, and report the count at the end of their answer. A gateway multiplies the one by the other and writes the result down exactly once. Money is counted in whole units of a very small size, because fractions in floating point drift in ways that nobody can explain to a customer.',
  },
  {
    topics: ['idempotency', 'idempotent', 'duplicate', 'twice'],
    text: 'An operation is idempotent when doing it twice leaves the world as doing it once would. With a key that names the intent, a server can recognise a repeated request and hand back the first result. It makes retries boring, which is the highest praise a retry can earn. Without it, each repeat needs a careful thought about what the first try may have done.',
  },
];
