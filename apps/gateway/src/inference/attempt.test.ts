import { gzipSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Target } from '../providers/provider.ts';
import { createTestProvider, TEST_TIMEOUTS } from '../providers/provider-fixture.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import type { StreamProgress, StreamReceiver } from './attempt-state.ts';
import { ENDPOINTS, type Endpoint } from './endpoint.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(1);
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** What undici would do with the connection. */
class FakeController {
  paused = false;
  aborted = false;

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  abort(): void {
    this.aborted = true;
  }
}

/** Says of each read what it is told to. */
class FakeReceiver implements StreamReceiver {
  isWhole = false;
  next: StreamProgress = 'open';
  atEnd: StreamProgress = 'complete';

  push(): StreamProgress {
    return this.next;
  }

  end(): StreamProgress {
    return this.atEnd;
  }
}

class FakeOwner implements AttemptOwner {
  readonly endpoint = ENDPOINTS[0] as Endpoint;
  readonly stream: { receive(): StreamReceiver } | null;
  deadlineAt: number = performance.now() + TEST_TIMEOUTS.totalMs;
  readonly receiver = new FakeReceiver();
  ended = 0;
  stalled = 0;

  constructor(wantsStream: boolean) {
    this.stream = wantsStream ? { receive: () => this.receiver } : null;
  }

  attemptEnded(): void {
    this.ended += 1;
  }

  clientStalled(attempt: Attempt): void {
    this.stalled += 1;
    attempt.cancel('the client did not read its answer');
  }
}

interface Call {
  readonly attempt: Attempt;
  readonly owner: FakeOwner;
  readonly target: Target;
  readonly controller: FakeController;
  /** The connection is there, and the call goes out on it. */
  connect(): void;
  headers(status: number, headers?: Readonly<Record<string, string>>): void;
  data(text: string | Buffer): void;
}

const SSE = { 'content-type': 'text/event-stream' };
const WRITE_TIMEOUT_MS = 5000;

/** An attempt that has been started; `connect` it and let its provider answer. */
function call(wantsStream = true, dispatch: () => boolean = () => true): Call {
  const provider = createTestProvider('primary', { dispatch });
  const target = provider.target('large');
  const owner = new FakeOwner(wantsStream);
  const pick = { target, admission: target.health.admit(0), isLeastBad: false };
  const limits = { answerBytes: 1000, eventBytes: 1000 };
  const attempt = new Attempt(owner, pick, {
    timeouts: TEST_TIMEOUTS,
    limits,
    writeTimeoutMs: WRITE_TIMEOUT_MS,
  });
  const fake = new FakeController();
  const controller = fake as unknown as Dispatcher.DispatchController;
  attempt.start(Buffer.from('{}'));
  return {
    attempt,
    owner,
    target,
    controller: fake,
    connect: () => attempt.onRequestStart(controller),
    headers: (status, headers = {}) => attempt.onResponseStart(controller, status, headers),
    data: (text) => attempt.onResponseData(controller, Buffer.from(text)),
  };
}

/** A stream that has begun. */
function streaming(): Call {
  const begun = call();
  begun.connect();
  begun.headers(200, SSE);
  return begun;
}

function answered(body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Call {
  const begun = call(false);
  begun.connect();
  begun.headers(200, headers);
  begun.data(body);
  begun.attempt.onResponseEnd();
  return begun;
}

const ANSWER = '{"choices":[{"message":{"content":"Hi"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}';

describe('a plain answer', () => {
  test('that is whole is a success, told once', () => {
    const { attempt, owner } = answered(ANSWER);
    expect(attempt).toMatchObject({ outcome: 'success', failure: null });
    expect(attempt.answer?.usage).toMatchObject({ inputTokens: 1, outputTokens: 2 });
    expect(owner.ended).toBe(1);
  });

  test.each([
    ['no JSON', '<html>', {}],
    ['larger than the limit', `"${'x'.repeat(1001)}"`, {}],
    ['in an encoding that nobody knows', ANSWER, { 'content-encoding': 'zstd' }],
  ])('that is %s is the provider’s failure, told once', async (_, body, headers) => {
    const { attempt, owner } = answered(body, headers);
    await vi.waitFor(() => expect(owner.ended).toBe(1));
    expect(attempt.outcome).toBe('provider_error');
  });

  test('that is compressed is undone first', async () => {
    const { attempt, owner } = answered(gzipSync(ANSWER), { 'content-encoding': 'gzip' });
    await vi.waitFor(() => expect(owner.ended).toBe(1));
    expect(attempt.answer?.body.toString()).toBe(ANSWER);
  });

  test('that is still being decompressed when the client leaves ends as that, once', async () => {
    const { attempt, owner } = answered(gzipSync(ANSWER), { 'content-encoding': 'gzip' });
    attempt.cancel('the client left');
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 50));
    vi.useFakeTimers();
    expect(owner.ended).toBe(1);
    expect(attempt).toMatchObject({ outcome: 'client_closed', answer: null });
  });

  test('whose body stalls fails when its idle time is over, not when the whole answer is due', () => {
    const { attempt, connect, headers, data } = call(false);
    connect();
    vi.advanceTimersByTime(200);
    headers(200);
    data('{"choices"');
    vi.advanceTimersByTime(TEST_TIMEOUTS.idleMs - 1);
    expect(attempt.outcome).toBeNull();
    vi.advanceTimersByTime(1);
    expect(attempt.failure).toMatchObject({ outcome: 'timeout', phase: 'idle' });
  });

  test('is no answer to a stream', () => {
    const { attempt, connect, headers, data } = call();
    connect();
    headers(200, { 'content-type': 'application/json' });
    data(ANSWER);
    attempt.onResponseEnd();
    expect(attempt.failure).toMatchObject({ outcome: 'provider_error' });
  });
});

describe('an event stream', () => {
  test.each([
    { 'content-type': 'text/event-stream' },
    { 'content-type': 'text/event-stream; charset=utf-8' },
    { 'content-type': 'Text/Event-Stream;charset=UTF-8' },
    { 'content-type': 'text/event-stream', 'content-encoding': 'identity' },
  ])('is known by %j', (headers) => {
    const begun = call();
    begun.connect();
    begun.headers(200, headers);
    begun.owner.receiver.next = 'complete';
    begun.data('x');
    expect(begun.attempt.outcome).toBe('success');
    begun.attempt.onResponseEnd();
  });

  test('fails when its first event does not come', () => {
    const { attempt, owner, data } = streaming();
    owner.receiver.next = 'waiting';
    vi.advanceTimersByTime(TEST_TIMEOUTS.firstTokenMs - 1);
    data(': ping\n\n');
    expect(attempt.outcome).toBeNull();
    vi.advanceTimersByTime(1);
    expect(attempt.failure).toMatchObject({ outcome: 'timeout', phase: 'first_token' });
  });

  test.each([1, 5])('that stalls after event %d fails when its idle time is over', (events) => {
    const { attempt, controller, data } = streaming();
    for (let at = 0; at < events; at += 1) {
      vi.advanceTimersByTime(100);
      data('x');
    }
    vi.advanceTimersByTime(TEST_TIMEOUTS.idleMs - 1);
    expect(attempt.outcome).toBeNull();
    vi.advanceTimersByTime(1);
    expect(attempt.failure).toMatchObject({ outcome: 'timeout', phase: 'idle' });
    expect(controller.aborted).toBe(true);
  });

  test('ends in order when its last part has been seen and nothing more comes', () => {
    const { attempt, owner, controller, data } = streaming();
    owner.receiver.next = 'finishing';
    data('x');
    expect(attempt.outcome).toBeNull();
    vi.advanceTimersByTime(1000);
    expect(attempt.outcome).toBe('success');
    vi.advanceTimersByTime(1000);
    expect(controller.aborted).toBe(true);
    expect(owner.ended).toBe(1);
  });

  test('that goes on after what looked like its last part has its whole idle time again', () => {
    const { attempt, owner, data } = streaming();
    owner.receiver.next = 'finishing';
    owner.receiver.atEnd = { outcome: 'provider_error' } as StreamProgress;
    data('x');
    owner.receiver.next = 'open';
    data('x');
    vi.advanceTimersByTime(TEST_TIMEOUTS.idleMs - 1);
    expect(attempt.outcome).toBeNull();
    attempt.cancel('over');
  });

  test('that is complete leaves its connection in order, or gives it up after a second', () => {
    const { attempt, owner, controller, data } = streaming();
    owner.receiver.next = 'complete';
    data('x');
    expect(attempt.outcome).toBe('success');
    expect(vi.getTimerCount()).toBe(1);
    attempt.onResponseEnd();
    expect(vi.getTimerCount()).toBe(0);
    expect(controller.aborted).toBe(false);
    expect(owner.ended).toBe(1);
  });

  test('that is reset once it is complete is still a success', () => {
    const { attempt, owner, data } = streaming();
    owner.receiver.next = 'complete';
    data('x');
    attempt.onResponseError(null, Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    expect(attempt.outcome).toBe('success');
    expect(owner.ended).toBe(1);
  });
});

describe('a call that cannot be made', () => {
  test('for a reason of ours is ours', () => {
    const { attempt, owner } = call(true, () => {
      throw new Error('no');
    });
    expect(attempt.failure).toMatchObject({ outcome: 'gateway' });
    expect(owner.ended).toBe(1);
  });

  test.each([
    ['ECONNREFUSED', 'network', null],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', 'connect'],
    ['SOMETHING_NEW', 'gateway', null],
    [undefined, 'gateway', null],
  ])('for the code %s is %s', (code, outcome, phase) => {
    const { attempt, owner } = call();
    attempt.onResponseError(null, Object.assign(new Error('no'), { code }));
    expect(attempt.failure).toMatchObject({ outcome, phase, code: code ?? null });
    expect(owner.ended).toBe(1);
  });
});

describe('a refusal', () => {
  test('is read to its end', () => {
    const { attempt, connect, headers, data } = call();
    connect();
    headers(429, { 'retry-after': '7' });
    data('{"error":{"message":"slow');
    data(' down"}}');
    attempt.onResponseEnd();
    expect(attempt.failure).toMatchObject({
      outcome: 'rate_limited',
      retryAfterMs: 7000,
      said: { message: 'slow down' },
    });
  });

  test.each([
    ['does not end', (): void => void vi.advanceTimersByTime(TEST_TIMEOUTS.idleMs)],
    ['breaks off', (attempt: Attempt): void => attempt.onResponseError(null, new Error('reset'))],
    ['is a redirect', (attempt: Attempt): void => attempt.onResponseEnd()],
  ])('is one even where its body %s', (what, go) => {
    const { attempt, connect, headers } = call();
    connect();
    headers(what === 'is a redirect' ? 302 : 503);
    go(attempt);
    expect(attempt.failure).toMatchObject({ outcome: 'provider_error' });
  });
});

describe('a client that leaves', () => {
  test('before there is a connection stops the call as soon as there is one', () => {
    const { attempt, owner, controller, connect } = call();
    attempt.cancel('the client left');
    expect(attempt.outcome).toBe('client_closed');
    connect();
    expect(controller.aborted).toBe(true);
    attempt.onResponseError(null, new Error('aborted'));
    expect(owner.ended).toBe(1);
  });

  test('in mid-stream stops the provider’s work, and nothing that still comes counts', () => {
    const { attempt, owner, controller, headers, data } = streaming();
    data('x');
    attempt.cancel('the client left');
    expect(controller.aborted).toBe(true);
    owner.receiver.next = 'complete';
    headers(200, SSE);
    data('x');
    attempt.onResponseEnd();
    attempt.resume();
    expect(attempt.outcome).toBe('client_closed');
    expect(owner.ended).toBe(1);
  });
});

describe('a client that does not keep up', () => {
  test('stops the reading, and starts it again', () => {
    const { attempt, controller, data } = streaming();
    data('x');
    attempt.pause();
    expect(controller.paused).toBe(true);
    attempt.resume();
    expect(controller.paused).toBe(false);
    attempt.cancel('over');
  });

  test('is not taken for a provider that stalls', () => {
    const { attempt, owner, data } = streaming();
    data('x');
    attempt.pause();
    vi.advanceTimersByTime(WRITE_TIMEOUT_MS - 1);
    expect(attempt.outcome).toBeNull();
    attempt.resume();
    vi.advanceTimersByTime(TEST_TIMEOUTS.idleMs - 1);
    expect(attempt.outcome).toBeNull();
    vi.advanceTimersByTime(1);
    expect(attempt.failure).toMatchObject({ phase: 'idle' });
    expect(owner.stalled).toBe(0);
  });

  test('counts as gone after its time', () => {
    const { attempt, owner, data } = streaming();
    data('x');
    attempt.pause();
    vi.advanceTimersByTime(WRITE_TIMEOUT_MS);
    expect(owner).toMatchObject({ stalled: 1, ended: 1 });
    expect(attempt.outcome).toBe('client_closed');
  });

  test.each([
    ['at that moment', 0],
    ['for most of the time', 1],
  ])('when the whole request is due, %s, is what was waited for', (_, readMs) => {
    const { attempt, owner, controller, data } = streaming();
    owner.deadlineAt = performance.now() + 1000;
    data('x');
    for (let at = 0; at < 10; at += 1) {
      attempt.pause();
      vi.advanceTimersByTime(100 - readMs);
      if (readMs > 0) attempt.resume();
      vi.advanceTimersByTime(readMs);
    }
    vi.advanceTimersByTime(TEST_TIMEOUTS.idleMs);
    expect(attempt.outcome).toBe('client_closed');
    expect(owner).toMatchObject({ stalled: 1, ended: 1 });
    expect(controller.aborted).toBe(true);
  });

  test('for less than half of the time is not what a slow provider is excused by', () => {
    const { attempt, owner, data } = streaming();
    owner.deadlineAt = performance.now() + 1000;
    data('x');
    attempt.pause();
    vi.advanceTimersByTime(400);
    attempt.resume();
    vi.advanceTimersByTime(300);
    data('x');
    vi.advanceTimersByTime(TEST_TIMEOUTS.idleMs);
    expect(attempt.failure).toMatchObject({ outcome: 'timeout', phase: 'total' });
    expect(owner.stalled).toBe(0);
  });

  test('because of an earlier target does not blind the next one to it', () => {
    const { attempt, controller, connect, headers, data } = call();
    attempt.pause();
    connect();
    headers(200, SSE);
    data('x');
    attempt.pause();
    expect(controller.paused).toBe(true);
    attempt.cancel('over');
  });
});

test('the deadline of the whole request goes before all others', () => {
  const { attempt, owner, data } = streaming();
  owner.deadlineAt = performance.now() + 500;
  vi.advanceTimersByTime(400);
  data('x');
  vi.advanceTimersByTime(3000);
  expect(attempt.failure).toMatchObject({ outcome: 'timeout', phase: 'total' });
});

test('a stream’s response time is that to its first byte, a failure’s is all of its time', () => {
  const good = streaming();
  vi.advanceTimersByTime(200);
  good.owner.receiver.next = 'complete';
  good.data('x');
  vi.advanceTimersByTime(500);
  expect(good.attempt.responseMs).toBe(200);
  good.attempt.onResponseEnd();
  const bad = streaming();
  vi.advanceTimersByTime(TEST_TIMEOUTS.firstTokenMs);
  expect(bad.attempt.responseMs).toBe(TEST_TIMEOUTS.firstTokenMs);
});

test('the call carries the endpoint’s path, our headers and the body', () => {
  const dispatch = vi.fn(() => true);
  const { attempt } = call(true, dispatch);
  expect(dispatch).toHaveBeenCalledWith(
    expect.objectContaining({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: expect.arrayContaining(['authorization', 'Bearer sk-canary-0123456789']),
      body: Buffer.from('{}'),
    }),
    attempt,
  );
  attempt.cancel('over');
});
